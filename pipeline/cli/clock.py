"""`rushes clock`: whose clock was off, by how much, and how that is known."""

import shlex
from collections.abc import Sequence
from math import floor

import click

from pipeline.catalogue.clocks import Change, ClockRow, clock_rows, correct, evidence, uncorrected
from pipeline.catalogue.listing import clip_ids
from pipeline.catalogue.store import Catalogue, open_catalogue
from pipeline.cli.drawing import print_table
from pipeline.cli.options import (
    QueryCommand,
    as_typed,
    chosen_film,
    clip_typed,
    film_option,
    frame_of,
    query_argument,
    query_text,
    who,
)
from pipeline.cli.tables import Column, cell, plural, print_json
from pipeline.cli.writing import changing
from pipeline.errors import NotFound, ValueRefused
from pipeline.film import Film
from pipeline.shotlog.estimates import Bounds, by_slate, by_timecode
from pipeline.shotlog.offsets import read_offset, read_time_of_day, say_error, say_offset
from pipeline.shotlog.query import parse

_COLUMNS: tuple[Column, ...] = (
    Column("Day"), Column("Unit", rank=3), Column("Camera"), Column("Model", rank=4), Column("Clips", number=True),
    Column("Its clock states", rank=2), Column("Correction", whole=False), Column("By GPS", rank=1),
)  # fmt: skip
_TYPED = 1000  # milliseconds that a time typed to the second may be off


class ClockCommands(click.Group):
    """`rushes clock` and `rushes clock QUERY` list; set, clear and estimate are commands of their own."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        asks = args[:1] and (args[0] in self.commands or args[0] in ("-h", "--help"))
        return super().parse_args(ctx, args if asks else ["list", *args])


@click.group("clock", cls=ClockCommands)
def clock_command() -> None:
    """Cameras' clocks by day and unit: what they state, how far they are off, and by whose word.

    \b
    rushes clock shot:2019-10-12                          what is known
    rushes clock set camera:B shot:2019-10-12 +01:00:03   put it forward (-00:00:12: back)
    rushes clock set --slate 4f2a 14:32:10                clip 4f2a begins on a slate that shows this time
    rushes clock estimate camera:G --apply                by GPS
    rushes clock estimate camera:B --with camera:S        by timecode that both share

    A correction stands for the camera, unit and day: clips that come in later follow it. Media stay as they are.
    """


@clock_command.command("list", cls=QueryCommand, hidden=True)
@query_argument
@click.option("--json", "as_json", is_flag=True, help="An array of objects.")
@film_option
def list_command(query: tuple[str, ...], as_json: bool, film: str | None) -> None:
    """Every clock that recorded what QUERY finds."""
    with open_catalogue(chosen_film(film).catalogue) as catalogue:
        found = _rows(catalogue, query)
    if as_json:
        print_json([_data(row) for row in found])
        return
    if not found:
        click.echo("No clip with a date was found; 'rushes log' shows what there is.", err=True)
        return
    rows = [_cells(row) for row in found]
    print_table(_COLUMNS, rows)


@clock_command.command("set", cls=QueryCommand)
@click.argument("words", nargs=-1, metavar="QUERY OFFSET")
@click.option("--slate", nargs=2, metavar="CLIP TIME", help="The local time that a slate in CLIP shows, not an OFFSET.")
@click.option("--frame", default="0", metavar="FRAME", help="Where the slate stands: frames or source timecode.")
@click.option("--error", metavar="TIME", help="How far off it may still be; 1s unless told.")
@click.option("--json", "as_json", is_flag=True, help="The batch as JSON.")
@film_option
def set_command(
    words: tuple[str, ...],
    slate: tuple[str, str] | None,
    frame: str,
    error: str | None,
    as_json: bool,
    film: str | None,
) -> None:
    """Put the clocks that recorded what QUERY finds forward by OFFSET, or back: +01:00:03, -12s, +1h."""
    off_by = abs(read_offset(error)) if error else _TYPED
    found = chosen_film(film)
    with changing(found) as catalogue:
        if slate:
            if words:
                raise click.UsageError("Give an OFFSET for a QUERY, or --slate CLIP TIME; not both.")
            offset, ids, detail = *_by_slate(found, catalogue, slate, frame), f"slate {slate[1]}"
        else:
            if len(words) < 2:
                raise click.UsageError("Say of which clips, and by how much: rushes clock set QUERY +01:00:03.")
            offset, detail = read_offset(as_typed(words[-1:])[0]), "by hand"
            ids = clip_ids(catalogue, parse(query_text(words[:-1])))
            if not ids:
                asked = query_text(words[:-1])
                raise NotFound(f"Nothing in the log fits '{asked}'; 'rushes log' shows what there is.")
        typed = ["--slate", *slate] if slate else as_typed(words)
        changes = [Change(row.clock, offset, off_by, detail) for row in _concerned(catalogue, ids)]
        _write(catalogue, changes, f"clock set {shlex.join(typed)}", as_json=as_json)


@clock_command.command("clear", cls=QueryCommand)
@query_argument
@click.option("--json", "as_json", is_flag=True, help="The batch as JSON.")
@film_option
def clear_command(query: tuple[str, ...], as_json: bool, film: str | None) -> None:
    """Correct these clocks no more."""
    if not query_text(query).strip():
        raise click.UsageError("Say which clocks: rushes clock clear QUERY; status:* is all of them.")
    with changing(chosen_film(film)) as catalogue:
        rows = [row for row in _rows(catalogue, query) if row.correction]
        if not rows:
            raise NotFound(f"No clock of '{query_text(query)}' is corrected; 'rushes clock' lists them.")
        changes = [Change(row.clock, None, 0, "cleared") for row in rows]
        _write(catalogue, changes, f"clock clear {query_text(query)}", as_json=as_json)


@clock_command.command("estimate", cls=QueryCommand)
@query_argument
@click.option("--with", "reference", metavar="QUERY", help="A device whose timecode they share, instead of GPS.")
@click.option("--apply", "applied", is_flag=True, help="Correct the clocks so; else it is only proposed.")
@click.option("--json", "as_json", is_flag=True, help="The proposals as JSON.")
@film_option
def estimate_command(
    query: tuple[str, ...], reference: str | None, applied: bool, as_json: bool, film: str | None
) -> None:
    """How far clocks are off, by GPS or by shared timecode; nothing where the clips contradict each other."""
    with changing(chosen_film(film)) as catalogue:
        known = [(row, *_bounds(catalogue, row, reference)) for row in _rows(catalogue, query) if row.clock.camera]
        told = [(row, bounds, detail) for row, bounds, detail in known if bounds]
        if not told:
            how = f"'{reference}' shares no unambiguous timecode" if reference else "no GPS time tells of it"
            raise NotFound(f"Nothing to correct: {how}; set it by hand with 'rushes clock set'.")
        changes = [change for row, bounds, detail in told if (change := _mend(row, bounds, detail))]
        if as_json:
            print_json([_change(change) for change in changes])
        for row, bounds, detail in told if not as_json else ():
            needless = "; the correction that stands is needless" if _is_needless(row, bounds) else ""
            click.echo(f"{_named(row)}: {_says(bounds)}, {detail}{needless}")
        if applied and changes:
            words = f"clock estimate {query_text(query)}" + (f" --with {reference}" if reference else "")
            _write(catalogue, changes, words, as_json=False)
        elif changes and not as_json:
            click.echo("'--apply' corrects them so; nothing was changed.", err=True)


def _rows(catalogue: Catalogue, query: tuple[str, ...] | str) -> list[ClockRow]:
    text = query if isinstance(query, str) else query_text(query)
    return clock_rows(catalogue, clip_ids(catalogue, parse(text)) if text.strip() else None)


def _concerned(catalogue: Catalogue, ids: Sequence[str]) -> list[ClockRow]:
    rows = clock_rows(catalogue, ids)
    if not rows:
        raise NotFound("No clip that was found states a date, so no clock can be corrected; 'rushes clock' lists them.")
    return rows


def _write(catalogue: Catalogue, changes: Sequence[Change], words: str, *, as_json: bool) -> None:
    done = correct(catalogue, changes, who=who(), words=words)
    if as_json:
        print_json({"batch": done.batch, "words": words, "clips": done.clips})
    what = f"{plural(len(changes), 'clock')}, {plural(len(done.clips), 'clip')}"
    click.echo(f"Corrected: {what} ({words}). 'rushes undo {done.batch[:8]}' takes it back.", err=True)


def _by_slate(film: Film, catalogue: Catalogue, slate: tuple[str, str], position: str) -> tuple[int, list[str]]:
    """By how much the clip's clock is off where a slate shows the local time, and the clip's id."""
    shown = clip_typed(film, catalogue, slate[0]).clip
    time, frame = read_time_of_day(slate[1]), frame_of(shown, position)
    if not 0 <= frame < max(1, shown.frames or 0):
        raise ValueRefused(f"{position} lies outside {shown.name} ({shown.frames} frames).")
    into = floor(1000 * shown.rate.seconds(frame)) if shown.rate else 0
    moment = uncorrected(catalogue, shown.id)
    if moment is None or moment.seconds_of_day is None:
        raise ValueRefused(
            f"{shown.name} has GPS time, no date, or a zone that is not known, so a slate says nothing of its clock;"
            " choose another clip, or name its zone in rushes.toml."
        )
    return by_slate(moment, time - into), [shown.id]


def _bounds(catalogue: Catalogue, row: ClockRow, reference: str | None) -> tuple[Bounds | None, str]:
    """How far a clock is off, uncorrected, and the evidence in words."""
    if reference:
        return _by_reference(catalogue, row, reference)
    return row.gps, f"GPS of {plural(row.with_gps, 'clip')}"


def _mend(row: ClockRow, bounds: Bounds, detail: str) -> Change | None:
    """What to do about a clock that is off by `bounds`: correct it, or take away what stands though it is right."""
    if not _is_right(bounds):
        return Change(row.clock, bounds.middle, bounds.error, detail)
    return Change(row.clock, None, 0, detail) if _is_needless(row, bounds) else None


def _is_needless(row: ClockRow, bounds: Bounds) -> bool:
    """Whether a correction puts a clock wrong that is right by itself."""
    fixed = row.correction
    return bool(fixed and _is_right(bounds) and not bounds.low <= fixed.milliseconds <= bounds.high)


def _is_right(bounds: Bounds) -> bool:
    """As right as can be told."""
    return bounds.low <= 0 <= bounds.high


def _says(bounds: Bounds) -> str:
    if _is_right(bounds):
        return f"right ± {say_error(max(-bounds.low, bounds.high))}"
    return _off(bounds.middle, bounds.error)


def _by_reference(catalogue: Catalogue, row: ClockRow, reference: str) -> tuple[Bounds | None, str]:
    """By the one other device of that unit and day which the reference names."""
    day, unit = row.clock.day, row.clock.unit
    others = [
        each for each in _rows(catalogue, reference)
        if (each.clock.day, each.clock.unit) == (day, unit) and each.clock != row.clock
    ]  # fmt: skip
    if len(others) != 1:
        return None, ""
    other = others[0]
    known = Bounds(0, 0) if other.gps is None else other.gps
    if other.correction:
        known = Bounds(other.correction.milliseconds, other.correction.milliseconds).widened(other.correction.error)
    bounds = by_timecode(evidence(catalogue, row.clock), evidence(catalogue, other.clock), known=known)
    return bounds, f"timecode shared with {_camera(other)}"


def _camera(row: ClockRow) -> str:
    return row.letter or row.clock.camera or "?"


def _named(row: ClockRow) -> str:
    return " ".join(part for part in (row.clock.day, row.clock.unit, _camera(row)) if part)


def _off(milliseconds: int, error: int) -> str:
    return f"{say_offset(milliseconds)} ± {say_error(error)}"


def _gps(row: ClockRow) -> str:
    if not row.with_gps:
        return ""
    if row.gps is None:
        return f"its {plural(row.with_gps, 'clip')} contradict each other"
    return _says(row.gps)


def _cells(row: ClockRow) -> list[str]:
    fixed = row.correction
    said = f"{_off(fixed.milliseconds, fixed.error)}, {fixed.detail}, {fixed.who}" if fixed else ""
    clock = row.clock
    return [
        clock.day, clock.unit, cell(_camera(row)), cell(row.model), str(row.clips), ", ".join(row.claims), said,
        _gps(row),
    ]  # fmt: skip


def _data(row: ClockRow) -> dict[str, object]:
    fixed, clock = row.correction, row.clock
    return {
        "day": clock.day, "unit": clock.unit or None, "clock": clock.camera, "camera": row.letter,
        "camera_model": row.model, "clips": row.clips, "claims": list(row.claims),
        "correction": {
            "milliseconds": fixed.milliseconds, "error": fixed.error, "detail": fixed.detail, "who": fixed.who,
            "when": fixed.moment, "batch": fixed.batch,
        } if fixed else None,
        "gps": {"clips": row.with_gps, "low": row.gps.low, "high": row.gps.high} if row.gps else None,
    }  # fmt: skip


def _change(change: Change) -> dict[str, object]:
    clock = change.clock
    return {
        "day": clock.day, "unit": clock.unit or None, "clock": clock.camera, "milliseconds": change.milliseconds,
        "error": change.error, "detail": change.detail,
    }  # fmt: skip
