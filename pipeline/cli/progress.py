"""How a head's events look: bars on a terminal, plain lines elsewhere, nothing with --quiet."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from pipeline.cli.tables import console, plural, running_time
from pipeline.ingest.events import CardTaken, ClipFailed, ClipMade, Event, Progress, Said, Summary, Waiting

if TYPE_CHECKING:
    from rich.progress import Progress as Bars
    from rich.progress import TaskID

_ALL = "all cards"
ALL_IN = "Nothing to do: every card in ingest/ is in the log and its proxies were made."
_PLAIN_EVERY = 10.0  # seconds between progress lines where there is no terminal


@contextmanager
def shown_progress(*, quiet: bool, keep: bool = True) -> Iterator[Callable[[Event], None]]:
    """What a head tells its events to while the block runs; `keep`: bars stay when their card is done."""
    if quiet:
        yield _quiet
    elif sys.stderr.isatty():
        with _bars() as bars:
            yield _Live(bars, keep=keep).tell
    else:
        yield _Plain().tell


def say(line: str) -> None:
    """A line on stderr; one that cannot be written, to a log file on a full disk, is no reason to stop."""
    with suppress(OSError):
        click.echo(line, err=True)


def sentence_of(event: Event) -> str:
    """The line that an event leaves behind; empty for those that only move bars."""
    match event:
        case Said(sentence):
            return sentence
        case CardTaken():
            return _taken(event)
        case ClipFailed(card=card, sentence=sentence):
            return f"failed  {card}: {sentence}"
    return ""


def print_summary(summary: Summary, seconds: float, *, quiet: bool, idle: str = ALL_IN) -> None:
    """The end of a run, on stderr: what came in, what was made, every failure by name; `idle`: when nothing was."""
    if quiet:
        pass
    elif summary.stopped_by and not summary.cards and not summary.made:
        pass  # its sentence follows
    elif not summary.cards and not summary.made and not summary.failed and not summary.left:
        say(idle)
    elif not summary.cards and not summary.made:
        say("Nothing new.")
    elif not summary.cards:
        say(f"Proxies and stills of {plural(summary.made, 'clip')}, in {running_time(seconds)}.")
    else:
        parts = [plural(summary.clips, "clip"), running_time(summary.duration), f"{summary.new:,} new"]
        parts += [plural(summary.copies, "copy").replace("copys", "copies")] if summary.copies else []
        parts += [f"proxies and stills of {summary.made:,}"] if summary.made else []
        say(f"{plural(summary.cards, 'card')}: {', '.join(parts)}, in {running_time(seconds)}.")
    for card in summary.left:
        say(f"not taken  {card}: it is still changing; run 'rushes ingest' again when the copy has ended.")
    if summary.failed:
        say(f"{plural(len(summary.failed), 'failure')}:")
        for path, sentence in summary.failed:
            say(f"  {why(path, sentence)}")
        say("'rushes forget PATH' lets go of what cannot be mended; the file itself stays.")
    if summary.stopped_by:
        say(f"rushes: {summary.stopped_by[1]}")


def why(path: str, sentence: str) -> str:
    """A failure with its path; a sentence that begins with the file's name does not say it again."""
    name = path.rpartition("/")[2]
    return f"{path}: {sentence.removeprefix(f'{name}: ')}"


def _taken(event: CardTaken) -> str:
    line = f"taken   {event.card}: {plural(event.clips, 'clip')}, {running_time(event.duration)}"
    if event.new != event.clips:
        line += f", {event.new} new"
    if event.others:
        line += f", {plural(event.others, 'other file')}"
    lines = [line]
    lines += [
        f"copy    {event.card}: {name} is in the log already; it also lies at {path}" for name, path in event.copies
    ]
    lines += [f"warning {event.card}: {warning}" for warning in event.warnings]
    lines += [f"failed  {event.card}: {sentence}" for _, sentence in event.failed]
    return "\n".join(lines)


def _quiet(event: Event) -> None:
    if isinstance(event, Said):
        say(event.sentence)


class _Plain:
    """Lines for a log file: what happened, and now and then how far it is."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def tell(self, event: Event) -> None:
        if isinstance(event, Progress):
            now = time.monotonic()
            if event.wanted and now - self._last >= _PLAIN_EVERY:
                self._last = now
                say(f"working {how_far(event)}")
        elif isinstance(event, ClipMade):
            say(f"made    {event.card}: {event.name} ({running_time(event.duration)} in {running_time(event.seconds)})")
        elif line := sentence_of(event):
            say(line)


def how_far(progress: Progress) -> str:
    share = progress.done / progress.wanted if progress.wanted else 1.0
    left = f", {running_time(progress.seconds_left)} left" if progress.seconds_left is not None else ""
    return f"{share:.0%} of {running_time(progress.wanted)}, {progress.speed:.1f} x real time{left}"


@contextmanager
def _bars() -> "Iterator[Bars]":
    from rich.progress import BarColumn, TextColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=28),
        TextColumn("{task.percentage:>3.0f}%"),
        TextColumn("{task.fields[clips]}"),
        TextColumn("{task.fields[pace]}", style="dim"),
    )
    with Bars(*columns, console=console(stderr=True)) as bars:
        yield bars


class _Live:
    """A bar for each card under way and one for all; lines scroll above.

    What is done stays with `keep` (a run that ends), and leaves without (a watch goes on for weeks).
    """

    def __init__(self, bars: "Bars", *, keep: bool) -> None:
        self._bars = bars
        self._keep = keep
        self._rows: dict[str, TaskID] = {}
        self._resting: set[str] = set()

    def tell(self, event: Event) -> None:
        if isinstance(event, Progress):
            self._draw(event)
        elif isinstance(event, Waiting):
            self._draw_waiting(event)
        elif line := sentence_of(event):
            self._bars.console.print(line)

    def _draw(self, progress: Progress) -> None:
        for card in progress.cards:
            if card.clips_done >= card.clips and not self._keep:
                self._drop(card.card)
            elif card.card not in self._resting:
                self._row(card.card, card.wanted, card.done, f"{card.clips_done}/{card.clips} clips", "")
        if progress.wanted:
            left = f"{running_time(progress.seconds_left)} left" if progress.seconds_left is not None else ""
            self._row(_ALL, progress.wanted, progress.done, "", f"{progress.speed:.1f} x real time  {left}")
        if not progress.under_way and not self._keep:
            self._drop(_ALL)

    def _draw_waiting(self, waiting: Waiting) -> None:
        """Rows for exactly the cards that wait: taken ones get theirs back when their work begins."""
        now = {card.card for card in waiting.cards}
        for gone in self._resting - now:
            self._drop(gone)
        self._resting = now
        for card in waiting.cards:
            self._row(card.card, 1.0, 0.0, plural(card.files, "file"), f"settles in {running_time(card.seconds)}")

    def _row(self, name: str, total: float, done: float, clips: str, pace: str) -> None:
        if name not in self._rows:
            self._rows[name] = self._bars.add_task(name, total=total, clips=clips, pace=pace)
        self._bars.update(self._rows[name], total=total, completed=done, clips=clips, pace=pace)

    def _drop(self, name: str) -> None:
        if name in self._rows:
            self._bars.remove_task(self._rows.pop(name))
