"""What commands share: the film they work on, the search they take, and its completion."""

import getpass
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.shell_completion import CompletionItem

from pipeline.clip import Clip, LoggedClip
from pipeline.errors import PathMissing, RushesError, ValueRefused
from pipeline.fields import ALIASES, BY_NAME, FIELDS
from pipeline.film import Film, find_film, open_film
from pipeline.timecode import Rate, Timecode

_KEPT = "\0"  # stands before words that begin with a minus, until click has parsed; no word holds it
if TYPE_CHECKING:
    from pipeline.catalogue.store import Catalogue

Command = TypeVar("Command", bound=Callable[..., Any])


def film_option(command: Command) -> Command:
    """`--film DIR`, on the command as well as before it."""
    return click.option("--film", metavar="DIR", help="The production folder; otherwise the one this folder lies in.")(
        command
    )


def list_rate_option(command: Command) -> Command:
    """`--rate` of a list that states none."""
    return click.option("--rate", default="", help="Frames per second of a list that states none; else what is known.")(
        command
    )


def tell_rate(rate: Rate | None, came: str) -> None:
    """Say on stderr what a list was counted at that states no rate, and where that came from."""
    if rate and came:
        click.echo(f"The list states no frame rate; it is counted at {rate.label()}, {came}.", err=True)


def chosen_film(film: str | None) -> Film:
    """The film named on the command line, else the one that the current folder lies in."""
    named = film or click.get_current_context().find_root().obj
    if not named:
        return find_film(Path.cwd())
    if not Path(named).is_dir():
        raise PathMissing(f"{named} is no folder; name the film's folder with --film DIR.")
    return open_film(Path(named))


def who() -> str:
    """The name under which this person's words are kept."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"


class QueryCommand(click.Command):
    """A command whose words may begin with a minus: `rushes log -status:failed` excludes, it is no option."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, list(self._minus_kept(args)))

    def _minus_kept(self, args: list[str]) -> Iterator[str]:
        options = {name: option for option in self.params if isinstance(option, click.Option) for name in option.opts}
        takes_next = False
        for index, arg in enumerate(args):
            if arg == "--":
                yield from args[index:]
                return
            excludes = arg[:1] == "-" and arg[:2] not in ("-", "--") and arg not in options and arg != "-h"
            yield _KEPT + arg if excludes and not takes_next else arg
            takes_next = arg in options and not options[arg].is_flag


def query_argument(command: Command) -> Command:
    """QUERY as any number of words: quotes that the shell took away are put back."""
    return click.argument("query", nargs=-1, shell_complete=complete_query)(command)


def query_text(words: tuple[str, ...]) -> str:
    """The search as it was meant: one word is the whole search; of several, each is as the shell split it,
    so that the quotes which the shell took from `subject:"coach interview"` are put back."""
    kept = as_typed(words)
    return "".join(kept) if len(kept) < 2 else " ".join(_requoted(word) for word in kept)


def as_typed(words: tuple[str, ...]) -> list[str]:
    """Words without the mark that kept click from taking them for options."""
    return [word.removeprefix(_KEPT) for word in words]


def _requoted(word: str) -> str:
    field, _, value = word.partition(":")
    known = field.lstrip("-") in BY_NAME or field.lstrip("-") in ALIASES
    plain = " " in value and not set(value) & set('":()')
    return f'{field}:"{value}"' if known and plain else word


def clip_typed(film: Film, catalogue: "Catalogue", text: str) -> LoggedClip:
    """The clip that a person names: by id, name, card/name or path. Raises NotFound for none and for several."""
    from pipeline.catalogue.handles import clip_called

    if "/" in text and os.path.lexists(text):
        path = Path(os.path.normpath(Path(text).absolute()))
        text = str(path.relative_to(film.folder) if path.is_relative_to(film.folder) else path)
    return clip_called(catalogue, text)


def frame_of(marked: Clip, text: str) -> int:
    """A position as frames from the clip's first: a number, or a label in its source timecode."""
    if text.isdecimal():
        return int(text)
    if marked.rate is None:
        raise ValueRefused(f"{marked.name} has no frame rate; give frame numbers.")
    start = marked.start or Timecode(0, marked.rate)
    return Timecode.parse(text, marked.rate, drop_frame=start.drop_frame).frame - start.frame


def complete_query(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Fields with their colon; after `field:` the values that the log knows."""
    lead = incomplete[: len(incomplete) - len(incomplete.lstrip("-("))]
    field, colon, begun = incomplete[len(lead) :].partition(":")
    if field in ("has", "missing"):
        return [CompletionItem(f"{lead}{field}:{f.name}", help=f.help) for f in FIELDS if f.name.startswith(begun)]
    if not colon:
        names = [(f.name, f.help) for f in FIELDS] + [(alias, f"= {name}") for alias, name in ALIASES.items()]
        return [CompletionItem(f"{lead}{name}:", help=text) for name, text in names if name.startswith(field)]
    known = _from_catalogue(
        context, lambda catalogue: _values(catalogue, ALIASES.get(field, field), begun.lstrip('="'))
    )
    return [CompletionItem(f'{lead}{field}:"{value}"' if " " in value else f"{lead}{field}:{value}") for value in known]


def complete_change(context: click.Context, parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Of `rushes set`: a search, fields that can be set, and after their sign the values the log knows."""
    match = re.match(r"(\w+)(\+=|-=|=)", incomplete)
    if match is None:
        names = [
            CompletionItem(f"{f.name}=", help=f.help)
            for f in FIELDS
            if f.origin == "log" and f.name.startswith(incomplete)
        ]
        return [*names, *complete_query(context, parameter, incomplete)]
    known = _from_catalogue(context, lambda catalogue: _values(catalogue, match[1], incomplete[match.end() :]))
    return [CompletionItem(match[0] + (f'"{value}"' if " " in value else value)) for value in known]


def complete_clip(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names and ids of clips, after `card/` the names of that card; where none begins so, the shell offers paths."""
    from pipeline.catalogue.handles import names_begun

    known = _from_catalogue(context, lambda c: [*names_begun(c, incomplete), *_values(c, "id", incomplete)])
    return [CompletionItem(value) for value in known] or [CompletionItem(incomplete, type="file")]


def complete_cut(context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """Names of saved cuts."""
    from pipeline.catalogue.cuts import cuts

    names = _from_catalogue(context, lambda catalogue: [cut.name for cut in cuts(catalogue)])
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def complete_fields(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The last of several fields parted by commas; a minus may stand before it."""
    before, comma, begun = incomplete.rpartition(",")
    minus = begun[: len(begun) - len(begun.lstrip("-"))]
    names = [(field.name, field.help) for field in FIELDS if field.name.startswith(begun.lstrip("-"))]
    return [CompletionItem(f"{before}{comma}{minus}{name}", help=text) for name, text in names]


def _from_catalogue(context: click.Context, asked: "Callable[[Catalogue], list[str]]") -> list[str]:
    """What the catalogue of the film at hand answers; nothing where there is none."""
    try:
        film = context.params.get("film") or context.find_root().params.get("film")
        found = open_film(Path(film)) if film else find_film(Path.cwd())
        from pipeline.catalogue.store import open_catalogue

        with open_catalogue(found.catalogue) as catalogue:
            return asked(catalogue)
    except RushesError:
        return []


def _values(catalogue: "Catalogue", field: str, begun: str) -> list[str]:
    from pipeline.catalogue.listing import values

    return values(catalogue, field, begun)
