"""`rushes facts`: what media and timelines say of themselves; needs no production."""

import fnmatch
import os
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from pipeline.cli.factpage import is_likely, label, moment, page, rate_of, seconds_of
from pipeline.cli.streams import styled
from pipeline.cli.tables import (
    Column,
    cell,
    console,
    fitting,
    lasting,
    plural,
    print_json,
    running_time,
    short_name,
    table,
)
from pipeline.clip import shown
from pipeline.errors import MediaUnreadable, RushesError

_MOST_PAGES = 3  # more files than these come as a list
_SHOW_PROGRESS = 20  # files that are worth a bar
_WIDEST_PAGE = 120
_COLUMNS: tuple[Column, ...] = (
    Column("File"), Column("Codec", rank=1), Column("Size", rank=5), Column("Rate", number=True),
    Column("Length", number=True), Column("Sound", rank=6), Column("Timecode"), Column("Recorded", rank=2),
    Column("Camera", rank=3, whole=False), Column("Position", rank=4),
)  # fmt: skip

Found = dict[str, dict[str, Any]]


@click.command("facts")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="One object, keyed by path as given.")
@click.option("--whole", is_flag=True, help="Read large files to their end where only that tells how long they are.")
def facts_command(files: tuple[str, ...], as_json: bool, whole: bool) -> int:
    """What files say of themselves, and where each value was read: recordings, sidecars, timelines.

    A folder means every one in it.
    """
    wanted = [path for name in files for path in _below(name)]
    found: Found = {shown(path): facts for path, facts in _read(_counted(wanted), frozenset(files), whole=whole)}
    found |= {shown(name): _error(_EMPTY) for name in files if Path(name).is_dir() and not _any_in(name, found)}
    if as_json:
        print_json(found)
    elif len(found) <= _MOST_PAGES:
        width = min(console().width, _WIDEST_PAGE)
        click.echo("\n".join(_page(cell(name), facts, width) for name, facts in found.items()), nl=False)
    else:
        _print_list(found)
    return 1 if any("error" in facts for facts in found.values()) else 0


# --- reading --------------------------------------------------------------------------------------

_EMPTY = MediaUnreadable("No recording lies in this folder; name the folder that holds the footage.")


def _error(error: RushesError) -> dict[str, Any]:
    return {"error": error.sentence}


def _any_in(folder: str, found: Iterable[str]) -> bool:
    start = shown(os.path.join(folder, ""))  # noqa: PTH118 - as it was given, dots and all
    return any(name.startswith(start) for name in found)


def _below(name: str) -> Iterator[str]:
    """The file itself, or what a person sees in a folder, in the order of the paths."""
    if Path(name).is_dir():
        yield from sorted(_met(name))
    else:
        yield name


def _met(folder: str) -> Iterator[str]:
    from pipeline.ingest.anywhere import is_offered
    from pipeline.settings import IGNORED

    for parent, folders, names in os.walk(folder):
        folders[:] = [each for each in folders if not _ignored(each, IGNORED)]
        for name in names:
            path = os.path.join(parent, name)  # noqa: PTH118 - as it was given, dots and all
            if not _ignored(name, IGNORED) and is_offered(Path(path)):
                yield path


def _ignored(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def _read(paths: Iterable[str], named: frozenset[str], *, whole: bool) -> Iterator[tuple[str, dict[str, Any]]]:
    """Facts of each file; what was only met in a folder and is no media is passed over."""
    from pipeline.ingest.account import bug
    from pipeline.ingest.anywhere import Sidecars, facts_of, is_missed, sidecars_in
    from pipeline.manifests.facts import list_facts
    from pipeline.processes.reader import ReaderProcess

    listings: dict[Path, Sidecars] = {}
    with ReaderProcess("pipeline.metadata.mediainfo_child") as mediainfo:
        for path in paths:
            file = Path(path).absolute()
            try:
                if path in named and (listed := list_facts(file)):
                    yield path, listed
                    continue
                if file.parent not in listings and file.is_file():
                    listings[file.parent] = sidecars_in(file.parent)
                beside = listings.get(file.parent, {}).get(file, ())
                yield path, facts_of(file, mediainfo, beside, whole=whole)
            except RushesError as error:
                if path in named or is_missed(path, error):
                    yield path, _error(error)
            except Exception as error:  # noqa: BLE001 - a bug over one file must not cost the others
                yield path, _error(RushesError(f"{file.name} was not read: {bug(error)}."))


def _counted(paths: Sequence[str]) -> Iterable[str]:
    """The same paths; with a bar on a terminal where there are many."""
    if len(paths) < _SHOW_PROGRESS or not sys.stderr.isatty():
        return paths
    from rich.progress import track

    return track(paths, "Reading", console=console(stderr=True), transient=True)


# --- showing --------------------------------------------------------------------------------------


def _page(name: str, facts: Mapping[str, Any], width: int) -> str:
    if "error" in facts:
        return f"{name}\n  {facts['error']}\n"
    if set(facts) == {"sources"}:
        return f"{name}\n  It says nothing of a recording that is known here.\n"
    return page(name, facts, width)


def _print_list(found: Found) -> None:
    """A line for each file, folder by folder; what is wrong with some of them below."""
    read = {name: facts for name, facts in found.items() if "error" not in facts}
    rows = {name: _row(name, facts) for name, facts in read.items()}
    filled = [number for number in range(len(_COLUMNS)) if any(row[number] for row in rows.values())]
    columns = [_COLUMNS[number] for number in filled]
    rows = {name: [row[number] for number in filled] for name, row in rows.items()}
    screen = console()
    kept = fitting(columns, list(rows.values()), screen.width)
    widest = [max((len(row[number]) for row in rows.values()), default=0) for number in kept]
    by_folder = sorted(rows.items(), key=lambda row: row[0].rpartition("/")[0])
    for number, (folder, members) in enumerate(groupby(by_folder, key=lambda row: row[0].rpartition("/")[0])):
        made = table([columns[number] for number in kept])
        made.show_header = number == 0
        for column, width in zip(made.columns, widest, strict=True):
            column.min_width = max(width, len(str(column.header)))
        for _, row in members:
            made.add_row(*(row[number] for number in kept))
        if folder:
            click.echo(styled(cell(folder), bold=True))
        screen.print(made)
    _print_troubles(found)
    recordings = [facts for facts in read.values() if "container" in facts]
    length = sum((seconds_of(facts) or Fraction(0) for facts in recordings), Fraction(0))
    failed = f", {len(found) - len(read)} unusable" if len(read) < len(found) else ""
    likely = "; ? is only likely" if any(row[number].endswith("?") for row in rows.values() for number in kept) else ""
    click.echo(f"{plural(len(found), 'file')}, {running_time(length)}{failed}{likely}; name one file for all it says")


def _print_troubles(found: Found) -> None:
    for path, facts in found.items():
        name = cell(path)
        for warning in facts.get("warnings", ()):
            click.echo(styled(f"warning  {name}: {cell(warning)}", fg="yellow"))
        if "error" in facts:  # its sentence begins with the name itself, or the whole path
            folder, _, last = name.rpartition("/")
            named = f"{folder}/" if folder and facts["error"].startswith(last) else ""
            click.echo(styled(f"failed   {named}{facts['error']}", fg="red"))


def _row(name: str, facts: Mapping[str, Any]) -> list[str]:
    seconds, rate = seconds_of(facts), rate_of(facts)
    sounds = facts.get("audio") or ()
    channels = " + ".join(
        f"{times} x {count}" if times > 1 else str(count)
        for count, times in Counter(each["channels"] for each in sounds).items()
    )
    kinds = [facts.get("video_codec"), facts.get("format"), *(each["codec"] for each in sounds), facts.get("container")]
    position = facts.get("gps")
    return [
        short_name(Path(name).name),
        cell(next((kind for kind in kinds if kind), Path(name).suffix[1:].lower())),
        f"{facts['width']}x{facts.get('height')}" if facts.get("width") else "",
        ("~" if facts.get("vfr") else "") + label(str(rate)) if rate else "",
        lasting(seconds, facts.get("frames")) + _doubt(facts, "frames") if seconds is not None else "",
        channels and f"{channels} ch",
        cell(facts.get("start_timecode") or facts.get("first_record_timecode")),
        moment(facts).removesuffix(", zone unknown") + _doubt(facts, "recorded_at") if facts.get("recorded_at") else "",
        cell(facts.get("camera_model") or facts.get("camera_make")),
        f"{position[0]:.4f}, {position[1]:.4f}" if position else "",
    ]


def _doubt(facts: Mapping[str, Any], key: str) -> str:
    return "?" if is_likely(facts, key) else ""
