"""`rushes doctor`: is everything here that work needs, and what to do where it is not."""

import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import click

from pipeline.cli.options import chosen_film, film_option
from pipeline.cli.tables import plural, print_json, size
from pipeline.errors import FilmNotFound, RushesError
from pipeline.film import Film

_LOW_SPACE = 10_000_000_000
_INOTIFY = Path("/proc/sys/fs/inotify")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the check: `ok`, what was found, and what to do about it."""

    what: str
    ok: bool
    found: str
    advice: str = ""


@click.command("doctor")
@click.option("--repair", is_flag=True, help="Mend search index, products, plain files and leftovers first.")
@click.option("--json", "as_json", is_flag=True, help="An array of findings.")
@film_option
def doctor_command(repair: bool, as_json: bool, film: str | None) -> int:
    """Check catalogue, ffmpeg, encoders, disk space, inotify limits, clock and zone; say what to do."""
    try:
        found = chosen_film(film)
    except FilmNotFound:
        if film:
            raise
        found = None
    if repair and found:
        from pipeline.keeping.mend import mend

        for sentence in mend(found):
            click.echo(f"mended  {sentence}", err=True)
    findings = [finding for check in CHECKS for finding in check(found)]
    if as_json:
        print_json(findings)
    else:
        for finding in findings:
            click.echo(f"{'ok ' if finding.ok else 'BAD'}  {finding.what:10}  {finding.found}")
            if finding.advice:
                click.echo(f"     {'':10}  -> {finding.advice}")
    return 0 if all(finding.ok for finding in findings) else 1


def _python(_film: Film | None) -> Iterator[Finding]:
    yield Finding("python", ok=True, found=f"{sys.version.split()[0]}, {plural(os.cpu_count() or 1, 'core')}")


def _ffmpeg(film: Film | None) -> Iterator[Finding]:
    from pipeline.processes.ffmpeg import encoders_of, find_ffmpeg
    from pipeline.processes.sandbox import protection
    from pipeline.proxies.encoders import ENCODERS

    try:
        ffmpeg = find_ffmpeg(film.settings.tools.ffmpeg if film else "")
        version, known = encoders_of(ffmpeg)
    except RushesError as error:
        yield Finding("ffmpeg", ok=False, found=error.sentence, advice="install Rushes again, or set RUSHES_FFMPEG")
        return
    yield Finding("ffmpeg", ok=True, found=f"{version.partition(' Copyright')[0]} ({ffmpeg})")
    held, better = protection(ffmpeg)
    yield Finding("protection", ok=True, found=f"of ffmpeg: {held}", advice=better)
    missing = sorted({encoder.ffmpeg for encoder in ENCODERS if encoder.ffmpeg} - known)
    yield Finding(
        "encoders", not missing, f"without {', '.join(missing)}" if missing else "all that the presets name",
        "remove RUSHES_FFMPEG and tools.ffmpeg to use the one that came with the install" if missing else "",
    )  # fmt: skip


def _catalogue(film: Film | None) -> Iterator[Finding]:
    if film is None:
        yield Finding("film", ok=True, found="no film here", advice="'rushes init FILM' makes one")
        return
    from pipeline.catalogue.store import damage, open_catalogue

    yield Finding("film", ok=True, found=str(film.folder))
    try:
        with open_catalogue(film.catalogue) as catalogue, catalogue.reading() as db:
            wrong = damage(db)
    except RushesError as error:
        yield Finding("catalogue", ok=False, found=error.sentence)
        return
    advice = "rushes restore FILE puts a backup in its place, rushes rebuild makes it anew" if wrong else ""
    yield Finding(
        "catalogue", not wrong, "; ".join(wrong[:3]) or f"sound ({size(film.catalogue.stat().st_size)})", advice
    )


def _kept(film: Film | None) -> Iterator[Finding]:
    """What 'rushes doctor --repair' mends, and what nobody recorded; an unreadable catalogue was told of above."""
    from pipeline.keeping.mend import complaints

    if film is None:
        return
    with suppress(RushesError):
        found = [Finding(each.what, each.ok, each.found, each.advice) for each in complaints(film)]
        if all(finding.ok for finding in found):
            yield Finding("kept", ok=True, found="search index, products and plain files are as the log says")
        yield from found


def _space(film: Film | None) -> Iterator[Finding]:
    folder = film.folder if film else Path.cwd()
    free = shutil.disk_usage(folder).free
    advice = "proxies need about 6 MB for each second of footage; free some space" if free < _LOW_SPACE else ""
    yield Finding("space", free >= _LOW_SPACE, f"{size(free)} free at {folder}", advice)


def _inotify(film: Film | None) -> Iterator[Finding]:
    if not _INOTIFY.is_dir():
        return
    watches = int((_INOTIFY / "max_user_watches").read_text())
    folders = sum(1 for _ in os.walk(film.folder / "ingest")) if film else 0
    enough = watches > 2 * folders
    found = f"{watches:,} folders can be listened to, {folders:,} are in ingest/"
    advice = (
        ""
        if enough
        else f"sysctl fs.inotify.max_user_watches={max(524288, 4 * folders)}; until then new cards wait for the rescan"
    )
    yield Finding("inotify", enough, found, advice)


def _clock(film: Film | None) -> Iterator[Finding]:
    now = datetime.now().astimezone()
    year = time.gmtime().tm_year
    yield Finding(
        "clock", 2024 <= year <= 2100, f"{now:%Y-%m-%d %H:%M} {now:%Z (UTC%z)}",
        "" if 2024 <= year <= 2100 else "set this machine's clock: settling and entries of the log need it",
    )  # fmt: skip
    if film is not None:
        zone = film.settings.zone
        advice = "" if zone else 'zone = "Europe/Vienna" in rushes.toml gives clocks that state no zone one'
        yield Finding(
            "zone", ok=True, found=zone or "none set: times of cameras that state no zone stay local", advice=advice
        )


CHECKS: tuple[Callable[[Film | None], Iterator[Finding]], ...] = (
    _python, _ffmpeg, _catalogue, _kept, _space, _inotify, _clock,
)  # fmt: skip
