"""Drop-frame: what one place says of it, and one answer out of all places that speak.

A flag says it (timecode track, LTC bits, the iXML flag), or arithmetic between two labels does, or the
punctuation of a label: `;` says drop-frame, `:` says nothing, because many programs write it for both.
"""

from collections.abc import Sequence
from dataclasses import replace

from pipeline.metadata.findings import Finding, parsed
from pipeline.metadata.trust import order
from pipeline.timecode import Rate, Timecode

# Origins that state a label alone; those of all others carry a flag.
LABELLED: tuple[str, ...] = ("udta", "tags", "structure", "table", "mediainfo")


def drops(rate: Rate, *, flag: bool) -> bool:
    """What a flag says at a rate: there is no drop-frame but at 29.97, 59.94 and 119.88."""
    return flag and rate.can_drop


def counted(first: str, last: str, frames: int, rate: Rate) -> bool | None:
    """How labels count that are `frames` apart: True where only drop-frame fits, None where both or neither do."""
    fitting = []
    for drop in (False, True) if rate.can_drop else ():
        begun, ended = (parsed(label, rate, drop_frame=drop) for label in (first, last))
        if begun and ended and begun + frames == ended:
            fitting.append(drop)
    return fitting[0] if len(fitting) == 1 else None


def one_count(findings: Sequence[Finding]) -> list[Finding]:
    """The findings with the start timecode counted as the best place that states it says; a conflict is a warning."""
    ranked = sorted((each for each in findings if _is_start(each)), key=_rank)
    if not ranked or not ranked[0].value.rate.can_drop:
        return list(findings)
    best = ranked[0]
    stating = [each for each in ranked if _states(each) and _of_one_clock(each.value, best.value)]
    answer = stating[0].value.drop_frame if stating else best.value.drop_frame
    told = [_counted_as(each, drop=answer) if each is best else each for each in findings]
    against = next((each for each in stating if each.value.drop_frame != answer), None)
    if against is None:
        return told
    return [*told, Finding("warnings", _conflict(stating[0], against), "structure", against.where)]


def _is_start(finding: Finding) -> bool:
    return finding.key == "start_timecode" and isinstance(finding.value, Timecode)


def _rank(finding: Finding) -> int:
    ranks = order("start_timecode")
    return ranks.index(finding.origin) if finding.origin in ranks else len(ranks)


def _of_one_clock(one: Timecode, other: Timecode) -> bool:
    """Whether two places mean the same timecode: the tape of an MXF file may count in its own way."""
    alike = one.frame == other.frame or str(one).replace(";", ":") == str(other).replace(";", ":")
    return alike and one.rate.can_drop and other.rate.can_drop


def _states(finding: Finding) -> bool:
    return finding.origin not in LABELLED or bool(finding.value.drop_frame)


def _counted_as(finding: Finding, *, drop: bool) -> Finding:
    """The same label, counted as another place says."""
    code: Timecode = finding.value
    if code.drop_frame == drop:
        return finding
    read = parsed(str(code), code.rate, drop_frame=drop)
    return replace(finding, value=read, why="how it counts is stated elsewhere") if read else finding


def _conflict(believed: Finding, other: Finding) -> str:
    def says(finding: Finding) -> str:
        return f"{finding.where} counts {'drop-frame' if finding.value.drop_frame else 'non-drop'} ({finding.value})"

    return f"Drop-frame is contradicted: {says(believed)}, {says(other)}; the first is believed."
