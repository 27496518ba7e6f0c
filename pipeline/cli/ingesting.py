"""`rushes ingest`, `watch` and `status`."""

import signal
import time
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

import click

from pipeline.cli.options import chosen_film, film_option
from pipeline.cli.progress import ALL_IN, how_far, print_summary, say, shown_progress, why
from pipeline.cli.tables import listed, plural, print_json, running_time
from pipeline.files import one_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.film import Film
    from pipeline.ingest.word import HeadState

_MOST_LISTED = 10  # cards that `rushes status` names


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    """SIGTERM ends a command as Ctrl-C does: every with-block is left in order."""
    raise KeyboardInterrupt


@click.command("ingest")
@click.argument("paths", metavar="[PATH...]", nargs=-1, type=click.Path(path_type=Path))
@click.option("--retry", is_flag=True, help="Try again what failed before.")
@click.option("--priority", metavar="QUERY", default="", help="Make the clips that this search finds first.")
@click.option("--quiet", "-q", is_flag=True, help="Only say what needs a person.")
@click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON.")
@film_option
def ingest_command(
    paths: tuple[Path, ...], retry: bool, priority: str, quiet: bool, as_json: bool, film: str | None
) -> int:
    """Take in the cards in ingest/, or in the folders named; the same command again finds nothing to do.

    A folder outside the film is indexed where it lies; nothing is copied.
    """
    from pipeline.ingest.run import ingest
    from pipeline.shotlog.query import parse

    signal.signal(signal.SIGTERM, _interrupt)
    found = chosen_film(film)
    first = parse(priority) if priority.strip() else None
    started = time.monotonic()
    with shown_progress(quiet=quiet) as tell:
        summary = ingest(found, paths, tell, retry=retry, priority=first)
    idle = ALL_IN if summary.cards or summary.made else _idle(found, paths)
    if as_json:
        print_json({
            "cards": summary.cards, "clips": summary.clips, "new": summary.new, "copies": summary.copies,
            "made": summary.made, "failed": summary.failed, "left": summary.left,
            "duration": round(float(summary.duration), 3),
        })  # fmt: skip
    print_summary(summary, time.monotonic() - started, quiet=quiet, idle=idle)
    if summary.stopped_by:
        return summary.stopped_by[0]
    return 1 if summary.failed or summary.left else 0


def _idle(film: "Film", paths: "Sequence[Path]") -> str:
    """What to say where there was nothing to do: of folders named, before the first card, else that all is in."""
    from pipeline.catalogue.store import open_catalogue
    from pipeline.catalogue.summary import status_counts

    if paths:
        hold = "holds" if len(paths) == 1 else "hold"
        folders = listed(one_line(path) for path in paths)
        return f"Nothing to do: {folders} {hold} no recording that is not in the log or whose proxies were not made."
    with open_catalogue(film.catalogue) as catalogue:
        if status_counts(catalogue):
            return ALL_IN
    return "There is no card in ingest/; copy one there, with its folders, and run 'rushes ingest' again."


@click.command("watch")
@click.option("--quiet", "-q", is_flag=True, help="Only say what needs a person.")
@film_option
def watch_command(quiet: bool, film: str | None) -> int:
    """Take in whatever settles in ingest/, until Ctrl-C. After a crash, start it again: it goes on."""
    from pipeline.ingest.run import watch

    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGINT, _interrupt)  # a script's `rushes watch &` would ignore it
    found = chosen_film(film)
    say(f"Watching {found.folder / 'ingest'}; Ctrl-C stops.")
    try:
        with shown_progress(quiet=quiet, keep=False) as tell:
            watch(found, tell)
    except KeyboardInterrupt:
        say("Stopped; nothing is lost, and 'rushes watch' goes on where it was.")
    return 0


@click.command("pause")
@film_option
def pause_command(film: str | None) -> None:
    """Let what runs stand still, from any terminal: ffmpeg keeps its place and its memory, and takes no CPU."""
    from pipeline.ingest.word import pause

    pause(chosen_film(film))
    click.echo("Paused; 'rushes resume' goes on.", err=True)


@click.command("resume")
@film_option
def resume_command(film: str | None) -> None:
    """Let what was paused go on, from any terminal."""
    from pipeline.ingest.word import resume

    click.echo("The work goes on." if resume(chosen_film(film)) else "Nothing is paused.", err=True)


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@film_option
def status_command(as_json: bool, film: str | None) -> None:
    """What a running ingest or watch does and what is left, from any terminal."""
    from pipeline.catalogue.head import cards_left
    from pipeline.catalogue.products import failures
    from pipeline.catalogue.store import open_catalogue
    from pipeline.catalogue.summary import status_counts
    from pipeline.ingest.word import is_paused, read_word

    found = chosen_film(film)
    word, paused = read_word(found), is_paused(found)
    with open_catalogue(found.catalogue) as catalogue:
        counts, left, failed = status_counts(catalogue), cards_left(catalogue), failures(catalogue)
    if as_json:
        print_json({"head": word, "paused": paused, "clips": counts, "left": left, "failed": failed})
        return
    _tell_of_head(word)
    if paused:
        click.echo("Paused; 'rushes resume' goes on.")
    states = listed(f"{plural(count, 'clip')} {status.replace('_', ' ')}" for status, count in sorted(counts.items()))
    click.echo(f"In the log: {states or 'nothing yet'}.")
    for card in left[:_MOST_LISTED]:
        click.echo(f"  left on {card.card}: {plural(card.clips, 'clip')}, {running_time(card.seconds)}")
    for each in {failure.path: failure for failure in failed}.values():
        click.echo(f"  failed {why(one_line(each.path), one_line(each.sentence))}")
    if len(left) > _MOST_LISTED:
        click.echo(f"  and {plural(len(left) - _MOST_LISTED, 'card')} more")
    if left and word is None:
        click.echo("'rushes ingest' finishes them.")


def _tell_of_head(word: "HeadState | None") -> None:
    if word is None:
        click.echo("Nothing is running.")
        return
    click.echo(f"'{word.words}' is running (process {word.process}).")
    if word.progress.under_way:
        click.echo(f"Working on {listed(word.progress.under_way)}: {how_far(word.progress)}.")
    if word.space:
        click.echo(f"Waiting for space: {word.space}")
    if word.deaf:
        click.echo(word.deaf)
    if word.waiting:
        click.echo(f"Waiting until {listed(word.waiting)} has come to rest.")
