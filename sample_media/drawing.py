"""Pictures and sound of the sample media, drawn from whole numbers only: the same on any machine.

Kaptagat is ochre under a warm sky, Vienna cool green and grey; each subject has its own motif.
"""

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from frame_numbers import draw_number
from numpy.typing import NDArray

Plane = NDArray[np.int32]
Colour = tuple[int, int, int]

SAMPLE_RATE = 48000
_LOUDNESS = 1300  # of 32767: about -28 dB
_CLICK = 240  # samples: 5 ms at the start of each second


@dataclass(frozen=True, slots=True)
class Palette:
    sky: Colour
    haze: Colour
    far: Colour
    near: Colour
    ground: Colour
    figure: Colour
    accent: Colour


KAPTAGAT = Palette(
    sky=(244, 196, 120), haze=(250, 226, 178), far=(196, 138, 84), near=(150, 88, 46),
    ground=(188, 104, 52), figure=(66, 32, 24), accent=(208, 44, 36),
)  # fmt: skip
VIENNA = Palette(
    sky=(150, 176, 190), haze=(212, 222, 220), far=(128, 158, 142), near=(70, 110, 88),
    ground=(118, 126, 126), figure=(34, 46, 54), accent=(232, 240, 236),
)  # fmt: skip


RED_EARTH: Colour = (160, 72, 44)


@dataclass(frozen=True, slots=True)
class Scene:
    """What a recording shows: a motif in a place's colours, drawn at a moment counted in frames."""

    palette: Palette
    motif: Callable[["Canvas", Palette, int], None]


class Canvas:
    """An RGB picture with soft-edged shapes. Lengths are thousandths of the shown picture's height, x from
    the middle, so that every size and pixel shape shows the same."""

    def __init__(self, width: int, height: int, shown_width: int) -> None:
        y, x = np.mgrid[0:height, 0:width].astype(np.int32)
        self.y: Plane = (2 * y + 1) * 500 // height
        self.x: Plane = ((2 * x + 1 - width) * 500 * shown_width) // (width * height)
        self.soft = 1000 // height + 1
        self.rgb: NDArray[np.int32] = np.zeros((height, width, 3), np.int32)

    def mix(self, colour: Colour, share: Plane, part: tuple[slice, slice] = (slice(None), slice(None))) -> None:
        """Lay `colour` over the picture or a part of it; `share` is 0 to 256 for each pixel."""
        self.rgb[part] += (np.array(colour, np.int32) - self.rgb[part]) * share[..., None] >> 8

    def below(self, edge: Plane | int, colour: Colour) -> None:
        self.mix(colour, np.clip((self.y - edge) * 256 // self.soft, 0, 256))

    def fade(self, top: int, bottom: int, colours: tuple[Colour, Colour]) -> None:
        """From one colour at height `top` to another at `bottom`, and on below."""
        self.below(top, colours[0])
        self.mix(colours[1], np.clip((self.y - top) * 256 // (bottom - top), 0, 256))

    def disc(self, centre: tuple[int, int], radii: tuple[int, int], colour: Colour) -> None:
        (x, y), (wide, high) = centre, radii
        columns = np.searchsorted(self.x[0], (x - wide - self.soft, x + wide + self.soft))
        rows = np.searchsorted(self.y[:, 0], (y - high - self.soft, y + high + self.soft))
        part = slice(*rows.tolist()), slice(*columns.tolist())
        distance = ((self.x[part] - x) * high // wide) ** 2 + (self.y[part] - y) ** 2
        self.mix(colour, np.clip((high * high - distance) * 128 // (high * self.soft), 0, 256), part)

    def stripe(self, slant: Plane, width: int, colour: Colour) -> None:
        self.mix(colour, np.clip((width - np.abs(slant)) * 256 // self.soft, 0, 256))


def wave(value: Plane | int, period: int) -> Plane:
    """A soft wave between -256 and 256, made of parabolas."""
    turn = np.asarray(value, np.int32) * 1024 // period % 1024
    half = turn % 512
    arch = half * (512 - half) >> 8
    return np.where(turn < 512, arch, -arch).astype(np.int32)


def _backdrop(canvas: Canvas, palette: Palette, moment: int) -> None:
    canvas.fade(0, 520, (palette.sky, palette.haze))
    for height, depth, period, drift, colour in ((430, 50, 900, 1, palette.far), (520, 36, 560, 2, palette.near)):
        canvas.below(height - wave(canvas.x + drift * moment, period) * depth // 256, colour)
    canvas.fade(610, 1000, (palette.ground, palette.near))


def _runner(canvas: Canvas, palette: Palette, place: tuple[int, int], size: int, moment: int) -> None:
    """Head, shirt and legs; the legs swing and the whole bobs with every step."""
    x, y = place[0], place[1] - abs(int(wave(moment, 14))) * size // 2600
    swing = int(wave(moment, 14)) * size // 700
    canvas.disc((x, place[1] + size * 2), (size * 3 // 4, size // 7), palette.near)
    for side in (-1, 1):
        canvas.disc((x + side * swing, y + size * 3 // 2), (size // 6, size * 11 // 20), palette.figure)
    canvas.disc((x, y + size // 2), (size * 2 // 5, size * 7 // 10), palette.accent)
    canvas.disc((x + size // 10, y - size // 2), (size // 3, size // 3), palette.figure)


def morning_run(canvas: Canvas, palette: Palette, moment: int) -> None:
    """A low sun, a road, and a few runners who cross the picture."""
    _backdrop(canvas, palette, moment)
    canvas.disc((420 - moment, 260), (90, 90), palette.haze)
    span = 2 * int(canvas.x.max()) + 300
    for number, size in enumerate((70, 86, 100)):
        x = (moment * 9 + number * 330) % span - span // 2
        _runner(canvas, palette, (x, 560 + 60 * number), size, moment + 5 * number)


def pacemakers(canvas: Canvas, palette: Palette, moment: int) -> None:
    """The arrowhead of pacemakers on a road that comes towards us."""
    _backdrop(canvas, palette, moment)
    canvas.mix(palette.haze, np.where(((canvas.y - 610) * 9 - moment * 60) % 1100 < 500, 256, 0).astype(np.int32)
               * (np.abs(canvas.x) * 22 < canvas.y - 600))  # fmt: skip
    for column, row in ((-2, 0), (2, 0), (-1, 1), (1, 1), (0, 2)):
        sway = int(wave(moment + 9 * column, 40)) * 8 // 256
        _runner(canvas, palette, (column * 190 + sway, 500 + 70 * row), 74 + 14 * row, moment + 3 * column)


def interview(canvas: Canvas, palette: Palette, moment: int) -> None:
    """Head and shoulders off the middle, a window behind, leaves that move."""
    canvas.fade(0, 1000, (palette.near, palette.figure))
    canvas.mix(palette.haze, ((np.abs(canvas.x - 330) < 250) & (np.abs(canvas.y - 400) < 250)).astype(np.int32) * 230)
    for number in range(6):
        place = (180 + number * 62 + int(wave(moment + 20 * number, 90)) // 16, 560 - number % 3 * 90)
        canvas.disc(place, (54, 40), palette.far)
    nod = int(wave(moment, 46)) * 14 // 256
    canvas.disc((-230, 1060), (340, 360), palette.accent)
    canvas.disc((-230 + nod // 2, 690), (90, 140), palette.figure)
    canvas.disc((-230 + nod, 500 + abs(nod)), (150, 190), palette.figure)
    canvas.disc((-170 + nod, 520 + abs(nod)), (84, 120), palette.far)


def aerial(canvas: Canvas, palette: Palette, moment: int) -> None:
    """Fields from above, a red road across them, runners as dots on it."""
    canvas.fade(0, 1000, (palette.far, palette.ground))
    y = canvas.y + moment * 4
    shade = ((canvas.x + y // 3) // 260 * 37 + y // 210 * 53) % 5
    for step, colour in ((0, palette.near), (2, palette.sky), (4, (112, 116, 58))):
        canvas.mix(colour, np.where(shade == step, 120, 0).astype(np.int32))
    road = canvas.x - wave(y, 1700) * 180 // 256 - 40
    canvas.stripe(road, 46, palette.haze)
    canvas.stripe(road, 38, RED_EARTH)
    for number in range(7):
        along = (900 - number * 60 - moment * 3) % 1000
        across = int(wave(along + moment * 4, 1700)) * 180 // 256 + 40
        canvas.disc((across + number % 2 * 24 - 12, along), (11, 14), palette.figure)


def planes(scene: Scene, *, size: tuple[int, int], shown_width: int, number: tuple[int, int], moment: int) -> tuple[
    NDArray[np.uint8], NDArray[np.uint8], NDArray[np.uint8]
]:  # fmt: skip
    """Y, Cb and Cr at full size (Rec. 709, video range) of an upright picture with its (clip, frame) number."""
    canvas = Canvas(size[0], size[1], shown_width)
    scene.motif(canvas, scene.palette, moment)
    red, green, blue = (canvas.rgb[..., channel] for channel in range(3))
    y = 16 + ((11966 * red + 40254 * green + 4064 * blue + 32768) >> 16)
    cb = 128 + ((-6596 * red - 22189 * green + 28785 * blue + 32768) >> 16)
    cr = 128 + ((28785 * red - 26146 * green - 2639 * blue + 32768) >> 16)
    luma = y.astype(np.uint8)
    draw_number(luma, clip=number[0], frame=number[1])
    grey = slice(0, -(-size[1] // 8))
    cb[grey], cr[grey] = 128, 128
    return luma, cb.astype(np.uint8), cr.astype(np.uint8)


def tone(pitch: int, samples: int, *, begin: int = 0) -> NDArray[np.int32]:
    """A quiet tone of `pitch` Hz with a click at each full second, 16 bit; `begin` is the first sample's number."""
    at = np.arange(begin, begin + samples, dtype=np.int64)
    phase = at * pitch * 1024 // SAMPLE_RATE % 1024
    half = phase % 512
    arch = half * (512 - half) >> 8
    sound = np.where(phase < 512, arch, -arch) * _LOUDNESS >> 8
    click = at % SAMPLE_RATE
    ring = np.where(click // 12 % 2 == 0, 1, -1) * (_CLICK - click) * 24
    return np.where(click < _CLICK, ring, sound).astype(np.int32)


def samples(frames: int, rate: Fraction) -> int:
    """Audio samples that last as long as `frames`, to the nearest."""
    return round(frames * SAMPLE_RATE / rate)
