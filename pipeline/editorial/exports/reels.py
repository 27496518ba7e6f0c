"""Short reel names, and the table that leads back from them.

A reel and a timecode must name one frame of one file. Clips of one card and reel share a short
name as long as their timecodes do not overlap; where they do (or where there is no timecode), each
file has its own. Names that would be cut to the same letters all get a part that comes from a hash
of card, reel, folder and file instead, so that a name does not depend on what else lies in the cut's order. Names
are unique in the whole film, where its reels are given: two lists of it never give one name to two cards.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from hashlib import blake2s
from itertools import count, pairwise

import msgspec

from pipeline.editorial.exports.sources import Source
from pipeline.timecode import Rate

# What event lists mean by them: black, and an auxiliary source.
_RESERVED = frozenset({"BL", "AX", "NONE"})
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # 32, without those that are read as others
_HASHED = 4
_LENGTHS = (8, 32)  # of the tables that our exports are written with
_MILLISECONDS = Rate(1000)  # label time that clips of any rate can be compared in
_DAY = 24 * 60 * 60 * 1000

_SUFFIX = re.compile(r"\.[A-Za-z0-9]{2,4}$")
_OTHERS = re.compile(r"[^A-Z0-9]+")
_DIGIT = re.compile(r"\d")

Key = tuple[str, ...]


class ReelRow(msgspec.Struct, frozen=True, gc=False):
    """One line of the table: what the short name stands for. `path` is None while the volume is offline."""

    short: str
    reel: str
    card: str
    clip: str
    name: str
    path: str | None


def reel_table(
    sources: Iterable[Source], film: Iterable[tuple[str, str]] = (), *, length: int = 8
) -> dict[Source, ReelRow]:
    """The short reel name of each source: letters, digits and `_`, at most `length`, unique.

    `film` has card and reel of all clips of the film: a name is cut only where it is unique among those, too.
    """
    groups: dict[Key, list[Source]] = defaultdict(list)
    for source in dict.fromkeys(sources):
        groups[(source.card, source.reel or source.card or source.name)].append(source)
    keys = dict(_keyed(groups))
    short = _short_names(dict.fromkeys(keys.values()), film, length)
    return {
        source: ReelRow(short[key], source.reel, source.card, source.clip, source.name, source.path)
        for source, key in keys.items()
    }


def short_names(card: str, reel: str, clip: str, name: str, paths: Iterable[str]) -> frozenset[str]:
    """Every short name, of 8 and of 32 letters, that a table has for a clip: cut, or told apart by a hash.

    Which of them a table gave depends on what else lay in its cut; further attempts at a hash are left out.
    """
    key = (card, reel or card or name)
    apart = [(*key, clip, _tail(path)) for path in (*paths, name)]
    names = set()
    for length in _LENGTHS:
        wanted = _wanted(key, length)
        names.add(wanted[:length])
        names |= {next(_hashed(wanted[: length - _HASHED], each)) for each in (key, *apart)}
    return frozenset(names - _RESERVED - {""})


def short_stems(card: str, reel: str) -> frozenset[str]:
    """What short names of a clip are, or have before their hash; `reel` is its reel, else its card, else its name."""
    wanted = [(_wanted((card, reel), length), length) for length in _LENGTHS]
    return frozenset(stem for name, length in wanted for stem in (name[:length], name[: length - _HASHED]))


def may_be_short(name: str) -> tuple[str, str]:
    """The stems that a clip has one of whose short name this is."""
    return name, name[:-_HASHED]


def _keyed(groups: dict[Key, list[Source]]) -> Iterator[tuple[Source, Key]]:
    for key, members in groups.items():
        apart = _overlap(members)
        for source in members:
            yield source, (*key, source.clip, _tail(source.path or source.name)) if apart else key


def _tail(path: str) -> str:
    """Folder and file: what comes before them is another on each machine."""
    return "/".join(re.split(r"[/\\]", path)[-2:])


def _overlap(sources: list[Source]) -> bool:
    """Whether two files claim the same moment of the day, or one has no timecode to tell by."""
    if len({(source.path, source.name, source.clip) for source in sources}) < 2:
        return False
    if not all(source.timed for source in sources):
        return True
    spans: list[tuple[int, int]] = []
    for source in sources:
        begin = source.timecode(source.available.start).conformed(_MILLISECONDS).frame
        end = begin + source.available.duration * 1000 // source.rate.nominal
        spans += [(begin, min(end, _DAY)), (0, end - _DAY)] if end > _DAY else [(begin, end)]
    return any(later[0] < earlier[1] for earlier, later in pairwise(sorted(spans)))


def _short_names(keys: Iterable[Key], film: Iterable[tuple[str, str]], length: int) -> dict[Key, str]:
    wanted = {key: _wanted(key, length) for key in dict.fromkeys((*film, *keys))}
    claims = Counter(name[:length] for name in wanted.values())
    taken = claims.keys() | _RESERVED
    heads = {wanted[key][: length - _HASHED] for key in keys}
    names: dict[Key, str] = {}
    # Those of the film first and in order: which name a code comes upon second does not depend on the cut.
    for key in sorted((key for key, name in wanted.items() if name[: length - _HASHED] in heads), key=_order):
        name = wanted[key][:length]
        if claims[name] > 1 or not name or name in _RESERVED:
            name = next(made for made in _hashed(name[: length - _HASHED], key) if made not in taken)
            taken.add(name)
        names[key] = name
    return names


def _order(key: Key) -> tuple[int, Key]:
    return len(key), key


def _wanted(key: Key, length: int) -> str:
    """The name before it is cut; of a card's long folder name the last word, which is what people call the card."""
    name = _letters(key[1])
    last = name.rpartition("_")[2]
    return last if key[0] == key[1] and len(name) > length >= len(last) and _DIGIT.search(last) else name


def _letters(reel: str) -> str:
    """Capital letters, digits and `_`: what every reader of reels takes."""
    return _OTHERS.sub("_", _SUFFIX.sub("", reel).upper()).strip("_")


def _hashed(head: str, key: Key) -> Iterator[str]:
    for attempt in count():
        seed = "\x00".join((*key, str(attempt))).encode("utf-8", "replace")
        digest = int.from_bytes(blake2s(seed, digest_size=8).digest(), "big")
        yield head + "".join(_LETTERS[(digest >> (5 * place)) & 31] for place in range(_HASHED))
