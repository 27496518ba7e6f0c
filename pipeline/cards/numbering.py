"""What the numbers in names tell: which lie between the first and the last of a card and are not there.

A camera that numbers on from card to card begins anywhere, and a counter may be set anew: only what
lies between neighbours is missed. Whether it was deleted in the camera nobody can tell from names.
"""

import re
from collections.abc import Iterable
from itertools import pairwise

from pipeline.cards.structure import CardFile
from pipeline.clip import shown

_FARTHEST = 100  # a longer jump is a counter set anew
_MOST_NAMED = 3


def gaps(files: Iterable[CardFile], name: re.Pattern[bytes], *, before: bytes = b"") -> list[str]:
    """A sentence for each series of names with numbers missing.

    `name` has two groups, series and number; `before` is what stands before a number that is named.
    """
    series: dict[bytes, dict[int, bytes]] = {}
    for file in files:
        if match := name.match(file.stem):
            series.setdefault(match[1] + before, {}).setdefault(int(match[2]), match[2])
    return [sentence for kept, numbers in series.items() if (sentence := _sentence(kept, numbers))]


def _sentence(kept: bytes, numbers: dict[int, bytes]) -> str:
    """`numbers` are those that are there, each as it is written."""
    holes = [
        (before + 1, after - 1, len(numbers[before]))
        for before, after in pairwise(sorted(numbers))
        if 1 < after - before <= _FARTHEST
    ]
    if not holes:
        return ""
    runs = [
        _named(kept, first, width) + (f" to {_named(kept, last, width)}" if last > first else "")
        for first, last, width in holes
    ]
    more = len(runs) - _MOST_NAMED
    told = ", ".join(runs[:_MOST_NAMED]) + (f" and {more} more such gaps" if more > 0 else "")
    one = len(runs) == 1 and holes[0][0] == holes[0][1]
    return (
        f"{told} {'is' if one else 'are'} missing among the numbers: deleted in the camera, or not copied; "
        "look at the card."
    )


def _named(kept: bytes, number: int, width: int) -> str:
    return shown(kept + b"%0*d" % (width, number))
