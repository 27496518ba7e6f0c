"""MediaInfo fills what our readers leave open; when it dies it costs what it alone would have said."""

import os
import signal
import struct
from pathlib import Path

import pytest
from tinymovie import Movie

from pipeline.clip import AudioStream
from pipeline.errors import MediaUnreadable
from pipeline.metadata.facts import read_facts
from pipeline.metadata.mediainfo import read
from pipeline.processes.reader import ReaderProcess

DIES = """
import os
from pipeline.processes.reader import serve

def answer(request):
    if request["file"].read(1 << 16).endswith(b"deadly"):
        os._exit(1)
    tracks = [{"track_type": "General", "format": "MPEG-4"},
              {"track_type": "Video", "format": "VC-3", "width": 64, "height": 48, "frame_rate_mode": "CFR",
               "framerate_num": 24, "framerate_den": 1, "frame_count": 99}]
    while request["file"].read(1 << 16): pass
    return {"tracks": tracks, "partial": request["file"].partial}

if __name__ == "__main__":
    serve(answer)
"""
UNKNOWN = Movie(codec=b"zzzz", durations=((10, 1),)).build()  # a picture whose four letters no table of ours has


@pytest.fixture
def deadly(tmp_path, monkeypatch):
    (tmp_path / "deadly_child.py").write_text(DIES)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with ReaderProcess("deadly_child", timeout=10.0) as process:
        yield process


def aiff(samples: int = 48000) -> bytes:
    """Sound of a format that MediaInfo alone reads: 16 bit, mono, 48 kHz."""
    rate = struct.pack(">HQ", 16383 + 15, 48000 << 48)  # 80-bit float
    common = struct.pack(">hIh", 1, samples, 16) + rate
    body = b"AIFF" + b"COMM" + struct.pack(">I", len(common)) + common
    body += b"SSND" + struct.pack(">III", 8 + 2 * samples, 0, 0) + bytes(2 * samples)
    return b"FORM" + struct.pack(">I", len(body)) + body


def test_what_our_reader_leaves_open_mediainfo_fills_and_no_more(tmp_path, deadly):
    (tmp_path / "unknown.mov").write_bytes(UNKNOWN)
    found = read_facts(tmp_path / "unknown.mov", mediainfo=deadly)
    assert found.video is not None
    assert (found.video.video_codec, found.video.width, found.video.height) == ("dnxhd", 64, 48)
    assert str(found.video.rate) == "25/1", "what the structure states is not asked for"
    assert found.video.frames == 10
    assert {source.where for source in found.sources if source.key == "video_codec"} == {"MediaInfo: Video"}


def test_mediainfo_is_read_two_mebibytes_of_a_large_file_and_what_it_counts_then_is_not_believed(tmp_path, deadly):
    with (tmp_path / "large.mov").open("wb") as file:
        file.write(UNKNOWN + struct.pack(">I4s", (80 << 20) - len(UNKNOWN), b"free"))
        file.truncate(80 << 20)

    def fetched() -> int:
        return int(Path("/proc/self/io").read_text().split()[1])

    before = fetched()
    found = read_facts(tmp_path / "large.mov", mediainfo=deadly)
    assert 2 << 20 < fetched() - before < 4 << 20
    assert found.video is not None
    assert (found.video.video_codec, found.video.frames) == ("dnxhd", 10)
    tracks = [
        {"track_type": "General", "format": "AVI", "istruncated": "Yes"},
        {"track_type": "Video", "format": "VC-3", "frame_count": 7},
        {"track_type": "Audio", "format": "FLAC", "channel_s": 2, "sampling_rate": 48000, "samples_count": 7},
    ]
    told = {finding.key: finding.value for finding in read(tracks, partial=True)}
    assert set(told) == {"container", "video_codec", "audio"}
    assert told["audio"] == (AudioStream("flac", 2, 48000),)
    assert {"frames", "cut_off", "warnings"} <= {finding.key for finding in read(tracks)}


def test_our_own_facts_come_with_a_warning_when_mediainfo_dies(tmp_path, deadly):
    (tmp_path / "deadly.mov").write_bytes(UNKNOWN + b"\0\0\0\x0efreedeadly")
    (tmp_path / "next.mov").write_bytes(UNKNOWN)
    found = read_facts(tmp_path / "deadly.mov", mediainfo=deadly)
    assert found.video is not None
    assert found.video.frames == 10
    assert any("died" in warning for warning in found.warnings)
    after = read_facts(tmp_path / "next.mov", mediainfo=deadly)
    assert after.video is not None
    assert after.video.video_codec == "dnxhd", "the next clip is read by a new one"


def test_mediainfo_is_not_asked_where_nothing_is_open(tmp_path):
    (tmp_path / "whole.mov").write_bytes(Movie(durations=((5, 1), (5, 2))).build())  # of variable rate
    with ReaderProcess("no_such_module") as process:
        found = read_facts(tmp_path / "whole.mov", mediainfo=process)
        assert process._process is None
    assert found.video is not None
    assert found.video.vfr is True


def test_a_hanging_mediainfo_costs_its_clip_and_the_next_is_read_by_a_new_one(tmp_path):
    (tmp_path / "a.aiff").write_bytes(aiff())
    with ReaderProcess("pipeline.metadata.mediainfo_child", timeout=2.0) as process:
        first = read_facts(tmp_path / "a.aiff", mediainfo=process)
        assert first.audio[0].sample_rate == 48000
        before = process._process
        assert before is not None
        os.kill(before.pid, signal.SIGSTOP)
        with pytest.raises(MediaUnreadable, match="took too long"):
            read_facts(tmp_path / "a.aiff", mediainfo=process)
        assert before.returncode is not None
        assert read_facts(tmp_path / "a.aiff", mediainfo=process) == first


def test_mediainfo_short_of_memory_costs_its_clip_alone(tmp_path: Path) -> None:
    (tmp_path / "a.aiff").write_bytes(aiff())
    with ReaderProcess("pipeline.metadata.mediainfo_child", memory=24 << 20) as process, pytest.raises(MediaUnreadable):
        read_facts(tmp_path / "a.aiff", mediainfo=process)
