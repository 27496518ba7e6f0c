"""Whether the events of a cut or of an editor's timeline show what they say: by pictures, not by counting links.

What an event shows at its first and last frame is held against the clip that it means: its pictures from ingest, or its
proxy. Between takes that look alike, and between frames of one take, the better fit decides.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pipeline.catalogue.store import Catalogue
from pipeline.clip import shown as printable
from pipeline.delivery.asks import Ask, Handed, Log, asks_of, event_of_file, lanes_of, like_cut, picture_events
from pipeline.delivery.cuts import MadeCut
from pipeline.delivery.doubts import Doubt, Plan, changes, closer, doubts_of, plan_of
from pipeline.delivery.looking import NOTHING, Eye
from pipeline.film import Film

# Differences of glance.difference: 0 the same picture, 2 unrelated ones.
_NOISE = 0.002  # less is the coding
_CLEARLY = 0.5  # another clip fits better where its difference is that much smaller
_OTHER = 0.35  # no grade goes so far


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an event was found to be: `right`, `wrong` or `unsure`; a sentence says why it is not right.

    `event` counts on its video track from 1; `difference` is that of the worse of first and last frame, `against` what
    it was held: pictures from `ingest`, the `proxy` or the `original`.
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
    against: str = ""


def conform_cut(film: Film, catalogue: Catalogue, made: MadeCut) -> tuple[Verdict, ...]:
    """Hold the originals that a saved cut uses against what ingest saw of them, event by event."""
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
    plans = [plan_of(ask, log) for ask in asks]
    eye.look(view for plan in plans for view in plan.at_ingest)
    eye.look(view for plan in plans if plan.fitting(eye) is None for view in plan.views)
    doubts = {n: doubts_of(plan, log) for n, plan in enumerate(plans) if (_apart(plan, eye) or 0.0) > _NOISE}
    eye.look(view for several in doubts.values() for doubt in several for view in doubt.pair.views)
    return tuple(_judge(plan, doubts.get(n, ()), log, eye) for n, plan in enumerate(plans))


def _apart(plan: Plan, eye: Eye) -> float | None:
    pair = plan.fitting(eye)
    return eye.apart(pair.witness, pair.shown) if pair else None


def _judge(plan: Plan, doubts: Sequence[Doubt], log: Log, eye: Eye) -> Verdict:
    ask, pair = plan.ask, plan.fitting(eye)
    file = next((str(view.path) for view in plan.shown if view), ask.file)
    verdict = Verdict(
        ask.track, ask.event, ask.record, ask.clip, printable(ask.name), printable(file), "unsure", line=ask.line,
        against=pair.by if pair else "",
    )  # fmt: skip
    if ask.sentence:
        return replace(verdict, sentence=ask.sentence)
    if plan.shown == NOTHING and ask.shown is not None:
        return replace(verdict, verdict="wrong", sentence="its file has no frames at this place")
    apart = _apart(plan, eye)
    if pair is None or apart is None:
        why = "its first and last frame are too plain to tell" if pair else _unseen(plan, eye)
        return replace(verdict, sentence=why)
    verdict = replace(verdict, difference=round(apart, 4))
    sentence = _shows_else(plan, doubts, apart, log, eye)
    if sentence or apart > _OTHER:
        return replace(verdict, verdict="wrong", sentence=sentence or "it shows other pictures")
    return replace(verdict, verdict="right")


def _unseen(plan: Plan, eye: Eye) -> str:
    """Why nothing was seen that could be compared."""
    ask = plan.ask
    blind = next((eye.blind[view.path] for view in plan.shown if view and view.path in eye.blind), "")
    if blind:
        return blind
    if plan.shown == NOTHING and ask.clip and ask.range is None:
        return "nothing says which frames of its clip it takes"
    if plan.shown == NOTHING:
        return "its clip has no frames there" if ask.range and not ask.range.duration else "its original is offline"
    return "there is no proxy or original beside it to hold it against"


def _shows_else(plan: Plan, doubts: Sequence[Doubt], apart: float, log: Log, eye: Eye) -> str:
    """What fits far better than what is meant, in words; empty where nothing does."""
    best = _best(plan, doubts, apart, eye)
    if best is None:
        return ""
    if not best.later:
        rival = log.known[best.clip]
        return f"it shows {rival.name} ({rival.card})"
    around = closer(plan, best, log)
    eye.look(view for doubt in around for view in doubt.pair.views)
    exact = _best(plan, around, apart, eye) or best
    frames = "1 frame" if abs(exact.later) == 1 else f"{abs(exact.later)} frames"
    return f"it shows its take about {frames} {'later' if exact.later > 0 else 'earlier'}"


def _best(plan: Plan, doubts: Iterable[Doubt], apart: float, eye: Eye) -> Doubt | None:
    """The doubt that fits best, if it fits clearly."""
    clear: dict[Doubt, float] = {}
    for doubt in doubts:
        fits = eye.apart(doubt.pair.witness, doubt.pair.shown)
        if fits is not None and fits < _CLEARLY * (_misfit(plan, doubt, eye) if doubt.later else apart):
            clear[doubt] = fits
    return min(clear, key=lambda doubt: clear[doubt], default=None)


def _misfit(plan: Plan, doubt: Doubt, eye: Eye) -> float:
    """How far the meant frames are apart at the ends that a doubt tells of; 0 where the picture stands still."""
    now, then = (eye.ends(each.witness, each.shown) for each in (plan.pairs[0], doubt.pair))
    apart = max((a for a, b in zip(now, then, strict=True) if a is not None and b is not None), default=0.0)
    return apart if changes(plan, doubt.later, eye) >= _CLEARLY * apart else 0.0
