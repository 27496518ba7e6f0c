"""Presets as data, and what each of them makes of a real, tiny recording."""

import os
import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import aaf2
import ffmpeg
import msgspec
import numpy as np
import pytest
from aaf2.mxf import MXFFile
from shooting import EDIT, PRESETS, frame_numbers, log, order, picture_size, program, run, shoot, sound

from pipeline.clip import Facts, VideoStream
from pipeline.errors import MediaUnreadable, NotFound, SettingsError
from pipeline.metadata.facts import read_facts
from pipeline.proxies.encoders import ENCODERS, HARDWARE
from pipeline.proxies.geometry import Size
from pipeline.proxies.graph import command
from pipeline.proxies.make import make, make_either_way
from pipeline.proxies.picture import Look, burnt, written_bands
from pipeline.proxies.presets import STILLS, Preset, chosen, load_presets, stills_recipe, why_unfit
from pipeline.proxies.trial import trial, with_working_hardware
from pipeline.proxies.verdict import breaches, verdict
from pipeline.settings import shipped
from pipeline.timecode import Rate, Timecode

TWO_TRACKS = (
    "-f lavfi -i sine=f=440:r=48000:d=2 -f lavfi -i sine=f=880:r=96000:d=2 -map 0:v -map 1:a -map 2:a -c:a pcm_s24le"
)
NAMES = ["plain.mov", "A:b'c,[x];%{n}.mov", '50%% \\d "quoted".mov', "-y.mov", "Édith, Läufer.mov"]


def preset(text: str, name: str = "mine") -> Preset:
    """A preset out of a film's own table."""
    return load_presets(shipped("proxies.toml"), f"[{name}]\n{text}")[name]


def made_of(source: Path, *presets: Preset) -> Path:
    """The folder that holds what was made of a recording."""
    folder = source.parent / "out"
    make(order(log(source), folder, source, presets=presets, stills=False), program())
    return folder


def first_picture(path: Path) -> np.ndarray:
    wide, high = picture_size(path)
    raw = run("-i", path, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "gray", "-")
    return np.frombuffer(raw, np.uint8).reshape(high, wide).astype(int)


# --- the tables ---


def test_the_shipped_presets_are_whole():
    assert next(iter(PRESETS)) == "edit"
    assert all(preset.about and preset.recipe for preset in PRESETS.values())
    assert (
        len({preset.recipe for preset in PRESETS.values()} | {stills_recipe(kind) for kind in STILLS})
        == len(PRESETS) + 3
    )


def test_a_recipe_changes_with_what_comes_out_and_with_nothing_else():
    film = load_presets(
        shipped("proxies.toml"),
        "[edit]\nheight = 720\n[dnxhr]\nabout = 'words'\n[mine]\nencoder = 'h264-intra'\nfolder = 'mine'",
    )
    assert film["edit"].recipe != PRESETS["edit"].recipe
    assert film["dnxhr"].recipe == PRESETS["dnxhr"].recipe
    assert film["mine"].name == "mine"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("[edit]\nhight = 720", "hight"),
        ("[edit]\nheight = 'tall'", "edit"),
        ("[edit]\nheight = 10", "height 10"),
        ("[edit]\nencoder = 'prores-ks'", "prores-proxy"),
        ("[edit]\nfolder = '../x'", "plain name"),
        ("[edit]\nending = '/../x'", "plain name"),
        ("[edit]\nending = 'small'", "must begin with _ or -"),
        ("[edit]\ndivisor = 99", "divisor 99"),
        ("[edit]\nhardware = 'nvenc'", "no hardware 'nvenc' makes prores-proxy; choose from videotoolbox"),
        ("[avid]\nhardware = 'nvenc'", "leave it out"),
        ("[edit]\nburn = ['name', 'date']", "burn"),
        ("[new]\nencoder = 'h264-intra'", "share the folder"),
        ("edit = 5", "edit"),
        ("[edit", "TOML"),
    ],
)
def test_a_broken_preset_is_refused_by_name(table, said):
    with pytest.raises(SettingsError, match=said) as caught:
        load_presets(shipped("proxies.toml"), table, "/film/proxies.toml")
    assert "/film/proxies.toml" in caught.value.sentence


def test_an_unknown_preset_is_refused_with_those_there_are():
    with pytest.raises(NotFound, match="edit"):
        chosen(PRESETS, ("edti",))


def test_hardware_makes_another_command_and_the_same_recipe():
    asked = preset("hardware = 'vaapi'", "h264")
    assert asked.recipe == PRESETS["h264"].recipe
    assert asked.codec.ffmpeg == "h264_vaapi"


# --- what comes out ---


def test_short_groups_keep_every_frame_and_are_closed(tmp_path):
    folder = made_of(shoot(tmp_path / "A.mov", TWO_TRACKS), PRESETS["short"])
    assert frame_numbers(folder / "short.mov") == list(range(50))
    kinds = run("-skip_frame", "nokey", "-i", folder / "short.mov", "-fps_mode", "passthrough", "-f", "framecrc", "-")
    keys = [int(line.split(b",")[2]) for line in kinds.splitlines() if line.startswith(b"0,")]
    step = keys[1] // 12
    assert keys == [12 * step * number for number in range(5)]


def test_a_screening_copy_plays_while_it_loads_and_has_all_sound_in_one_stereo_track(tmp_path):
    folder = made_of(shoot(tmp_path / "A.mov", TWO_TRACKS), PRESETS["screening"])
    facts = read_facts(folder / "screening.mp4")
    assert facts.container == "mp4"
    assert (facts.video.pixel_format, facts.video.frames) == ("yuv420p", 50)
    assert [(track.codec, track.channels, track.sample_rate) for track in facts.audio] == [("aac", 2, 48000)]
    data = (folder / "screening.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    spectrum = np.abs(np.fft.rfft(sound(folder / "screening.mp4")[:48000, 0]))
    loud = set(np.argsort(spectrum)[-2:])
    assert loud == {440, 880}


@pytest.mark.parametrize("name", NAMES)
def test_a_name_is_drawn_as_it_is_whatever_signs_it_holds(tmp_path, name):
    """Judged by ffmpeg's own way of drawing a text that lies in a file, which knows no signs of its own."""
    plain = preset("encoder = 'h264-screening'\nfolder = 'mine'")
    clear = preset("encoder = 'h264-screening'\nfolder = 'mine'\nburn = ['name']")
    source = shoot(tmp_path / "A.mov", frames=range(5))
    job = order(replace(log(source), name=name), tmp_path / "out", source, presets=(clear,), stills=False)
    make(job, program())
    shown = first_picture(tmp_path / "out" / "mine.mp4")
    words = tmp_path / "words.txt"
    words.write_text(name, encoding="utf-8")
    drawn = f"drawtext=textfile={words}:expansion=none:font=Mono:fontsize=10:x=th:y=h-th-th/2:fontcolor=white"
    folder = made_of(source, plain)
    run(
        "-i", folder / "mine.mp4", "-frames:v", "1", "-vf",
        f"{drawn}:box=1:boxcolor=black@0.5:boxborderw=2", tmp_path / "drawn.png",
    )  # fmt: skip
    assert np.abs(shown - first_picture(tmp_path / "drawn.png")).mean() < 1.5
    assert np.abs(shown - first_picture(folder / "mine.mp4"))[-20:].mean() > 3


@pytest.mark.parametrize(
    ("label", "frame", "shown"), [("10:00:00;02", 28, "10:00:01;00"), ("00:59:59;28", 2, "01:00:00;00")]
)
def test_burnt_in_timecode_is_that_of_the_frame(tmp_path, label, frame, shown):
    only = preset("encoder = 'h264-screening'\nfolder = 'mine'\nburn = ['timecode']")
    source = shoot(tmp_path / "A.mov", f"-timecode {label}", rate="30000/1001")
    folder = made_of(source, only)
    run("-i", folder / "mine.mp4", "-vf", f"select=eq(n\\,{frame})", "-frames:v", "1", tmp_path / "shown.png")
    words = tmp_path / "words.txt"
    words.write_text(shown)
    box = "fontcolor=white:box=1:boxcolor=black@0.5:boxborderw=2"
    drawn = f"drawtext=textfile={words}:font=Mono:fontsize=10:x=w-tw-th:y=h-th-th/2:{box}"
    run("-i", source, "-vf", f"select=eq(n\\,{frame}),{drawn}", "-frames:v", "1", tmp_path / "drawn.png")
    corner = np.s_[-20:, -110:]
    assert np.abs(first_picture(tmp_path / "shown.png") - first_picture(tmp_path / "drawn.png"))[corner].mean() < 6


def test_a_watermark_lies_across_the_middle(tmp_path):
    source = shoot(tmp_path / "A.mov", frames=range(3))
    plain, marked = (preset(f"encoder = 'h264-intra'\nfolder = 'mine'\n{more}") for more in ("", "watermark = 'DRAFT'"))
    before = first_picture(made_of(source, plain) / "mine.mov")
    after = first_picture(made_of(source, marked) / "mine.mov")
    change = np.abs(after - before)
    assert change[75:105, 110:210].mean() > 2
    assert change[:40].mean() < 0.2


@pytest.mark.parametrize(("divisor", "size"), [(1, (640, 360)), (2, (320, 180)), (4, (160, 90))])
def test_a_divisor_is_exact(tmp_path, divisor, size):
    source = shoot(tmp_path / "A.mov", frames=range(3), size=(640, 360))
    folder = made_of(source, preset(f"encoder = 'prores-proxy'\ndivisor = {divisor}\nfolder = 'mine'"))
    assert picture_size(folder / "mine.mov") == size


@pytest.mark.parametrize(
    ("size", "name", "more", "said"),
    [
        ((254, 120), "dnxhr", "", "it would be 254x120, and dnxhr-lb takes no picture below 256x120"),
        ((256, 118), "avid", "", "it would be 256x118, and dnxhr-lb-mxf takes no picture below 256x120"),
        ((1920, 1080), "dnxhr", "divisor = 10", "it would be 192x108"),
        ((256, 120), "dnxhr", "", ""),
        ((160, 90), "edit", "", ""),
        ((None, None), "dnxhr", "", ""),
    ],
)
def test_an_encoder_that_takes_no_small_picture_says_so_by_name(size, name, more, said):
    width, height = size
    of = SimpleNamespace(name="A.mov", facts=Facts(video=VideoStream(width=width, height=height)))
    why = why_unfit(of, preset(more, name))
    assert said in why
    assert bool(why) == bool(said)
    assert not why or why.startswith(f"A.mov has no proxy of '{name}'")


def test_avids_copy_is_mxf_with_tape_timecode_and_sound_at_48_khz(tmp_path):
    source = shoot(
        tmp_path / "A.mov", f"{TWO_TRACKS} -timecode 10:00:00;02 -metadata:s:v:0 reel_name=A001R1AB", rate="30000/1001"
    )
    folder = tmp_path / "out"
    (made,) = make(order(log(source), folder, source, presets=[PRESETS["avid"]], stills=False), program())
    assert frame_numbers(folder / "avid.mxf") == list(range(50))
    facts = read_facts(folder / "avid.mxf")
    assert (facts.container, facts.start_timecode, facts.drop_frame, facts.reel) == (
        "mxf", "10:00:00;02", True, "A001R1AB",
    )  # fmt: skip
    assert made.case
    judged = verdict(breaches(made.case))  # one of the two tracks was recorded at 96 kHz
    assert [editor for editor, rules in judged.items() if "sound rate" in rules] == [
        "premiere", "resolve", "fcp", "kdenlive",
    ]  # fmt: skip
    assert not any("sound tracks" in rules for rules in judged.values())
    assert not {"sound tracks", "sound rate", "sound sync"} & set(judged["avid"])
    samples = round(50 * 1001 / 30000 * 48000)
    assert [(track.codec, track.channels, track.sample_rate, track.samples) for track in facts.audio] == [
        ("pcm_s24le", 1, 48000, samples)
    ] * 2


@pytest.mark.parametrize(
    ("rate", "start"), [("100", "10:00:00:99"), ("120000/1001", "10:01:00;008"), ("120", "10:00:00:119")]
)
def test_high_frame_rates_keep_their_timecode_and_reel(tmp_path, rate, start):
    source = shoot(tmp_path / "A.mov", f"-timecode {start} -metadata:s:v:0 reel_name=A001", rate=rate, frames=range(6))
    presets = (PRESETS["edit"], PRESETS["avid"])
    for made in make(order(log(source), tmp_path / "out", source, presets=presets, stills=False), program()):
        facts = read_facts(made.output.path)
        assert (str(facts.timecode), facts.timecode_rate, facts.reel) == (start, Rate.parse(rate), "A001")
        assert made.case
        assert "start timecode" not in verdict(breaches(made.case))["avid"]


@pytest.mark.parametrize(("rate", "start"), [("25", "10:00:00:00"), ("30000/1001", "10:00:00;02")])
def test_a_reader_that_links_for_avid_finds_one_master_clip_with_all_tracks_down_to_its_tape(tmp_path, rate, start):
    """pyaaf2 links an MXF as an AAF for Media Composer does: master mob, file mob, tape mob."""
    source = shoot(tmp_path / "A.mov", f"{TWO_TRACKS} -timecode {start} -metadata:s:v:0 reel_name=A001R1AB", rate=rate)
    proxy = made_of(source, PRESETS["avid"]) / "avid.mxf"
    with aaf2.open(str(tmp_path / "linked.aaf"), "w") as aaf:
        master, essence, tape = MXFFile(str(proxy)).link(aaf)
        kinds = ["Timecode", "Picture", "Sound", "Sound"]
        assert [[slot.media_kind for slot in mob.slots] for mob in (master, essence, tape)] == [kinds] * 3
        assert {slot.segment.components[0].mob_id for slot in list(master.slots)[1:]} == {essence.mob_id}
        assert {slot.segment.components[0].mob_id for slot in list(essence.slots)[1:]} == {tape.mob_id}
        counter = next(iter(tape.slots)).segment.components[0]
        wanted = Timecode.parse(start, Rate.parse(rate))
        assert (tape.name, counter.start, counter.fps, counter.drop) == (
            "A001R1AB", wanted.frame, wanted.rate.nominal, wanted.drop_frame,
        )  # fmt: skip


def test_a_clip_without_timecode_counts_from_0_in_avids_copy(tmp_path):
    folder = made_of(shoot(tmp_path / "A.mov"), PRESETS["avid"])
    assert read_facts(folder / "avid.mxf").start_timecode == "00:00:00:00"


def test_without_a_reel_avids_tape_is_the_card(tmp_path):
    folder = made_of(shoot(tmp_path / "A.mov", "-timecode 10:00:00:00"), PRESETS["avid"])
    assert read_facts(folder / "avid.mxf").reel == "card"


@pytest.mark.parametrize(
    ("codec", "rate", "channels", "bits"),
    [("pcm_s24le", 48000, 8, 24), ("pcm_f32le", 96000, 2, 32), ("pcm_s16le", 44100, 1, 16)],
)
def test_sound_alone_becomes_a_wav_of_all_channels_with_its_time(tmp_path, codec, rate, channels, bits):
    tones = "|".join(f"0.1*sin({200 * (number + 1)}*2*PI*t)" for number in range(channels))
    source = tmp_path / "T01.wav"
    run(
        "-f", "lavfi", "-i", f"aevalsrc={tones}:s={rate}:d=3", "-c:a", codec, "-write_bext", "1",
        "-metadata", f"time_reference={rate * 36000 + 7}", source,
    )  # fmt: skip
    folder = made_of(source, PRESETS["audio"])
    facts = read_facts(folder / "audio.wav")
    assert [(track.codec, track.channels, track.sample_rate) for track in facts.audio] == [
        ("pcm_s24le", channels, 48000)
    ]
    assert facts.time_reference == round((rate * 36000 + 7) * 48000 / rate)
    heard = sound(folder / "audio.wav")[:48000]
    for number in range(channels):
        assert np.argmax(np.abs(np.fft.rfft(heard[:, number]))) == 200 * (number + 1)


# --- hardware ---


@pytest.mark.parametrize(("hardware", "encoder"), HARDWARE, ids=lambda way: way if isinstance(way, str) else way.name)
def test_the_command_of_each_hardware_is_that_of_software_but_for_the_encoder(tmp_path, hardware, encoder):
    asked = Preset(name="mine", encoder=encoder.name, hardware=hardware, folder="mine")
    source = shoot(tmp_path / "A.mov", frames=range(3))
    words, plain = (
        command(order(log(source), tmp_path, source, presets=(one,), stills=False), program())
        for one in (asked, msgspec.structs.replace(asked, hardware=""))
    )
    assert words[words.index("-c:v") + 1] == encoder.ffmpeg
    assert (
        dict(encoder.options).items()
        <= dict(zip([w.removeprefix("-") for w in words], words[1:], strict=False)).items()
    )
    assert ("hwupload" in " ".join(words)) == encoder.upload
    assert words[2 : 2 + len(encoder.device)] == list(encoder.device)
    assert {"-map_metadata", "-fps_mode", "cfr", "-r", "25/1", "-f", "mov"} <= set(words) & set(plain)
    assert encoder.ffmpeg not in plain


def test_hardware_that_fails_its_trial_gives_way_to_software_and_says_so():
    asked = (EDIT, preset("hardware = 'nvenc'", "h264"))
    able, said = with_working_hardware(asked, program())
    if not said:
        pytest.skip("this machine has what was asked for")
    assert able == (EDIT, msgspec.structs.replace(asked[1], hardware=""))
    (sentence,) = said
    assert sentence.startswith("'h264' is encoded by software: nvenc does not work here (")


@pytest.mark.parametrize(
    "encoder", [each for each in ENCODERS if each.ffmpeg and each.name.startswith("h264")], ids=lambda each: each.name
)
def test_a_trial_that_succeeds_is_trusted(encoder):
    run(*trial(encoder))


@pytest.fixture
def one_session_too_many(tmp_path):
    """An ffmpeg whose graphics hardware passes the trial and refuses every clip."""
    fake = tmp_path / "ffmpeg"
    refuses = (
        'case "$*" in *lavfi*h264_nvenc*) exit 0;; *h264_nvenc*) echo "[h264_nvenc @ 0x5] OpenEncodeSessionEx failed: '
        'out of memory (10): (no details)" >&2; exit 1;; esac'
    )
    fake.write_text(f'#!/bin/sh\n{refuses}\nexec "{program()}" "$@"\n')
    fake.chmod(0o755)
    return fake


def test_hardware_that_passes_its_trial_and_refuses_a_clip_gives_way_to_software_and_says_so(
    tmp_path, one_session_too_many
):
    source = shoot(tmp_path / "A (1).mov", frames=range(10))
    able, said = with_working_hardware((preset("hardware = 'nvenc'", "h264"),), one_session_too_many)
    assert (able[0].hardware, said) == ("nvenc", ())
    made, said = make_either_way(order(log(source), tmp_path / "out", source, presets=able), one_session_too_many)
    assert said == (
        "A (1).mov is encoded by software: nvenc failed at it (OpenEncodeSessionEx failed: out of memory (10): "
        "(no details))."
    )
    assert [one.preset_name for one in made if one.preset_name] == ["h264"]
    assert frame_numbers(tmp_path / "out" / "h264.mov") == list(range(10))


def test_a_damaged_original_is_told_of_in_the_words_of_software(tmp_path, one_session_too_many):
    source = shoot(tmp_path / "A.mov", "-movflags +faststart", frames=range(30))
    clip = log(source)
    os.truncate(source, source.stat().st_size // 2)
    job = order(clip, tmp_path / "out", source, presets=(preset("hardware = 'nvenc'", "h264"),))
    with pytest.raises(MediaUnreadable) as caught:
        make_either_way(job, one_session_too_many)
    assert "copy it from the card again" in caught.value.sentence
    assert "nvenc" not in caught.value.sentence
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize(
    ("width", "height", "name", "shown", "sizes"),
    [
        (1280, 720, "C0001.MP4", "C0001.MP4", (30, 60)),
        (720, 1280, "IMG_20190815_0712.mp4", "IMG_...0712.mp4", (36, 72)),
        (160, 120, "tinyclip.mov", "tinyclip.mov", (8, 16)),
        (60, 80, "C0001.MP4", "", (8, 8)),
    ],
)
def test_what_is_written_fits_across_and_side_by_side(width, height, name, shown, sizes):
    """A sign is 0.6 of its size wide: name, timecode and their margins are no wider than the picture."""
    asked = preset(
        "encoder = 'h264-screening'\nfolder = 'm'\nburn = ['name', 'timecode']\nwatermark = 'NOT FOR AIR NOW'"
    )
    look = Look(Size(width, height), "yuv420p", fields=False)
    start = Timecode.parse("10:00:00:00", Rate(25, 1))
    words = ffmpeg.output(burnt(ffmpeg.input("a"), asked, look, name=name, start=start), "b").compile()
    graph = words[words.index("-filter_complex") + 1]
    assert (f"text={shown}:" in graph) == bool(shown)
    small, large = sizes
    assert sorted(re.findall(r"fontsize=(\d+)", graph), key=int) == [str(small)] * (1 + bool(shown)) + [str(large)]
    assert (len(shown) + len("10:00:00:00") + 4) * 0.6 * small <= width or not shown
    assert len("NOT FOR AIR NOW") * 0.6 * large <= width or large == 8
    (low, bottom), (above, below) = written_bands(asked, look)
    assert (low < 1 - 2 * small / height, bottom, above + below) == (True, 1, 1)
