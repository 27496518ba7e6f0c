"""The picture's way through the graph: small first, then Rec. 709, then frame by frame in time; and the stills."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from pipeline.clip import Clip, VideoStream
from pipeline.proxies.colours import as_rec_709
from pipeline.proxies.geometry import Size, fitted, proxy_size
from pipeline.proxies.glance import EVERY, SIDE
from pipeline.proxies.job import from_first_whole
from pipeline.proxies.presets import Preset
from pipeline.timecode import Rate, Timecode

POSTER_LONG_SIDE = 640
TILE_LONG_SIDE = 160
TILES = 12
_TILE_GAP = 2
_STILL_PIXELS = "yuv420p"
_SIGN = 0.62  # of its size a sign is wide: those of a monospaced font, and most others on average
_LEAST_TEXT = 8  # pixels
_MARGINS = 6  # signs: beside and between name and timecode
_TAIL = 8  # signs of a shortened name that are its end

Stream = Any  # ffmpeg-python has no types


@dataclass(frozen=True, slots=True)
class Look:
    """What a picture shall be: its size, ffmpeg's pixel format, and whether fields stay fields."""

    size: Size
    pixel_format: str
    fields: bool

    @classmethod
    def of(cls, video: VideoStream, preset: Preset | None) -> "Look":
        """The look a preset asks for; without a preset that of stills alone."""
        if preset is None:
            return cls(proxy_size(video, POSTER_LONG_SIDE), _STILL_PIXELS, fields=False)
        size = proxy_size(video, preset.height, preset.divisor)
        whole = size.height == video.height and not video.rotation
        # Fields survive where the encoder knows them and no line is lost or turned.
        fields = bool(video.interlaced and preset.codec.fields and whole)
        return cls(size, preset.codec.pixel_format, fields)


def small(stream: Stream, video: VideoStream, look: Look, cube: Path | None = None) -> Stream:
    """The picture at its final size, upright (ffmpeg turns it), square pixels, Rec. 709, studio range.

    A `cube` leads there by its own way: it takes the picture as recorded and gives Rec. 709.
    """
    if video.interlaced:
        mode = {"tff": "tff", "bff": "bff"}.get(video.field_order or "", "auto")
        stream = stream.filter("setparams", field_mode=mode) if mode != "auto" else stream
    if video.interlaced is not False and not look.fields:  # untold: fields may come out of the decoder
        stream = stream.filter("bwdif", mode="send_frame", deint="interlaced")
    scale: dict[str, Any] = {"flags": "bilinear"}
    if look.fields:
        scale["interl"] = 1
    stream = as_rec_709(stream, video, look.size, scale, cube)
    stream = stream.filter("format", look.pixel_format).filter("setsar", 1)
    return stream.filter("setparams", color_primaries="bt709", color_trc="bt709", colorspace="bt709", range="tv")


def timed(stream: Stream, video: VideoStream, rate: Rate, frames: int) -> Stream:
    """Every decoded picture is the next frame at `rate`; a variable rate is first made constant.

    Numbering, not rounding of time stamps: a missing picture makes the proxy shorter and is found out,
    where the fps filter would repeat its neighbour and hide it.
    """
    if video.vfr:
        # The last picture lasts to the clip's end: it is repeated as often as its length asks, at most.
        stream = stream.filter("fps", str(rate), start_time=0, eof_action="pass")
        stream = stream.filter("tpad", stop=2, stop_mode="clone").filter("trim", end_frame=frames)
    # In a coarse time base every duration becomes 0, unknown: a longer one would repeat its picture.
    stream = stream.filter("settb", 1000).filter("settb", f"{rate.denominator}/{rate.numerator}")
    return stream.filter("setpts", "N")


def opened(stream: Stream, clip: Clip) -> Stream:
    """The pictures from the first that can be decoded on."""
    whole = from_first_whole(clip)
    return stream.filter("select", whole) if whole else stream


def filled(stream: Stream, rate: Rate, frames: int, start: Fraction) -> Stream:
    """Each picture of a damaged part on the frame of its time, holes filled, exactly `frames` long."""
    stream = stream.filter("setpts", f"PTS-({start.numerator}/{start.denominator})/TB")
    stream = stream.filter("fps", str(rate), start_time=0, eof_action="pass")
    return stream.filter("tpad", stop=-1, stop_mode="clone").filter("trim", end_frame=frames)


def blackened(stream: Stream, held: Sequence[tuple[int, int]]) -> Stream:
    """Black on the frames (runs of first and count) that could not be read: nobody takes black for footage."""
    if not held:
        return stream
    spans = "+".join(f"between(n,{first},{first + count - 1})" for first, count in held)
    return stream.filter("drawbox", color="black", t="fill", enable=spans)


def burnt(stream: Stream, preset: Preset, look: Look, *, name: str, start: Timecode) -> Stream:
    """The picture with what the preset wants written into it: clip name and timecode below, a watermark across."""
    size = _text_size(look)
    low = {"y": "h-th-th/2", "fontsize": size, "box": 1, "boxcolor": "black@0.5", "boxborderw": size // 4}
    font = {"fontfile": preset.font} if preset.font else {"font": "Mono"}
    if "name" in preset.burn:
        beside = len(str(start)) if "timecode" in preset.burn else 0
        text = _shortened(_plain(name), int(look.size.width / (size * _SIGN)) - beside - _MARGINS)
        told = {"text": text, "expansion": "none", "x": "th", "fontcolor": "white"}
        stream = stream.filter("drawtext", **told, **low, **font) if text else stream
    if "timecode" in preset.burn:
        counted = {"timecode": str(start), "timecode_rate": str(start.rate)}
        stream = stream.filter("drawtext", **counted, x="w-tw-th", fontcolor="white", **low, **font)
    if preset.watermark:
        stream = stream.filter(
            "drawtext", text=_plain(preset.watermark), expansion="none", x="(w-tw)/2", y="(h-th)/2",
            fontsize=_watermark_size(preset, look), fontcolor="white@0.25", **font,
        )  # fmt: skip
    return stream


def written_bands(preset: Preset, look: Look) -> tuple[tuple[float, float], ...]:
    """Where a preset writes into the picture, with some room: from and to, as shares of its height."""
    high = look.size.height
    low = (1 - 2.5 * _text_size(look) / high, 1.0)
    across = _watermark_size(preset, look) / high
    return (*([low] if preset.burn else []), *([(0.5 - across, 0.5 + across)] if preset.watermark else []))


def _text_size(look: Look) -> int:
    """A line of text in a wide picture; in a narrow one so small that a timecode and a short name fit side by side."""
    return max(_LEAST_TEXT, min(max(10, look.size.height // 24), look.size.width // 20))


def _watermark_size(preset: Preset, look: Look) -> int:
    """Twice as large as other text, as long as all of it fits across."""
    widest = int(look.size.width / (_SIGN * (len(preset.watermark) + 1)))
    return max(_LEAST_TEXT, min(2 * _text_size(look), widest))


def _shortened(name: str, signs: int) -> str:
    """The beginning and the end of a name that has no room: these tell names apart."""
    if len(name) <= signs:
        return name
    tail = max(0, min(_TAIL, signs - 3))
    return f"{name[: max(0, signs - 3 - tail)]}...{name[len(name) - tail :]}" if signs > len("...") else ""


def _plain(text: str) -> str:
    """Text that ffmpeg can draw: what is no printable sign is shown as a question mark."""
    return "".join(sign if sign.isprintable() and sign.encode("utf-8", "replace") != b"?" else "?" for sign in text)


def stills(stream: Stream, look: Look, frames: int, kinds: Sequence[str]) -> list[Stream]:
    """Poster and filmstrip (those of `kinds`) out of the small picture: few frames are kept, then scaled.

    The poster is the most typical of the frames kept, which a black or flashed one never is.
    """
    numbers = still_frames(frames)
    kept = stream.filter("select", "+".join(f"eq(n,{number})" for number in numbers))
    if look.fields:
        kept = kept.filter("field", "top")
    kept = _jpeg_picture(kept, fitted(look.size, long_side=POSTER_LONG_SIDE))
    roads = split(kept, len(kinds))
    return [
        _poster(road, len(numbers)) if kind == "poster" else _filmstrip(road, look, len(numbers))
        for kind, road in zip(kinds, roads, strict=True)
    ]


def glanced(stream: Stream) -> Stream:
    """Every so many frames as a small grey picture, by which the clip is known again."""
    kept = stream.filter("select", f"not(mod(n,{EVERY}))")
    return kept.filter("scale", SIDE, SIDE, flags="area").filter("format", "gray")


def _poster(stream: Stream, count: int) -> Stream:
    return stream.filter("thumbnail", n=count) if count > 1 else stream


def _filmstrip(stream: Stream, look: Look, count: int) -> Stream:
    tile = fitted(look.size, long_side=TILE_LONG_SIDE)
    small_tile = stream.filter("scale", tile.width, tile.height, flags="area")
    return small_tile.filter("tile", f"{count}x1", padding=_TILE_GAP, color="0x181818")


def _jpeg_picture(stream: Stream, size: Size) -> Stream:
    """A picture as JPEG means it: full range, Rec. 601 matrix."""
    return stream.filter(
        "scale", size.width, size.height, flags="area", out_color_matrix="bt601", out_range="pc"
    ).filter("format", "yuvj420p").filter("setsar", 1)  # fmt: skip


def still_frames(frames: int) -> tuple[int, ...]:
    """The frames that stills show: at most TILES, in the middle of equal shares of the clip."""
    tiles = max(1, min(TILES, frames))
    return tuple(int(Fraction(2 * tile + 1, 2) * frames / tiles) for tile in range(tiles))


def split(stream: Stream, ways: int, *, sound: bool = False) -> list[Stream]:
    """The same stream for `ways` uses."""
    if ways == 1:
        return [stream]
    many = stream.filter_multi_output("asplit" if sound else "split", ways)
    return [many[way] for way in range(ways)]
