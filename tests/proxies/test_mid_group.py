"""MPEG-2 that was cut in mid-group: pictures that lack what they refer to are no frames of the proxy."""

import re
import sys
from pathlib import Path

import pytest
from shooting import frame_numbers, log, numbered, order, program, run

from pipeline.proxies.compare import compare
from pipeline.proxies.make import make

sys.path.insert(0, str(Path(__file__).parents[1] / "metadata"))
from tinystream import stream

PICTURE, SEQUENCE, GROUP = bytes((0, 0, 1, 0)), b"\0\0\1\xb3", b"\0\0\1\xb8"


def pictures(folder: Path, ahead: int) -> list[tuple[int, bytes]]:
    """60 numbered pictures of MPEG-2, each behind a sequence header of its own, with their times."""
    shown = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", "320x180", "-r", "25", "-i", "-", "-pix_fmt", "yuv420p"]
    coded = ["-c:v", "mpeg2video", "-g", "12", "-bf", str(ahead), "-q:v", "3", "-f", "mpeg2video"]
    run(*shown, *coded, folder / "A.m2v", given=numbered(range(60)))
    data = (folder / "A.m2v").read_bytes()
    header = data[data.index(SEQUENCE) : data.index(GROUP)]
    starts = [found.start() for found in re.finditer(re.escape(PICTURE), data)]
    made, base = [], 0
    for number, (at, end) in enumerate(zip(starts, [*starts[1:], len(data)], strict=True)):
        group = data[at - 8 : at] if data[at - 8 : at - 4] == GROUP else b""
        base = number if group else base
        order_in_group = data[at + 4] << 2 | data[at + 5] >> 6
        body = data[at:end].partition(SEQUENCE)[0].partition(GROUP)[0]
        made.append((90_000 + 3600 * (base + order_in_group), header + group + body))
    return made


def counted(packets: bytes) -> bytes:
    """The same packets with the continuity counters that ffmpeg looks for."""
    data, seen = bytearray(packets), {}
    for at in range(0, len(data), 188):
        pid = (data[at + 1] & 31) << 8 | data[at + 2]
        seen[pid] = (seen.get(pid, -1) + 1) % 16
        data[at + 3] |= seen[pid]
    return bytes(data)


@pytest.mark.parametrize("ahead", [0, 2])
@pytest.mark.parametrize("cut", [0, 3, 5])
def test_the_proxy_begins_with_the_first_picture_that_can_be_decoded(tmp_path, ahead, cut):
    source = tmp_path / "A.ts"
    source.write_bytes(counted(stream(pictures(tmp_path, ahead)[cut:], kind=2)))
    clip = log(source)
    make(order(clip, tmp_path / "out", source, stills=False), program())
    proxy = tmp_path / "out" / "edit.mov"
    assert frame_numbers(proxy) == list(range(12 if cut else 0, 60))
    assert compare(clip, (source,), proxy, program()) == ""
