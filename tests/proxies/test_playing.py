"""Proxies decoded as a whole: what is in them is counted, and damage between the places that are looked at is found."""

import random
from dataclasses import replace
from pathlib import Path

import pytest
from shooting import PRESETS, log, order, program, run

from pipeline.clip import Clip
from pipeline.errors import MediaUnreadable
from pipeline.metadata.frames import read_stored
from pipeline.proxies.checks import Case
from pipeline.proxies.make import make
from pipeline.proxies.playing import Played, played
from pipeline.proxies.verdict import defects, measure

SEEN = ("edit", "dnxhr", "h264", "short", "avid", "screening")
FRAMES, SAMPLES = 37, 74_074  # at 24000/1001 and 48 kHz
ELEMENT = bytes.fromhex("060e2b34010201010d01030115")  # of a picture (SMPTE ST 379-2)
FILLER = bytes.fromhex("060e2b34010101020301021001000000")  # SMPTE ST 336


@pytest.fixture(scope="module")
def proxies(tmp_path_factory) -> tuple[Clip, dict[str, Path]]:
    """A clip and its proxies by preset."""
    folder = tmp_path_factory.mktemp("film")
    source = folder / "A.mov"
    picture = ("-f", "lavfi", "-i", "mandelbrot=s=640x360:r=24000/1001:end_scale=0.2")
    coded = ("-frames:v", str(FRAMES), "-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "veryfast")
    run(*picture, "-f", "lavfi", "-i", "sine=r=48000:d=1.6", *coded, source)
    made = make(order(log(source), folder, source, presets=tuple(PRESETS[name] for name in SEEN), stills=False),
                program())  # fmt: skip
    return log(source), {each.preset_name: each.output.path for each in made}


@pytest.mark.parametrize("name", SEEN)
def test_a_good_proxy_gives_a_decoder_all_frames_and_all_samples(proxies, name):
    clip, paths = proxies
    assert played(clip, paths[name], program()) == Played(FRAMES, (SAMPLES,))


def test_so_does_a_copy_of_sound_alone(tmp_path):
    run("-f", "lavfi", "-i", "aevalsrc=0|0:s=48000:d=2", tmp_path / "T.wav")
    clip = log(tmp_path / "T.wav")
    job = order(clip, tmp_path / "out", tmp_path / "T.wav", presets=(PRESETS["audio"],), stills=False)
    (made,) = make(job, program())
    assert played(clip, made.output.path, program()) == Played(0, (96_000,))


def amid_a_picture(path: Path, size: int) -> int:
    """A place in the middle of a picture that is not the first."""
    stored = read_stored(path)
    if stored is None:
        return path.read_bytes().index(ELEMENT, path.stat().st_size // 2) + 2000
    offset, length, _ = max(stored.places[1:], key=lambda place: place[1])
    assert length > size
    return offset + (length - size) // 2


@pytest.mark.parametrize("what", ["zeros", "rubbish"])
@pytest.mark.parametrize("name", SEEN)
def test_damage_amid_a_picture_is_found(tmp_path, proxies, name, what):
    clip, paths = proxies
    spoilt = tmp_path / paths[name].name
    data = bytearray(paths[name].read_bytes())
    at = amid_a_picture(paths[name], 512)
    data[at : at + 512] = bytes(512) if what == "zeros" else random.Random(3).randbytes(512)
    spoilt.write_bytes(data)
    assert defects(Case(clip, PRESETS[name], measure(spoilt))) == (), "that it is there tells only a decoder"
    with pytest.raises(MediaUnreadable, match="cannot be played to its end"):
        played(clip, spoilt, program())


def test_pictures_that_a_header_promises_and_no_decoder_gives_are_missed(tmp_path, proxies):
    clip, paths = proxies
    data = bytearray(paths["avid"].read_bytes())
    at = data.index(ELEMENT, len(data) // 2)
    data[at : at + 16] = FILLER
    (tmp_path / "avid.mxf").write_bytes(data)
    found = measure(tmp_path / "avid.mxf")
    assert defects(Case(clip, PRESETS["avid"], found)) == ()
    found = replace(found, played=played(clip, tmp_path / "avid.mxf", program()))
    assert defects(Case(clip, PRESETS["avid"], found)) == (
        f"frames: {FRAMES - 1} come out of a decoder instead of {FRAMES}",
    )
