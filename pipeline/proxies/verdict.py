"""The verdict on a proxy: measured by our own reader of boxes, judged by the table in rules.py.

An exit code is no proof. The count of frames is certain without decoding again: every frame is a sample
of its own in what is made here, no edit list hides one, and samples that were looked at begin as pictures
of their codec begin. Whether a decoder gives them all is asked of one that is played (playing.py).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from pipeline.clip import Clip
from pipeline.metadata.facts import read_facts
from pipeline.metadata.frames import Times, read_block_times, read_times
from pipeline.proxies.checks import Case, Measured
from pipeline.proxies.job import known
from pipeline.proxies.rules import EDITORS, OUTCOMES, RULES, Rule


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that a proxy breaks for the editors of that rule, and how, in words."""

    rule: Rule
    words: str


def measure(path: Path) -> Measured:
    """What a file that was made says of itself. Raises MediaUnreadable where it is no whole recording."""
    return Measured(read_facts(path), read_times(path))


def defects(case: Case) -> tuple[str, ...]:
    """What is not as it was asked for, in words; empty for a good one."""
    said = [(rule.name, rule.asked(case)) for rule in _rules(case) if rule.asked]
    return tuple(f"{name}: {words}" for name, words in said if words)


def breaches(case: Case) -> tuple[Breach, ...]:
    """What keeps editors from attaching it, in the order of the table."""
    said = [Breach(rule, rule.wanted(case)) for rule in _rules(case) if rule.wanted]
    return tuple(breach for breach in said if breach.words)


def _rules(case: Case) -> tuple[Rule, ...]:
    if case.lost:
        return RULES[:1]
    return tuple(rule for rule in RULES if case.clip.kind in rule.of)


def verdict(broken: Iterable[Breach]) -> dict[str, tuple[str, ...]]:
    """For each editor the names of the rules broken; empty for a proxy that it attaches by itself."""
    every = tuple(broken)
    return {editor: tuple(breach.rule.name for breach in every if editor in breach.rule.editors) for editor in EDITORS}


def outcome(broken: Iterable[str]) -> str:
    """What a suite makes of a proxy that breaks these rules: `yes`, or the worst of their outcomes."""
    names = set(broken)
    found = {rule.outcome for rule in RULES if rule.name in names}
    return next((word for word in OUTCOMES if word in found), "yes")


def times_of_original(clip: Clip, original: Path) -> Times | None:
    """When the pictures of a variable-rate original are shown; None for others, and where it cannot be known."""
    varies = clip.facts.video is not None and clip.facts.video.vfr and len(clip.parts) == 1
    return (read_times(original) or read_block_times(original)) if varies else None


def missing_frames(clip: Clip, found: Measured) -> int:
    """How many frames the original did not yield; sound alone has none."""
    if clip.kind == "sound":
        return 0
    _, _, frames = known(clip)
    made = found.facts.video.frames if found.facts.video else 0
    return max(0, frames - (made or 0))
