"""From what a recording says of its colours to Rec. 709, on the picture at its final size; and which it cannot be.

Codes and formulas of matrices, curves and primaries: ITU-T H.273.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

from pipeline.clip import VideoStream
from pipeline.proxies.geometry import Size

UNTOLD = (None, "unknown", "unspecified")
_HDR = frozenset({"smpte2084", "arib-std-b67"})
# Other primaries than Rec. 709's, as zimg shall read them: SD's, in which nobody records log; BT.2020, Display P3, and
# DCI P3 with its white left white.
_SD = ("smpte170m", "bt470bg", "smpte240m", "bt470m", "ebu3213")
_PRIMARIES = {**{each: each for each in _SD}, "bt2020": "bt2020", "smpte432": "smpte432", "smpte431": "smpte432"}
# What light the signal stands for, by its transfer: a display's (ITU-R BT.1886) but for those that have their own.
_DISPLAY = ("bt709", "smpte170m", "smpte240m", "iec61966-2-4", "bt2020-10", "bt2020-12")
_CURVES = {**dict.fromkeys(_DISPLAY, "bt709"), "iec61966-2-1": "iec61966-2-1", "bt470m": "bt470m", "bt470bg": "bt470bg"}
# Matrices that swscale reads as they are meant.
PLAIN = frozenset({"bt709", "fcc", "bt470bg", "smpte170m", "smpte240m", "bt2020nc"})
_HD_PIXELS, _SD_LINES = 1280, 576  # at least, at most
_CONSTANT = frozenset({"bt2020c", "chroma-derived-c"})
# Red, green or blue of constant luminance: zimg goes to light by a camera's curve (ITU-R BT.709 and BT.2020) and back
# by a display's (BT.1886), which this takes back.
_LIGHT = "pow(val/maxval,2.4)"
_CAMERA = f"maxval*if(lt({_LIGHT},0.01806),4.5*{_LIGHT},1.0993*pow({_LIGHT},0.45)-0.0993)"

Stream = Any  # ffmpeg-python has no types


def is_hdr(video: VideoStream) -> bool:
    """Whether the picture needs tone mapping to look right in Rec. 709 (PQ, HLG)."""
    return video.color_transfer in _HDR


def curve_of(video: VideoStream) -> str | None:
    """The curve by which colours of other primaries than Rec. 709's become light, as ffmpeg names it.

    None where the primaries are no others, and where the file tells no such curve: that is how log is recorded.
    """
    if video.color_transfer in UNTOLD:
        return "bt709" if video.color_primaries in _SD else None
    return _CURVES.get(video.color_transfer) if video.color_primaries in _PRIMARIES else None


def matrix_read(video: VideoStream) -> str:
    """The matrix by which YCbCr is read: the one stated; where none is, that of Rec. 709 for HD, 601 for SD.

    HD is what has more lines or is wider, as pictures in the shape of the cinema's are. JPEG has but that of Rec. 601
    (ITU-T T.871). It is named, as decoders of DNxHD and of reserved codes say another.
    """
    if video.video_codec == "mjpeg":
        return "smpte170m"
    if video.color_matrix in PLAIN:
        return video.color_matrix
    return "bt709" if (video.height or 0) > _SD_LINES or (video.width or 0) >= _HD_PIXELS else "smpte170m"


def why_not_rec_709(video: VideoStream) -> str:
    """Why a picture's colours cannot be converted, after the clip's name, with what to do; empty where they can."""
    if _matrix_known(video):
        return ""
    told = f"its matrix is {video.color_matrix}, its transfer {video.color_transfer or 'not told'}"
    return (
        f"tells its colours in a way that no ffmpeg converts ({told}); export it as ProRes or DNxHR in Rec. 709 from a "
        "program that shows it right, and ingest that copy."
    )


def _matrix_known(video: VideoStream) -> bool:
    """Whether the two libraries at hand know how a picture's matrix is meant: swscale by itself, zimg as zscale."""
    matrix, transfer = video.color_matrix, video.color_transfer
    if matrix == "ictcp":  # defined for PQ and HLG alone (ITU-R BT.2100); zimg is wrong by up to 4 % at HLG
        return transfer == "smpte2084"
    if matrix == "bt2020c" and is_hdr(video):  # BT.2100 knows none of constant luminance: a wrong label of the other
        return True
    if matrix in _CONSTANT and transfer not in (*UNTOLD, *_DISPLAY):
        return False
    if matrix in ("chroma-derived-nc", "chroma-derived-c"):
        return video.color_primaries not in UNTOLD
    return matrix in (*UNTOLD, *PLAIN, *_CONSTANT, "gbr", "ycgco")


def as_rec_709(stream: Stream, video: VideoStream, size: Size, scale: dict[str, Any], cube: Path | None) -> Stream:
    """The picture at its final size, in Rec. 709; `scale` are more options of the scaler, `cube` is its look."""
    if video.color_matrix not in (*UNTOLD, *PLAIN, "gbr") and not (video.color_matrix == "bt2020c" and is_hdr(video)):
        stream, video = _as_rgb(stream, video, size, scale)
    matrix = matrix_read(video)
    recorded = scale | {"in_color_matrix": matrix}
    narrow = {"out_color_matrix": "bt709", "out_range": "tv"}
    if cube:  # as RGB of ten bits; without the matrices named, ffmpeg goes by Rec. 601
        stream = stream.filter("scale", size.width, size.height, **recorded).filter("format", "gbrp10le")
        stream = stream.filter("lut3d", file=str(cube), interp="tetrahedral")
        fields = {"interl": 1} if "interl" in scale else {}
        return stream.filter("scale", **narrow, **fields)
    if is_hdr(video):
        return _tone_mapped(_tagged(stream, video).filter("scale", size.width, size.height, **scale), video)
    curve = curve_of(video)
    if matrix == "bt709" and not curve:
        return stream.filter("scale", size.width, size.height, **recorded, **narrow)
    # swscale would go from matrix to matrix by RGB of eight bits, up to two levels too dark.
    stream = stream.filter("scale", size.width, size.height, **recorded, out_color_matrix=matrix, out_range="tv")
    return _converted(stream, video, matrix, curve)


def _as_rgb(stream: Stream, video: VideoStream, size: Size, scale: dict[str, Any]) -> tuple[Stream, VideoStream]:
    """A picture of a matrix that swscale does not know, as RGB: it scales it under another's name, zimg converts it."""
    matrix, primaries = video.color_matrix, video.color_primaries
    curve = "smpte2084" if matrix == "ictcp" else "bt709"
    colours = primaries if primaries not in UNTOLD else "bt2020"
    told = {"primariesin": colours, "transferin": curve, "matrixin": matrix, "agamma": 0}
    stream = stream.filter("setparams", colorspace="bt709").filter("scale", size.width, size.height, **scale)
    stream = stream.filter("format", "yuv444p12le").filter(
        "zscale", **told, primaries=colours, transfer=curve, matrix="gbr", range="full"
    )
    stream = stream.filter("format", "gbrp12le")
    if matrix in _CONSTANT:
        stream = stream.filter("lutrgb", r=_CAMERA, g=_CAMERA, b=_CAMERA)
    return stream, replace(video, color_matrix="gbr", color_range="pc")


def _tagged(stream: Stream, video: VideoStream) -> Stream:
    """An HDR picture with all its tags: zscale takes none with half of them, swscale none of constant luminance."""
    primaries = video.color_primaries if video.color_primaries not in UNTOLD else "bt2020"
    matrix = video.color_matrix if video.color_matrix not in (*UNTOLD, "bt2020c") else "bt2020nc"
    return stream.filter("setparams", color_primaries=primaries, color_trc=video.color_transfer, colorspace=matrix)


def _tone_mapped(stream: Stream, video: VideoStream) -> Stream:
    """PQ or HLG brought to Rec. 709; 203 nits is reference white (ITU-R BT.2408).

    Up to 30 % of that all is as bright as it was meant to be; above, it is bent to keep what is brighter than white.
    """
    # HLG's colours are as bright as their luminance says (ITU-R BT.2100); zimg's quick way takes each by itself.
    exact = {"agamma": 0} if video.color_transfer == "arib-std-b67" else {}
    stream = stream.filter("zscale", transfer="linear", npl=203, **exact).filter("format", "gbrpf32le")
    stream = stream.filter("zscale", primaries="bt709").filter("tonemap", tonemap="mobius", desat=0)
    return stream.filter("zscale", transfer="bt709", matrix="bt709", range="limited")


def _converted(stream: Stream, video: VideoStream, matrix: str, curve: str | None) -> Stream:
    """Colours of another matrix as that of Rec. 709 writes them; with a curve also those of other primaries, in linear
    light (ITU-R BT.2407): greys stay what they were.

    4:2:2, so that no chroma crosses from field to field.
    """
    code = "7" if matrix == "smpte240m" else matrix  # whose name ffmpeg 5 misspells
    told: dict[str, Any] = {"matrixin": code, "rangein": "limited", "matrix": "bt709", "range": "limited"}
    if curve:
        primaries = _PRIMARIES[video.color_primaries or ""]
        told |= {"primariesin": primaries, "transferin": curve, "primaries": "bt709", "transfer": curve, "agamma": 0}
    return stream.filter("format", "yuv422p10le").filter("zscale", **told)
