"""`rushes proxies`: what each editing suite would make of the proxies on the disk."""

import os
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from pipeline.catalogue.listing import logged_clips
from pipeline.catalogue.products import unfit
from pipeline.catalogue.store import open_catalogue
from pipeline.cli.drawing import print_table
from pipeline.cli.options import QueryCommand, chosen_film, film_option, query_argument, query_text
from pipeline.cli.tables import SHORT_ID, Column, cell, console, fitting, listed, plural, print_json, short_name
from pipeline.files import one_line
from pipeline.film import Film
from pipeline.ingest.judging import Judged, damaged_clips, judged
from pipeline.processes.ffmpeg import find_ffmpeg
from pipeline.proxies.rules import EDITORS, OUTCOMES, RULES, TITLES
from pipeline.proxies.verdict import outcome
from pipeline.shotlog.query import Query, parse

_ON_TERMINAL = 50  # rows
_EXAMPLES = 3  # proxies that a rule names
_PRESET = 2  # the number of its column
_DAMAGED = "damaged pictures"  # the rule that accuses the original


@click.command("proxies", cls=QueryCommand)
@query_argument
@click.option("--json", "as_json", is_flag=True, help="An array of objects.")
@click.option("--compare", "compared", is_flag=True, help="Play each proxy, too; look and listen beside the originals.")
@click.option(
    "--salvage",
    "salvaged",
    is_flag=True,
    help="Of clips that failed (--compare: or are damaged), first make what can still be read.",
)
@film_option
def proxies_command(query: tuple[str, ...], as_json: bool, compared: bool, salvaged: bool, film: str | None) -> int:
    """Measure the proxies on the disk again: would each editing suite attach them, and if not, why?

    Without QUERY, all of them. Ends with 1 where one is not what was made (spoilt, replaced, gone), its original
    is found to be damaged, or its pictures could not be looked at.
    """
    found = chosen_film(film)
    asked = parse(query_text(query))
    ffmpeg = find_ffmpeg(found.settings.tools.ffmpeg) if compared else None
    if salvaged:
        _salvage(found, asked, ffmpeg)
    with open_catalogue(found.catalogue) as catalogue:
        all_judged = list(judged(found, catalogue, asked, ffmpeg=ffmpeg))
        lacking = unfit(catalogue, asked)
        unmade = salvaged and any(each.status == "failed" for each in logged_clips(catalogue, asked))
    if as_json:
        print_json([as_data(each) for each in all_judged])
    elif not all_judged:
        click.echo("There are no proxies of that; 'rushes status' tells what is left to make.", err=True)
    else:
        _print(all_judged)
    for sentence in lacking[:_EXAMPLES]:
        click.echo(sentence, err=True)
    if len(lacking) > _EXAMPLES:
        more = plural(len(lacking) - _EXAMPLES, "proxy", "proxies")
        click.echo(f"{more} more cannot be made; 'rushes show' tells why.", err=True)
    damaged = {each.clip.id: f"{one_line(each.clip.name)}: {said}" for each in all_judged if (said := _damage(each))}
    for said in damaged.values():
        click.echo(f"{said.removesuffix('.')}.", err=True)
    unseen = {each.clip.id: each for each in all_judged if each.unseen}
    for each in unseen.values():
        click.echo(f"{one_line(each.clip.name)} was not looked at: {each.unseen}", err=True)
    spoilt = [each for each in all_judged if each.defects]
    for line in (*_mended(found, spoilt), *_elsewhere(found, all_judged)):
        click.echo(line, err=True)
    return 1 if spoilt or damaged or unseen or unmade else 0


def _salvage(film: Film, query: Query, ffmpeg: Path | None) -> None:
    """Make what can be read of the clips found that failed, and with `ffmpeg` of those that it finds damaged."""
    from pipeline.cli.progress import print_summary, shown_progress
    from pipeline.ingest.run import salvage

    started = time.monotonic()
    with open_catalogue(film.catalogue) as catalogue:
        damaged = damaged_clips(film, catalogue, query, ffmpeg) if ffmpeg else frozenset()
    with shown_progress(quiet=False) as tell:
        summary = salvage(film, query, tell, damaged=damaged)
    print_summary(summary, time.monotonic() - started, quiet=False)


def _mended(film: Film, spoilt: Sequence[Judged]) -> Iterable[str]:
    """Which proxies are gone and which are not what was made, a few of each, and what makes them again."""
    gone = [each for each in spoilt if not os.path.lexists(film.folder / os.fsdecode(each.product.path))]
    there = [each for each in spoilt if each not in gone and not each.outdated]
    old = [each for each in spoilt if each not in gone and each.outdated]
    again = "'rushes ingest --retry' makes"
    if gone:
        yield f"{plural(len(gone), 'file is', 'files are')} gone: {_few(gone)}; {again} what is missing again."
    if there:
        yield f"{_few(there)}: spoilt, or made by an older release; delete what is there, and {again} it again."
    if old:
        yield f"{_few(old)}: made by an older release or other settings; 'rushes ingest' makes it again."


def _elsewhere(film: Film, all_judged: Sequence[Judged]) -> Iterable[str]:
    """Which proxies an earlier setting put where they are: they stay, for suites may have attached them there."""
    moved = [each for each in all_judged if each.elsewhere and not each.defects]
    if moved:
        placement = film.settings.proxies.placement
        lie = "proxy lies" if len(moved) == 1 else "proxies lie"
        yield (
            f"{len(moved):,} {lie} where an earlier 'placement' had them and suites may have attached them:"
            f" delete {_few(moved)}, and 'rushes ingest --retry' makes them where \"{placement}\" puts them."
        )


def _few(some: Sequence[Judged]) -> str:
    names = [one_line(each.product.path) for each in some]
    return (
        ", ".join(names)
        if len(names) <= _EXAMPLES
        else f"{', '.join(names[:_EXAMPLES])} and {len(names) - _EXAMPLES} more"
    )


def _damage(each: Judged) -> str:
    """What is wrong with the pictures of its original; empty where nothing was found."""
    return next((breach.words for breach in each.broken if breach.rule.name == _DAMAGED), "")


def as_data(each: Judged) -> dict[str, object]:
    """One proxy as an object; `map` only for clips whose rate varies, `unseen` where a look could not be had."""
    row: dict[str, object] = {
        "clip": each.clip.id, "name": one_line(each.clip.name), "preset": each.product.preset,
        "path": one_line(each.product.path), "verdict": each.verdict,
        "rules": {breach.rule.name: breach.words for breach in each.broken}, "defects": each.defects,
    }  # fmt: skip
    if each.unseen:
        row["unseen"] = each.unseen
    if each.frame_map:
        row["map"] = [[run.proxy, run.original, run.frames] for run in each.frame_map]
    return row


def _print(all_judged: Sequence[Judged]) -> None:
    """The worst first; then every rule that is broken, with examples; then what each suite would attach."""
    ranked = sorted(all_judged, key=_badness)
    screen = console()
    most = _ON_TERMINAL if screen.is_terminal else len(ranked)
    columns, rows = _laid_out(ranked[:most], screen.width)
    print_table(columns, rows)
    if len(ranked) > most:
        click.echo(f"the worst {most} of {len(ranked):,} proxies; --json has all")
    for line in (*_broken(all_judged), *_totals(all_judged)):
        click.echo(line)


def _badness(each: Judged) -> tuple[bool, list[int]]:
    """Sorts what is spoilt first, then by how many suites say no, and so on."""
    words = Counter(outcome(names) for names in each.verdict.values())
    return not each.defects, [-words[word] for word in OUTCOMES]


def _laid_out(all_judged: Sequence[Judged], width: int) -> tuple[list[Column], list[list[str]]]:
    """A column for each suite; where these leave no room for which clip it is and why, one for all suites."""
    first = [Column("Id", rank=1), Column("Name"), Column("Preset", rank=2)]
    why = Column("Why", whole=False)
    rows = [_row(each, [outcome(each.verdict[editor]) for editor in EDITORS]) for each in all_judged]
    columns = [*first, *(Column(TITLES[editor], rank=1) for editor in EDITORS), why]
    if {*range(len(columns))} - {*fitting(columns, rows, width)} <= {_PRESET}:
        return columns, rows
    return [*first, Column("Suites", whole=False), why], [_row(each, [_in_short(each)]) for each in all_judged]


def _row(each: Judged, suites: Sequence[str]) -> list[str]:
    names = [breach.rule.name for breach in each.broken]
    return [each.clip.id[:SHORT_ID], short_name(each.clip.name), each.product.preset, *suites, ", ".join(names)]


def _in_short(each: Judged) -> str:
    """What the suites make of it, the worst first: `no: Avid; by hand: Resolve`; of those that attach it nothing."""
    suites = {
        word: [TITLES[editor] for editor in EDITORS if outcome(each.verdict[editor]) == word] for word in OUTCOMES
    }
    return "; ".join(f"{word}: {', '.join(titles)}" for word, titles in suites.items() if titles) or "yes"


def _broken(all_judged: Sequence[Judged]) -> Iterable[str]:
    """Each rule that is broken: for whom, how, and by which proxies where not all say the same."""
    for rule in RULES:
        words = [(each, breach.words) for each in all_judged for breach in each.broken if breach.rule is rule]
        if not words or not rule.editors:
            continue
        told = Counter(said for _, said in words)
        names = {said: cell(each.clip.name) for each, said in reversed(words)}
        alike = len(told) == 1 and len(words) > 1
        examples = [said if alike else f"{names[said]} {said}" for said, _ in told.most_common(_EXAMPLES)]
        rest = [f"{len(told) - _EXAMPLES} more"] if len(told) > _EXAMPLES else []
        minding = "all" if rule.editors == EDITORS else listed(TITLES[editor] for editor in rule.editors)
        yield f"  {rule.name} ({minding}): {'; '.join([*examples, *rest])}"


def _totals(all_judged: Sequence[Judged]) -> Iterable[str]:
    for editor in EDITORS:
        counts = Counter(outcome(each.verdict[editor]) for each in all_judged)
        words = [word for word in ("yes", *reversed(OUTCOMES)) if counts[word]]
        yield f"{TITLES[editor]}: " + ", ".join(f"{counts[word]:,} {word}" for word in words)
