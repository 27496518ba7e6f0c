"""A recording whose header promises days of pictures costs neither days nor the disk."""

import struct

import pytest
from shooting import log, order, program, run

from pipeline.errors import MediaUnreadable
from pipeline.proxies import make as making


def lasting(movie: bytes) -> bytes:
    """The movie's last picture lasts for two days (its duration in the table of times, stts)."""
    at = movie.index(b"stts") + 8
    (runs,) = struct.unpack_from(">I", movie, at)
    last = at + 8 * runs
    return movie[:last] + struct.pack(">I", 2**31 - 1) + movie[last + 4 :]


def test_it_is_given_up_once_it_is_larger_than_footage_could_make_it(tmp_path, monkeypatch):
    source = tmp_path / "long.mov"
    pictures = ("-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=1")
    run(*pictures, "-vf", "setpts='if(lt(N,24),N,26)'", "-fps_mode", "vfr", "-c:v", "mjpeg", source)
    source.write_bytes(lasting(source.read_bytes()))
    clip = log(source)
    assert clip.duration > 100_000
    monkeypatch.setattr(making, "_LEAST", 300_000)
    monkeypatch.setattr(making, "_TIMES", 1)
    with pytest.raises(MediaUnreadable, match="without end"):
        making.make(order(clip, tmp_path / "made", source), program())
    assert not list((tmp_path / "made").iterdir())
