"""A picture is changed so that the place where its code ends can be seen, or left alone where that cannot be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.metadata.bits import escaped, unescaped
from pipeline.metadata.hevc_headers import read_picture_set, read_sequence_set
from pipeline.metadata.slice_end import probe

# x265's sets for 1920 x 1080 in blocks of 32, and the headers of some slices without entries and with none of them.
VIDEO = bytes.fromhex("40010c01ffff016000000300900000030000030078959009")
SEQUENCE = bytes.fromhex("420101016000000300900000030000030078a003c08010e596564b932bc05a020000030002000003003210")
PICTURE = bytes.fromhex("4401c173d089")
ROWS = bytes.fromhex("4401c173d189")
SETS = (VIDEO, SEQUENCE, PICTURE)
HEADS = {"2801af58": "2801af5c", "0201e04497e08124": "0201e04497e08126", "0201d0195f84308104": "0201d0195f84308106"}
CODE = b"\x5a" * 200


@given(st.binary(max_size=64).map(lambda data: data + b"\x80"), st.binary(max_size=4))
def test_escaping_is_undone_whatever_follows(data, behind):
    assert unescaped(escaped(data)) == data
    assert all(triple not in escaped(data) for triple in (b"\0\0\0", b"\0\0\1", b"\0\0\2"))
    assert escaped(data + behind).startswith(escaped(data))


@pytest.mark.parametrize("head", HEADS)
def test_a_picture_gets_a_margin_of_which_its_code_knows_nothing(head):
    found = probe(SETS, [bytes.fromhex(head) + CODE])
    assert found
    assert found.slice_.startswith(bytes.fromhex(HEADS[head]) + CODE)
    video, sequence, picture = found.sets
    before, after = read_sequence_set(SEQUENCE), read_sequence_set(sequence)
    assert (video, after.width, after.height) == (VIDEO, 1984, 1080)
    assert (after.block, after.references, after.motion) == (before.block, before.references, before.motion)
    with pytest.raises(ValueError, match="tiles"):
        read_picture_set(picture)
    assert (found.full, found.empty) == ((1912, 1072), (1920, 0))


def test_a_picture_of_rows_loses_the_last_one():
    head = bytes.fromhex(
        "2801af1f0443e4b2ca4d903322a6428cab1990d329e8cd512bade37dbab5854ffb1236b9ebc0559cb4df54d6bc2dc08b0ff5596c0460ec"
        "a7a5473a7e5cd70982f287e4c9c0"
    )
    rows = 697_117 - len(head)
    found = probe((VIDEO, SEQUENCE, ROWS), [head + b"\x5a" * (rows + 5000)])
    assert found
    assert found.slice_.startswith(head + b"\x5a" * rows + b"\xff")
    assert (found.full, found.empty) == ((1912, 1048), (0, 1056))


@pytest.mark.parametrize(
    ("sets", "units"),
    [
        ((VIDEO, SEQUENCE), 1),
        ((VIDEO, SEQUENCE[:20], PICTURE), 1),
        ((VIDEO, SEQUENCE, PICTURE[:4]), 1),
        ((VIDEO, SEQUENCE, ROWS), 1),
        (SETS, 2),
        (SETS, 0),
        ((VIDEO, bytes.fromhex("420101016000000300900000030000030078a00a0841c596564b932bc05a02"), PICTURE), 1),
    ],
)
def test_what_cannot_be_read_is_left_alone(sets, units):
    assert probe(sets, [bytes.fromhex("2801af58") + CODE] * units) is None


@given(st.binary(max_size=80), st.binary(max_size=40), st.binary(max_size=80))
def test_no_bytes_break_it(sequence, picture, head):
    known = (SEQUENCE[:2] + sequence, PICTURE[:2] + picture)
    for sets in (known, SETS, (SEQUENCE, known[1]), (known[0], PICTURE)):
        probe(sets, [bytes.fromhex("2801") + head, VIDEO])
