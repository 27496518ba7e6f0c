"""`rushes import`: an editor's timeline back into the film."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pipeline.cli.drawing import ON_TERMINAL, print_table
from pipeline.cli.options import chosen_film, film_option, list_rate_option, tell_rate, who
from pipeline.cli.streams import styled
from pipeline.cli.tables import SHORT_ID, Column, cell, plural, print_json
from pipeline.cli.writing import changing
from pipeline.errors import RushesError

if TYPE_CHECKING:
    from pipeline.editorial.imports.matching import Match
    from pipeline.editorial.imports.reading import ReadEvent
    from pipeline.returns import Imported

_COLUMNS: tuple[Column, ...] = (
    Column("Event", number=True), Column("Line", number=True, rank=4), Column("Track", rank=3),
    Column("Record", rank=2), Column("Name", whole=False), Column("Clip", whole=False),
    Column("Card", rank=5, whole=False), Column("Found by", rank=1, whole=False), Column("Sure", number=True),
)  # fmt: skip
_MOST_SAID = 20  # sentences on the terminal; --json has all


@click.command("import")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--as", "name", metavar="NAME", default="", help="The cut it is kept as; else the file's name.")
@list_rate_option
@click.option("--json", "as_json", is_flag=True, help="Every event with what it was found to be.")
@film_option
def import_command(files: tuple[Path, ...], name: str, rate: str, as_json: bool, film: str | None) -> int:  # fmt: skip
    """Take timelines of the editing suite back: OTIO, EDL, FCP7 XML, FCPXML, AAF, ALE.

    Each event is matched with a clip; markers, titles, notes and ratings go to the log, the timeline is kept as a cut.
    """
    from pipeline.returns import Asked, import_timeline

    if name and len(files) > 1:
        raise click.UsageError("--as names one cut; import the files one by one.")
    found = chosen_film(film)
    taken: dict[Path, Imported | RushesError] = {}
    with changing(found) as catalogue:
        for file in files:
            try:
                taken[file] = import_timeline(found, catalogue, file, Asked(name, rate, who()))
            except RushesError as error:
                if len(files) == 1:
                    raise
                taken[file] = error  # the others are taken all the same
    if as_json:
        print_json([_as_data(file, each) for file, each in taken.items()])
    for each in taken.values():
        _print(each, table_too=not as_json)
    return 1 if any(isinstance(each, RushesError) or _is_lacking(each) for each in taken.values()) else 0


def _is_lacking(taken: "Imported") -> bool:
    unkept = not taken.matches and taken.version is None
    return unkept or any(match.clip is None or match.doubted for match in taken.matches)


def _print(taken: "Imported | RushesError", *, table_too: bool) -> None:
    if isinstance(taken, RushesError):
        click.echo(styled(f"failed   {taken.sentence}", fg="red"), err=True)
        return
    if table_too:
        _print_table(taken)
    _print_words(taken)


def _as_data(file: Path, taken: "Imported | RushesError") -> dict[str, Any]:
    if isinstance(taken, RushesError):
        return {"file": str(file), "error": taken.sentence}
    timeline = taken.timeline
    return {
        "file": str(file), "format": timeline.format, "title": timeline.title,
        "rate": str(timeline.rate) if timeline.rate else None,
        "cut": taken.name if taken.version else None, "version": taken.version, "unchanged": taken.unchanged,
        "batch": taken.batch.id if taken.batch else None, "count": taken.count, "found": taken.found,
        "events": [_event(number, event, match, taken) for number, event, match in _events(taken)],
        "refused": list(taken.refused),
        "problems": [{"line": each.line, "sentence": each.sentence} for each in timeline.problems],
        "left_out": [{"line": each.line, "sentence": each.sentence} for each in timeline.left_out],
    }  # fmt: skip


def _events(taken: "Imported") -> "Iterator[tuple[int, ReadEvent, Match]]":
    for number, (event, match) in enumerate(zip(taken.timeline.events, taken.matches, strict=True), start=1):
        yield number, event, match


def _event(number: int, event: "ReadEvent", match: "Match", taken: "Imported") -> dict[str, Any]:
    return {
        "event": number, "number": event.number or None, "line": event.line, "kind": event.kind, "track": event.track,
        "name": event.name,
        "record_in": _label(event, taken), "clip": match.clip.id if match.clip else None, "by": match.by or None,
        "confidence": match.confidence,
        "range": {"in": match.range.start, "out": match.range.end} if match.range else None,
        "candidates": [each.id for each in match.candidates], "sentence": match.sentence,
    }  # fmt: skip


def _label(event: "ReadEvent", taken: "Imported") -> str | None:
    start = taken.timeline.start
    return str(start + event.record.start) if start and event.record else None


def _print_table(taken: "Imported") -> None:
    rows = list(_rows(taken))
    print_table(_COLUMNS, rows, most=ON_TERMINAL)


def _rows(taken: "Imported") -> Iterator[list[str]]:
    """A row for what lies at one place: picture and sound of one source are one."""
    together: dict[tuple[object, ...], tuple[list[str], list[str], ReadEvent, Match]] = {}
    for number, event, match in _events(taken):
        place = (event.line, event.record, event.source, event.media, event.name, event.file, event.reel)
        found = together.setdefault(place, ([], [], event, match))
        found[0].append(event.number or str(number))
        found[1].append(f"{event.kind[0]}{event.track}")
    for numbers, tracks, event, match in together.values():
        yield [
            numbers[0],
            str(event.line or ""),
            " ".join(dict.fromkeys(tracks)),
            _label(event, taken) or "",
            cell(event.name or event.file.rpartition("/")[2] or event.reel),
            cell(match.clip.name) if match.clip else "ambiguous" if match.candidates else "not found",
            cell(match.clip.card) if match.clip else "",
            match.by,
            f"{match.confidence:.0%}" if match.clip else "",
        ]


def _print_words(taken: "Imported") -> None:
    lost = [
        f"event {event.number or number}: {match.sentence}"
        for number, event, match in _events(taken)
        if match.clip is None or match.doubted
    ]
    wrong = [f"line {each.line}: {each.sentence}" if each.line else each.sentence for each in taken.timeline.problems]
    left_out = [each.sentence for each in taken.timeline.left_out]
    for sentence in _few([*lost, *wrong, *taken.refused, *left_out]):
        click.echo(f"  {cell(sentence)}", err=True)
    tell_rate(taken.timeline.rate, taken.rate_from)
    events = plural(taken.count, "row" if taken.is_table else "event")
    click.echo(
        f"{cell(taken.file.name)}: {taken.found:,} of {events} found; {_kept(taken)}. {_logged(taken)}", err=True
    )


def _kept(taken: "Imported") -> str:
    if taken.version:
        return f"kept as '{taken.name}', version {taken.version}"
    if taken.is_table:
        return "a table of clips, kept as no cut"
    return "kept as no cut, since it shows no clip of the log (--as NAME keeps it)"


def _few(sentences: Sequence[str]) -> list[str]:
    told = list(dict.fromkeys(sentences))
    more = len(told) - _MOST_SAID
    return [*told[:_MOST_SAID], f"and {more:,} more; --json names all"] if more > 0 else told


def _logged(taken: "Imported") -> str:
    if taken.unchanged:
        return "Nothing is new since the last import."
    if taken.batch is None:
        return "Nothing in it is new to the log."
    clips = plural(len(taken.batch.clips), "clip")
    return f"Logged for {clips}; 'rushes undo {taken.batch.id[:SHORT_ID]}' takes it back."
