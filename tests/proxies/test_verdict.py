"""A good proxy keeps every rule; one property spoilt breaks exactly its rule, for exactly its editors."""

import shutil
import struct
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from shooting import EDIT, PRESETS, log, order, program, run, shoot

from pipeline.clip import AudioStream, Clip, Facts, Part, Stamp, VideoStream
from pipeline.delivery.export import EDITORS as SUITES
from pipeline.errors import MediaUnreadable
from pipeline.metadata.frames import Times
from pipeline.proxies.checks import Case, Measured
from pipeline.proxies.make import make
from pipeline.proxies.playing import Played
from pipeline.proxies.rules import EDITORS, RULES
from pipeline.proxies.verdict import breaches, defects, measure, missing_frames, outcome, verdict
from pipeline.timecode import Rate, Timecode

NTSC = Rate(30000, 1001)
CLIP = Clip(
    "c" * 32, "C0001.MXF", "A001", "picture", (Part(1, b"A001/C0001.MXF", Stamp(1, 1, 1, 1), "q", 300),),
    Facts(
        video=VideoStream(width=1920, height=1080, interlaced=True, field_order="tff", rotation=0, rate=NTSC),
        audio=(AudioStream("pcm_s24le", 1, 48000), AudioStream("pcm_s24le", 1, 48000)),
        reel="A001", timecode_rate=NTSC,
    ),
    NTSC, 300, Timecode.parse("10:00:00;02", NTSC),
)  # fmt: skip
TRACK = AudioStream("pcm_s24le", 1, 48000, 480480)
FOUND = Facts(
    container="mov",
    video=VideoStream(
        video_codec="prores", width=1920, height=1080, pixel_aspect=Fraction(1), rotation=0, rate=NTSC, frames=300,
        interlaced=True, field_order="tff", color_primaries="bt709", color_transfer="bt709", color_matrix="bt709",
    ),
    audio=(TRACK, TRACK), start_timecode="10:00:00;02", drop_frame=True, timecode_rate=NTSC, reel="A001",
)  # fmt: skip
HEADS = ((0, b"\0\0\1\0icpf"), (299, b"\0\0\1\0icpf"))
TIMES = Times(30000, tuple(range(0, 300 * 1001, 1001)), (Fraction(0), Fraction(0)), HEADS)
GOOD = Case(
    CLIP, EDIT, Measured(FOUND, TIMES), Path("/film/A001/Proxy/C0001.mov"), Path("/film/A001/C0001.MXF"),
)  # fmt: skip


def facts(**spoilt: object) -> Case:
    return replace(GOOD, found=Measured(replace(FOUND, **spoilt), TIMES))


def picture(**spoilt: object) -> Case:
    assert FOUND.video
    return facts(video=replace(FOUND.video, **spoilt))


def times(**spoilt: object) -> Case:
    return replace(GOOD, found=Measured(FOUND, replace(TIMES, **spoilt)))


def decoded(case: Case, pictures: int, *samples: int) -> Case:
    """The same file, of which a decoder gave so much."""
    return replace(case, found=replace(case.found, played=Played(pictures, samples)))


def coded(codec: str, **spoilt: object) -> Case:
    """Pictures of another codec, which begin in another way."""
    case = picture(video_codec=codec, **spoilt)
    return replace(case, found=replace(case.found, times=replace(TIMES, heads=())))


def shot(**other: object) -> Case:
    """The same proxy, of another original."""
    assert CLIP.facts.video
    return replace(GOOD, clip=replace(CLIP, facts=replace(CLIP.facts, video=replace(CLIP.facts.video, **other))))


def counting(labels: str, pictures: str, *, container: str = "mov") -> Case:
    """The same original with pictures at one rate under a timecode of another: no proxy carries its label."""
    rate = Rate.parse(pictures)
    start = Timecode.parse("10:00:00:02", Rate.parse(labels)).counted_at(rate)
    video, made = replace(CLIP.facts.video, rate=rate), replace(FOUND.video, rate=rate)
    one = replace(CLIP.facts, video=video, start_timecode="10:00:00:02", timecode_rate=Rate.parse(labels))
    first = {"start_timecode": "00:00:00:00" if container == "mxf" else None, "timecode_rate": rate, "drop_frame": None}
    seen = replace(FOUND, video=made, container=container, reel="A001" if container == "mxf" else None, **first)
    lasts = tuple(replace(TRACK, samples=round(rate.seconds(300) * 48000)) for _ in seen.audio)
    case = replace(GOOD, clip=replace(CLIP, facts=one, rate=rate, start=start))
    return replace(case, found=Measured(replace(seen, audio=lasts), TIMES))


ALL = ("premiere", "resolve", "avid", "fcp", "kdenlive")
TAGS = ("premiere", "resolve", "fcp", "kdenlive")
DEFECT, VERDICT = True, False  # not what was asked for, or what was asked for and an editor refuses
SPOILT = [
    ("file", DEFECT, ALL, replace(GOOD, found=Measured(), lost="C0001.mov is no longer there.")),
    ("frames", DEFECT, ALL, picture(frames=299)),
    ("frames", DEFECT, ALL, picture(frames=301)),
    ("frames", DEFECT, ALL, times(heads=((0, HEADS[0][1]), (299, bytes(8))))),
    ("frames", DEFECT, ALL, decoded(GOOD, 299, 480480, 480480)),
    ("pictures", DEFECT, ALL, replace(GOOD, compared="frame 150 shows the original's 151")),
    ("damaged pictures", VERDICT, ALL, replace(GOOD, damaged="pictures of the original are damaged: 7")),
    ("frame rate", DEFECT, ALL, picture(rate=Rate(2997, 100))),
    ("varying rate", VERDICT, ALL, shot(vfr=True)),
    ("unread pictures", VERDICT, ALL, replace(GOOD, held=((10, 3),))),
    ("start timecode", DEFECT, ("resolve", "avid", "fcp"), facts(start_timecode="10:00:00:02", drop_frame=False)),
    ("start timecode", DEFECT, ("resolve", "avid", "fcp"), facts(start_timecode="10:00:00;03")),
    ("start timecode", DEFECT, ("resolve", "avid", "fcp"), facts(start_timecode=None)),
    ("start timecode", VERDICT, ("resolve", "avid", "fcp"), counting("24", "24000/1001")),
    ("start timecode", VERDICT, ("resolve", "avid", "fcp"), counting("30000/1001", "24000/1001")),
    ("start timecode", VERDICT, ("resolve", "avid", "fcp"), counting("240", "240")),
    ("start timecode", VERDICT, ("resolve", "avid", "fcp"), counting("24", "24000/1001", container="mxf")),
    ("reel", DEFECT, ("avid",), facts(reel=None)),
    ("reel", DEFECT, ("avid",), facts(reel="A002")),
    ("codec", DEFECT, ("fcp",), coded("dnxhd")),
    ("codec", DEFECT, (), coded("h264")),
    ("size", DEFECT, ("premiere",), picture(height=1088)),
    ("size", DEFECT, (), picture(width=960, height=540)),
    ("size", VERDICT, ("premiere",), shot(width=1921)),
    ("pixel shape", DEFECT, ("premiere", "resolve", "fcp"), picture(pixel_aspect=Fraction(4, 3))),
    ("rotation", DEFECT, TAGS, picture(rotation=90)),
    ("fields", DEFECT, ("premiere",), picture(interlaced=False)),
    ("fields", DEFECT, ("premiere",), picture(field_order="bff")),
    ("colour tags", DEFECT, TAGS, picture(color_matrix="smpte170m")),
    ("colour tags", DEFECT, TAGS, picture(color_transfer=None)),
    ("colour range", DEFECT, TAGS, picture(color_range="pc")),
    ("sound tracks", DEFECT, ALL, facts(audio=(replace(TRACK, channels=2), TRACK))),
    ("sound rate", DEFECT, TAGS, facts(audio=(TRACK, replace(TRACK, sample_rate=44100, samples=441441)))),
    ("sound codec", DEFECT, (), facts(audio=(replace(TRACK, codec="aac"), TRACK))),
    ("sound sync", DEFECT, ALL, facts(audio=(TRACK, replace(TRACK, samples=480478)))),
    ("sound sync", DEFECT, (), facts(audio=(TRACK, replace(TRACK, samples=480479)))),
    ("sound sync", DEFECT, ALL, decoded(GOOD, 300, 480480, 480478)),
    ("sound sync", DEFECT, ALL, times(sounds=(Fraction(0), Fraction(2, 48000)))),
    ("sound sync", DEFECT, (), times(sounds=(Fraction(0), Fraction(1, 48000)))),
    ("sound", DEFECT, ALL, replace(GOOD, heard="channel 2 is silent where the original is not (0.0 s in)")),
    ("base name", VERDICT, ("resolve", "avid"), replace(GOOD, path=Path("/film/A001/Proxy/C0001_Proxy.mov"))),
    ("proxy name", VERDICT, ("premiere",), replace(GOOD, path=Path("/film/A001/Proxy/C0002.mov"))),
    ("folder", VERDICT, ("resolve",), replace(GOOD, path=Path("/film/proxies/A001/C0001.mov"))),
]  # fmt: skip
# A recording of sound alone and its copy by the preset `audio`: 96 kHz, two tracks, one wave of two channels.
HEARD = replace(
    CLIP, name="T001.WAV", kind="sound", parts=(Part(1, b"S001/T001.WAV", Stamp(1, 1, 1, 1), "q", None),),
    facts=Facts(audio=(AudioStream("pcm_s32le", 2, 96000, 960_000),), samples=960_000, time_reference=3_456_000_000),
    rate=None, frames=None, start=None,
)  # fmt: skip
WAVE = Facts(
    container="wav", audio=(AudioStream("pcm_s24le", 2, 48000, 480_000),), samples=480_000,
    time_reference=1_728_000_000,
)  # fmt: skip
GOOD_SOUND = Case(
    HEARD, PRESETS["audio"], Measured(WAVE), Path("/film/S001/Proxy/T001.wav"), Path("/film/S001/T001.WAV"),
)  # fmt: skip


def wave(**spoilt: object) -> Case:
    return replace(GOOD_SOUND, found=Measured(replace(WAVE, **spoilt)))


SPOILT_SOUND = [
    ("file", DEFECT, ALL, replace(GOOD_SOUND, found=Measured(), lost="T001.wav is no longer there.")),
    ("channels", DEFECT, ALL, wave(audio=(AudioStream("pcm_s24le", 1, 48000, 480_000),))),
    ("channels", DEFECT, ALL, wave(audio=(AudioStream("pcm_s24le", 2, 96000, 480_000),))),
    ("channels", DEFECT, ALL, wave(audio=(AudioStream("pcm_s24le", 1, 48000, 480_000),) * 2)),
    ("sound length", DEFECT, ALL, wave(samples=479_951)),
    ("sound length", DEFECT, ALL, wave(samples=480_049)),
    ("sound length", DEFECT, ALL, decoded(GOOD_SOUND, 0, 479_951)),
    ("sound", DEFECT, ALL, replace(GOOD_SOUND, heard="channel 1 sounds otherwise than the original (0.0 s in)")),
    ("time reference", DEFECT, ALL, wave(time_reference=1_728_000_001)),
    ("time reference", DEFECT, ALL, wave(time_reference=None)),
    ("base name", VERDICT, ("resolve", "avid"), replace(GOOD_SOUND, path=Path("/film/S001/Proxy/T002.wav"))),
    ("folder", VERDICT, ("resolve",), replace(GOOD_SOUND, path=Path("/film/proxies/S001/T001.wav"))),
]  # fmt: skip
# A name that is wrong for Premiere is wrong for the others, too; Avid takes neither MOV nor OP1a MXF for its own.
BESIDE = {"proxy name": {"base name"}}
LASTING = {"container", "native media"}


def named(said: tuple[str, ...]) -> set[str]:
    return {words.partition(":")[0] for words in said}


def test_a_good_proxy_keeps_every_rule_but_that_of_avids_own_files():
    assert defects(GOOD) == ()
    assert verdict(breaches(GOOD)) == {**dict.fromkeys(EDITORS, ()), "avid": ("container",)}
    linked = facts(container="mxf")
    assert verdict(breaches(linked)) == {**dict.fromkeys(EDITORS, ()), "avid": ("native media",)}


@pytest.mark.parametrize(("rule", "defect", "editors", "case"), [*SPOILT, *SPOILT_SOUND])
def test_one_property_spoilt_breaks_exactly_its_rule_for_exactly_its_editors(rule, defect, editors, case):
    assert named(defects(case)) == ({rule} if defect else set())
    broken = breaches(case)
    assert {breach.rule.name for breach in broken} - LASTING <= {rule} | BESIDE.get(rule, set())
    assert tuple(editor for editor, rules in verdict(broken).items() if rule in rules) == editors


def test_a_deinterlaced_proxy_is_what_was_asked_for_and_premiere_minds():
    case = replace(coded("h264", width=960, height=540, interlaced=False), preset=PRESETS["h264"])
    assert defects(case) == ()
    assert verdict(breaches(case))["premiere"] == ("fields",)


def test_a_variable_rate_is_compared_with_its_map():
    times = Times(600, tuple(range(0, 300 * 20, 20)))
    thirty = replace(shot(vfr=True), original_times=times)
    (breach, *_) = breaches(thirty)
    assert breach.words == "the original's rate varies; conform through the frame map"
    (breach, *_) = breaches(replace(thirty, original_times=replace(times, pictures=(*times.pictures, 6020, 6040))))
    assert "its last 2 pictures are in no frame" in breach.words


def test_every_rule_is_spoilt_above():
    assert {rule.name for rule in RULES if "picture" in rule.of} == {rule for rule, *_ in SPOILT} | LASTING
    assert {rule.name for rule in RULES if "sound" in rule.of} == {rule for rule, *_ in SPOILT_SOUND}


def test_a_good_copy_of_sound_alone_keeps_every_rule_and_may_lack_a_few_samples():
    for case in (GOOD_SOUND, wave(samples=479_952), wave(samples=480_048)):
        assert defects(case) == ()
        assert verdict(breaches(case)) == dict.fromkeys(EDITORS, ())


def test_every_suite_that_cuts_are_written_for_has_its_verdict():
    assert set(EDITORS) == {suite.name for suite in SUITES} - {"lists"}, "lists are for people"


def test_the_worst_of_the_broken_rules_counts():
    assert [outcome(names) for names in ((), ("folder",), ("folder", "varying rate"), ("folder", "frames"))] == [
        "yes", "by hand", "with care", "no",
    ]  # fmt: skip


def test_a_file_that_is_no_recording_breaks_rules_and_nothing_else():
    assert len(defects(replace(GOOD, found=Measured()))) >= 5
    assert missing_frames(CLIP, Measured()) == 300


# --- real files, spoilt on the disk ---------------------------------------------------------------


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Case:
    """A really made proxy, in the place where Resolve looks."""
    card = tmp_path_factory.mktemp("card")
    label = "-timecode 10:00:00;02 -metadata:s:v:0 reel_name=A001"
    source = shoot(card / "C0001.mov", f"-f lavfi -i sine=r=48000:d=2 -c:a pcm_s16le {label}", rate="30000/1001",
                   frames=range(40))  # fmt: skip
    (made,) = make(order(log(source), card / "Proxy", source, stills=False), program())
    path = made.output.path.rename(card / "Proxy" / "C0001.mov")
    assert made.case
    return replace(made.case, path=path)


KEPT = ("-timecode", "10:00:00;02", "-metadata:s:v:0", "reel_name=A001")


def again(case: Case, path: Path) -> Case:
    return replace(case, path=path, found=measure(path))


def rewrapped(*options: str) -> Callable[[Path, Path], None]:
    """ffmpeg copies the streams but for what the options change."""
    return lambda before, after: run("-i", before, "-map", "0:v", "-map", "0:a", "-c", "copy", *options, after) and None


def patched(find: bytes, offset: int, put: bytes) -> Callable[[Path, Path], None]:
    """The same file with some bytes behind a box's name replaced."""

    def spoil(before: Path, after: Path) -> None:
        data = bytearray(before.read_bytes())
        at = data.index(find, data.rindex(b"moov")) + len(find) + offset  # of the first track: the picture's
        data[at : at + len(put)] = put
        after.write_bytes(data)

    return spoil


def shorter(before: Path, after: Path) -> None:
    """The last picture is gone, the sound is whole."""
    run("-t", "1.29", "-i", before, "-i", before, "-map", "0:v", "-map", "1:a", "-c", "copy", *KEPT, after)


def zeroed(before: Path, after: Path) -> None:
    """The last frame's bytes are gone, the tables stand: what a bad disk leaves."""
    data = bytearray(before.read_bytes())
    at = data.rindex(b"icpf") - 4
    data[at : at + 64] = bytes(64)
    after.write_bytes(data)


ON_DISK = [
    ("frames", ALL, shorter),
    ("frames", ALL, zeroed),
    ("frame rate", ALL, patched(b"mdhd", 12, struct.pack(">I", 29970))),
    ("start timecode", ("resolve", "avid", "fcp"), rewrapped("-timecode", "10:00:00:02", *KEPT[2:])),
    ("start timecode", ("resolve", "avid", "fcp"), rewrapped("-timecode", "10:00:00;03", *KEPT[2:])),
    ("reel", ("avid",), rewrapped(*KEPT[:2], "-metadata:s:v:0", "reel_name=B001")),
    ("codec", ("fcp",), rewrapped(*KEPT, "-c:v", "dnxhd", "-profile:v", "dnxhr_lb", "-pix_fmt", "yuv422p")),
    ("size", ("premiere",), rewrapped(*KEPT, "-c:v", "prores", "-profile:v", "0", "-vf", "scale=300:180,setsar=1")),
    ("pixel shape", ("premiere", "resolve", "fcp"), patched(b"pasp", 0, struct.pack(">II", 4, 3))),
    ("rotation", TAGS, patched(b"tkhd", 40, struct.pack(">9i", 0, 65536, 0, -65536, 0, 0, 0, 0, 1 << 30))),
    ("fields", ("premiere",), patched(b"fiel", 0, b"\x02\x09")),
    ("colour tags", TAGS, rewrapped(*KEPT, "-bsf:v", "prores_metadata=colorspace=smpte170m")),
    ("sound tracks", ALL, rewrapped(*KEPT, "-c:a", "pcm_s16le", "-ac", "2")),
    ("sound tracks", ALL, rewrapped(*KEPT, "-map", "0:a")),
    ("sound rate", TAGS, rewrapped(*KEPT, "-c:a", "pcm_s16le", "-ar", "44100")),
    ("sound sync", ALL, rewrapped(*KEPT, "-c:a", "pcm_s16le", "-af", "atrim=end_sample=60000")),
    ("sound codec", (), rewrapped(*KEPT, "-c:a", "pcm_s24le")),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "editors", "spoil"), ON_DISK)
def test_a_file_spoilt_on_the_disk_is_found_out(tmp_path, good, rule, editors, spoil):
    (tmp_path / "Proxy").mkdir()
    path = tmp_path / "Proxy" / "C0001.mov"
    assert good.path
    spoil(good.path, path)
    case = replace(again(good, path), original=tmp_path / "C0001.mov")
    assert rule in named(defects(case))
    assert {breach.rule.name for breach in breaches(case)} - LASTING <= {rule}
    assert tuple(editor for editor, rules in verdict(breaches(case)).items() if rule in rules) == editors


def test_the_same_file_elsewhere_is_as_good(tmp_path, good):
    assert good.path
    case = again(good, Path(shutil.copy(good.path, tmp_path / "C0001.mov")))
    assert defects(case) == ()
    assert verdict(breaches(case))["resolve"] == ("folder",)


def test_a_proxy_cut_short_is_no_recording(tmp_path, good):
    assert good.path
    short = tmp_path / "C0001.mov"
    short.write_bytes(good.path.read_bytes()[:50_000])
    with pytest.raises(MediaUnreadable, match="cut off"):
        measure(short)
