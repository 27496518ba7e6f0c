"""AVI recordings, OpenDML ones too, and the DV that cameras put into them (Microsoft AVI RIFF; OpenDML 1.02).

The header lists the streams, an index at the end (or, in OpenDML, in the header) counts their chunks. Of
the pictures only the first is looked at. What devices write of themselves is read by avi_cameras.py.
"""

import struct
from collections.abc import Iterator, Mapping
from fractions import Fraction

from pipeline.clip import AudioStream
from pipeline.errors import MediaUnreadable
from pipeline.metadata import avi_cameras, dv, xmp
from pipeline.metadata.avi_layout import (
    PICTURES,
    SOUND,
    Counted,
    Recording,
    Stream,
    counted,
    first_chunk,
    read_recording,
)
from pipeline.metadata.findings import Finding, cut_off, left_open, parsed, text_of
from pipeline.metadata.h26x import PictureHeader
from pipeline.metadata.source import ByteSource
from pipeline.metadata.streams import SAMPLE_BYTES, frame_header, jpeg_height
from pipeline.metadata.wav import wave_format
from pipeline.timecode import Rate

ORIGIN = "structure"
_NO_LENGTH = "It was never closed: nothing in it counts its frames. Repair it in the camera, or copy it again."
_NEAR = Fraction(1, 2000)  # relative
_FASTEST = 1000

# ffmpeg's codec names by the four letters of the bitmap header, in any letter case.
_CODECS: dict[str, str] = {
    **dict.fromkeys(("mjpg", "avrn", "jpeg", "jpgl", "dmb1", "mjpa", "avdj", "ijpg"), "mjpeg"),
    **dict.fromkeys(("dvsd", "dvsl", "dvhd", "dv25", "dv50", "dvh1", "cdvc", "cdvh", "cdv5", "dvcs"), "dvvideo"),
    **dict.fromkeys(("xvid", "divx", "dx50", "fmp4", "mp4v", "3iv2", "m4s2", "mp4s", "rmp4", "smp4", "blz0"), "mpeg4"),
    **dict.fromkeys(("h264", "x264", "avc1", "davc", "vssh", "ai12", "ai15", "ai1q", "ai5q"), "h264"),
    **dict.fromkeys(("hevc", "h265", "hev1", "hvc1"), "hevc"),
    **dict.fromkeys(("mpg2", "mpeg", "mp2v", "m701", "m702", "m704", "slif"), "mpeg2video"),
    **dict.fromkeys(("mp43", "div3", "div4", "mpg3", "col1"), "msmpeg4v3"),
    **dict.fromkeys(("\0\0\0\0", "uyvy", "yuy2", "yv12", "i420", "iyuv", "y42b", "2vuy", "hdyc"), "rawvideo"),
    **dict.fromkeys(("ulrg", "ulra", "uly0", "uly2", "uly4", "ulh0", "ulh2", "ulh4", "uqy2"), "utvideo"),
    **dict.fromkeys(("apco", "apcs", "apcn", "apch", "ap4h"), "prores"),
    "mp42": "msmpeg4v2", "wmv1": "wmv1", "wmv2": "wmv2", "wmv3": "wmv3", "vp80": "vp8", "vp90": "vp9", "av01": "av1",
    "ffv1": "ffv1", "hfyu": "huffyuv", "ffvh": "ffvhuff", "lags": "lagarith", "magy": "magicyuv", "v210": "v210",
    "cfhd": "cfhd", "avdn": "dnxhd", "avdh": "dnxhd", "mjp2": "jpeg2000", "mj2c": "jpeg2000", "cvid": "cinepak",
    "cram": "msvideo1", "msvc": "msvideo1", "h263": "h263", "png ": "png", "mpng": "png", "tscc": "tscc",
}  # fmt: skip
# Pixels that are stored as they are: format and depth.
_STORED: dict[str, tuple[str, int]] = {
    **dict.fromkeys(("uyvy", "2vuy", "hdyc"), ("uyvy422", 8)),
    **dict.fromkeys(("yv12", "i420", "iyuv"), ("yuv420p", 8)),
    "yuy2": ("yuyv422", 8), "y42b": ("yuv422p", 8), "v210": ("yuv422p10le", 10),
}  # fmt: skip


def recognises(head: bytes) -> bool:
    """An AVI whose header announces picture or sound: one of subtitles alone is a disguised playlist."""
    announced = any(head[at + 8 : at + 12] in (*PICTURES, SOUND) for at in _places(head, b"strh"))
    return head[:4] == b"RIFF" and head[8:12] == b"AVI " and announced and b"#EXTM3U" not in head


def _places(head: bytes, word: bytes) -> Iterator[int]:
    at = head.find(word)
    while at >= 0:
        yield at
        at = head.find(word, at + 1)


def read(source: ByteSource) -> Iterator[Finding]:
    """Raises MediaUnreadable where the header lists no stream."""
    recording = read_recording(source)
    yield Finding("container", "avi", ORIGIN, "RIFF header")
    if recording.cut:
        yield from cut_off("RIFF header")
    index = counted(source, recording)
    picture = next((stream for stream in recording.streams if stream.kind in PICTURES), None)
    rate = _rate(picture, recording) if picture else None
    if picture and rate:
        yield Finding("rate", rate, ORIGIN, "stream header")
        yield Finding("vfr", False, ORIGIN, "stream header", "AVI has one rate for all frames")
    if picture:
        yield from _frames(recording, picture, index)
        yield from _picture(source, recording, picture)
    yield from _sounds(source, recording, index)
    yield from _notes(recording, rate)
    yield from avi_cameras.read(recording.notes)


def _rate(picture: Stream, recording: Recording) -> Rate | None:
    """Frames a second: cameras write the time of a frame in microseconds, a little off the rate they mean."""
    if picture.rate and picture.scale:
        exact = Fraction(picture.rate, picture.scale)
    elif recording.frame_time:
        exact = Fraction(1_000_000, recording.frame_time)
    else:
        return None
    if not exact <= _FASTEST:
        return None
    whole = round(exact)
    return Rate.nearest(exact) or (Rate(whole) if whole and abs(exact - whole) <= whole * _NEAR else Rate.of(exact))


def _frames(recording: Recording, picture: Stream, index: Mapping[int, Counted]) -> Iterator[Finding]:
    """What counts the frames, best first: an index lists what is there, headers say what should be."""
    listed = index[picture.number].chunks if picture.number in index else 0
    places = (
        (picture.indexed or listed, "index"),
        (picture.length, "stream header"),
        (recording.total, "OpenDML header"),
    )
    known = [(frames, where) for frames, where in places if 0 < frames < 1 << 31]
    yield from (Finding("frames", frames, ORIGIN, where) for frames, where in known)
    if not known:
        yield Finding("warnings", _NO_LENGTH, ORIGIN, "stream header")


def _picture(source: ByteSource, recording: Recording, stream: Stream) -> Iterator[Finding]:
    dv_inside = stream.kind == b"iavs" or _CODECS.get(_letters(stream)) == "dvvideo"
    start = first_chunk(source, recording, stream.number, dv.HEAD if dv_inside else SAMPLE_BYTES)
    form = dv.form_of(start) if dv_inside else None
    if form:
        yield from dv.picture_findings(start, form)
        yield from dv.notes(start, form)
    elif len(stream.form) >= 20:
        yield from _bitmap(stream, start)


def _letters(stream: Stream) -> str:
    return stream.form[16:20].decode("latin-1").lower()


def _bitmap(stream: Stream, start: bytes) -> Iterator[Finding]:
    """A bitmap header: size, four letters, and what the first picture adds to that."""
    width, height, _, bits = struct.unpack_from("<iiHH", stream.form, 4)
    width, height, letters = abs(width), abs(height), _letters(stream)  # a negative height: stored from the top
    codec = _CODECS.get(letters)
    header = frame_header(codec, start) if codec else PictureHeader()
    if codec is None:
        yield left_open("stream format")
    stored, depth = ("bgr24", 8) if letters == "\0\0\0\0" and bits == 24 else _STORED.get(letters, (None, None))
    shape = stream.shape * height / width if stream.shape and width and height else None
    values = {
        "video_codec": (codec, "stream format"),
        "width": (width or None, "stream format"),
        "height": (height or None, "stream format"),
        "pixel_aspect": (shape, "video properties header"),
        "interlaced": (_fields(stream, codec, height, start), "first picture or video properties header"),
        "pixel_format": (header.pixel_format or stored, "first picture or stream format"),
        "bit_depth": (header.bit_depth or depth, "first picture or stream format"),
        "color_primaries": (header.colour.primaries, "first picture"),
        "color_transfer": (header.colour.transfer, "first picture"),
        "color_matrix": (header.colour.matrix, "first picture"),
        "color_range": (header.colour.range, "first picture"),
    }
    yield from (Finding(key, value, ORIGIN, where) for key, (value, where) in values.items() if value is not None)


def _fields(stream: Stream, codec: str | None, height: int, start: bytes) -> bool | None:
    """Whether a frame is two fields: Motion JPEG stores each as a picture of half the height."""
    if codec == "mjpeg" and (lines := jpeg_height(start)):
        return 2 * lines <= height
    said = frame_header(codec, start).fields if codec else None
    return said if said is not None or stream.fields not in (1, 2) else stream.fields == 2


def _sounds(source: ByteSource, recording: Recording, index: Mapping[int, Counted]) -> Iterator[Finding]:
    """All sound streams, or none where one of them is in a form that is not known."""
    found: list[AudioStream] = []
    for stream in recording.streams:
        if stream.kind == b"iavs":
            found += dv.sound_of(first_chunk(source, recording, stream.number, dv.HEAD))
        elif stream.kind == SOUND:
            sound = _sound(stream, index.get(stream.number), cut=recording.cut)
            if sound is None:
                yield left_open("stream format")
                return
            found.append(sound)
    yield Finding("audio", tuple(found), ORIGIN, "stream formats")
    names = [stream.name or "" for stream in recording.streams if stream.kind == SOUND]
    if any(names):
        yield Finding("track_names", tuple(names), ORIGIN, "stream names")


def _sound(stream: Stream, listed: Counted | None, *, cut: bool) -> AudioStream | None:
    """A wave format; linear sound lasts as long as the index says, else the stream header."""
    try:
        sound, block = wave_format(stream.form)
    except (MediaUnreadable, struct.error):
        return None
    if cut or not sound.codec.startswith("pcm"):
        return sound
    return AudioStream(
        sound.codec, sound.channels, sound.sample_rate, listed.size // block if listed else stream.length or None
    )


def _notes(recording: Recording, rate: Rate | None) -> Iterator[Finding]:
    """Timecode and reel that capture programs wrote, and XMP."""
    for kind, data in recording.notes:
        if kind in (b"ISMP", b"tc_O") and rate and (code := parsed(text_of(data) or "", rate)):
            yield Finding("start_timecode", code, avi_cameras.ORIGIN, f"{kind.decode()} chunk")
        elif kind in (b"TAPE", b"rn_O") and (reel := text_of(data)):
            yield Finding("reel", reel, avi_cameras.ORIGIN, f"{kind.decode()} chunk")
        elif kind == b"_PMX":
            yield from xmp.read(data.split(b"<?xpacket end")[0], "XMP in the AVI")
