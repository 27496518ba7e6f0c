"""Bundles of any size are read for their timeline alone, and those made to harm are refused in little memory."""

import json
import tracemalloc
import zipfile

import pytest

from pipeline.editorial.imports import otio_file
from pipeline.errors import TimelineUnreadable
from pipeline.ingest.anywhere import LARGEST_TIMELINE, read_timeline

LITTLE = 32 << 20  # bytes of memory
TIMELINE = json.dumps(
    {"OTIO_SCHEMA": "Timeline.1", "name": "cut", "tracks": {"OTIO_SCHEMA": "Stack.1", "children": []}}
)


def bundle(path, content=TIMELINE, *, gap=0, squeezed=zipfile.ZIP_DEFLATED):
    """A bundle with its list of members `gap` bytes behind them, as large media would lie there."""
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("version.txt", "1.0.0")
        made.writestr("content.otio", content, squeezed)
        made.writestr("media/a.mov", b"no picture")
        made.start_dir += gap
    return path


@pytest.fixture
def peak():
    tracemalloc.start()
    yield lambda: tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()


def test_a_bundle_larger_than_any_timeline_is_read(tmp_path, peak):
    path = bundle(tmp_path / "cut.otioz", gap=LARGEST_TIMELINE + 1)
    assert path.stat().st_size > LARGEST_TIMELINE
    assert read_timeline(path).title == "cut"
    assert peak() < LITTLE


def test_a_damaged_media_file_in_a_bundle_hides_no_timeline(tmp_path):
    path = bundle(tmp_path / "cut.otioz")
    path.write_bytes(path.read_bytes().replace(b"no picture", b"NO PICTURE"))
    assert read_timeline(path).title == "cut"


def test_a_timeline_that_unpacks_beyond_bounds_is_refused_unread(tmp_path, peak):
    squeezed = bytearray(bundle(tmp_path / "cut.otioz").read_bytes())
    at = squeezed.rindex(b"content.otio") - 46 + 24  # the unpacked size in the list of members
    squeezed[at : at + 4] = (otio_file.LARGEST + 1).to_bytes(4, "little")
    (tmp_path / "bomb.otioz").write_bytes(squeezed)
    with pytest.raises(TimelineUnreadable, match=r"^bomb\.otioz: This timeline is larger than the 256 MB"):
        read_timeline(tmp_path / "bomb.otioz")
    assert peak() < LITTLE


def test_a_timeline_that_unpacks_to_more_than_it_states_is_refused(tmp_path, peak):
    squeezed = bytearray(bundle(tmp_path / "cut.otioz", b" " * (64 << 20)).read_bytes())
    at = squeezed.rindex(b"content.otio") - 46 + 24
    squeezed[at : at + 4] = (100).to_bytes(4, "little")
    (tmp_path / "bomb.otioz").write_bytes(squeezed)
    tracemalloc.reset_peak()
    with pytest.raises(TimelineUnreadable, match="damaged; export it again"):
        read_timeline(tmp_path / "bomb.otioz")
    assert peak() < LITTLE + len(squeezed)


def test_a_list_of_members_beyond_bounds_is_refused_unread(tmp_path, peak):
    path = bundle(tmp_path / "cut.otioz")
    data = bytearray(path.read_bytes())
    begin = int.from_bytes(data[-6:-2], "little")
    data[-10:-6] = (1 << 30).to_bytes(4, "little")  # a list of a gigabyte, which is there
    with path.open("wb") as file:
        file.write(data[:begin])
        file.seek(begin + (1 << 30))
        file.write(data[-22:])
    with pytest.raises(TimelineUnreadable, match="damaged; export it again"):
        read_timeline(path)
    assert peak() < LITTLE


def test_a_bundle_packed_as_none_is_is_refused(tmp_path):
    path = bundle(tmp_path / "cut.otioz", squeezed=zipfile.ZIP_LZMA)
    with pytest.raises(TimelineUnreadable, match="packed as no OTIO bundle is"):
        read_timeline(path)
