"""`rushes offload`: a card becomes verified copies."""

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event
from typing import Any

import click
from rich.markup import escape

from pipeline.cli.options import film_option
from pipeline.cli.tables import console, plural, print_json, size
from pipeline.errors import AlreadyThere, Cancelled, FilmNotFound, PathRefused, RushesError
from pipeline.files import one_line, path_error
from pipeline.film import find_film, open_film
from pipeline.manifests.hashes import FORMATS
from pipeline.offload.naming import Card, doubted, filled, read_card
from pipeline.offload.report import as_data, as_html, as_json, as_text
from pipeline.offload.room import Room
from pipeline.offload.run import offload
from pipeline.offload.words import Ears, Offloaded, Wish
from pipeline.publishing import publish_new, workroom
from pipeline.settings import Settings, parse_settings, shipped
from pipeline.volumes import refuse_unmounted

_OFFERED = tuple(name for name in FORMATS if not name.startswith("xxhash"))
_REPORTS = (".html", ".json", ".txt")
_CARD = "{card}"

_Ended = tuple[Offloaded, Card] | RushesError  # what came of a card, or why nothing did


@click.command("offload")
@click.argument("cards", metavar="CARD...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--to", "targets", metavar="DIR", multiple=True, required=True, type=click.Path(path_type=Path),
              help="A disk or folder that gets a copy; as often as there are copies.")  # fmt: skip
@click.option("--as", "template", metavar="FOLDERS", default="{card}",
              help="Folders below each DIR: {card}, {reel}, {shoot_day}, {unit}, {camera}, or names.")  # fmt: skip
@click.option("--hash", "formats", type=click.Choice(_OFFERED), multiple=True, default=("xxh128",), show_default=True,
              help="Hashes to keep, the first for folders too.")  # fmt: skip
@click.option("--report", "reports", metavar="FILE", multiple=True, type=click.Path(path_type=Path, dir_okay=False),
              help="A report to file: .html (with stills), .json or .txt; {card} is the card's name.")  # fmt: skip
@click.option("--json", "json_wanted", is_flag=True, help="The report as JSON on stdout.")
@film_option
def offload_command(
    cards: tuple[Path, ...],
    targets: tuple[Path, ...],
    template: str,
    formats: tuple[str, ...],
    reports: tuple[Path, ...],
    json_wanted: bool,
    film: str | None,
) -> int:
    """Copy cards to one or more disks, each read once, each copy read back and compared before it appears.

    \b
    rushes offload /media/A001 --to /Volumes/RAID --to /Volumes/SHUTTLE
    rushes offload /media/A001 /media/B001 --to /Volumes/RAID --as '{shoot_day}/{card}' --report '{card}.html'

    An ASC MHL hash list is written into each copy. Stopped or killed, the same command goes on where it was; a card
    that is there already is recognised, and nothing is ever overwritten.
    """
    filed = _reports(cards, reports)
    _refuse_twice(targets)
    for target in targets:
        refuse_unmounted(target)
    settings = _settings(film)
    stop, room = Event(), Room()
    with _bars(stop, quiet=json_wanted) as ears_of, ThreadPoolExecutor(len(cards)) as pool:
        running = [
            pool.submit(_ended, card.absolute(), (targets, template, formats), settings, ears_of(card.name), room)
            for card in cards
        ]
        try:
            done = [each.result() for each in running]
        except BaseException:
            stop.set()
            raise
    codes = [_told(card, ended) for card, ended in zip(cards, done, strict=True)]
    codes += [_file(place, ended) for places, ended in zip(filed, done, strict=True) for place in places]
    if json_wanted:
        print_json([_as_value(card, ended) for card, ended in zip(cards, done, strict=True)])
    return max(codes)


def _reports(cards: Sequence[Path], wanted: Sequence[Path]) -> list[list[Path]]:
    """The reports of each card; raises AlreadyThere for one that is there, before anything is copied."""
    filed = [[Path(str(each).replace(_CARD, card.absolute().name)).absolute() for each in wanted] for card in cards]
    seen: set[Path] = set()
    for place in (place for places in filed for place in places):
        if place.suffix not in _REPORTS:
            raise click.UsageError(f"A report is {', '.join(_REPORTS)}; give it one of these endings.")
        if place in seen:
            raise click.UsageError(
                f"{one_line(place)} would be the report twice; name each once, those of several cards with {_CARD}."
            )
        if place.exists() or place.is_symlink():
            raise AlreadyThere(f"{one_line(place)} is there already and is not overwritten; name another report.")
        seen.add(place)
    return filed


def _refuse_twice(targets: Sequence[Path]) -> None:
    """Two copies in one folder, by whatever names, are one copy."""
    seen: dict[Path, Path] = {}
    for target in targets:
        first = seen.setdefault(target.resolve(), target)
        if first is not target:
            raise click.UsageError(
                f"{one_line(first)} and {one_line(target)} are one folder; name each disk that gets a copy once."
            )


def _settings(film: str | None) -> Settings:
    """The rules of the film that is named or that this folder lies in; else what is shipped."""
    try:
        return open_film(Path(film)).settings if film else find_film(Path.cwd()).settings
    except FilmNotFound:
        if film:
            raise
        return parse_settings(shipped("default.toml"), "default.toml")


def _ended(
    folder: Path, asked: tuple[tuple[Path, ...], str, tuple[str, ...]], settings: Settings, ears: Ears, room: Room
) -> _Ended:
    """What came of a card; its refusal is its own, and the other cards go on."""
    try:
        return _offloaded(folder, asked, settings, ears, room)
    except Cancelled:
        raise
    except RushesError as error:
        return error
    except OSError as error:
        return path_error(error, folder)


def _offloaded(
    folder: Path, asked: tuple[tuple[Path, ...], str, tuple[str, ...]], settings: Settings, ears: Ears, room: Room
) -> tuple[Offloaded, Card]:
    targets, template, formats = asked
    if folder.is_file():
        raise PathRefused(f"{one_line(folder)} is a file; name the folder of its card.")
    card = doubted(read_card(folder, settings), template)
    for doubt in card.doubts:  # while the card is not copied yet
        click.echo(f"{one_line(folder.name)}: {doubt}", err=True)
    place = filled(template, card.names)
    return offload(Wish(folder, tuple(target.absolute() / place for target in targets), formats), ears, room), card


def _as_value(card: Path, ended: _Ended) -> dict[str, Any]:
    if isinstance(ended, RushesError):
        return {"card": one_line(card.absolute()), "error": ended.sentence, "exit_code": ended.exit_code}
    return as_data(*ended)


def _file(place: Path, ended: _Ended) -> int:
    """Write a report under a name that nothing bears; one that cannot be written is said, and gives the exit code."""
    if isinstance(ended, RushesError):
        return 0  # nothing was copied: there is nothing to file
    try:
        with workroom(place.parent) as room:
            (room / "report").write_bytes(_report(*ended, place.suffix).encode())
            publish_new(room / "report", place)
    except (RushesError, OSError) as error:
        refusal = error if isinstance(error, RushesError) else path_error(error, place)
        click.echo(f"rushes: {refusal.sentence}", err=True)
        return refusal.exit_code
    return 0


def _report(offloaded: Offloaded, card: Card, suffix: str) -> str:
    data = as_data(offloaded, card)
    return as_html(data, card) if suffix == ".html" else as_json(data) if suffix == ".json" else as_text(data)


@contextmanager
def _bars(stop: Event, *, quiet: bool) -> Iterator[Callable[[str], Ears]]:
    """A bar for each card on a terminal, nothing elsewhere; a signal ends the work in order."""
    signal.signal(signal.SIGTERM, _interrupt)
    if quiet or not sys.stderr.isatty():
        yield lambda _: Ears(lambda _phase, _bytes: None, lambda _bytes: None, stop.is_set)
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = ("{task.description}", BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bars:

        def ears_of(name: str) -> Ears:
            bar = bars.add_task(escape(name), total=None)

            def phase(words: str, total: int) -> None:
                bars.reset(bar, total=total, description=f"{escape(name)}: {words}")

            return Ears(phase, lambda count: bars.advance(bar, count), stop.is_set)

        yield ears_of


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _told(folder: Path, ended: _Ended) -> int:
    """Say on stderr what came of a card: each copy, then everything that somebody must look at; gives its exit code."""
    if isinstance(ended, RushesError):
        click.echo(f"{one_line(folder)}: FAILED: {ended.sentence}", err=True)
        return ended.exit_code
    offloaded, card = ended
    clips = sum(len(taken.clips) for taken in card.taken)
    copied = (
        f"{plural(len(offloaded.files), 'file')}, {size(offloaded.bytes)}" if offloaded.files else "nothing to copy"
    )
    click.echo(f"{one_line(card.folder.name)}: {plural(clips, 'clip')}, {copied}", err=True)
    for copy in offloaded.copies:
        words = {"copied": "verified", "known": "there already"}.get(copy.state, f"FAILED: {copy.sentence}")
        click.echo(f"  {one_line(copy.folder)}  {words}", err=True)
    for warning in dict.fromkeys((*offloaded.warnings, *card.lacks(offloaded.lost))):
        click.echo(f"  warning: {warning}", err=True)
    return offloaded.exit_code
