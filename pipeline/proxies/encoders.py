"""What ffmpeg encodes with: a literal table for software, and one for graphics hardware."""

from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

# How sound comes out. pcm: every track as it is, 16 or 24 bits; pcm-48: the same at 48 kHz, the only rate that
# MXF and many suites take; aac-mix: one stereo track of all, for players that know no more.
Sound = Literal["pcm", "pcm-48", "aac-mix"]


@dataclass(frozen=True, slots=True)
class Encoder:
    """How ffmpeg is asked for one kind of file. Options are ffmpeg's; `codec` is what comes out.

    Without `ffmpeg` there is no picture in it: it is for recordings of sound alone.
    """

    name: str
    codec: str
    ffmpeg: str
    pixel_format: str
    options: tuple[tuple[str, str], ...]
    container: Literal["mov", "mp4", "mxf", "wav"] = "mov"
    sound: Sound = "pcm"
    least: tuple[int, int] = (16, 16)  # smallest picture that it takes
    # Of pictures, where its container knows no others; no part of the recipe, as nothing comes out otherwise.
    rates: tuple[Fraction, ...] = field(default=(), repr=False)
    fields: bool = False  # whether it keeps interlaced pictures as they are
    device: tuple[str, ...] = ()  # what ffmpeg is told of the hardware before anything else
    upload: bool = False  # whether pictures have to be brought into the hardware's memory first

    @property
    def suffix(self) -> bytes:
        return b"." + self.container.encode()


# What MXF counts time in; ffmpeg writes no others.
_MXF_RATES = (
    *(Fraction(rate * 1000, 1001) for rate in (24, 30, 48, 60, 120)),
    *(Fraction(rate) for rate in (24, 25, 30, 48, 50, 60, 72, 75, 90, 96, 100, 120)),
)
_X264 = (("preset:v", "veryfast"), ("crf", "21"))
ENCODERS: tuple[Encoder, ...] = (
    # `prores` (prores_aw) makes the same ProRes at a fifth of the cost of prores_ks; Final Cut asks for Apple's vendor.
    Encoder("prores-proxy", "prores", "prores", "yuv422p10le", (("profile:v", "0"), ("vendor", "apl0")), fields=True),
    Encoder("dnxhr-lb", "dnxhd", "dnxhd", "yuv422p", (("profile:v", "dnxhr_lb"),), least=(256, 120)),
    Encoder(
        "dnxhr-lb-mxf", "dnxhd", "dnxhd", "yuv422p", (("profile:v", "dnxhr_lb"),),
        container="mxf", sound="pcm-48", least=(256, 120), rates=_MXF_RATES,
    ),
    Encoder("h264-intra", "h264", "libx264", "yuv420p", (*_X264, ("g", "1"))),
    # Closed groups of half a second and no frames out of order: quick to step through, a third of the size.
    Encoder("h264-short-gop", "h264", "libx264", "yuv420p", (*_X264, ("g", "12"), ("bf", "0"), ("flags:v", "+cgop"))),
    # Fast start: the index lies in front, so that a browser plays it while it loads.
    Encoder(
        "h264-screening", "h264", "libx264", "yuv420p",
        (("preset:v", "veryfast"), ("crf", "23"), ("profile:v", "high"), ("g", "50"), ("movflags", "+faststart")),
        container="mp4", sound="aac-mix",
    ),
    Encoder("wav-24", "pcm_s24le", "", "", (("write_bext", "1"), ("rf64", "auto")), container="wav", sound="pcm-48"),
)  # fmt: skip

_INTRA, _SHORT = (next(each for each in ENCODERS if each.name == name) for name in ("h264-intra", "h264-short-gop"))
_PRORES = ENCODERS[0]
_VAAPI = ("-init_hw_device", "vaapi=gpu:/dev/dri/renderD128", "-filter_hw_device", "gpu")
_APPLE_PRORES = replace(
    _PRORES, ffmpeg="prores_videotoolbox", pixel_format="p210le", options=(("profile:v", "proxy"),), fields=False
)


def _h264(ffmpeg: str, *quality: tuple[str, str]) -> tuple[Encoder, Encoder]:
    """Every frame a key frame, and short groups."""
    ways = ((_INTRA, "1"), (_SHORT, "12"))
    one, other = (replace(way, ffmpeg=ffmpeg, options=(("g", g), ("bf", "0"), *quality)) for way, g in ways)
    return one, other


# (hardware, encoder): the same file by another hand. None of it ran where this was written; the trial decides.
HARDWARE: tuple[tuple[str, Encoder], ...] = (
    *(("nvenc", way) for way in _h264("h264_nvenc", ("preset:v", "p4"), ("rc", "constqp"), ("qp", "23"))),
    *(("qsv", replace(way, pixel_format="nv12")) for way in _h264("h264_qsv", ("global_quality", "23"))),
    *(
        ("vaapi", replace(way, pixel_format="nv12", device=_VAAPI, upload=True))
        for way in _h264("h264_vaapi", ("qp", "23"))
    ),
    *(("videotoolbox", way) for way in _h264("h264_videotoolbox", ("q:v", "65"))),
    ("videotoolbox", _APPLE_PRORES),
)
