"""Sound of a proxy beside the original's: late, swapped, silent and other sound is named, and true sound is not."""

from pathlib import Path

import pytest
from shooting import PRESETS, log, order, program, run

from pipeline.proxies.listening import listen
from pipeline.proxies.make import make

TALK = "anoisesrc=c=pink:r=48000:a=0.4:d=4:seed="  # never repeats, as speech does not
VIDEO = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-preset", "ultrafast", "-g", "25")


def shot(path: Path, *options: str, tracks: int = 2, rate: str = "25", sound: str = "pcm_s16le") -> Path:
    """Four seconds with so many mono tracks, each of another noise."""
    noises = [word for seed in range(tracks) for word in ("-f", "lavfi", "-i", f"{TALK}{seed}")]
    maps = [word for stream in range(tracks + 1) for word in ("-map", str(stream))]
    picture = f"color=gray:s=256x144:r={rate}:d=4"
    run("-f", "lavfi", "-i", picture, *noises, *maps, *VIDEO, "-c:a", sound, "-t", "4", *options, path)
    return path


def proxy(folder: Path, *sources: Path, preset: str = "edit") -> Path:
    asked = PRESETS[preset]
    make(order(log(*sources), folder / "out", *sources, presets=(asked,), stills=False), program())
    return folder / "out" / f"{preset}.{asked.codec.container}"


def heard(made: Path, *sources: Path, tracks: int = 2) -> str:
    return listen(log(*sources), sources, made, tracks, program())


@pytest.mark.parametrize("rate", ["24000/1001", "25", "30000/1001"])
@pytest.mark.parametrize("preset", ["edit", "avid"])
def test_a_true_proxy_sounds_as_its_original(tmp_path, preset, rate):
    source = shot(tmp_path / "A.mov", rate=rate)
    assert heard(proxy(tmp_path, source, preset=preset), source) == ""


@pytest.mark.parametrize(
    ("name", "sound", "options"),
    [
        ("A.mp4", "aac", ("-b:a", "96k")),
        ("A.mov", "pcm_s24le", ("-ar", "96000")),
        ("A.mov", "pcm_f32le", ("-ar", "44100")),
        ("A.mxf", "pcm_s16le", ("-c:v", "mpeg2video")),
        ("A.avi", "pcm_s16le", ("-c:v", "mjpeg", "-pix_fmt", "yuvj420p")),
    ],
)
def test_a_true_proxy_sounds_so_of_any_container_rate_and_code(tmp_path, name, sound, options):
    source = shot(tmp_path / name, *options, sound=sound)
    assert heard(proxy(tmp_path, source), source) == ""


def test_late_pictures_late_sound_and_chapters_do_not_mislead(tmp_path):
    whole = shot(tmp_path / "whole.mov")
    late_picture, late_sound = tmp_path / "P.mov", tmp_path / "S.mov"
    both = ("-itsoffset", "0.5", "-i", whole, "-i", whole, "-c", "copy", "-map")
    run(*both, "0:v", "-map", "1:a", late_picture)
    run(*both, "1:v", "-map", "0:a", late_sound)
    for source in (late_picture, late_sound):
        assert heard(proxy(tmp_path / source.stem, source), source) == "", source.name
    parts = [shot(tmp_path / f"GX0{part}0001.MP4", sound="aac", tracks=1) for part in (1, 2, 3)]
    assert heard(proxy(tmp_path / "G", *parts), *parts, tracks=1) == ""


def test_the_mix_of_a_screening_copy_is_the_one_track_that_there_is(tmp_path):
    source = shot(tmp_path / "A.mov", "-ac", "2", tracks=1)
    assert heard(proxy(tmp_path, source, preset="screening"), source, tracks=1) == ""


def test_a_recording_of_sound_alone_is_listened_to_channel_by_channel(tmp_path):
    source = tmp_path / "A.wav"
    mono = [word for seed in range(3) for word in ("-f", "lavfi", "-i", f"{TALK}{seed}")]
    run(*mono, "-filter_complex", "amerge=inputs=3", "-ar", "96000", "-c:a", "pcm_s24le", source)
    made, wrong = proxy(tmp_path, source, preset="audio"), tmp_path / "wrong.wav"
    assert heard(made, source, tracks=1) == ""
    run("-i", made, "-af", "pan=3c|c0=c0|c1=c2|c2=c1", "-c:a", "pcm_s24le", wrong)
    assert heard(wrong, source, tracks=1).startswith("channel 2 sounds otherwise than the original")


SPOILT = [
    ("adelay=2", "sounds 96 samples too late (of 48000 a second) (0.0 s in)"),
    ("atrim=start=0.002,asetpts=PTS-STARTPTS,apad=pad_dur=0.002", "sounds 96 samples too early"),
    ("volume=0", "is silent where the original is not"),
    ("aeval=-val(0)", "sounds otherwise than the original"),
    ("volume='if(gt(t,2.9),0,1)':eval=frame", "is silent where the original is not (3.0 s in)"),
]


@pytest.mark.parametrize(("filters", "said"), SPOILT)
def test_a_channel_that_is_not_its_originals_is_named(tmp_path, filters, said):
    source = shot(tmp_path / "A.mov")
    made, wrong = proxy(tmp_path, source), tmp_path / "wrong.mov"
    run("-i", made, "-map", "0", "-c", "copy", "-filter:a:1", filters, "-c:a:1", "pcm_s16le", "-t", "4", wrong)
    assert f"channel 2 {said}" in heard(wrong, source)


def test_tracks_that_were_swapped_are_found_out(tmp_path):
    source = shot(tmp_path / "A.mov")
    made, wrong = proxy(tmp_path, source), tmp_path / "wrong.mov"
    run("-i", made, "-map", "0:v", "-map", "0:a:1", "-map", "0:a:0", "-c", "copy", wrong)
    assert heard(wrong, source).startswith("channel 1 sounds otherwise than the original")


def test_silence_fits_silence(tmp_path):
    source = tmp_path / "A.mov"
    run("-f", "lavfi", "-i", "color=gray:s=128x72:r=25:d=2", "-f", "lavfi", "-i", "anullsrc=r=48000", *VIDEO,
        "-c:a", "pcm_s16le", "-t", "2", source)  # fmt: skip
    assert heard(proxy(tmp_path, source), source, tracks=1) == ""
