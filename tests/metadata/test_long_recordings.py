"""Recordings of hours: indexes longer than any reader needs, of which little is read."""

import struct
import sys
from pathlib import Path

import pytest
from tinymovie import Movie, box, full

from pipeline.metadata import quicktime
from pipeline.metadata.assembly import assemble
from pipeline.metadata.facts import read_facts
from pipeline.metadata.plain import facts_json
from pipeline.metadata.source import ByteSource

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))
from large import large_files

MOST = 4 << 20


def test_facts_of_four_hours_in_1_4_terabytes_are_right_and_cost_4_mib(tmp_path: Path) -> None:
    for name, path, frames in large_files(tmp_path):
        before = int(Path("/proc/self/io").read_text().split()[1])
        facts = facts_json(read_facts(path))
        assert int(Path("/proc/self/io").read_text().split()[1]) - before < MOST, name
        assert path.stat().st_size > 100 << 30
        assert facts.get("frames") == frames, name
        assert facts.get("rate") == ("50/1" if frames else None)
        if frames is None:
            assert (facts["samples"], facts["scene"]) == (12 * 3600 * 48000, "12")


def test_the_average_of_an_uneven_recording_counts_what_its_long_table_was_not_read_for() -> None:
    """Every second frame a tick late, 300,000 of them: a table of as many runs."""
    durations = tuple((1, 2 + number % 2 * 3) for number in range(300_000))
    movie = Movie(clock=100, durations=durations)
    data = with_length(movie.build(), sum(duration for _, duration in durations))
    found = assemble(quicktime.read(ByteSource.of_bytes(data))).video
    assert found is not None
    assert (found.frames, found.vfr) == (300_000, True)
    assert str(found.average_rate) == "200/7"


def with_length(data: bytes, ticks: int) -> bytes:
    """The movie with its length in mdhd, version 0."""
    at = data.index(b"mdhd") + 4 + 16
    return data[:at] + struct.pack(">I", ticks) + data[at + 4 :]


def fragment(number: int, frames: int, *, duration: int = 1) -> bytes:
    return box(
        b"moof",
        full(b"mfhd", struct.pack(">I", number + 1)),
        box(
            b"traf",
            box(b"tfhd", struct.pack(">II", 0x020008, 1), struct.pack(">I", duration)),
            full(b"tfdt", struct.pack(">I", 10 + number * frames)),
            box(b"trun", struct.pack(">II", 0x200, frames), bytes(4 * frames)),
        ),
    )


@pytest.mark.parametrize(
    ("fragments", "word"),
    [
        (tuple(fragment(number, 30) for number in range(1_000)), ""),  # all are read
        (tuple(fragment(number, 30) for number in range(2_000)), "likely"),
        # Uneven ones are all read, however many there are.
        (tuple(fragment(number, 30, duration=1 + number % 2) for number in range(2_000)), ""),
    ],
)
def test_many_fragments_are_counted_from_the_first_ones_and_the_last(fragments: tuple, word: str) -> None:
    found = facts_json(assemble(quicktime.read(ByteSource.of_bytes(Movie(extra=fragments).build()))))
    assert found["frames"] == 10 + 30 * len(fragments)
    assert found["sources"]["frames"].get("why", "").partition(":")[0] == word
