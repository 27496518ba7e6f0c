"""`rushes verify`: is everything still what it was?"""

import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import click

from pipeline.cli.options import QueryCommand, chosen_film, film_option, query_argument, query_text
from pipeline.cli.tables import console, plural, print_json
from pipeline.cli.writing import changing
from pipeline.offload.verify import STATES, Ears, verify
from pipeline.processes.ffmpeg import never
from pipeline.shotlog.query import parse


@click.command("verify", cls=QueryCommand)
@query_argument
@click.option("--json", "as_json", is_flag=True, help="An array of objects, one for each file.")
@film_option
def verify_command(query: tuple[str, ...], as_json: bool, film: str | None) -> int:
    """Read originals and what was made of them again, and compare them with their recorded hashes.

    Without QUERY, everything; then recordings that lie on the cards but are in no log are named, too. Stopped, the same
    command goes on where it was. Ends with 1 where a file is rotten, changed, missing, unreadable or new.
    """
    found = chosen_film(film)
    text = query_text(query)
    with changing(found) as catalogue, _bar(quiet=as_json) as ears:
        findings = list(verify(found, catalogue, parse(text), text, ears))
    if as_json:
        print_json([
            {"path": each.path, "kind": each.kind, "state": each.state, "clip": each.clip, "name": each.name,
             "sentence": each.sentence or STATES[each.state]}
            for each in findings
        ])  # fmt: skip
    counted = Counter(each.state for each in findings)
    bad = [each for each in findings if each.bad]
    told = [each for each in findings if each.bad or each.state == "copy gone"]
    for each in told:
        clip = f" (clip {each.name}, {each.clip[:8]})" if each.state == "lost" else ""  # another one lies there now
        click.echo(f"{each.state:10} {each.path}{clip}", err=as_json)
    for state in dict.fromkeys(each.state for each in told):
        click.echo(f"  {state}: {STATES[state]}.", err=True)
    counts = ", ".join(f"{counted[state]:,} {state}" for state in STATES if counted[state])
    click.echo(f"{plural(len(findings), 'file')}: {counts or 'nothing to verify'}.", err=True)
    return 1 if bad else 0


@contextmanager
def _bar(*, quiet: bool) -> Iterator[Ears]:
    until_killed()
    if quiet or not sys.stderr.isatty():
        yield Ears(lambda _: None, lambda _: None, never, _goes_on)
        return
    from rich.progress import BarColumn, DownloadColumn, Progress, TimeRemainingColumn, TransferSpeedColumn

    columns = ("Verifying", BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console(stderr=True), transient=True) as bars:
        bar = bars.add_task("", total=None)
        yield Ears(lambda total: bars.update(bar, total=total), lambda count: bars.advance(bar, count), never, _goes_on)


def _goes_on(since: str) -> None:
    begun = datetime.fromisoformat(since).astimezone()
    click.echo(f"Goes on from the check that began on {begun:%Y-%m-%d %H:%M} and was stopped.", err=True)


def until_killed() -> None:
    """Let SIGTERM end the command as Ctrl-C does: in order."""
    signal.signal(signal.SIGTERM, _interrupt)


def _interrupt(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt
