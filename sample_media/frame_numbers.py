"""The number that every picture of the sample media carries, drawn and read.

Two rows of 16 equal cells lie across the full width at the top of the picture as shown upright;
each row is one sixteenth of its height. White is 1, black is 0, the highest bit comes first:

    row 1   1 0   14 bits: the frame, from 0 over the whole recording (chapters continue)
    row 2   0 1   8 bits: the clip, 6 bits: (frame + 7 x clip) modulo 61

The two cells in front of each row (white black, black white) and the check bits tell a numbered
picture from any other. Cells are fractions of the picture, so scaling to any size, square pixels
or not, and compression leave them readable; a rotated picture has to be shown upright first.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

CELLS = 16
ROWS = 2
ROW_HEIGHT = 16  # a row is the picture's height divided by this
FRAME_BITS, CLIP_BITS, CHECK_BITS = 14, 8, 6
BLACK, WHITE = 24, 228  # luma, inside the video range so that no conversion clips it
_CONTRAST = 60  # least difference between white and black cells
_CHECK = 61


def draw_number(luma: NDArray[np.uint8], *, clip: int, frame: int) -> None:
    """Write both numbers into the top of an upright luma plane, in place."""
    height, width = luma.shape
    for row, cells in enumerate(_cells(clip, frame)):
        top, bottom = row * height // ROW_HEIGHT, (row + 1) * height // ROW_HEIGHT
        for column, bit in enumerate(cells):
            left, right = column * width // CELLS, (column + 1) * width // CELLS
            luma[top:bottom, left:right] = WHITE if bit else BLACK


def read_number(picture: NDArray[np.uint8]) -> tuple[int, int] | None:
    """(clip number, frame number) of an upright picture given as 2-D luma; None if it carries none."""
    means = _means(picture)
    if means is None:
        return None
    white, black = (means[0, 0] + means[1, 1]) / 2, (means[0, 1] + means[1, 0]) / 2
    unclear = np.abs(means - (white + black) / 2) < (white - black) / 8
    if white - black < _CONTRAST or unclear.any():
        return None
    bits = means > (white + black) / 2
    clip = _number(bits[1, 2 : 2 + CLIP_BITS].tolist())
    frame = _number(bits[0, 2:].tolist())
    if bits.tolist() != [[bool(cell) for cell in row] for row in _cells(clip, frame)]:
        return None
    return clip, frame


def _cells(clip: int, frame: int) -> tuple[list[int], list[int]]:
    check = (frame + 7 * clip) % _CHECK
    first = [1, 0, *_bits(frame, FRAME_BITS)]
    second = [0, 1, *_bits(clip, CLIP_BITS), *_bits(check, CHECK_BITS)]
    return first, second


def _means(picture: NDArray[np.uint8]) -> NDArray[np.float64] | None:
    """The mean luma of the middle of each cell, so that soft edges do not count."""
    height, width = picture.shape
    row, column = height / ROW_HEIGHT, width / CELLS
    if row < 2 or column < 4:
        return None
    means = np.empty((ROWS, CELLS))
    for y in range(ROWS):
        top, bottom = int((y + 0.3) * row), max(int((y + 0.3) * row) + 1, int((y + 0.7) * row))
        for x in range(CELLS):
            left, right = int((x + 0.3) * column), int((x + 0.7) * column)
            means[y, x] = picture[top:bottom, left : max(left + 1, right)].mean()
    return means


def _bits(number: int, count: int) -> list[int]:
    return [number >> place & 1 for place in reversed(range(count))]


def _number(bits: Sequence[bool]) -> int:
    return int("".join("1" if bit else "0" for bit in bits), 2)
