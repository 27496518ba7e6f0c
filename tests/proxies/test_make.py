"""What comes out of real, tiny recordings: every frame in its place, every track, label and shape."""

import os
import random
import signal
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import msgspec
import numpy as np
import pytest
from shooting import (
    EDIT,
    PRESETS,
    frame_numbers,
    log,
    order,
    picture_size,
    program,
    run,
    shoot,
    sound,
)

from pipeline.clip import AudioStream
from pipeline.errors import Cancelled, DiskFull, MediaUnreadable, PathMissing, ProxyRefused
from pipeline.metadata.facts import read_facts
from pipeline.processes.ffmpeg import run_ffmpeg
from pipeline.proxies.compare import compare
from pipeline.proxies.glance import EVERY, GLANCES, difference, glances, glances_size, pictures_in
from pipeline.proxies.job import Output, ProxyJob
from pipeline.proxies.make import make
from pipeline.proxies.picture import still_frames
from pipeline.timecode import Rate

TONE = "-f lavfi -i sine=f=440:r=48000:d={}"


def proxied(folder: Path, *sources: Path, **asked):
    """The clip, and the facts of its edit proxy, which lies in folder/out/edit.mov."""
    clip = log(*sources)
    made = make(order(clip, folder / "out", *sources, **asked), program())
    assert all(one.size == one.output.path.stat().st_size > 0 for one in made)
    return clip, read_facts(folder / "out" / "edit.mov")


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- time -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("rate", ["24000/1001", "24", "25", "30000/1001", "30", "50", "60000/1001", "12.5"])
def test_every_frame_of_the_original_is_in_its_place(tmp_path, rate):
    source = shoot(tmp_path / "A.mp4", rate=rate, frames=range(31))
    clip, proxy = proxied(tmp_path, source)
    assert frame_numbers(tmp_path / "out" / "edit.mov") == list(range(31))
    assert proxy.rate == clip.rate
    assert clip.frames == proxy.video.frames == 31


@pytest.mark.parametrize(
    ("rate", "label"),
    [
        ("30000/1001", "10:00:00;02"),
        ("30000/1001", "10:00:00:02"),
        ("60000/1001", "01:00:59;58"),
        ("24000/1001", "23:59:59:20"),
        ("25", "00:00:00:00"),
    ],
)
def test_start_timecode_drop_frame_and_reel_come_back(tmp_path, rate, label):
    source = shoot(tmp_path / "A.mov", f"-timecode {label} -metadata:s:v:0 reel_name=A001R1AB", rate=rate)
    _, proxy = proxied(tmp_path, source)
    assert (proxy.start_timecode, proxy.drop_frame, proxy.reel) == (label, ";" in label, "A001R1AB")


def test_a_clip_without_timecode_gets_none(tmp_path):
    assert proxied(tmp_path, shoot(tmp_path / "A.mp4"))[1].start_timecode is None


def test_variable_rate_becomes_constant_and_holds_each_picture_for_its_time(tmp_path):
    # Every third picture is left out: the one before each hole is shown twice as long.
    source = shoot(tmp_path / "A.mp4", "-vf select=mod(n\\,3)-2 -fps_mode vfr", rate="30", frames=range(60))
    clip = log(source)
    assert clip.facts.video.vfr
    make(order(replace(clip, rate=Rate(30), frames=60), tmp_path / "out", source), program())
    assert frame_numbers(tmp_path / "out" / "edit.mov") == [number - (number % 3 == 2) for number in range(60)]


def test_variable_rate_has_the_rate_and_frames_of_editing(tmp_path):
    source = shoot(tmp_path / "A.mp4", "-vf select=mod(n\\,7)-2 -fps_mode vfr", rate="30", frames=range(90))
    clip, proxy = proxied(tmp_path, source)
    assert (proxy.rate, proxy.video.frames, proxy.video.vfr) == (clip.rate, clip.frames, False)


def test_chapters_make_one_proxy_frame_exact_across_the_joint(tmp_path):
    parts = [
        shoot(
            tmp_path / f"GX0{part}0001.MP4",
            f"{TONE.format(3)} -t {length / 25} -c:a aac",
            frames=range(first, first + length),
        )
        for part, first, length in ((1, 0, 40), (2, 40, 37), (3, 77, 11))
    ]
    clip, proxy = proxied(tmp_path, *parts)
    assert frame_numbers(tmp_path / "out" / "edit.mov") == list(range(88))
    assert clip.frames == proxy.video.frames == 88
    assert proxy.audio[0].samples == 88 * 48000 // 25


def test_chapters_whose_joints_lie_between_samples_have_their_sound_to_the_sample(tmp_path):
    rate, lengths = Fraction(60000, 1001), (96, 72, 72)
    parts = [
        shoot(
            tmp_path / f"GX0{part}0001.MP4",
            f"{TONE.format(6)} -t {float(length / rate)} -c:a aac",
            rate="60000/1001",
            frames=range(length),
        )
        for part, length in enumerate(lengths, start=1)
    ]
    clip, proxy = proxied(tmp_path, *parts)
    assert (clip.frames, proxy.video.frames, proxy.audio[0].samples) == (240, 240, 192192)


def test_an_edit_list_that_hides_pictures_is_obeyed(tmp_path):
    whole = shoot(tmp_path / "whole.mov", "-c:v libx264 -g 10 -bf 2", frames=range(50))
    run("-ss", "0.6", "-i", whole, "-c", "copy", tmp_path / "A.mov")
    clip, _ = proxied(tmp_path, tmp_path / "A.mov")
    assert frame_numbers(tmp_path / "out" / "edit.mov") == list(range(15, 15 + clip.frames))


def test_a_disabled_first_picture_track_is_passed_over(tmp_path):
    """As phones and editors keep a still or chapter pictures in front."""
    still = shoot(tmp_path / "still.mp4", "-c:v libx264 -g 1", frames=[99])
    shown = shoot(tmp_path / "shown.mp4", f"{TONE.format(2)} -c:a aac -c:v libx264 -bf 2", frames=range(50))
    both = ["-map", "0:v", "-map", "1:v", "-map", "1:a", "-disposition:v:0", "0", "-disposition:v:1", "default"]
    run("-i", still, "-i", shown, *both, "-c", "copy", tmp_path / "A.mov")
    clip, _ = proxied(tmp_path, tmp_path / "A.mov")
    assert (clip.facts.video.picture_track, clip.frames) == (1, 50)
    assert frame_numbers(tmp_path / "out" / "edit.mov") == list(range(50))
    assert compare(clip, (tmp_path / "A.mov",), tmp_path / "out" / "edit.mov", program()) == ""


HEVC = "-c:v libx265 -preset fast -x265-params keyint=25:log-level=none -tag:v hvc1"


def test_damage_that_the_decoder_of_hevc_passes_over_is_found(tmp_path):
    source = tmp_path / "A.mp4"
    noisy = "testsrc2=s=640x360:r=25:d=2,noise=alls=12:allf=t"
    run("-f", "lavfi", "-i", noisy, "-pix_fmt", "yuv420p", *HEVC.split(), source)
    clip = log(source)
    data = bytearray(source.read_bytes())
    middle = data.index(b"mdat") + (len(data) - data.index(b"mdat")) // 2
    data[middle : middle + 512] = b"\xff" * 512
    source.write_bytes(data)
    with pytest.raises(MediaUnreadable, match=r"A\.mp4 .*copy it from the card again"):
        make(order(clip, tmp_path / "out", source, stills=False), program())
    assert left(tmp_path / "out") == []


def test_hevc_cut_in_mid_group_by_an_edit_list_is_whole(tmp_path):
    whole = shoot(tmp_path / "whole.mov", HEVC, frames=range(50))
    run("-ss", "0.6", "-i", whole, "-c", "copy", "-tag:v", "hvc1", tmp_path / "A.mov")
    clip, _ = proxied(tmp_path, tmp_path / "A.mov")
    assert frame_numbers(tmp_path / "out" / "edit.mov") == list(range(15, 15 + clip.frames))


# --- sound ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("tracks", [4, 16])
def test_mono_tracks_stay_as_many_in_their_order(tmp_path, tracks):
    tones = " ".join(f"-f lavfi -i sine=f={300 * (track + 1)}:r=48000:d=2" for track in range(tracks))
    maps = " ".join(f"-map {number}" for number in range(tracks + 1))
    source = shoot(tmp_path / "A.mov", f"{tones} {maps} -c:a pcm_s24le")
    _, proxy = proxied(tmp_path, source)
    assert [(track.channels, track.codec, track.samples) for track in proxy.audio] == [(1, "pcm_s24le", 96000)] * tracks
    pitches = [
        np.abs(np.fft.rfft(sound(tmp_path / "out" / "edit.mov", track)[:48000, 0])).argmax() for track in range(tracks)
    ]
    assert pitches == [300 * (track + 1) for track in range(tracks)]


@pytest.mark.parametrize("channels", [1, 2, 6, 8, 12, 16])
def test_channels_stay_together_in_their_track(tmp_path, channels):
    many = "|".join(f"sin({100 * (channel + 1)}*2*PI*t)/2" for channel in range(channels))
    source = shoot(tmp_path / "A.mov", f"-f lavfi -i aevalsrc={many}:s=48000:d=2 -c:a pcm_s16le")
    _, proxy = proxied(tmp_path, source)
    assert [(track.channels, track.sample_rate) for track in proxy.audio] == [(channels, 48000)]
    heard = sound(tmp_path / "out" / "edit.mov")[:48000]
    assert [np.abs(np.fft.rfft(heard[:, channel])).argmax() for channel in range(channels)] == [
        100 * (channel + 1) for channel in range(channels)
    ]


@pytest.mark.parametrize("late", [0.2, 0.52])
def test_late_and_short_sound_keeps_its_place(tmp_path, late):
    source = shoot(tmp_path / "A.mov", f"-itsoffset {late} {TONE.format(0.5)} -c:a pcm_s16le")
    _, proxy = proxied(tmp_path, source)
    assert proxy.audio[0].samples == 96000
    loud = np.flatnonzero(np.abs(sound(tmp_path / "out" / "edit.mov")[:, 0]) > 300)
    assert abs(loud[0] - late * 48000) < 48
    assert abs(loud[-1] - (late + 0.5) * 48000) < 48


@pytest.mark.parametrize("container", ["ts", "mkv"])
def test_tracks_that_begin_apart_stay_in_sync(tmp_path, container):
    # A click at 1 s of the sound; the picture begins 0.2 s after it, so the click is 0.8 s into the proxy.
    click = "-f lavfi -i aevalsrc=if(between(t\\,1\\,1.02)\\,0.9*sin(6283*t)\\,0):s=48000:d=3"
    source = shoot(tmp_path / "plain.mov", "-bf 0", frames=range(50))
    run("-itsoffset", "0.2", "-i", source, *click.split(), "-c:v", "copy", "-c:a", "mp2", tmp_path / f"A.{container}")
    clip = replace(log(source), facts=read_facts(source))
    sounded = replace(clip.facts, container=container, audio=(AudioStream("mp2", 1, 48000),))
    make(order(replace(clip, facts=sounded), tmp_path / "out", tmp_path / f"A.{container}"), program())
    assert frame_numbers(tmp_path / "out" / "edit.mov") == list(range(50))
    loud = np.flatnonzero(np.abs(sound(tmp_path / "out" / "edit.mov")[:, 0]) > 3000)
    assert abs(loud[0] / 48000 - 0.8) < 0.02


@pytest.mark.parametrize(
    ("picture", "heard", "codec", "suffix"),
    [
        ("0.2", "0", "pcm_s16le", "mov"),
        ("0.2", "0", "aac", "mp4"),
        ("0.48", "0.2", "pcm_s24le", "mov"),
        ("0", "0.2", "pcm_s16le", "mov"),
    ],
)
def test_empty_edits_before_picture_or_sound_keep_sync_to_the_sample(tmp_path, picture, heard, codec, suffix):
    click = "-f lavfi -i aevalsrc=if(between(t\\,1\\,1.02)\\,0.9*sin(6283*t)\\,0):s=48000:d=3"
    plain, source = shoot(tmp_path / "plain.mov", "-bf 2"), tmp_path / f"A.{suffix}"
    late = ("-itsoffset", picture, "-i", plain, "-itsoffset", heard, *click.split())
    run(*late, "-map", "0:v", "-map", "1:a", "-c:v", "copy", "-c:a", codec, source)
    _, proxy = proxied(tmp_path, source)
    assert frame_numbers(tmp_path / "out" / "edit.mov") == list(range(50))
    assert proxy.audio[0].samples == 96000
    loud = np.flatnonzero(np.abs(sound(tmp_path / "out" / "edit.mov")[:, 0]) > 1000)
    first = np.flatnonzero(np.abs(sound(plain_sound(tmp_path, click, codec))[:, 0]) > 1000)[0]
    assert loud[0] == first + round((float(heard) - float(picture)) * 48000)


def plain_sound(folder: Path, source: str, codec: str) -> Path:
    """The same sound alone, begun at 0."""
    run(*source.split(), "-c:a", codec, folder / "sound.mov")
    return folder / "sound.mov"


@pytest.mark.parametrize(
    "pictures", ["-c:v libx264 -g 12 -bf 2 -x264-params open-gop=1", "-c:v mpeg2video -q:v 3 -g 12 -bf 2"]
)
def test_a_stream_cut_in_mid_group_begins_with_its_first_whole_picture_and_stays_in_sync(tmp_path, pictures):
    click = "-f lavfi -i aevalsrc=if(between(t\\,3\\,3.02)\\,0.9*sin(6283*t)\\,0):s=48000:d=4"
    data = shoot(tmp_path / "whole.ts", f"{click} {pictures} -c:a ac3", frames=range(100)).read_bytes()
    source = tmp_path / "A.ts"
    source.write_bytes(data[len(data) // 3 // 188 * 188 :])
    clip, _ = proxied(tmp_path, source)
    numbers = frame_numbers(tmp_path / "out" / "edit.mov")
    assert numbers == list(range(100 - clip.frames, 100))
    assert 0 < clip.frames < 80
    loud = np.flatnonzero(np.abs(sound(tmp_path / "out" / "edit.mov")[:, 0]) > 6000)
    assert abs(loud[0] - (3 - numbers[0] / 25) * 48000) < 48


def test_sound_longer_than_the_picture_is_cut_at_its_end(tmp_path):
    source = shoot(tmp_path / "A.mov", f"{TONE.format(3)} -c:a pcm_s16le", rate="30000/1001", frames=range(30))
    _, proxy = proxied(tmp_path, source)
    assert proxy.audio[0].samples == 48048
    assert frame_numbers(tmp_path / "out" / "edit.mov") == list(range(30))


def test_96_khz_and_float_survive(tmp_path):
    source = shoot(tmp_path / "A.mov", "-f lavfi -i sine=r=96000:d=2 -c:a pcm_f32le")
    _, proxy = proxied(tmp_path, source)
    assert [(track.codec, track.sample_rate, track.samples) for track in proxy.audio] == [("pcm_s24le", 96000, 192000)]


def test_sound_alone_gets_a_waveform_and_no_picture(tmp_path):
    run("-f", "lavfi", "-i", "anoisesrc=d=3:a=0.3", "-c:a", "pcm_s24le", tmp_path / "T01.WAV")
    clip = log(tmp_path / "T01.WAV")
    made = make(order(clip, tmp_path / "out", tmp_path / "T01.WAV"), program())
    assert [one.output.kind for one in made] == ["waveform"]
    assert picture_size(tmp_path / "out" / "waveform.png") == (1200, 120)


# --- picture --------------------------------------------------------------------------------------


def test_a_rotated_phone_clip_is_upright(tmp_path):
    plain = shoot(tmp_path / "plain.mp4", frames=range(10))
    run("-display_rotation", "-90", "-i", plain, "-c", "copy", tmp_path / "A.mp4")
    clip, proxy = proxied(tmp_path, tmp_path / "A.mp4")
    assert clip.facts.video.rotation == 90
    assert (proxy.video.width, proxy.video.height, proxy.video.rotation) == (180, 320, 0)
    back = tmp_path / "back.mov"
    run("-i", tmp_path / "out" / "edit.mov", "-vf", "transpose=cclock", "-c:v", "png", back)
    assert frame_numbers(back) == list(range(10))


@pytest.mark.parametrize(
    ("size", "aspect", "wanted"),
    [
        ((720, 576), "64/45", (1024, 576)),
        ((1440, 1080), "4/3", (1920, 1080)),
        ((321, 181), "1", (320, 180)),
        ((3840, 2160), "1", (1920, 1080)),
    ],
)
def test_pixels_are_square_and_sizes_even(tmp_path, size, aspect, wanted):
    pixels = "-c:v png" if size[0] % 2 else "-c:v mpeg4 -q:v 2"
    source = shoot(tmp_path / "A.mov", f"-vf setsar={aspect} {pixels}", size=size, frames=range(3))
    _, proxy = proxied(tmp_path, source)
    assert (proxy.video.width, proxy.video.height) == wanted
    assert frame_numbers(tmp_path / "out" / "edit.mov") == [0, 1, 2]


@pytest.mark.parametrize("order_of_fields", ["tff", "bff"])
def test_fields_stay_fields_in_their_order(tmp_path, order_of_fields):
    first, letters = ("top", "tt") if order_of_fields == "tff" else ("bottom", "bb")
    fields = f"tinterlace=mode=interleave_{first},setparams=field_mode={order_of_fields},setsar=64/45"
    run(
        "-f", "lavfi", "-i", "testsrc2=s=720x576:r=50:d=1", "-vf", fields, "-c:v", "mpeg2video", "-q:v", "2",
        "-flags", "+ildct+ilme", "-field_order", letters, tmp_path / "A.mov",
    )  # fmt: skip
    clip, proxy = proxied(tmp_path, tmp_path / "A.mov")
    assert clip.facts.video.interlaced
    assert (proxy.video.interlaced, proxy.video.field_order, proxy.video.frames) == (True, order_of_fields, 25)
    said = subprocess.run(
        [program(), "-i", tmp_path / "out" / "edit.mov", "-vf", "idet", "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    counted = said.rpartition("Multi frame detection:")[2].split()
    assert int(counted[counted.index(order_of_fields.upper() + ":") + 1]) >= 20


@pytest.mark.parametrize("order_of_fields", ["tff", "bff"])
def test_fields_made_smaller_become_whole_pictures_of_the_moment_of_the_first_field(tmp_path, order_of_fields):
    first, letters = ("top", "tt") if order_of_fields == "tff" else ("bottom", "bb")
    moments = [40 + 6 * number for number in range(24)]  # each field is brighter than the one before it
    run(
        "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", "1920x1080", "-r", "50", "-i", "-", "-vf",
        f"tinterlace=mode=interleave_{first},setparams=field_mode={order_of_fields}", "-c:v", "mpeg2video", "-q:v", "2",
        "-flags", "+ildct+ilme", "-field_order", letters, tmp_path / "A.mov",
        given=b"".join(bytes((luma,)) * (1920 * 1080) + b"\x80" * (960 * 1080) for luma in moments),
    )  # fmt: skip
    half = msgspec.structs.replace(EDIT, height=540)
    clip, proxy = proxied(tmp_path, tmp_path / "A.mov", presets=(half,))
    assert (clip.facts.video.interlaced, clip.facts.video.field_order) == (True, order_of_fields)
    assert (proxy.video.height, proxy.video.interlaced, proxy.video.frames) == (540, False, 12)
    raw = run("-i", tmp_path / "out" / "edit.mov", "-f", "rawvideo", "-pix_fmt", "yuv422p", "-")
    shown = np.frombuffer(raw, np.uint8).reshape(12, -1)[:, : 960 * 540].mean(axis=1)
    assert np.abs(shown - moments[::2]).max() < 1.5


def test_an_anamorphic_picture_is_widened_before_it_is_turned(tmp_path):
    plain = shoot(tmp_path / "plain.mp4", "-vf setsar=4/3", size=(480, 360), frames=range(10))
    run("-display_rotation", "-90", "-i", plain, "-c", "copy", tmp_path / "A.mp4")
    _, proxy = proxied(tmp_path, tmp_path / "A.mp4")
    assert (proxy.video.width, proxy.video.height, proxy.video.rotation) == (360, 640, 0)
    back = tmp_path / "back.mov"
    run("-i", tmp_path / "out" / "edit.mov", "-vf", "transpose=cclock", "-c:v", "png", back)
    assert frame_numbers(back) == list(range(10))


def test_progressive_only_encoders_get_no_comb(tmp_path):
    run(
        "-f", "lavfi", "-i", "testsrc2=s=720x576:r=50:d=1", "-vf", "tinterlace=interleave_top,setparams=field_mode=tff",
        "-c:v", "mpeg2video", "-flags", "+ildct+ilme", tmp_path / "A.mov",
    )  # fmt: skip
    clip = log(tmp_path / "A.mov")
    make(order(clip, tmp_path / "out", tmp_path / "A.mov", presets=(PRESETS["h264"],)), program())
    proxy = read_facts(tmp_path / "out" / "h264.mov")
    assert (proxy.video.interlaced, proxy.video.frames) == (False, 25)


@pytest.mark.parametrize("told", [True, False])
def test_fields_of_which_the_container_says_nothing_are_kept_where_their_codec_tells(tmp_path, told):
    """And where nothing tells before the decoder does, they become whole pictures."""
    run(
        "-f", "lavfi", "-i", "testsrc2=s=1920x1080:r=50:d=0.24", "-vf",
        "tinterlace=interleave_top,setparams=field_mode=tff", "-pix_fmt", "yuv422p", "-c:v", "dnxhd", "-b:v", "120M",
        "-flags", "+ildct+ilme", tmp_path / "A.mov",
    )  # fmt: skip
    clip = log(tmp_path / "A.mov")
    assert clip.facts.video.interlaced is True
    if not told:
        clip = replace(clip, facts=replace(clip.facts, video=replace(clip.facts.video, interlaced=None)))
    make(order(clip, tmp_path / "out", tmp_path / "A.mov"), program())
    proxy = read_facts(tmp_path / "out" / "edit.mov").video
    assert (proxy.interlaced, proxy.field_order, proxy.frames) == (told, "tff" if told else None, 6)


def mean_colour(path: Path) -> list[int]:
    """Red, green, blue of the middle as a player shows it."""
    raw = run("-i", path, "-vf", "crop=16:16", "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    return [int(value) for value in np.frombuffer(raw, np.uint8).reshape(-1, 3).mean(axis=0).round()]


HD, SD = "bt709 bt709 bt709", "smpte170m bt709 smpte170m"


@pytest.mark.parametrize(
    ("height", "matrix", "levels", "tags"),
    [
        (1080, "bt709", "tv", HD),
        (1080, "bt709", "pc", HD),
        (1080, "bt709", "tv", ""),
        (576, "bt601", "tv", SD),
        (576, "bt601", "tv", ""),
    ],
)
@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p10le"])
def test_colours_look_alike_and_are_tagged_rec_709(tmp_path, height, matrix, levels, tags, pixels):
    source = tmp_path / "A.mp4"
    names = ("-color_primaries", "-color_trc", "-colorspace")
    tagged = [word for pair in zip(names, tags.split(), strict=False) for word in pair]
    tagged += ["-color_range", levels] if tags else []
    run(
        "-f", "lavfi", "-i", f"color=0xB04020:s=640x{height}:r=25:d=0.2,format=rgb24", *tagged, "-c:v", "libx264",
        "-vf", f"scale=out_color_matrix={matrix}:out_range={levels},format={pixels}", source,
    )  # fmt: skip
    _, proxy = proxied(tmp_path, source)
    video = proxy.video
    assert (video.color_primaries, video.color_transfer, video.color_matrix) == ("bt709",) * 3
    for path in (tmp_path / "out" / "edit.mov", tmp_path / "out" / "poster.jpg"):
        assert np.abs(np.subtract(mean_colour(path), [0xB0, 0x40, 0x20])).max() <= 4, path


def perceptual(nits: float) -> float:
    """The PQ signal (SMPTE ST 2084) of a light."""
    light = (nits / 10_000) ** (2610 / 16384)
    return ((3424 / 4096 + 2413 / 128 * light) / (1 + 2392 / 128 * light)) ** (2523 / 32)


def hybrid(nits: float) -> float:
    """The HLG signal (ITU-R BT.2100) of a grey on a display of 1000 nits."""
    light = (nits / 1000) ** (1 / 1.2)
    return (3 * light) ** 0.5 if light <= 1 / 12 else 0.17883277 * np.log(12 * light - 0.28466892) + 0.55991073


WHOLE = "color_primaries=bt2020:colorspace=bt2020nc:"


@pytest.mark.parametrize(("transfer", "signal"), [("smpte2084", perceptual), ("arib-std-b67", hybrid)])
@pytest.mark.parametrize("tags", [WHOLE, "", "color_primaries=bt2020:", "color_primaries=bt2020:colorspace=bt2020c:"])
def test_hdr_is_tone_mapped_and_says_so(tmp_path, transfer, signal, tags):
    """Dark, middle grey, reference white and a highlight, each a quarter of the width, whatever else is tagged."""
    source, nits = tmp_path / "A.mov", (203 * 0.09, 203 * 0.18, 203, 1000)
    luma = np.repeat(np.array([[round(64 + 876 * signal(each)) for each in nits]], "<u2"), 80, axis=1)
    picture = np.repeat(luma, 180, axis=0).tobytes() + np.full(2 * 160 * 90, 512, "<u2").tobytes()
    run(
        "-f", "rawvideo", "-pix_fmt", "yuv420p10le", "-s", "320x180", "-i", "-", "-vf",
        f"setparams={tags}color_trc={transfer}:range=tv", "-c:v", "libx265",
        "-x265-params", "log-level=none:lossless=1", "-tag:v", "hvc1", source, given=picture * 3,
    )  # fmt: skip
    clip, proxy = proxied(tmp_path, source)
    assert clip.facts.video.color_transfer == transfer
    video = proxy.video
    assert (video.color_primaries, video.color_transfer, video.color_matrix) == ("bt709",) * 3
    raw = run("-i", tmp_path / "out" / "edit.mov", "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "yuv444p16le", "-")
    planes = np.frombuffer(raw, "<u2").reshape(3, 180, 320)[:, 20:160] / 256
    dark, grey, white, bright = (planes[0, :, first : first + 40].mean() for first in (20, 100, 180, 260))
    assert abs(dark - (16 + 219 * 0.09 ** (1 / 2.4))) < 3  # as bright as on a display (ITU-R BT.1886)
    assert abs(grey - (16 + 219 * 0.18 ** (1 / 2.4))) < 3
    assert 190 < white < bright - 15 < 225
    assert abs(planes[1:] - 128).max() < 4


# --- stills ---------------------------------------------------------------------------------------


def test_stills_show_frames_over_the_whole_clip(tmp_path):
    source = shoot(tmp_path / "A.mp4", f"{TONE.format(2)} -c:a aac", frames=range(48), size=(640, 360))
    proxied(tmp_path, source)
    assert still_frames(48) == tuple(range(2, 48, 4))
    assert picture_size(tmp_path / "out" / "poster.jpg") == (640, 360)
    assert picture_size(tmp_path / "out" / "filmstrip.jpg") == (12 * 160 + 11 * 2, 90)
    assert picture_size(tmp_path / "out" / "waveform.png") == (1200, 120)
    assert frame_numbers(tmp_path / "out" / "poster.jpg")[0] in still_frames(48)
    run("-i", tmp_path / "out" / "filmstrip.jpg", "-vf", "untile=1x1,crop=160:90:162*5:0", tmp_path / "tile.png")
    assert frame_numbers(tmp_path / "tile.png") == [22]


@pytest.mark.parametrize("frames", [1, 12, 13, 40])
def test_glances_are_the_frames_of_the_proxy_at_their_numbers(tmp_path, frames):
    source = shoot(tmp_path / "A.mp4", frames=range(frames))
    job = order(log(source), tmp_path / "out", source, stills=False)
    made = make(replace(job, outputs=(*job.outputs, Output(GLANCES, tmp_path / "glances"))), program())
    assert [each.output.kind for each in made] == ["proxy", GLANCES]
    raw = (tmp_path / "glances").read_bytes()
    assert len(raw) == glances_size(frames)
    asked = range(0, frames, EVERY)
    decoded = glances(tmp_path / "out" / "edit.mov", asked, program())
    for number, grey in zip(asked, pictures_in(raw), strict=True):
        assert difference(grey, decoded[number]) < 0.002


def test_glances_of_a_recording_that_is_cut_off_are_not_kept(tmp_path):
    source = shoot(tmp_path / "A.mp4", frames=range(30))
    longer = replace(log(source), frames=60)
    job = ProxyJob(longer, (source,), (Output("poster", tmp_path / "p.jpg"), Output(GLANCES, tmp_path / "glances")))
    assert [each.output.kind for each in make(job, program())] == ["poster"]
    assert not (tmp_path / "glances").exists()


def test_pictures_are_seen_alike_one_by_one_and_in_a_run(tmp_path):
    source = shoot(tmp_path / "A.mp4", frames=range(70))
    run_of_many = glances(source, [0, 1, 2, 5, 30, 60, 69, 70], program())
    assert set(run_of_many) == {0, 1, 2, 5, 30, 60, 69}
    assert all(glances(source, [number], program())[number] == grey for number, grey in run_of_many.items())


def test_a_black_beginning_makes_no_black_poster(tmp_path):
    source = shoot(tmp_path / "A.mp4", "-vf drawbox=c=black:t=fill:enable='lt(n,20)'", frames=range(48))
    proxied(tmp_path, source)
    assert (frame_numbers(tmp_path / "out" / "poster.jpg")[0] or 0) >= 20


@pytest.mark.parametrize("frames", [1, 2, 5])
def test_a_clip_of_a_few_frames_has_stills_too(tmp_path, frames):
    source = shoot(tmp_path / "A.mp4", f"{TONE.format(frames / 25)} -c:a pcm_s16le -f mov", frames=range(frames))
    proxied(tmp_path, source)
    assert frame_numbers(tmp_path / "out" / "poster.jpg")[0] in range(frames)


def test_stills_alone_can_be_made_again(tmp_path):
    source = shoot(tmp_path / "A.mp4", frames=range(20), size=(1280, 720))
    make(order(log(source), tmp_path / "out", source, presets=()), program())
    assert left(tmp_path / "out") == ["filmstrip.jpg", "poster.jpg"]
    assert picture_size(tmp_path / "out" / "poster.jpg") == (640, 360)


def test_several_presets_come_out_of_one_decode(tmp_path):
    source = shoot(
        tmp_path / "A.mov", f"{TONE.format(1)} -c:a pcm_s16le -timecode 10:00:00:00", frames=range(25), size=(1280, 720)
    )
    presets = tuple(preset for preset in PRESETS.values() if not preset.for_sound)
    make(order(log(source), tmp_path / "out", source, presets=presets), program())
    proxies = [f"{preset.name}.{preset.codec.container}" for preset in presets]
    assert left(tmp_path / "out") == sorted([*proxies, "filmstrip.jpg", "poster.jpg", "waveform.png"])
    for preset, name in zip(presets, proxies, strict=True):
        if not preset.burn:
            assert frame_numbers(tmp_path / "out" / name) == list(range(25))


# --- names ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", [b"-y.mov", b"a:b.mov", b"new\nline.mov", b"it's %d, [0:v]; \\ = fine.mov", b"caf\xe9.mov", b"concat:x.mov"]
)
def test_any_file_name_is_only_a_name(tmp_path, name):
    folder = tmp_path / "folder [0]; it's, a:b=c%03d"
    folder.mkdir()
    source = folder / os.fsdecode(name)
    shoot(tmp_path / "A.mov", frames=range(5)).rename(source)
    clip = log(source)
    job = order(clip, folder / "out", source)
    job = replace(
        job,
        outputs=tuple(replace(one, path=folder / "out" / (one.path.stem + os.fsdecode(name))) for one in job.outputs),
    )
    assert len(make(job, program())) == 3


# --- refusals -------------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.3, 0.7, 0.95])
def test_a_truncated_original_is_refused_and_leaves_nothing(tmp_path, share):
    source = shoot(tmp_path / "A.mov", "-movflags +faststart -c:v libx264 -bf 2 -g 5", frames=range(100))
    clip = log(source)
    data = source.read_bytes()
    source.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(MediaUnreadable) as caught:
        make(order(clip, tmp_path / "out", source), program())
    assert "A.mov" in caught.value.sentence
    assert left(tmp_path / "out") == []


@pytest.mark.parametrize(
    "codec",
    [
        "libx264 -bf 2", "libx264 -g 1", "prores_ks -profile:v 0", "mpeg2video -q:v 2", "mpeg4 -q:v 2",
        "mjpeg -q:v 2 -color_range pc", "dnxhd -profile:v dnxhr_lb",
    ],
)  # fmt: skip
def test_a_damaged_middle_is_refused(tmp_path, codec):
    source = shoot(tmp_path / "A.mov", f"-c:v {codec}", frames=range(100))
    clip = log(source)
    data = bytearray(source.read_bytes())
    middle = data.index(b"mdat") + len(data) // 3
    data[middle : middle + 8000] = random.Random(codec).randbytes(8000)
    source.write_bytes(data)
    with pytest.raises(MediaUnreadable):
        make(order(clip, tmp_path / "out", source), program())
    assert left(tmp_path / "out") == []


def test_truncated_sound_is_refused(tmp_path):
    source = tmp_path / "T01.WAV"
    run("-f", "lavfi", "-i", "anoisesrc=d=3", source)
    clip = log(source)
    source.write_bytes(source.read_bytes()[:100_000])
    with pytest.raises(MediaUnreadable, match=r"T01\.WAV"):
        make(order(clip, tmp_path / "out", source), program())
    assert left(tmp_path / "out") == []


def test_a_card_removed_meanwhile_is_a_missing_path(tmp_path):
    source = shoot(tmp_path / "A.mov", frames=range(5))
    clip = log(source)
    source.unlink()
    with pytest.raises(PathMissing):
        make(order(clip, tmp_path / "out", source), program())


def test_more_frames_than_the_file_claims_is_a_refused_proxy(tmp_path):
    source = shoot(tmp_path / "A.mov", frames=range(30))
    with pytest.raises(ProxyRefused, match="frames: 30 instead of 29"):
        make(order(replace(log(source), frames=29), tmp_path / "out", source), program())
    assert left(tmp_path / "out") == []


def test_calling_off_leaves_no_file_and_no_process(tmp_path):
    source = shoot(tmp_path / "A.mov", frames=range(100), size=(1280, 720))
    job = order(log(source), tmp_path / "out", source)
    begun = threading.Event()
    with pytest.raises(Cancelled):
        make(job, program(), cancelled=lambda: job.outputs[0].path.exists() or begun.is_set())
    assert left(tmp_path / "out") == []
    assert not running_on(tmp_path)


def running_on(folder: Path) -> list[str]:
    found = []
    for line in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if str(folder).encode() in line.read_bytes():
                found.append(line.parent.name)
        except OSError:
            continue
    return [pid for pid in found if int(pid) != os.getpid()]


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 400 kB."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=400k", "rushes-test", place], capture_output=True, check=False
    ).returncode:
        pytest.skip("only root can mount a small disk")
    yield place
    subprocess.run(["umount", place], check=True)


@pytest.mark.parametrize("filled", [0, 120_000, 250_000, 300_000, 340_000, 360_000, 375_000])
def test_a_full_disk_is_said_and_left_clean(tmp_path, small_disk, filled):
    source = shoot(tmp_path / "A.mov", frames=range(100))
    (small_disk / "ballast").write_bytes(bytes(filled))
    job = order(log(source), small_disk, source)
    with suppress(DiskFull):
        make(job, program())
        assert frame_numbers(small_disk / "edit.mov") == list(range(100))
        return
    assert left(small_disk) == ["ballast"]


def test_some_disk_of_the_row_above_was_too_small(tmp_path, small_disk):
    source = shoot(tmp_path / "A.mov", frames=range(100))
    (small_disk / "ballast").write_bytes(bytes(375_000))
    with pytest.raises(DiskFull, match="free some space"):
        make(order(log(source), small_disk, source), program())


def test_kill_9_of_the_head_leaves_no_ffmpeg(tmp_path):
    source = shoot(tmp_path / "A.mov", frames=range(60), size=(1920, 1080))
    script = (
        f"import sys; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from pathlib import Path\nfrom shooting import log, order, program\nfrom pipeline.proxies.make import make\n"
        f"source = Path({str(source)!r})\nmake(order(log(source), source.parent / 'out', source), program())"
    )
    import sys

    head = subprocess.Popen([sys.executable, "-c", script])
    until = time.monotonic() + 20
    while not (tmp_path / "out" / "edit.mov").exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert head.poll() is None
    head.send_signal(signal.SIGKILL)
    head.wait()
    while running_on(tmp_path) and time.monotonic() < until:
        time.sleep(0.02)
    assert not running_on(tmp_path)


def test_progress_counts_the_clip(tmp_path):
    source = shoot(tmp_path / "A.mov", frames=range(50))
    told = []
    make(order(log(source), tmp_path / "out", source, presets=(EDIT,)), program(), progress=told.append)
    assert told[-1].frames == 50
    assert told[-1].seconds == pytest.approx(2.0)


def test_frames_that_ffmpeg_counted_and_the_file_does_not_hold_refuse_the_proxy(tmp_path, monkeypatch):
    def miscounted(*words, **more):
        done = run_ffmpeg(*words, **more)
        return replace(done, progress=replace(done.progress, frames=done.progress.frames + 1))

    monkeypatch.setattr("pipeline.proxies.make.run_ffmpeg", miscounted)
    source = shoot(tmp_path / "A.mov", frames=range(10))
    job = order(log(source), tmp_path / "out", source)
    with pytest.raises(ProxyRefused, match="frames: 11 encoded, 10 in the file"):
        make(replace(job, outputs=job.outputs[::-1]), program())
    assert left(tmp_path / "out") == []
