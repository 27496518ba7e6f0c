"""Which clip of the log an event of an editor's timeline shows: by evidence, never by guessing.

Evidence, best first: the clip's id, the hash of its file, its path, its reel with timecode, its name
with timecode, its name or reel alone. A clip is only taken where no other fits as well; what fits
several is ambiguous and named with them. Timecode is compared as labels, since editors count a
source at the timeline's rate or without drop-frame.
"""

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from pipeline.editorial.exports.reels import may_be_short, short_names, short_stems
from pipeline.editorial.imports.known import (
    Known,
    Moment,
    Place,
    Shelf,
    card_names,
    file_keys,
    milliseconds,
    name_keys,
    path_parts,
    range_in,
    span_of,
)
from pipeline.editorial.imports.reading import ReadEvent
from pipeline.timecode import TimeRange

NO_REELS = frozenset({"", "AX", "BL", "NONE"})
MOST_CANDIDATES = 20  # that a result names
_SAID = 3  # that a sentence names
_WHOLE_PATH = 99
_DOUBTED = 0.5  # how sure the best evidence is for a clip that has no such frames


@dataclass(frozen=True, slots=True)
class Match:
    """What an event was found to be; `range` counts frames of the clip.

    Nothing found: no clip, confidence 0. Several found: no clip either, but candidates. `doubted`: found, but
    what the event takes lies outside of the clip.
    """

    clip: Known | None
    by: str
    confidence: float
    candidates: tuple[Known, ...]
    sentence: str
    range: TimeRange | None = None
    doubted: bool = False


@dataclass(frozen=True, slots=True)
class Index:
    """Clips by what events call them; `shorts` is made when a reel is found in no other way."""

    by_id: dict[str, Known]
    by_hash: dict[str, list[Known]]
    by_name: dict[str, Shelf]
    by_reel: dict[str, Shelf]
    by_file: dict[str, list[Place]]
    shorts: Callable[[], dict[str, Shelf]]


@dataclass(frozen=True, slots=True)
class _Said:
    """What an event says, in the forms that are compared: many clips are held against it.

    `names` are its own and its file's as they stand, `keys` their forms; `reel` is empty for none. `places` are the
    clips of which a file is called so, with how many names at the ends of the paths agree.
    """

    event: ReadEvent
    moment: Moment | None
    parts: list[str]
    names: frozenset[str]
    keys: tuple[str, ...]
    reel: str
    places: dict[str, tuple[int, Place]]


@dataclass(frozen=True, slots=True, order=True)
class _Evidence:
    """What speaks for a clip, comparable: `sure` first. `path` counts the folders that agree."""

    sure: float
    path: int
    reel: bool
    timed: bool
    name: int
    by: str


def index_of(
    clips: Iterable[Known],
    places: Iterable[Place],
    hashes: Iterable[tuple[str, str]],
    events: Sequence[ReadEvent] | None = None,
) -> Index:
    """An index of clips, their files, and (hash, clip id); with `events` only by what those call them."""
    by_id = {known.id: known for known in clips}
    by_name, by_reel = _shelved(events, by_id.values())
    by_hash: dict[str, list[Known]] = defaultdict(list)
    for text, clip in hashes:
        if clip in by_id:
            by_hash[text.casefold()].append(by_id[clip])
    by_file: dict[str, list[Place]] = defaultdict(list)
    for place in places:
        if place.clip in by_id:
            by_file[path_parts(place.path)[-1]].append(place)

    @cache
    def shorts() -> dict[str, Shelf]:
        return _shorts(by_id, by_file, None if events is None else _reels_of(events) - by_reel.keys())

    return Index(by_id, by_hash, by_name, by_reel, by_file, shorts)


class _All:
    """Every name."""

    def __contains__(self, name: object) -> bool:
        return name != ""


def _shelved(events: Sequence[ReadEvent] | None, clips: Iterable[Known]) -> tuple[dict[str, Shelf], dict[str, Shelf]]:
    """Clips by name and by reel, of those that the events use; a log has many more of both."""
    names: Container[str] = _All()
    reels: Container[str] = _All()
    if events is not None:
        names = {key for event in events for key in (*name_keys(event.name), *file_keys(event.file))}
        reels = _reels_of(events)
    by_name: dict[str, Shelf] = defaultdict(Shelf)
    by_reel: dict[str, Shelf] = defaultdict(Shelf)
    carded = cache(lambda card: [name for each in card_names(card) if (name := each.casefold()) in reels])
    for known in clips:
        own = name_keys(known.name)
        for key in own:
            if key in names:
                by_name[key].put(known)
        called = [*carded(known.card), *(key for key in (*own, known.reel.casefold()) if key in reels)]
        for key in dict.fromkeys(called) if called else ():
            by_reel[key].put(known)
    return by_name, by_reel


def _reels_of(events: Sequence[ReadEvent]) -> set[str]:
    return {event.reel.casefold() for event in events if event.reel.upper() not in NO_REELS}


def matched(events: Sequence[ReadEvent], index: Index) -> list[Match]:
    """A match for each event, in order; events that say the same are looked up once."""
    found: dict[tuple[object, ...], Match] = {}
    matches = []
    for event in events:
        said = (event.kind, event.id, event.hash, event.file, event.reel, event.name, event.source, event.media,
                event.rate, event.drop_frame)  # fmt: skip
        if said not in found:
            found[said] = match(event, index)
        matches.append(found[said])
    return matches


def match(event: ReadEvent, index: Index) -> Match:
    """The clip that an event shows, or why none is named."""
    said = _said(event, index)
    weighed = {known.id: (known, _evidence(said, known, index)) for known in _candidates(said, index)}
    fitting = sorted(
        ((evidence, known) for known, evidence in weighed.values() if evidence is not None),
        key=lambda pair: (pair[0], pair[1].id), reverse=True,
    )  # fmt: skip
    if not fitting:
        return _nothing(event, [known for known, _ in weighed.values()])
    best, known = fitting[0]
    rivals = [other for evidence, other in fitting[1:] if _rivals(evidence, best)]
    if rivals:
        return _ambiguous(event, [known, *rivals])
    timed = _shows(said, known)
    outside = timed is False
    others = [other for evidence, other in fitting[1:] if _contradicts(evidence, best, outside=outside)]
    if others:
        return _contradicted(event, best, [known, *others], by="reel or name and timecode")
    if not best.name and best.by not in ("id", "hash"):
        called = [other for other, evidence in weighed.values() if evidence is None and _is_called(said, other)]
        if called:  # it bears the name of a clip that does not run then: no new name of this one
            return _contradicted(event, best, [known, *called], by="name")
    place = said.places.get(known.id)
    span = range_in(event, known, place[1].before if place else 0)
    if outside and span is not None and not span.duration:
        return Match(known, best.by, _DOUBTED, (), _found(said, known, best, timed=timed), span, doubted=True)
    return Match(known, best.by, best.sure, (), _found(said, known, best, timed=timed), span)


def _said(event: ReadEvent, index: Index) -> _Said:
    parts = path_parts(event.file)
    names = frozenset((event.name.casefold(), *parts[-1:]))
    keys = tuple(dict.fromkeys((*(name_keys(parts[-1]) if parts else ()), *name_keys(event.name))))
    reel = "" if event.reel.upper() in NO_REELS else event.reel.casefold()
    return _Said(event, milliseconds(event), parts, names, keys, reel, _places(event, parts, index))


def _candidates(said: _Said, index: Index) -> list[Known]:
    """Clips that anything speaks for; a picture is never one of a clip that is only sound."""
    event, moment = said.event, said.moment
    found: dict[str, Known] = {}
    if event.id in index.by_id:
        found[event.id] = index.by_id[event.id]
    for known in index.by_hash.get(event.hash.casefold(), ()) if event.hash else ():
        found[known.id] = known
    found |= {clip: index.by_id[clip] for clip in said.places}
    for shelf in _shelves(said, index):
        found |= {known.id: known for known in (shelf.all if moment is None else shelf.near(moment))}
    return [known for known in found.values() if not (known.sound and event.kind == "Video")]


def _shelves(said: _Said, index: Index) -> list[Shelf]:
    shelves = [index.by_name[key] for key in said.keys if key in index.by_name]
    if reel := said.reel:
        own = [index.by_reel[reel]] if reel in index.by_reel else []
        shelves += own or [index.shorts()[reel]] if own or reel in index.shorts() else []
    return shelves


def _places(event: ReadEvent, file: list[str], index: Index) -> dict[str, tuple[int, Place]]:
    """The clips of which a file is called as the event's, and how many names at the ends of the paths agree."""
    parts = file or [event.name.strip().casefold()]
    found: dict[str, tuple[int, Place]] = {}
    for place in index.by_file.get(parts[-1], ()):
        own = path_parts(place.path)
        alike = next(
            (n for n, (one, other) in enumerate(zip(reversed(own), reversed(parts), strict=False)) if one != other),
            min(len(own), len(parts)),
        )
        level = _WHOLE_PATH if own == parts else alike
        if level > found.get(place.clip, (0, place))[0]:
            found[place.clip] = (level, place)
    return found


def _evidence(said: _Said, known: Known, index: Index) -> _Evidence | None:
    """What speaks for a clip; None where its timecode speaks against it and nothing stronger for it."""
    event = said.event
    alike = said.places[known.id][0] if known.id in said.places else 0
    path = alike if alike > 1 else 0
    name = 2 if alike else _name_level(said, known)
    reel = _is_reel(said, known, index)
    timed = _shows(said, known)
    if event.id == known.id:
        return _Evidence(1.0, path, reel, timed is True, name, "id")
    if event.hash and known in index.by_hash.get(event.hash.casefold(), ()):
        return _Evidence(1.0, path, reel, timed is True, name, "hash")
    if path == _WHOLE_PATH:
        return _Evidence(0.99 if timed is not False else 0.9, path, reel, timed is True, name, "path")
    if timed is False:
        return None
    if path:
        carded = any(part in said.parts[-path:] for part in path_parts(known.card))
        return _Evidence(0.95 if carded else 0.8, path, reel, bool(timed), name, "path")
    if timed and reel:
        return _Evidence(0.98 if name else 0.95, path, reel, timed, name, "reel and timecode")
    if timed and name:
        return _Evidence(0.9, path, reel, timed, name, "name and timecode")
    if name:
        return _Evidence(0.7 if reel else 0.6, path, reel, timed=False, name=name, by="name")
    return _Evidence(0.5, path, reel, timed=False, name=name, by="reel") if reel else None


def _rivals(other: _Evidence, best: _Evidence) -> bool:
    """Whether another clip fits as well: in all that was compared, or by a better name or path at the same moment."""
    if best.by in ("id", "hash"):
        return other.by == best.by
    if (other.sure, other.path, other.reel, other.timed, other.name) == (
        best.sure, best.path, best.reel, best.timed, best.name,
    ):  # fmt: skip
        return True
    contrary = other.name > best.name or (other.reel and not best.reel)
    return best.path != _WHOLE_PATH and contrary and other.timed == best.timed and other.path == best.path


def _contradicts(other: _Evidence, best: _Evidence, *, outside: bool) -> bool:
    """Whether timecode shows another clip than the one whose id, hash or path the event has; `outside` of that."""
    if best.path == _WHOLE_PATH and best.by == "path" and other.timed and other.reel and not best.reel:
        return True
    return outside and other.timed and (other.reel or other.name > 0)


def _is_called(said: _Said, known: Known) -> bool:
    """Whether an event bears a clip's name, which says that it is this one whatever its timecode says."""
    return known.id in said.places or _name_level(said, known) > 0


def _name_level(said: _Said, known: Known) -> int:
    """2: the file's own name; 1: the same without its ending or the editor's number of a copy."""
    if known.name.casefold() in said.names:
        return 2
    return int(not set(said.keys).isdisjoint(name_keys(known.name)))


def _reels(known: Known) -> set[str]:
    """What an editor may call its tape: the reel that the file states, its card, its own name."""
    return {name.casefold() for name in (known.reel, *card_names(known.card)) if name} | set(name_keys(known.name))


def _is_reel(said: _Said, known: Known, index: Index) -> bool:
    reel = said.reel
    if not reel:
        return False
    if reel in _reels(known):
        return True
    return reel not in index.by_reel and reel in index.shorts() and known in index.shorts()[reel].all


def _shorts(clips: dict[str, Known], files: dict[str, list[Place]], reels: set[str] | None) -> dict[str, Shelf]:
    """Clips by the short reels that our own lists and tables give them; of `reels` alone where those are given."""
    stems = None if reels is None else {stem for reel in reels for stem in may_be_short(reel)}

    @cache
    def asked(card: str, reel: str) -> bool:
        return stems is None or any(stem.casefold() in stems for stem in short_stems(card, reel))

    paths: dict[str, list[str]] = defaultdict(list)
    for places in files.values():
        for place in places:
            paths[place.clip].append(place.path)
    shelves: dict[str, Shelf] = defaultdict(Shelf)
    for known in clips.values():
        if asked(known.card, known.reel or known.card or known.name):
            for short in short_names(known.card, known.reel, known.id, known.name, paths[known.id]):
                shelves[short.casefold()].put(known)
    return shelves


def _shows(said: _Said, known: Known) -> bool | None:
    """Whether a clip has the timecode that an event takes; None where either has none.

    An editor that knows no timecode counts from the head of the file: that speaks neither for nor against.
    """
    event, moment, span = said.event, said.moment, span_of(known)
    if event.media is not None and known.frames is not None and moment is None:
        return None if event.media.start <= known.frames else False
    if moment is None or span is None:
        return None
    if any(span.start - moment.slack <= at < span.end + moment.slack for at in (moment.at, moment.at + 86_400_000)):
        return True
    length = span.end - span.start
    return None if moment.at + moment.length <= length + moment.slack else False


# --- sentences ------------------------------------------------------------------------------------


def _found(said: _Said, known: Known, evidence: _Evidence, *, timed: bool | None) -> str:
    remark = ""
    if timed is False:
        remark = ", though it has no such timecode"
    elif timed is None and said.moment is not None and known.start is not None:
        remark = ", counted from its first frame"
    return f"{known.name} ({known.card}), by {evidence.by}{remark}."


def _nothing(event: ReadEvent, near: Sequence[Known]) -> Match:
    """No clip: what was looked for, and those that only timecode speaks against."""
    asked = _asked(event)
    if near:
        verb = "has" if len(near) == 1 else "have"
        sentence = f"{_named(near)} {verb} no frames at the timecode of {asked}."
        return Match(None, "", 0.0, tuple(near[:MOST_CANDIDATES]), sentence)
    return Match(None, "", 0.0, (), f"No clip of the log fits {asked}.")


def _ambiguous(event: ReadEvent, fitting: Sequence[Known]) -> Match:
    sentence = f"{len(fitting)} clips fit {_asked(event)} equally well: {_named(fitting)}."
    return Match(None, "", 0.0, tuple(fitting[:MOST_CANDIDATES]), sentence)


def _contradicted(event: ReadEvent, best: _Evidence, fitting: Sequence[Known], *, by: str) -> Match:
    sentence = f"{_asked(event)} is {_named(fitting[:1])} by {best.by}, but by {by} {_named(fitting[1:])}."
    return Match(None, "", 0.0, tuple(fitting[:MOST_CANDIDATES]), sentence)


def _asked(event: ReadEvent) -> str:
    said = [f"'{event.name or event.file}'"] if event.name or event.file else []
    said += [f"reel {event.reel}"] if event.reel.upper() not in NO_REELS else []
    moment = milliseconds(event)
    said += [f"at {moment.label}"] if moment else []
    return ", ".join(said) or "an event without name, reel or timecode"


def _named(clips: Sequence[Known]) -> str:
    names = [f"{known.name} ({known.card})" for known in clips[:_SAID]]
    more = f" and {len(clips) - _SAID} more" if len(clips) > _SAID else ""
    return ", ".join(names) + more
