"""The proxies of the sample cards hold exactly the frames of their originals, upright, with all sound and timecode."""

import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from filming import CARDS, DRONE, QUICK, SAMPLES, SOUND, finish, log, new_film, products, rushes

from pipeline.metadata.facts import read_facts
from pipeline.processes.ffmpeg import find_ffmpeg
from pipeline.timecode import Timecode

sys.path.insert(0, str(SAMPLES))
from frame_numbers import read_number

PICTURES = [card for card in CARDS if "S001" not in card.name]


def numbers_in(file):
    """The (clip, frame) that each picture of a file shows, in order, as any player decodes it."""
    facts = read_facts(file)
    wide, high = facts.video.width, facts.video.height
    raw = subprocess.run(
        [find_ffmpeg(), "-v", "error", "-i", file, "-f", "rawvideo", "-pix_fmt", "gray", "-fps_mode", "passthrough",
         "-"], check=True, capture_output=True,
    ).stdout  # fmt: skip
    frames = np.frombuffer(raw, np.uint8).reshape(-1, high, wide)
    return [read_number(frame) for frame in frames]


@pytest.fixture(scope="module")
def clips(shoot):
    rows = rushes("log", "--json", "kind:picture", cwd=shoot).json
    return [rushes("show", row["id"], "--json", cwd=shoot).json | {"row": row} for row in rows]


def proxy_of(clip, shoot):
    [path] = [product["path"] for product in clip["products"] if product["kind"] == "proxy"]
    return shoot / path


def test_constant_rate_proxies_show_every_frame_once_across_chapters_too(clips, shoot):
    for clip in clips:
        if clip["facts"]["vfr"]:
            continue
        seen = numbers_in(proxy_of(clip, shoot))
        assert None not in seen, clip["name"]
        assert len({number for number, _ in seen}) == 1
        assert [frame for _, frame in seen] == list(range(clip["row"]["frames"])), clip["name"]


def test_a_variable_rate_proxy_shows_each_moment_of_the_original(clips, shoot):
    [clip] = [clip for clip in clips if clip["facts"]["vfr"]]
    seen = [frame for _, frame in numbers_in(proxy_of(clip, shoot))]
    assert len(seen) == clip["row"]["frames"]
    assert seen == sorted(seen)
    assert seen[0] == 0
    assert seen[-1] == clip["facts"]["frames"] - 1


def test_proxies_attach_by_name_length_timecode_reel_and_sound(clips, shoot):
    for clip in clips:
        proxy = proxy_of(clip, shoot)
        made, row, facts = read_facts(proxy), clip["row"], clip["facts"]
        assert proxy.stem == row["name"].rpartition(".")[0]
        assert (str(made.video.rate), made.video.frames) == (row["rate"], row["frames"])
        assert made.video.video_codec == "prores"
        assert [track.channels for track in made.audio] == [track["channels"] for track in facts["audio"]]
        assert [track.sample_rate for track in made.audio] == [track["sample_rate"] for track in facts["audio"]]
        assert all(track.codec.startswith("pcm_") for track in made.audio)
        assert made.reel == facts.get("reel")
        assert made.video.rotation == 0
        assert made.video.pixel_aspect in (None, Fraction(1))
        assert (made.video.color_primaries, made.video.color_transfer) == ("bt709", "bt709")
        if row["start_timecode"]:
            drop = ";" in row["start_timecode"]
            rate = made.video.rate
            told = Timecode.parse(row["start_timecode"], made.timecode_rate or rate, drop_frame=drop)
            assert made.timecode.counted_at(rate) == told.counted_at(rate)
            assert made.drop_frame == drop


def test_sound_of_a_proxy_is_as_long_as_its_picture(clips, shoot):
    for clip in clips:
        made = read_facts(proxy_of(clip, shoot))
        for track in made.audio:
            wanted = made.video.frames / made.video.rate.fraction * track.sample_rate
            assert abs(track.samples - wanted) < 1, clip["name"]


def test_every_clip_has_its_stills_and_they_are_whole_pictures(clips, shoot):
    for clip in clips:
        kinds = {product["kind"] for product in clip["products"]}
        assert kinds == {"proxy", "poster", "filmstrip"} | ({"waveform"} if clip["facts"]["audio"] else set())
        for product in clip["products"]:
            decoded = subprocess.run(
                [find_ffmpeg(), "-v", "error", "-i", shoot / product["path"], "-f", "null", "-"],
                capture_output=True,
                check=False,
            )
            assert decoded.returncode == 0, product
            assert decoded.stderr == b"", product


def test_originals_are_untouched(shoot):
    for card in CARDS:
        for original in card.rglob("*"):
            if original.is_file():
                assert (shoot / "ingest" / original.relative_to(SAMPLES)).read_bytes() == original.read_bytes()


def test_the_audio_preset_serves_sound_alone_and_the_edit_preset_pictures(tmp_path):
    film = new_film(
        tmp_path / "film", SOUND, DRONE, settings=QUICK + '[proxies]\npresets = ["edit", "audio"]\nstills = false\n'
    )
    finish(film)
    rows = log(film)
    assert {row["status"] for row in rows.values()} == {"ready"}
    made = [path for path in products(film) if path.startswith("proxies/")]
    sounds = [path for path in rows if path.lower().endswith(".wav")]
    assert len(made) == len(rows)
    assert sorted(Path(path).stem for path in made if path.startswith("proxies/audio/")) == sorted(
        Path(path).stem for path in sounds
    )
