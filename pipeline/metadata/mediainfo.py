"""What MediaInfo says, for containers that no reader here knows yet, and to fill what a reader leaves open.

MediaInfo is native code that reads untrusted bytes, so it runs in a process of its own
(`mediainfo_child.py`), which is told nothing but the bytes. Here its answer becomes findings.
"""

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from pipeline.clip import AudioStream
from pipeline.errors import MediaUnreadable
from pipeline.metadata.findings import Finding, cut_off, moment, parsed
from pipeline.timecode import Rate

ORIGIN = "mediainfo"
_CONTAINERS = {
    "MXF": "mxf", "Matroska": "mkv", "WebM": "mkv", "AVI": "avi", "MPEG-TS": "mpegts", "BDAV": "mpegts",
    "MPEG-PS": "mpegps", "Windows Media": "asf", "Flash Video": "flv", "FLAC": "flac", "Ogg": "ogg", "CAF": "caf",
    "Wave64": "w64", "Wave": "wav", "MPEG-4": "mp4", "QuickTime": "mov", "MPEG Audio": "mp3", "AIFF": "aiff",
}  # fmt: skip
_VIDEO = {
    "AVC": "h264", "HEVC": "hevc", "MPEG Video": "mpeg2video", "ProRes": "prores", "VC-3": "dnxhd", "JPEG": "mjpeg",
    "JPEG 2000": "jpeg2000", "DV": "dvvideo", "VP8": "vp8", "VP9": "vp9", "AV1": "av1", "MPEG-4 Visual": "mpeg4",
    "FFV1": "ffv1",
}  # fmt: skip
_SOUND = {
    "AAC": "aac",
    "AC-3": "ac3",
    "E-AC-3": "eac3",
    "MPEG Audio": "mp3",
    "FLAC": "flac",
    "Opus": "opus",
    "Vorbis": "vorbis",
    "DTS": "dts",
    "ALAC": "alac",
}
_PRIMARIES = {
    "BT.709": "bt709",
    "BT.601 PAL": "bt470bg",
    "BT.601 NTSC": "smpte170m",
    "BT.2020": "bt2020",
    "Display P3": "smpte432",
}
_TRANSFERS = {
    "BT.709": "bt709",
    "BT.601": "smpte170m",
    "PQ": "smpte2084",
    "HLG": "arib-std-b67",
    "BT.2020 (10-bit)": "bt2020-10",
}
_CHROMA = {"4:2:0": 420, "4:2:2": 422, "4:4:4": 444}
_COUNTED = ("frame_count", "samples_count", "istruncated")

Track = Mapping[str, Any]


def read(tracks: Sequence[Track], *, partial: bool = False) -> Iterator[Finding]:
    """Findings of MediaInfo's tracks; raises MediaUnreadable where it saw no track at all.

    `partial`: it did not see all of the file that it wanted to, and takes what it saw for all there is.
    """
    if partial:
        tracks = [{key: value for key, value in track.items() if key not in _COUNTED} for track in tracks]
    general = next((track for track in tracks if track.get("track_type") == "General"), {})
    pictures = [track for track in tracks if track.get("track_type") == "Video"]
    sounds = [track for track in tracks if track.get("track_type") == "Audio"]
    container = _CONTAINERS.get(str(general.get("format")))
    if container is None or len(tracks) < 2:
        raise MediaUnreadable("no picture or sound was found in it.")
    yield Finding("container", container, ORIGIN, "MediaInfo: General Format")
    if pictures:
        yield from _picture(pictures[0])
    audio = tuple(stream for track in sounds if (stream := _sound(track)))
    yield Finding("audio", audio, ORIGIN, "MediaInfo: Audio")
    yield from _timecode(tracks, pictures)
    yield from _general(general)
    if general.get("istruncated") == "Yes":
        yield from cut_off("MediaInfo: General IsTruncated")


def _picture(track: Track) -> Iterator[Finding]:
    depth, chroma = _whole(track.get("bit_depth")), _CHROMA.get(str(track.get("chroma_subsampling")))
    codec = _VIDEO.get(str(track.get("format")))
    variable = {"CFR": False, "VFR": True}.get(str(track.get("frame_rate_mode")))
    values = {
        "video_codec": codec,
        "width": _whole(track.get("stored_width")) or _whole(track.get("width")),
        "height": _whole(track.get("height")),
        "bit_depth": depth,
        "pixel_format": f"yuv{chroma}p" + ("" if depth == 8 else f"{depth}le") if depth and chroma else None,
        "average_rate" if variable else "rate": _rate(track),
        "vfr": variable,
        "frames": _whole(track.get("frame_count")) or None,
        "interlaced": {"Interlaced": True, "MBAFF": True, "PAFF": True, "Progressive": False}.get(
            str(track.get("scan_type"))
        ),
        "color_primaries": _PRIMARIES.get(str(track.get("color_primaries"))),
        "color_transfer": _TRANSFERS.get(str(track.get("transfer_characteristics"))),
        "color_range": {"Limited": "tv", "Full": "pc"}.get(str(track.get("color_range"))),
    }
    for key, value in values.items():
        if value is not None:
            yield Finding(key, value, ORIGIN, "MediaInfo: Video")


def _rate(track: Track) -> Rate | None:
    over, under = _whole(track.get("framerate_num")), _whole(track.get("framerate_den"))
    if over and under:
        return Rate.nearest(Fraction(over, under)) or Rate(over, under)
    text = str(track.get("frame_rate") or "")
    exact = Fraction(text) if text.replace(".", "", 1).isdecimal() else Fraction(0)
    return (Rate.nearest(exact) or Rate.of(exact)) if exact > 0 else None


def _sound(track: Track) -> AudioStream | None:
    channels, rate = _whole(track.get("channel_s")), _whole(track.get("sampling_rate"))
    name, depth = str(track.get("format")), _whole(track.get("bit_depth"))
    codec: str | None
    if name == "PCM" and depth:
        big = str(track.get("format_settings__endianness") or track.get("format_settings_endianness")) == "Big"
        codec = "pcm_u8" if depth == 8 else f"pcm_s{depth}{'be' if big else 'le'}"
    else:
        codec = _SOUND.get(name)
    if codec is None or not channels or not rate:
        return None
    return AudioStream(codec, channels, rate, _whole(track.get("samples_count")))


def _timecode(tracks: Sequence[Track], pictures: Sequence[Track]) -> Iterator[Finding]:
    """The first timecode track with a label at a rate that can carry it."""
    fallback = _rate(pictures[0]) if pictures else None
    for track in tracks:
        label = track.get("time_code_of_first_frame")
        rate = _rate(track) or fallback
        if label and rate and (code := parsed(str(label), rate)):
            yield Finding("start_timecode", code, ORIGIN, f"MediaInfo: {track.get('track_type')} TimeCode_FirstFrame")
            return


def _general(general: Track) -> Iterator[Finding]:
    """Dates of recording."""
    for name in ("recorded_date", "mastered_date"):
        if found := moment(str(general.get(name) or "")):
            yield Finding("recorded_at", found, ORIGIN, f"MediaInfo: General {name}")


def _whole(value: object) -> int | None:
    """A whole number from what MediaInfo writes as text or number; None otherwise."""
    try:
        return int(float(str(value))) if value is not None else None
    except (ValueError, OverflowError):
        return None
