"""Small files beside recordings: whole ones of each format, and every beginning of them."""

from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import MediaUnreadable
from pipeline.metadata.source import ByteSource
from pipeline.metadata.whole import whole

SCAN = b"\xff\xda\x00\x08" + bytes(6) + b"picture" * 9
JPEG = b"\xff\xd8\xff\xe1\x00\x0a" + b"\xff\xd8\xff\xd9" * 2 + SCAN  # a thumbnail with an end of its own inside
MOVIE = b"\0\0\0\x10ftypmp42\0\0\0\0" + b"\0\0\0\x18moov" + bytes(16) + b"\0\0\0\x20mdat" + bytes(24)
CUE = "{}\n00:00:0{},000 --> 00:00:0{},000\n[iso: 100] [latitude: 48.2] [longitude: 16.3]\n\n"
WHOLE = {
    "jpeg": JPEG + b"\xff\xd9",
    "jpeg with zeros behind": JPEG + b"\xff\xd9" + bytes(500),
    "jpeg with a film behind": JPEG + b"\xff\xd9" + MOVIE * 4000,
    "mp4": MOVIE,
    "riff": b"RIFF\x0c\0\0\0WAVE" + bytes(8),
    "riff of unknown length": b"RIFF\xff\xff\xff\xffWAVE" + bytes(8),
    "xml": b'<?xml version="1.0"?>\n<!-- a --><a b="c"><d/></a>\n<!-- e -->\n',
    "xml with a type": b'<?xml version="1.0"?><!DOCTYPE plist PUBLIC "-//A//B" "http://x/y.dtd">\n<plist><d/></plist>',
    "xml of one element": b"<MediaProfile/>",
    "xml of one element and remarks": b'<?xml version="1.0"?><!-- <a> --><MediaProfile/>\n<!-- b --><?c d?>\n',
    "xmp": b'<?xpacket begin="" id="x"?><x:xmpmeta xmlns:x="a"></x:xmpmeta><?xpacket end="w"?>',
    "json": b'{\n"version":"2.0",\n"camera":"x",\n}\n',
    "subtitles": "".join(CUE.format(number, number, number + 1) for number in range(1, 6)).encode(),
    "subtitles without a last line end": "".join(CUE.format(n, n, n + 1) for n in range(1, 6)).strip().encode(),
    "a format of the maker's own": b"STAT" + bytes(60),
    "notes": b"Hold the third take.",
}  # fmt: skip
SHAPELESS = {  # half of them may be whole, too: zeros and a film are cut behind the picture, a stream states no length
    "a format of the maker's own", "notes", "jpeg with zeros behind", "jpeg with a film behind",
    "riff of unknown length",
}  # fmt: skip


def is_whole(data: bytes) -> bool:
    try:
        return whole(ByteSource.of_bytes(data))
    except MediaUnreadable:
        return False


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_file_is_taken_for_whole(name):
    assert is_whole(WHOLE[name])


@pytest.mark.parametrize("name", sorted(WHOLE.keys() - SHAPELESS))
def test_half_of_a_file_is_not(name):
    data = WHOLE[name]
    assert not is_whole(data[: len(data) // 2])


def test_an_empty_file_is_not_whole():
    assert not is_whole(b"")


@pytest.mark.parametrize(
    "data",
    [b'<?xml version="1.0"?><a>' + b"<!--" * 16_000, b"<a>" + b"<?" * 32_000, b"\xff\xd8\xff" + b"\xff" * 8_000_000],
    ids=["comments", "instructions", "fill bytes"],
)
def test_what_never_ends_keeps_nobody_waiting(data):
    began = process_time()
    assert not is_whole(data)
    assert process_time() - began < 1  # it was four to eight


@given(st.sampled_from(sorted(WHOLE)), st.integers(0, 200), st.binary(max_size=8))
def test_no_damage_raises_anything_but_a_refusal(name, at, bytes_):
    data = WHOLE[name]
    is_whole(data[:at] + bytes_ + data[at + len(bytes_) :])
