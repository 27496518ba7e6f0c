"""What the files of one set say against each other: drop-frame, and where a recording begins."""

from collections.abc import Iterator, Sequence

from pipeline.editorial.checks.case import Case, Found
from pipeline.editorial.checks.edl_text import base
from pipeline.timecode import Rate

_FEW = 3  # contradictions of one kind that are told of each file
_COUNTED = ("xmeml", "fcpxml", "otio", "ale", "aaf")  # whose events say how their source counts, label by label


def counting(cases: Sequence[Case]) -> Iterator[tuple[int, Found]]:
    """The files of a set that count their timeline otherwise than the first one of the same rate that says so."""
    first: dict[Rate, tuple[int, bool]] = {}
    for number, case in enumerate(cases):
        rate, drop = case.timeline.rate, case.timeline.drop_frame
        if case.format == "edl" and rate is None and drop is not None:
            rate = _only(cases)
        if rate is None or not rate.can_drop or drop is None or not case.timeline.events:
            continue
        _, known = first.setdefault(rate, (number, drop))
        if known != drop:
            words = ("drop-frame", "non-drop-frame") if drop else ("non-drop-frame", "drop-frame")
            yield number, Found(None, f"The timeline counts {words[0]}, and in another file of this set {words[1]}.")


def _only(cases: Sequence[Case]) -> Rate | None:
    """The one rate that the files of a set have, which lists do not say."""
    rates = {case.timeline.rate for case in cases if case.timeline.rate is not None and case.format != "ale"}
    return rates.pop() if len(rates) == 1 else None


def sources(cases: Sequence[Case]) -> Iterator[tuple[int, Found]]:
    """Recordings that count drop-frame in one file and not in another."""
    first: dict[tuple[str, Rate], bool] = {}
    for number, case in enumerate(cases):
        if case.format not in _COUNTED:
            continue
        told = set()
        for event in case.timeline.events:
            name = base(event.file) or event.name
            if event.rate is None or not event.rate.can_drop or event.drop_frame is None or not name:
                continue
            known = first.setdefault((name, event.rate), event.drop_frame)
            if known != event.drop_frame and name not in told:
                told.add(name)
                words = "drop-frame" if event.drop_frame else "non-drop-frame"
                yield (
                    number,
                    Found(event.line, f"'{name[:80]}' counts {words} here, and otherwise elsewhere in this set."),
                )


def starts(cases: Sequence[Case]) -> Iterator[tuple[int, Found]]:
    """Recordings that begin at 0 in one file and at a timecode in another: the one at 0 comes in offline."""
    begins: dict[tuple[str, Rate], set[int]] = {}
    for case in cases:
        for event in case.timeline.events:
            if event.available is not None and event.rate is not None:
                begins.setdefault((base(event.file) or event.name, event.rate), set()).add(event.available.start)
    for number, case in enumerate(cases):
        told = set()
        for event in case.timeline.events:
            key = (base(event.file) or event.name, event.rate)
            if event.available is None or event.rate is None or event.available.start or key in told:
                continue
            told.add(key)
            if len(cases) > 1 and len(begins[key[0], event.rate]) > 1:
                sentence = "begins at 0 here and at a timecode in another file of this set; it would be offline"
                yield number, Found(event.line, f"'{key[0][:80]}' {sentence}.")


def few(number: int, found: Sequence[Found]) -> Iterator[tuple[int, Found]]:
    """The first contradictions of a file: one cause makes many of them."""
    yield from ((number, each) for each in found[:_FEW])
    if len(found) > _FEW:
        yield number, Found(None, f"{len(found) - _FEW:,} more like these.")
