"""Files before an editor: every rule that is about them, in the order of the table."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from pipeline.editorial.bulk import unswept
from pipeline.editorial.checks.case import Case, Found
from pipeline.editorial.checks.rules import RULES, Rule, Severity

MOST_TOLD = 1000  # findings of one rule in one file


@dataclass(frozen=True, slots=True)
class Finding:
    """`line` counts from 1; None where the file has no lines, or the whole of it is meant."""

    rule: str
    severity: Severity
    line: int | None
    sentence: str


def judge(cases: Sequence[Case | None], editor: str) -> list[list[Finding]]:
    """What is wrong with each file, by line; None stands for a file that could not be read."""
    with unswept():
        return _judged(
            [(place, replace(case, editor=editor)) for place, case in enumerate(cases) if case is not None],
            [[] for _ in cases],
            editor,
        )


def _judged(there: list[tuple[int, Case]], found: list[list[Finding]], editor: str) -> list[list[Finding]]:
    refused = set()
    for rule in RULES:
        if editor not in rule.editors:
            continue
        for place, case in there:
            if rule.find is not None and case.format in rule.formats and place not in refused:
                told = list(_told(rule, rule.find(case)))
                found[place] += told
                if told and rule.name == "format":
                    refused.add(place)
        if rule.find_in_set is not None:
            whole = [case for _, case in there]
            for number, each in rule.find_in_set(whole):
                found[there[number][0]].append(_finding(rule, each))
    return [sorted(each, key=lambda finding: finding.line or 0) for each in found]


def _told(rule: Rule, found: Iterator[Found]) -> Iterator[Finding]:
    yield from (_finding(rule, each) for each in islice(found, MOST_TOLD))
    more = sum(1 for _ in found)
    if more:
        yield Finding(rule.name, rule.severity, None, f"{more:,} more like these.")


def _finding(rule: Rule, found: Found) -> Finding:
    return Finding(rule.name, rule.severity, found.line, found.sentence)
