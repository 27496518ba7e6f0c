"""`rushes set`, `mark`, `undo` and `forget`: the log by hand. Every change is one batch that can be undone."""

import re
import shlex

import click

from pipeline.catalogue.listing import clip_ids
from pipeline.catalogue.log import Batch, forget, forget_failed_files, undo, write_log
from pipeline.catalogue.store import Catalogue
from pipeline.cli.options import (
    QueryCommand,
    as_typed,
    chosen_film,
    clip_typed,
    complete_change,
    complete_clip,
    film_option,
    frame_of,
    query_argument,
    query_text,
    who,
)
from pipeline.cli.tables import ID, listed, plural, print_json
from pipeline.cli.writing import changing
from pipeline.clip import Clip, Saying
from pipeline.errors import NotFound, ValueRefused
from pipeline.fields import ALIASES, BY_NAME
from pipeline.files import one_line
from pipeline.film import Film
from pipeline.shotlog.query import parse
from pipeline.timecode import TimeRange

_ASSIGNMENT = re.compile(r"([A-Za-z_]+)(\+=|-=|=)(.*)", re.DOTALL)
_OPS = {"+=": "add", "-=": "remove", "=": "set"}


@click.command("set", cls=QueryCommand)
@click.argument("words", nargs=-1, required=True, metavar="QUERY F=V...", shell_complete=complete_change)
@click.option("--json", "as_json", is_flag=True, help="The batch as JSON.")
@film_option
def set_command(words: tuple[str, ...], as_json: bool, film: str | None) -> None:
    """Log by hand: F=V sets, F+=V adds, F-=V takes out, F= clears. A person's word outranks every rule.

    \b
    rushes set id:4f2a rating=4 note='runs through frame'
    rushes set 'location:kaptagat sunrise' subject+='morning run' circled=yes
    """
    asked = tuple(word for word in words if not _ASSIGNMENT.fullmatch(word))
    sayings = [_saying(word) for word in words if _ASSIGNMENT.fullmatch(word)]
    if not sayings:
        raise click.UsageError("Say what to set: rushes set QUERY FIELD=VALUE...")
    if not query_text(asked).strip():
        raise click.UsageError("Say of which clips: rushes set QUERY FIELD=VALUE...; status:* is all of them.")
    found = chosen_film(film)
    with changing(found) as catalogue:
        ids = _found(found, catalogue, query_text(asked))
        said = [(each, saying) for each in ids for saying in sayings]
        batch = write_log(catalogue, said, who=who(), words=f"set {shlex.join(as_typed(words))}")
    _confirm(batch, "Set", as_json=as_json)


def _found(film: Film, catalogue: Catalogue, query: str) -> list[str]:
    """The clips that a search finds; a bare word that finds none may be an id as 'rushes log' prints it.

    Raises NotFound.
    """
    if ids := clip_ids(catalogue, parse(query)):
        return ids
    if ID.fullmatch(query.strip()):
        return [clip_typed(film, catalogue, query.strip()).clip.id]
    raise NotFound(f"Nothing in the log fits '{query}'; 'rushes log' shows what there is.")


def _saying(word: str) -> Saying:
    match = _ASSIGNMENT.fullmatch(word)
    assert match is not None
    name, sign, value = match.groups()
    name = ALIASES.get(name.lower(), name.lower())
    if sign != "=" and name in BY_NAME and not BY_NAME[name].many:
        raise ValueRefused(f"'{name}' has one value; write {name}={value or 'VALUE'}.")
    if sign == "=" and not value.strip():
        return Saying(name, "", "person", "clear")
    return Saying(name, value, "person", _OPS[sign])  # type: ignore[arg-type]  # the values of _OPS are ops


@click.command("mark")
@click.argument("clip", metavar="CLIP", shell_complete=complete_clip)
@click.argument("start", metavar="IN")
@click.argument("end", metavar="OUT")
@click.option("--note", default="", help="What happens there.")
@click.option("--subject", default="", help="Who or what is seen there.")
@film_option
def mark_command(clip: str, start: str, end: str, note: str, subject: str, film: str | None) -> None:
    """Mark a range within a clip, OUT not included: frames counted from its first (48), or source timecode.

    CLIP is its id or the beginning of it, its file name (with or without extension), card/name or its path.
    """
    found = chosen_film(film)
    with changing(found) as catalogue:
        marked = clip_typed(found, catalogue, clip).clip
        first, last = frame_of(marked, start), frame_of(marked, end)
        if not 0 <= first < last <= (marked.frames or 0):
            raise ValueRefused(_no_range(marked, start, end))
        span = TimeRange(first, last - first)
        sayings = [Saying("mark", "", "person", range=span)]
        sayings += [
            Saying(name, text, "person", range=span) for name, text in (("note", note), ("subject", subject)) if text
        ]
        batch = write_log(
            catalogue,
            [(marked.id, saying) for saying in sayings],
            who=who(),
            words=f"mark {marked.name} {start} {end}",
        )
    _confirm(batch, "Marked", as_json=False)


def _no_range(marked: Clip, start: str, end: str) -> str:
    """Why a range cannot be marked, with all that can be."""
    labels = f", {marked.start} to {marked.start + marked.frames}" if marked.start and marked.frames else ""
    whole = f"frames 0 to {marked.frames or 0}{labels}"
    return f"{start} to {end} is no range within {marked.name}; give IN before OUT, both within {whole}."


@click.command("undo")
@click.argument("batch", required=False)
@click.option("--json", "as_json", is_flag=True, help="The batch as JSON.")
@film_option
def undo_command(batch: str | None, as_json: bool, film: str | None) -> None:
    """Take back your last change of the log, or the batch named; an undo can be undone by its own id."""
    found = chosen_film(film)
    with changing(found) as catalogue:
        undone = undo(catalogue, batch, who=who())
    _confirm(undone, "Took back", as_json=as_json)


@click.command("forget", cls=QueryCommand)
@query_argument
@click.option("--json", "as_json", is_flag=True, help="The batch as JSON.")
@film_option
def forget_command(query: tuple[str, ...], as_json: bool, film: str | None) -> None:
    """Take clips out of the log. Media and proxies stay where they are; 'rushes undo' brings the clips back.

    QUERY may be the path of a file that could not be read: ingest no longer counts it as a failure.
    """
    if not query_text(query).strip():
        raise click.UsageError("Say which clips: rushes forget QUERY; status:* is all of them.")
    found = chosen_film(film)
    with changing(found) as catalogue:
        if files := forget_failed_files(catalogue, query_text(query)):
            click.echo(f"Forgot that {listed(one_line(file) for file in files)} could not be read.", err=True)
            return
        ids = _found(found, catalogue, query_text(query))
        batch = forget(catalogue, ids, who=who(), words=f"forget {query_text(query)}")
    _confirm(batch, "Forgot", as_json=as_json)


def _confirm(batch: Batch, what: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"batch": batch.id, "words": batch.words, "clips": batch.clips})
    click.echo(
        f"{what}: {plural(len(batch.clips), 'clip')} ({batch.words}). 'rushes undo {batch.id[:8]}' takes it back.",
        err=True,
    )
