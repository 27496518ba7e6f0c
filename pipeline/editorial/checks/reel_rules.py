"""Which recording a reel of an event list means: by the list itself, and by the table that ends a list of ours."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from pipeline.editorial.checks.case import Case, Found
from pipeline.editorial.checks.edl_text import Label, base
from pipeline.editorial.imports.edl_lines import EventLine


def shared(case: Case) -> Iterator[Found]:
    """Two files under one reel that claim the same timecode: nobody can tell which is meant."""
    yield from _by_names(case)
    yield from _by_table(case)


def _by_names(case: Case) -> Iterator[Found]:
    by_reel: dict[str, list[tuple[Label, Label, str, int]]] = defaultdict(list)
    for source, file in _pictures(case):
        begin, end = case.edl.sides[source.line][0]
        by_reel[source.reel].append((begin, end, file, source.line))
    for reel, spans in by_reel.items():
        for (_, end, file, _), (begin, _, other, line) in pairwise(sorted(spans)):
            if begin < end and file != other:
                yield Found(line, f"The reel '{reel}' names two files at the same timecode: {file} and {other}.")


def _by_table(case: Case) -> Iterator[Found]:
    """Files of one name and reel, of which there are more than places that events take: some lie over one another."""
    table = case.edl.table
    spans: dict[tuple[str, str], list[tuple[Label, Label, int]]] = defaultdict(list)
    for source, file in _pictures(case) if table else ():
        if len(table.get(base(file), {}).get(source.reel, ())) > 1:
            spans[source.reel, base(file)].append((*case.edl.sides[source.line][0], source.line))
    for (reel, name), found in spans.items():
        paths = table[name][reel]
        over: list[int] = []
        reached: Label = ()
        for begin, end, line in sorted(found):
            over += [line] if begin < reached else []
            reached = max(reached, end)
        if over and len(found) - len(over) < len(paths):
            which = " and ".join(sorted(paths)[:2])
            yield Found(over[0], f"The reel '{reel}' stands for several files called {name[:80]}: {which}.")


def against_table(case: Case) -> Iterator[Found]:
    """Events whose file the list's own table gives to another reel."""
    table = case.edl.table
    for source, file in _pictures(case) if table else ():
        reels = table.get(base(file))
        if reels and source.reel not in reels:
            sentence = f"while the list's own table says {' or '.join(sorted(reels)[:3])} of {base(file)[:80]}"
            yield Found(source.line, f"Event {source.number} names the reel '{source.reel}', {sentence}.")


def _pictures(case: Case) -> Iterator[tuple[EventLine, str]]:
    """The line of each picture that names its file, with that name."""
    lines = {event.line: event for event in case.edl.events}
    for event in case.timeline.events:
        source = lines.get(event.line or 0)
        if source and event.file and event.kind == "Video":
            yield source, event.file
