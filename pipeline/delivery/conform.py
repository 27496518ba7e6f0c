"""Whether the events of a cut or of an editor's timeline show what they say: by pictures, not by counting links.

What an event shows at its first and last frame is held against the proxy of the clip that it means. Between takes
that look alike the better fit decides.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from pipeline.catalogue.store import Catalogue
from pipeline.clip import shown as printable
from pipeline.delivery.asks import (
    NOTHING,
    Ask,
    Handed,
    Log,
    asks_of,
    event_of_file,
    lanes_of,
    like_cut,
    own_sights,
    picture_events,
)
from pipeline.delivery.cuts import MadeCut
from pipeline.delivery.looking import Eye, Sight, original_sight, proxy_sight
from pipeline.editorial.imports.known import Known, Moment, span_of
from pipeline.film import Film

# Differences of glance.difference: 0 the same picture, 2 unrelated ones.
_NOISE = 0.002  # less is the coding
_CLEARLY = 0.5  # another clip fits better where its difference is that much smaller
_OTHER = 0.35  # no grade goes so far
_RIVALS = 8  # clips that an event is held against
_NEIGHBOURS = 2  # of its card, before and after


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an event was found to be: `right`, `wrong` or `unsure`; a sentence says why it is not right.

    `event` counts on its video track from 1; `difference` is that of the worse of first and last frame.
    """

    track: int
    event: int
    record: str
    clip: str
    name: str
    file: str
    verdict: str
    sentence: str = ""
    difference: float | None = None
    line: int | None = None


def conform_cut(film: Film, catalogue: Catalogue, made: MadeCut) -> tuple[Verdict, ...]:
    """Hold the originals that a saved cut uses against the proxies, event by event."""
    log = Log(film, catalogue)
    asks = [ask for ask, _ in asks_of(made, log)]
    return _judged(asks, log)


def conform_file(film: Film, catalogue: Catalogue, handed: Handed, like: MadeCut | None = None) -> tuple[Verdict, ...]:
    """Hold what an editor's timeline shows against what its words say, or against the cut that it should be `like`."""
    log = Log(film, catalogue, handed)
    asks = [event_of_file(event, number, log) for event, number in picture_events(handed.timeline)]
    if like is not None:
        lanes = lanes_of(like, handed.timeline, log)
        events = [event for event, _ in picture_events(handed.timeline)]
        asks = [like_cut(ask, event, lanes, log) for ask, event in zip(asks, events, strict=True)]
    return _judged(asks, log)


def _judged(asks: Sequence[Ask], log: Log) -> tuple[Verdict, ...]:
    eye = Eye(log.catalogue, log.film.settings.tools.ffmpeg)
    proxies, originals = zip(*(own_sights(ask, log) for ask in asks), strict=True) if asks else ((), ())
    shown = [ask.shown or original or NOTHING for ask, original in zip(asks, originals, strict=True)]
    eye.look(view for sights in (proxies, originals, shown) for sight in sights if sight for view in sight)
    plans = zip(asks, proxies, originals, shown, strict=True)
    return tuple(_judge(ask, seen, (proxy, original), log, eye) for ask, proxy, original, seen in plans)


def _judge(ask: Ask, shown: Sight, witnesses: Iterable[Sight | None], log: Log, eye: Eye) -> Verdict:
    file = next((str(view.path) for view in shown if view), ask.file)
    verdict = Verdict(
        ask.track, ask.event, ask.record, ask.clip, printable(ask.name), printable(file), "unsure", line=ask.line
    )
    if ask.sentence:
        return replace(verdict, sentence=ask.sentence)
    if shown == NOTHING and ask.shown is not None:
        return replace(verdict, verdict="wrong", sentence="its file has no frames at this place")
    witness = next((each for each in witnesses if each and _is_other(each, shown, eye)), None)
    if witness is None:
        why = _unseen(ask, shown, eye) or "there is no proxy or original beside it to hold it against"
        return replace(verdict, sentence=why)
    apart = eye.apart(witness, shown)
    if apart is None:
        why = _unseen(ask, shown, eye) or "its first and last frame are too plain to tell"
        return replace(verdict, sentence=why)
    verdict = replace(verdict, difference=round(apart, 4))
    if apart <= _NOISE:
        return replace(verdict, verdict="right")
    rival, distance = _best_rival(ask, shown, log, eye)
    if rival is not None and distance < _CLEARLY * apart:
        return replace(verdict, verdict="wrong", sentence=f"it shows {rival.name} ({rival.card})")
    if apart > _OTHER:
        return replace(verdict, verdict="wrong", sentence="it shows other pictures")
    return replace(verdict, verdict="right")


def _is_other(witness: Sight, shown: Sight, eye: Eye) -> bool:
    """Whether a sight is of another file than what is shown, and was seen."""
    files = {view.path for view in shown if view}
    return any(view in eye.seen and view.path not in files for view in witness if view)


def _unseen(ask: Ask, shown: Sight, eye: Eye) -> str:
    """Why nothing was seen of what is shown; empty where it was seen."""
    blind = next((eye.blind[view.path] for view in shown if view and view.path in eye.blind), "")
    if blind:
        return blind
    if shown == NOTHING:
        return "its clip has no frames there" if ask.range and not ask.range.duration else "its original is offline"
    return ""


def _best_rival(ask: Ask, shown: Sight, log: Log, eye: Eye) -> tuple[Known | None, float]:
    """Of the clips that could be mistaken for the meant one, the one that fits best what is shown."""
    assert ask.range is not None
    sights: dict[str, Sight] = {}
    for known, first in _rivals(ask, log):
        found = log.clip(known.id)
        if found is not None:
            clip, media = found
            ends = first, first + ask.range.duration - 1
            proxy = proxy_sight(media, *ends)
            sights[known.id] = proxy if proxy != NOTHING else original_sight(clip, media, *ends)
    eye.look(view for sight in sights.values() for view in sight)
    found_apart = {id_: eye.apart(sight, shown) for id_, sight in sights.items()}
    best = min(
        (pair for pair in found_apart.items() if pair[1] is not None), key=lambda pair: pair[1] or 0.0, default=None
    )
    return (log.known[best[0]], best[1] or 0.0) if best else (None, 2.0)


def _rivals(ask: Ask, log: Log) -> Iterator[tuple[Known, int]]:
    """Clips that lie beside the meant one on its card or bear its timecode, each with the frame that would be meant."""
    own = log.known.get(ask.clip)
    if own is None or ask.range is None:
        return
    place = bisect_left(log.by_card, (own.card, own.name, own.id), key=lambda each: (each.card, each.name, each.id))
    near = log.by_card[max(0, place - _NEIGHBOURS) : place + _NEIGHBOURS + 1]
    linked = [log.known[ask.linked]] if ask.linked in log.known else []
    span = span_of(own)
    timed = log.timed.near(Moment(span.start, span.end - span.start, 1, "")) if span else ()
    several = {known.id: known for known in (*linked, *islice(timed, _RIVALS), *near) if known.id != own.id}
    for known in islice(several.values(), _RIVALS):
        first = ask.range.start
        if own.start and known.start and own.start.rate == known.start.rate:
            by_label = first + own.start.frame - known.start.frame
            first = by_label if 0 <= by_label < (known.frames or 0) else first
        if first + ask.range.duration <= (known.frames or 0):
            yield known, first
