"""`rushes diff` and `paper`: what changed between two versions of a cut, and a cut as text."""

import csv
import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import click

from pipeline.catalogue.store import open_catalogue
from pipeline.cli.drawing import ON_TERMINAL, print_table
from pipeline.cli.options import chosen_film, complete_cut, film_option, list_rate_option, tell_rate
from pipeline.cli.tables import Column, cell, plural, print_json
from pipeline.shotlog.cells import harmless

if TYPE_CHECKING:
    from pipeline.delivery.versions import Compared
    from pipeline.editorial.diff import Change, Edit, EditList

_DIGITS = 12  # of an id: enough for a million clips
_COLUMNS = (
    Column("What"), Column("Clip"), Column("Track", rank=4), Column("Was at"), Column("Is at"),
    Column("Source in", rank=2), Column("Source out", rank=2), Column("Head", number=True, rank=1),
    Column("Tail", number=True, rank=1), Column("Length", number=True, rank=3),
)  # fmt: skip


@click.command("diff")
@click.argument("old", metavar="CUT1", shell_complete=complete_cut)
@click.argument("new", metavar="[CUT2]", required=False, shell_complete=complete_cut)
@click.option("--json", "as_json", is_flag=True, help="Every change as JSON.")
@click.option("--csv", "as_csv", is_flag=True, help="The change list as comma-separated values.")
@click.option("--markdown", is_flag=True, help="The change list as a Markdown table.")
@list_rate_option
@film_option
def diff_command(
    old: str, new: str | None, *, as_json: bool, as_csv: bool, markdown: bool, rate: str, film: str | None
) -> None:
    """What changed from one version of a cut to another: inserted, removed, moved, trimmed, other sound.

    A cut is its name (the last version), NAME@2 (that version) or a timeline file. One alone is compared with
    the version before it. Frames are those of the timeline; the end of a range is left out.

    \b
    rushes diff coach
    rushes diff coach@1 coach@3
    rushes diff coach from-editor.xml
    """
    from pipeline.delivery.comparing import compared_cuts

    found = chosen_film(film)
    with open_catalogue(found.catalogue) as catalogue:
        result = compared_cuts(found, catalogue, old, new, list_rate=rate)
    if as_json:
        print_json([{**_data(each), "not_carried": result.not_carried} for each in result.timelines])
    elif as_csv or markdown:
        rows = [[each.name.strip(), *row] for each in result.timelines for row in _rows(each)]
        several = len(result.timelines) > 1
        titles = ["Timeline", *(column.title for column in _COLUMNS)]
        kept = [row if several else row[1:] for row in [titles, *rows]]
        click.echo(_csv(kept) if as_csv else _markdown(kept), nl=False)
    else:
        _print(result.timelines)
    tell_rate(*(result.counted or (None, "")))
    for sentence in result.not_carried:
        click.echo(f"  not carried: {sentence}", err=True)
    click.echo(f"From {result.old} to {result.new}: {_summed(result.timelines)}.", err=True)


@click.command("paper")
@click.argument("name", shell_complete=complete_cut)
@film_option
def paper_command(name: str, film: str | None) -> None:
    """Write a cut as a paper edit: a line for each shot, to be rearranged and cut again.

    \b
    rushes paper coach > coach.txt
    rushes cut coach --paper coach.txt
    """
    from pipeline.delivery.cuts import saved_cut
    from pipeline.editorial.paper import written_paper

    found = chosen_film(film)
    with open_catalogue(found.catalogue) as catalogue:
        made = saved_cut(found, catalogue, name)
    click.echo(written_paper(made.name, made.cut.shots, digits=_DIGITS), nl=False)


def _print(timelines: Sequence["Compared"]) -> None:
    """A table for each timeline that changed, as wide as the terminal."""
    for each in timelines:
        rows = [[cell(text) for text in row] for row in _rows(each)]
        if not rows:
            continue
        if each.name:
            click.echo(cell(each.name.strip()))
        print_table(_COLUMNS, rows, most=ON_TERMINAL)


def _rows(each: "Compared") -> Iterator[list[str]]:
    """A row for each change, then one for each run of edits that only lie earlier or later."""
    for change in each.difference.changes:
        edit = change.after or change.before
        assert edit is not None
        yield [
            ", ".join(change.what), edit.name, _track(change),
            _at(each.old, change.before), _at(each.new, change.after),
            _source(each, edit, 0), _source(each, edit, edit.record.duration),
            f"{change.head:+}" if change.head else "", f"{change.tail:+}" if change.tail else "",
            str(edit.record.duration),
        ]  # fmt: skip
    for shift in each.difference.shifts:
        assert each.old is not None
        first = each.old.edits[shift.first]
        words = f"{plural(shift.count, 'edit')} {'later' if shift.by > 0 else 'earlier'} by {abs(shift.by)} frames"
        from_, to = _at(each.old, first), _at(each.new, first, shift.by)
        yield ["shifted", words, "", from_, to, "", "", "", "", ""]


def _track(change: "Change") -> str:
    tracks = dict.fromkeys(edit.track for edit in (change.before, change.after) if edit)
    return " > ".join(tracks)


def _at(edits: "EditList | None", edit: "Edit | None", later: int = 0) -> str:
    """The timecode at which an edit begins."""
    from pipeline.timecode import Timecode

    if edits is None or edit is None:
        return ""
    start = edits.start
    return str(Timecode(start.frame + edit.record.start + later, start.rate, start.drop_frame))


def _source(each: "Compared", edit: "Edit", after: int) -> str:
    """The frame of the source that lies so many timeline frames behind the head of an edit, as a label."""
    from pipeline.timecode import Timecode

    edits = each.new or each.old
    assert edits is not None
    frames = edit.start + round(edits.start.rate.seconds(after) * edit.rate.fraction)
    return str(Timecode(frames, edit.rate, edit.rate.can_drop and edit.drop_frame))


def _data(each: "Compared") -> dict[str, Any]:
    return {
        "timeline": each.name.strip(),
        "changes": [
            {
                "what": change.what, "before": _edit(each.old, change.before), "after": _edit(each.new, change.after),
                "head": change.head, "tail": change.tail,
            }
            for change in each.difference.changes
        ],
        "shifted": [{"first": s.first, "last": s.last, "edits": s.count, "by": s.by} for s in each.difference.shifts],
    }  # fmt: skip


def _edit(edits: "EditList | None", edit: "Edit | None") -> dict[str, Any] | None:
    if edit is None:
        return None
    return {
        "name": edit.name, "clip": edit.source.partition("/")[0], "track": edit.track, "at": _at(edits, edit),
        "record": [edit.record.start, edit.record.end], "source_in": edit.start, "rate": str(edit.rate),
        "speed": str(edit.speed), "sounds": [{"name": s.name, "stream": s.stream} for s in edit.sounds],
    }  # fmt: skip


def _summed(timelines: Sequence["Compared"]) -> str:
    counts: dict[str, int] = {}
    for each in timelines:
        for change in each.difference.changes:
            for what in change.what:
                counts[what] = counts.get(what, 0) + 1
        if each.difference.shifts:
            counts["shifted"] = counts.get("shifted", 0) + sum(shift.count for shift in each.difference.shifts)
    return ", ".join(f"{count:,} {what}" for what, count in counts.items()) or "nothing changed"


def _csv(rows: Sequence[Sequence[str]]) -> str:
    made = io.StringIO()
    csv.writer(made, lineterminator="\n").writerows([harmless(cell) for cell in row] for row in rows)
    return made.getvalue()


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join([lines[0], "|" + " --- |" * len(rows[0]), *lines[1:]]) + "\n"
