"""The colours that come out of recordings of every matrix, curve and primaries, measured on patches (ITU-T H.273)."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from shooting import EDIT, PRESETS, log, order, program, run

from pipeline.clip import VideoStream
from pipeline.errors import MediaUnreadable
from pipeline.metadata.facts import read_facts
from pipeline.proxies.colours import matrix_read, why_not_rec_709
from pipeline.proxies.compare import compare
from pipeline.proxies.graph import command
from pipeline.proxies.job import Salvage
from pipeline.proxies.make import make
from pipeline.proxies.presets import Preset
from pipeline.proxies.salvage import surveyed

# Chromaticities of red, green and blue; white is D65, and stays white where it is another (ITU-R BT.709, BT.2020 and
# BT.601, EBU Tech 3213, SMPTE EG 432-1 and RP 431-2).
D65 = (0.3127, 0.3290)
NTSC = ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070))
P3 = ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060))
PRIMARIES = {
    "bt709": ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060)),
    "bt2020": ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    "smpte432": P3,
    "smpte431": P3,
    "smpte170m": NTSC,
    "smpte240m": NTSC,
    "bt470bg": ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060)),
    "ebu3213": ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}
PATCHES = np.array(
    [(0.5, 0.5, 0.5), (0.69, 0.25, 0.125), (0.55, 0.45, 0.40), (0.3, 0.6, 0.35), (0.2, 0.3, 0.7), (0, 0.9, 0.1)]
)
WIDE_SIZE = (480, 180)

Coded = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]]


def to_light(primaries: str) -> np.ndarray:
    """Linear RGB to XYZ (SMPTE RP 177)."""
    xyz = np.array([(x / y, 1, (1 - x - y) / y) for x, y in (*PRIMARIES[primaries], D65)]).T
    return xyz[:, :3] * np.linalg.solve(xyz[:, :3], xyz[:, 3])


def shown(patches: np.ndarray, primaries: str, transfer: str) -> np.ndarray:
    """The same colours as Rec. 709 signals, what is beyond cut off (ITU-R BT.2407)."""
    if transfer == "iec61966-2-1":
        linear = np.where(patches <= 0.04045, patches / 12.92, ((patches + 0.055) / 1.055) ** 2.4)
    else:
        power = 2.8 if transfer == "bt470bg" else 2.4
        linear = patches**power
    linear = (linear @ (np.linalg.inv(to_light("bt709")) @ to_light(primaries)).T).clip(0, 1)
    if transfer == "iec61966-2-1":
        return np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return linear ** (1 / power)


# --- matrices: patches to luma, Cb and Cr, -0.5 to 0.5 ---


def weighed(red: float, blue: float) -> Coded:
    def coded(patches: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        luma = patches @ (red, 1 - red - blue, blue)
        return luma, (patches[:, 2] - luma) / (2 - 2 * blue), (patches[:, 0] - luma) / (2 - 2 * red)

    return coded


def lifted(patches: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """YCgCo, whose differences are as wide as its luma: 219 of 224 in studio range."""
    red, green, blue = patches.T
    differences = (2 * green - red - blue) / 4 * 219 / 224, (red - blue) / 2 * 219 / 224
    return (red + 2 * green + blue) / 4, *differences


def camera(light: np.ndarray) -> np.ndarray:
    """The curve of BT.709 and BT.2020."""
    return np.where(light < 0.01806, 4.5 * light, 1.0993 * np.maximum(light, 0.01) ** 0.45 - 0.0993)


def constant(red: float, blue: float) -> Coded:
    """Constant luminance: luma is that of the light."""
    ends = np.array([red, blue])
    below, above = 2 * camera(1 - ends), 2 - 2 * camera(ends)

    def coded(patches: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        light = np.where(patches < 0.0813, patches / 4.5, ((patches + 0.0993) / 1.0993) ** (1 / 0.45))
        luma = camera(light @ (red, 1 - red - blue, blue))
        differences = patches[:, [0, 2]] - luma[:, None]
        cr, cb = np.where(differences <= 0, differences / below, differences / above).T
        return luma, cb, cr

    return coded


def perceptual(light: np.ndarray) -> np.ndarray:
    """PQ (SMPTE ST 2084) of light, 1 being 10,000 nits."""
    power = np.maximum(light, 0) ** (2610 / 16384)
    return ((3424 + 32 * 2413 * power) / (4096 + 32 * 2392 * power)) ** (2523 / 32)


def light_of(signal: np.ndarray) -> np.ndarray:
    """The light of a PQ signal."""
    power = signal ** (32 / 2523)
    return (np.maximum(power - 3424 / 4096, 0) / (2413 / 128 - 2392 / 128 * power)) ** (16384 / 2610)


def intensity(patches: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """ICtCp of PQ (ITU-R BT.2100)."""
    cones = light_of(patches) @ np.array([(1688, 2146, 262), (683, 2951, 462), (99, 309, 3688)]).T / 4096
    weights = np.array([(2048, 2048, 0), (6610, -13613, 7003), (17933, -17390, -543)])
    luma, first, second = weights @ perceptual(cones).T / 4096
    return luma, first, second


def derived(primaries: str) -> tuple[float, float]:
    """The weights of red and blue that follow from primaries."""
    red, _, blue = to_light(primaries)[1]
    return red, blue


MATRICES: dict[str, Coded] = {
    "bt709": weighed(0.2126, 0.0722), "bt2020nc": weighed(0.2627, 0.0593), "smpte170m": weighed(0.299, 0.114),
    "bt470bg": weighed(0.299, 0.114), "fcc": weighed(0.30, 0.11), "smpte240m": weighed(0.212, 0.087), "ycgco": lifted,
    "bt2020c": constant(0.2627, 0.0593), "chroma-derived-nc": weighed(*derived("smpte432")),
    "chroma-derived-c": constant(*derived("smpte432")), "ictcp": intensity,
}  # fmt: skip


def shot(path: Path, primaries: str, transfer: str, matrix: str, levels: str, *more: str) -> Path:
    """Three frames of the patches, side by side, coded by a matrix and tagged with it."""
    luma, *chroma = MATRICES[matrix](PATCHES)
    full = levels == "pc"
    chroma = [each * 224 / 219 for each in chroma] if full and matrix == "ycgco" else chroma
    coded = [luma * (1023 if full else 876) + (0 if full else 64)]
    coded += [each * (1023 if full else 896) + 512 for each in chroma]
    wide_as, high = WIDE_SIZE
    each = wide_as // len(PATCHES)
    planes = [np.tile(np.repeat(one.round().astype("<u2"), each), (high, 1)).tobytes() for one in coded]
    run(
        "-f", "rawvideo", "-pix_fmt", "yuv444p10le", "-s", f"{wide_as}x{high}", "-i", "-", "-vf",
        f"setparams=color_primaries={primaries}:color_trc={transfer}:colorspace={matrix}:range={levels}",
        "-c:v", "libx264", "-preset", "ultrafast", "-qp", "0", *more, path, given=b"".join(planes) * 3,
    )  # fmt: skip
    return path


def patches_of(path: Path) -> np.ndarray:
    """The patches of a Rec. 709 picture as a display shows them: what a proxy's upper half holds."""
    raw = run("-i", path, "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "yuv444p16le", "-")
    planes = np.frombuffer(raw, "<u2").reshape(3, WIDE_SIZE[1], len(PATCHES), -1)[:, 20:80, :, 20:60] / 256
    luma, blue, red = planes.mean(axis=(1, 3)) - np.array([[16], [128], [128]])
    luma, blue, red = luma / 219, blue / 224 * 1.8556, red / 224 * 1.5748
    green = luma - (0.2126 * red + 0.0722 * blue) / 0.7152
    return np.stack([luma + red, green, luma + blue], axis=1).clip(0, 1)


def made(source: Path, *presets: Preset) -> tuple[Path, ...]:
    """The proxies of a recording, and its poster; each is tagged Rec. 709."""
    job = order(log(source), source.parent / f"{source.name} out", source, presets=presets or (EDIT,))
    make(job, program())
    for output in job.proxies:
        video = read_facts(output.path).video
        assert (video.color_primaries, video.color_transfer, video.color_matrix) == ("bt709",) * 3
    return tuple(output.path for output in job.proxies)


def off(path: Path, wanted: np.ndarray) -> float:
    """By how much of 255 the worst channel of a patch is another."""
    return float(np.abs(patches_of(path) - wanted).max() * 255)


# --- what comes out ---


@pytest.mark.parametrize(
    ("primaries", "transfer", "matrix", "levels"),
    [
        ("bt2020", "bt709", "bt2020nc", "tv"),
        ("bt2020", "bt2020-10", "bt2020c", "tv"),
        ("smpte432", "bt709", "bt709", "pc"),
        ("smpte432", "iec61966-2-1", "smpte170m", "tv"),
        ("smpte431", "bt709", "bt709", "tv"),
        ("smpte170m", "smpte170m", "smpte170m", "tv"),
        ("bt470bg", "bt470bg", "bt470bg", "pc"),
    ],
)
def test_colours_of_other_primaries_look_alike_in_every_proxy(tmp_path, primaries, transfer, matrix, levels):
    """Within 3 of 255 of what the standards say: a step of chroma in 8 bits is 2."""
    source = shot(tmp_path / "A.mov", primaries, transfer, matrix, levels)
    assert read_facts(source).video.color_primaries == primaries
    wanted = shown(PATCHES, primaries, transfer)
    assert np.abs(wanted - PATCHES).max() > 0.05  # what only changes its label is found out
    for proxy in made(source, *(preset for preset in PRESETS.values() if not preset.for_sound)):
        assert off(proxy, wanted) <= 3, proxy.name
    jpeg = tmp_path / "A.mov out" / "poster.jpg"
    poster = np.frombuffer(run("-i", jpeg, "-f", "rawvideo", "-pix_fmt", "rgb24", "-"), np.uint8)
    seen = poster.reshape(WIDE_SIZE[1], len(PATCHES), -1, 3)[20:80, :, 20:60].mean(axis=(0, 2))
    assert np.abs(seen - 255 * wanted).max() <= 6


@pytest.mark.parametrize(
    ("primaries", "matrix", "levels"),
    [
        ("bt709", "fcc", "tv"), ("bt709", "smpte240m", "tv"), ("bt709", "ycgco", "tv"), ("bt709", "ycgco", "pc"),
        ("bt709", "bt2020c", "pc"), ("smpte432", "chroma-derived-nc", "tv"), ("smpte432", "chroma-derived-c", "tv"),
    ],
)  # fmt: skip
def test_a_matrix_is_read_as_the_file_states_it(tmp_path, primaries, matrix, levels):
    source = shot(tmp_path / "A.mov", primaries, "bt709", matrix, levels)
    assert read_facts(source).video.color_matrix == matrix
    assert off(made(source)[0], shown(PATCHES, primaries, "bt709")) <= 3


@pytest.mark.parametrize("matrix", ["smpte170m", "bt470bg"])
def test_eight_bits_of_another_matrix_stay_as_bright_as_they_are(tmp_path, matrix):
    """As phones and SD record: half a step of 8 bits is what rounding may cost."""
    source = shot(tmp_path / "A.mov", "bt709", "bt709", matrix, "tv", "-pix_fmt", "yuv420p")
    for proxy in made(source, EDIT, PRESETS["h264"]):
        assert abs(patches_of(proxy)[0].mean() * 255 - (126 - 16) / 219 * 255) < 0.6, proxy.name


def tone_mapped_hlg(patches: np.ndarray) -> np.ndarray:
    """HLG on a display of 1000 nits (ITU-R BT.2100), of which 203 are white, in Rec. 709 and bent above 30 % of it."""
    light = np.where(patches <= 0.5, patches**2 / 3, (np.exp((patches - 0.55991073) / 0.17883277) + 0.28466892) / 12)
    light *= 1000 / 203 * (light @ (0.2627, 0.6780, 0.0593))[:, None] ** 0.2
    light = (light @ (np.linalg.inv(to_light("bt709")) @ to_light("bt2020")).T).clip(0)
    most, knee, peak = light.max(axis=1, keepdims=True), 0.3, 10  # a Möbius curve: straight to the knee, 1 at the peak
    first = -(knee**2) * (peak - 1) / (knee**2 - 2 * knee + peak)
    second = (knee**2 - 2 * knee * peak + peak) / (peak - 1)
    bent = (second**2 + 2 * second * knee + knee**2) / (second - first) * (most + first) / (most + second)
    return (light * np.where(most > knee, bent / most, 1)) ** (1 / 2.4)


def test_colours_of_hlg_are_as_bright_as_their_luminance_says(tmp_path):
    source = shot(tmp_path / "A.mov", "bt2020", "arib-std-b67", "bt2020nc", "tv")
    assert off(made(source)[0], tone_mapped_hlg(PATCHES)) <= 3


@pytest.mark.parametrize(
    ("primaries", "transfer"), [("smpte170m", "unknown"), ("smpte240m", "smpte240m"), ("ebu3213", "bt709")]
)
def test_primaries_of_sd_are_converted_whatever_else_is_told(tmp_path, primaries, transfer):
    source = shot(tmp_path / "A.mov", primaries, transfer, "smpte170m", "tv")
    assert off(made(source)[0], shown(PATCHES, primaries, transfer)) <= 3


@pytest.mark.parametrize(
    ("name", "pixels", "encoder"),
    [
        ("A.mov", "rgb24", "libx264rgb -qp 0"), ("A.mkv", "gbrp10le", "ffv1"), ("A.mov", "rgb24", "png"),
        ("A.mov", "gbrp10le", "dnxhd -profile:v dnxhr_444"), ("A.mxf", "gbrp10le", "dnxhd -profile:v dnxhr_444"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("primaries", ["bt709", "bt2020"])
def test_red_green_and_blue_are_read_as_they_are(tmp_path, name, pixels, encoder, primaries):
    source = tmp_path / name
    rows = np.repeat((PATCHES * 65535).round().astype("<u2"), WIDE_SIZE[0] // len(PATCHES), axis=0)
    run(
        "-f", "rawvideo", "-pix_fmt", "rgb48le", "-s", f"{WIDE_SIZE[0]}x{WIDE_SIZE[1]}", "-i", "-", "-vf",
        f"format={pixels},setparams=color_primaries={primaries}:color_trc=bt709:colorspace=gbr", "-c:v",
        *encoder.split(), source, given=np.tile(rows, (WIDE_SIZE[1], 1)).tobytes() * 3,
    )  # fmt: skip
    assert read_facts(source).video.color_primaries in (primaries, None)
    said = read_facts(source).video.color_primaries or "bt709"
    assert off(made(source)[0], shown(PATCHES, said, "bt709")) <= 3


@pytest.mark.parametrize("matrix", ["ictcp", "ycgco", "smpte240m"])
def test_hdr_of_another_matrix_looks_as_that_of_bt_2020_does(tmp_path, matrix):
    usual, other = (
        made(shot(tmp_path / f"{each}.mov", "bt2020", "smpte2084", each, "tv"))[0] for each in ("bt2020nc", matrix)
    )
    assert off(other, patches_of(usual)) <= 3


def test_hd_of_motion_jpeg_is_read_as_jpeg_is_defined(tmp_path):
    source = tmp_path / "A.mov"
    picture = "color=0xB04020:s=1280x720:r=25:d=0.08,format=rgb24,scale=out_color_matrix=bt601:out_range=pc"
    run("-f", "lavfi", "-i", f"{picture},format=yuvj422p", "-c:v", "mjpeg", "-q:v", "1", source)
    raw = run("-i", made(source)[0], "-frames:v", "1", "-f", "rawvideo", "-pix_fmt", "rgb24", "-")
    mean = np.frombuffer(raw, np.uint8).reshape(-1, 3).mean(axis=0)
    assert np.abs(mean - (0xB0, 0x40, 0x20)).max() <= 4


def test_what_the_container_says_counts_where_the_picture_says_a_reserved_code(tmp_path):
    """At this size Rec. 601 would be taken for what states none."""
    source = shot(tmp_path / "A.mov", "bt709", "bt709", "bt709", "tv", "-bsf:v", "h264_metadata=matrix_coefficients=3")
    assert off(made(source)[0], PATCHES) <= 3


@pytest.mark.parametrize("matrix", ["ycgco", "bt2020c"])
def test_a_matrix_that_swscale_does_not_know_is_compared_and_salvaged_too(tmp_path, matrix):
    source = shot(tmp_path / "A.mov", "bt2020", "bt2020-10", matrix, "tv")
    clip, proxy = log(source), made(source)[0]
    assert compare(clip, (source,), proxy, program()) == ""
    job = replace(order(clip, tmp_path / "out", source), salvage=Salvage())
    assert surveyed(job, program()).salvage.held == ()


# --- what cannot be converted ---


@pytest.mark.parametrize(
    ("primaries", "transfer", "matrix"),
    [
        ("bt709", "bt709", "ictcp"), ("bt2020", None, "ictcp"), ("bt2020", "arib-std-b67", "ictcp"),
        ("bt709", "bt709", "ycgco-re"), ("bt709", "bt709", "smpte2085"), ("bt2020", "smpte2084", "ipt-c2"),
        ("bt2020", "log316", "bt2020c"), (None, "bt709", "chroma-derived-nc"),
        ("bt2020", "smpte2084", "chroma-derived-c"),
    ],
)  # fmt: skip
def test_colours_that_no_one_can_convert_are_refused_in_a_true_sentence(tmp_path, primaries, transfer, matrix):
    source = shot(tmp_path / "A.mov", "bt709", "bt709", "bt709", "tv")
    clip = log(source)
    told = replace(clip.facts.video, color_primaries=primaries, color_transfer=transfer, color_matrix=matrix)
    assert matrix in why_not_rec_709(told)
    job = order(replace(clip, facts=replace(clip.facts, video=told)), tmp_path / "out", source)
    with pytest.raises(MediaUnreadable, match=r"A\.mov tells its colours .*export it as ProRes or DNxHR in Rec\. 709"):
        command(job, program())


@pytest.mark.parametrize(
    ("stated", "size", "codec", "read"),
    [
        (None, (1440, 1080), "h264", "bt709"), (None, (720, 576), "h264", "smpte170m"),
        ("unknown", (1440, 1080), "h264", "bt709"), (None, (1280, 536), "h264", "bt709"),
        (None, (576, 1024), "h264", "bt709"), ("gbr", (1920, 1080), "h264", "bt709"),
        ("smpte170m", (1920, 1080), "h264", "smpte170m"), ("bt709", (1920, 1080), "mjpeg", "smpte170m"),
    ],
)  # fmt: skip
def test_a_matrix_that_is_not_stated_is_that_of_the_size_and_jpegs_its_own(stated, size, codec, read):
    width, height = size
    assert matrix_read(VideoStream(video_codec=codec, width=width, height=height, color_matrix=stated)) == read
