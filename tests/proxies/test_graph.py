"""What ffmpeg is asked, as a value; sizes, names and presets as tables. No program runs here."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shooting import stills_of

from pipeline.cards.proxies import proxies_beside
from pipeline.clip import AudioStream, Clip, Facts, Part, Stamp, VideoStream
from pipeline.errors import MediaUnreadable
from pipeline.proxies.geometry import Size, fitted, proxy_size
from pipeline.proxies.graph import command
from pipeline.proxies.job import Output, ProxyJob
from pipeline.proxies.labels import proxy_reel, proxy_timecode
from pipeline.proxies.naming import proxy_path, still_path
from pipeline.proxies.picture import TILES, still_frames
from pipeline.proxies.placement import processes_for, threads_for
from pipeline.proxies.presets import load_presets
from pipeline.proxies.sound import samples_of
from pipeline.settings import shipped
from pipeline.timecode import STANDARD_RATES, Rate, Timecode

PRESETS = load_presets(shipped("proxies.toml"))
UHD = VideoStream(
    width=3840, height=2160, rate=Rate(25), frames=100, vfr=False, color_matrix="bt709", rotation=0, interlaced=False
)
STEREO = AudioStream("aac", 2, 48000, 192000)


def clip(video: VideoStream | None = UHD, audio: tuple[AudioStream, ...] = (STEREO,), **more) -> Clip:
    part = Part(1, b"ingest/A001/CLIP/C0001.MP4", Stamp(1, 1, 1, 1), "q", 100)
    facts = Facts(container="mp4", video=video, audio=audio, reel=more.pop("reel", None))
    kind = "picture" if video else "sound"
    made = Clip("ab" * 16, "C0001.MP4", "A001", kind, (part,), facts, Rate(25), 100, None)
    return replace(made, **more)


def asked(one: Clip, *, stills: bool = False, **more) -> list[str]:
    outputs = [Output("proxy", Path("/film/out.mov"), PRESETS["edit"])] if one.kind == "picture" else []
    outputs += [Output(kind, Path(f"/film/{kind}")) for kind in stills_of(one) if stills]
    return command(ProxyJob(one, (Path("/card/C0001.MP4"),), tuple(outputs), **more), Path("/bin/ffmpeg"))


def after(words: list[str], option: str) -> str:
    return words[words.index(option) + 1]


# --- the command ----------------------------------------------------------------------------------


GRAPH = (
    "[0:v:0]scale=1920:1080:flags=bilinear:in_color_matrix=bt709:out_color_matrix=bt709:out_range=tv[s0];"
    "[s0]format=yuv422p10le[s1];"
    "[s1]setsar=1[s2];[s2]setparams=color_primaries=bt709:color_trc=bt709:colorspace=bt709:range=tv[s3];"
    "[s3]settb=1000[s4];[s4]settb=1/25[s5];[s5]setpts=N[s6];"
    "[0:a:0]aresample=async=1:first_pts=0[s7];[s7]apad=whole_len=192000[s8];[s8]atrim=end_sample=192000[s9]"
)


def test_the_whole_command_of_a_plain_clip():
    assert asked(clip(start=Timecode(0, Rate(25)), reel="A001"), threads=2) == [
        "/bin/ffmpeg", "-xerror", "-nofind_stream_info", "-threads", "2", "-i", "file:/card/C0001.MP4",
        "-filter_complex",
        GRAPH,
        "-map", "[s6]", "-map", "[s9]", "-f", "mov", "-c:a:0", "pcm_s16le", "-c:v", "prores", "-fps_mode", "cfr",
        "-map_chapters", "-1", "-map_metadata", "-1", "-metadata:s:v:0", "reel_name=A001", "-profile:v", "0",
        "-r", "25/1", "-threads:v", "2", "-timecode", "00:00:00:00", "-vendor", "apl0", "file:/film/out.mov", "-y",
    ]  # fmt: skip


def test_one_decode_and_the_picture_is_made_small_before_anything_else():
    words = asked(clip(), stills=True)
    graph = after(words, "-filter_complex")
    assert words.count("-i") == 1
    assert graph.count("[0:v:0]") == graph.count("[0:a:0]") == 1
    assert graph.index("scale=1920:1080") < graph.index("split") < graph.index("select") < graph.index("scale=640:360")
    assert [word for word in words if word.startswith("file:/film")] == [
        "file:/film/out.mov", "file:/film/poster", "file:/film/filmstrip", "file:/film/waveform",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("primaries", "transfer", "converted"),
    [
        ("bt709", "bt709", False), (None, None, False), (None, "bt709", False), ("bt709", None, False),
        ("bt2020", None, False), ("bt2020", "log316", False),  # as log is recorded: it stays log
        ("bt2020", "bt2020-12", True), ("smpte431", "bt709", True), ("smpte432", "iec61966-2-1", True),
        ("smpte170m", "bt709", True), ("bt470bg", "bt470bg", True), ("smpte170m", None, True),
        ("smpte170m", "log316", False),
    ],
)  # fmt: skip
def test_colours_are_converted_only_where_they_are_others_than_those_of_rec_709(primaries, transfer, converted):
    one = clip(replace(UHD, color_primaries=primaries, color_transfer=transfer))
    assert ("zscale" in after(asked(one), "-filter_complex")) is converted


@pytest.mark.parametrize(
    ("presets", "scales"),
    [(("dnxhr", "avid"), 1), (("h264", "short", "screening"), 1), (("edit", "h264"), 2), (("edit", "dnxhr"), 2)],
)
def test_presets_of_one_size_and_pixel_format_share_one_scaler(presets, scales):
    outputs = tuple(Output("proxy", Path(f"/film/{name}"), PRESETS[name]) for name in presets)
    graph = after(command(ProxyJob(clip(), (Path("/card/C0001.MP4"),), outputs), Path("ffmpeg")), "-filter_complex")
    assert graph.count("]scale=") == scales


def test_parts_are_inputs_that_are_joined():
    parts = tuple(replace(clip().parts[0], path=f"GX0{number}.MP4".encode()) for number in range(3))
    one = clip(parts=parts, frames=300)
    sources = tuple(Path(f"/card/GX0{number}.MP4") for number in range(3))
    words = command(ProxyJob(one, sources, (Output("proxy", Path("/o.mov"), PRESETS["edit"]),)), Path("ffmpeg"))
    assert words.count("-i") == 3
    assert "concat=a=1:n=3:v=1" in after(words, "-filter_complex")


def test_sound_tracks_that_no_one_can_decode_are_not_mapped():
    graph = after(asked(clip(audio=(AudioStream("apac", 4, 48000), STEREO))), "-filter_complex")
    assert "[0:a:1]" in graph
    assert "[0:a:0]" not in graph


def test_sound_from_before_the_first_picture_is_cut():
    graph = after(asked(clip(), picture_late=Fraction(1, 25)), "-filter_complex")
    assert "asetpts=PTS-(1/25)/TB" in graph


@pytest.mark.parametrize("gone", [{"frames": None}, {"rate": None}])
def test_a_clip_that_does_not_know_its_frames_is_refused(gone):
    with pytest.raises(MediaUnreadable, match=r"C0001\.MP4"):
        asked(clip(**gone))


def test_threads_are_limited_only_when_asked():
    assert "-threads" not in asked(clip())
    assert after(asked(clip(), threads=3), "-threads") == "3"


def test_the_bandwidth_becomes_a_rate_of_reading_media():
    """100 frames at 25 in 80 MB are 20 MB a second of media: at 5 MB/s a quarter of real time."""
    big = replace(clip(), parts=(Part(1, b"C0001.MP4", Stamp(1, 1, 80_000_000, 1), "q", 100),))
    words = asked(big, bandwidth=5e6)
    assert float(after(words, "-readrate")) == 0.25
    assert words.index("-readrate") < words.index("-i")
    assert "-readrate" not in asked(big)


@pytest.mark.parametrize(
    ("label", "counted", "rate", "wanted"),
    [
        ("10:00:00;02", "30000/1001", "30000/1001", "10:00:00;02"),
        ("10:00:00;02", "30000/1001", "60000/1001", "10:00:00;04"),
        ("10:00:00:12", "25", "50", "10:00:00:24"),
        ("10:00:00:12", "25", "100", "10:00:00:48"),
        ("10:00:00:99", "100", "100", "10:00:00:99"),
        ("10:01:00;008", "120000/1001", "120000/1001", "10:01:00;008"),
        ("10:00:00:12", "25", "150", None),
        ("10:00:00:12", "24", "24000/1001", None),
        ("10:00:00:12", "25", "30", None),
    ],
)
def test_timecode_is_counted_at_the_rate_of_the_picture_or_left_out(label, counted, rate, wanted):
    start = Timecode.parse(label, Rate.parse(counted))
    found = proxy_timecode(clip(start=start, rate=Rate.parse(rate)))
    assert (str(found) if found else None) == wanted


def test_a_reel_is_plain_text_and_only_beside_a_timecode():
    start = Timecode(0, Rate(25))
    assert proxy_reel(clip(start=start, reel="A001\n\0x")) == "A001x"
    assert proxy_reel(clip(reel="A001")) is None


# --- sizes ----------------------------------------------------------------------------------------

SIZES = [
    # width, height, pixel aspect, rotation -> proxy
    (3840, 2160, "1", 0, (1920, 1080)),
    (4096, 2160, "1", 0, (2048, 1080)),
    (7680, 4320, "1", 0, (1920, 1080)),
    (5312, 2988, "1", 0, (1770, 996)),
    (4000, 3000, "1", 0, (1000, 750)),
    (6144, 3456, "1", 0, (1536, 864)),
    (1920, 1080, "1", 0, (1920, 1080)),
    (1280, 720, "1", 0, (1280, 720)),
    (1440, 1080, "4/3", 0, (1920, 1080)),
    (720, 576, "64/45", 0, (1024, 576)),
    (720, 480, "8/9", 0, (640, 480)),
    (3840, 2160, "1", 90, (1080, 1920)),
    (1920, 1080, "1", 270, (1080, 1920)),
    (321, 181, "1", 0, (320, 180)),
    (2880, 2160, "2", 0, (2880, 1080)),
]


@pytest.mark.parametrize(("width", "height", "aspect", "rotation", "wanted"), SIZES)
def test_sizes(width, height, aspect, rotation, wanted):
    video = VideoStream(width=width, height=height, pixel_aspect=Fraction(aspect), rotation=rotation)
    assert proxy_size(video, 1080) == Size(*wanted)


@given(
    st.integers(16, 12288),
    st.integers(16, 8640),
    st.sampled_from([Fraction(1), Fraction(4, 3), Fraction(8, 9), Fraction(64, 45), Fraction(2)]),
    st.sampled_from([0, 90, 180, 270]),
    st.integers(90, 2160),
)
def test_a_proxy_is_even_never_larger_and_keeps_its_shape(width, height, aspect, rotation, short_side):
    video = VideoStream(width=width, height=height, pixel_aspect=aspect, rotation=rotation)
    size = proxy_size(video, short_side)
    wide, high = (width * aspect, height) if rotation in (0, 180) else (height, width * aspect)
    assert size.width % 2 == size.height % 2 == 0
    assert min(size.width, size.height) <= short_side
    assert size.width <= wide
    assert size.height <= high
    divided = wide / size.width
    assert abs(size.height - high / divided) <= 2 + 2 * high / wide


@given(st.integers(2, 4096), st.integers(2, 4096), st.integers(2, 640))
def test_a_still_fits(width, height, long_side):
    size = fitted(Size(width // 2 * 2, height // 2 * 2), long_side=long_side)
    assert max(size.width, size.height) <= max(2, long_side)


@given(st.integers(1, 10**7))
def test_stills_take_different_frames_of_the_clip_in_order(frames):
    numbers = still_frames(frames)
    assert len(numbers) == min(TILES, frames)
    assert list(numbers) == sorted(set(numbers))
    assert numbers[-1] < frames


@given(st.lists(st.integers(1, 10**5), min_size=1, max_size=8), st.sampled_from(STANDARD_RATES))
def test_sound_of_many_parts_adds_up_to_that_of_the_whole(lengths, rate):
    exact, before, total = Rate.of(rate), 0, 0
    for length in lengths:
        total += samples_of(before, length, exact, 48000)
        before += length
    assert total == samples_of(0, before, exact, 48000)


# --- names ----------------------------------------------------------------------------------------

PLACES = [
    (b"ingest/2019-10-12_Vienna/X/A001/PRIVATE/M4ROOT/CLIP/C0001.MP4", b"ingest/2019-10-12_Vienna/X/A001", "mirror",
     b"proxies/2019-10-12_Vienna/X/A001/C0001.mov"),
    (b"ingest/G001/DCIM/100GOPRO/GX010001.MP4", b"ingest/G001", "mirror", b"proxies/G001/100GOPRO/GX010001.mov"),
    (b"ingest/loose.mkv", b"ingest", "mirror", b"proxies/loose.mov"),
    (b"A001/C0001.MXF", b"A001", "mirror", b"proxies/A001/C0001.mov"),
    (b"C0001.MXF", b"", "mirror", b"proxies/C0001.mov"),
    (b"ingest/A001/C0001.MP4", b"ingest/A001", "beside", b"ingest/A001/Proxy/C0001.mov"),
    (b"ingest/A001/no suffix", b"ingest/A001", "mirror", b"proxies/A001/no suffix.mov"),
    (b"ingest/A001/caf\xe9.b.MP4", b"ingest/A001", "mirror", b"proxies/A001/caf\xe9.b.mov"),
]  # fmt: skip


@pytest.mark.parametrize(("path", "folder", "placement", "wanted"), PLACES)
def test_a_proxy_has_the_base_name_of_its_original(path, folder, placement, wanted):
    one = clip(parts=(replace(clip().parts[0], path=path),))
    assert proxy_path(one, folder, PRESETS["edit"], placement) == wanted


@given(
    stem=st.binary(min_size=1, max_size=251).filter(lambda name: not name.startswith(b".") and not set(name) & {0, 47}),
    preset=st.sampled_from([*PRESETS.values(), msgspec.structs.replace(PRESETS["edit"], ending="_Proxy")]),
    other=st.sampled_from([b"", b"abababab/"]),  # the folder of a second clip of that name
)
def test_a_proxy_beside_its_original_is_known_as_one_by_its_place(stem, preset, other):
    original = b"ingest/A001/" + stem + b".mp4"
    folder, _, name = proxy_path(
        clip(parts=(replace(clip().parts[0], path=original),)), b"ingest/A001", preset, "beside"
    ).rpartition(b"/")
    proxy = b"/".join([folder, other + name])
    assert proxies_beside([original, proxy]) == {proxy: (original,)}
    assert not proxies_beside([proxy])


def test_presets_lie_apart():
    assert len({proxy_path(clip(), b"ingest/A001", preset, "mirror") for preset in PRESETS.values()}) == len(PRESETS)


def test_a_name_too_long_for_the_disk_is_cut_between_signs_and_stays_unique():
    long = replace(clip().parts[0], path="é".encode() * 126 + b".ts")
    name = proxy_path(clip(parts=(long,)), b"", PRESETS["edit"], "mirror").rpartition(b"/")[2]
    assert len(name) <= 255
    assert name.decode().endswith("é_abababab.mov")


def test_stills_are_named_by_id():
    assert still_path(clip(), "poster") == b"stills/ab/" + b"ab" * 16 + b".poster.jpg"


# --- placement ------------------------------------------------------------------------------------


@pytest.mark.parametrize("cores", [1, 2, 4, 8, 16, 64])
def test_every_core_has_work_and_none_too_much_however_many_clips_are_left(cores):
    for at_once in range(1, processes_for(cores) + 1):
        assert cores <= at_once * threads_for(cores, at_once) < cores + at_once


def test_a_clip_that_is_left_alone_has_the_whole_machine():
    assert [threads_for(16, at_once) for at_once in (8, 4, 2, 1)] == [2, 4, 8, 16]


def test_a_persons_number_of_jobs_counts():
    assert processes_for(8, 3) == 3
