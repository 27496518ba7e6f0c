"""The search language: text -> a frozen tree that says what was asked. Nothing is evaluated here.

Words side by side mean and; `or`, `-`, brackets and quotes do what they do everywhere. A broken
search raises QueryError: one sentence, the text, a line that marks the place, and what would do.
"""

import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, NoReturn

from pipeline.errors import QueryError
from pipeline.fields import ALIASES, BY_NAME, Field
from pipeline.shotlog.folding import words_of
from pipeline.shotlog.terms import READERS, Bounds, Term

Match = Literal["begins", "word", "whole", "anywhere"]
MOST_TERMS = 200
DEEPEST = 40
_QUOTES = {'"': '"', "\u201c": "\u201d", "\u201e": "\u201c", "\u00ab": "\u00bb"}
_FIELD = re.compile(r"([A-Za-z][A-Za-z_]*):")
_SIGN = re.compile(r">=|<=|>|<|=")


@dataclass(frozen=True, slots=True)
class Text:
    """A text field (None: every text) holds `words` in this order; case, accents and punctuation are folded."""

    field: str | None
    words: tuple[str, ...]
    match: Match
    said: str


@dataclass(frozen=True, slots=True)
class Span:
    """A field lies between two bounds, both included; `low` above `high` wraps midnight."""

    field: str
    low: Term | None
    high: Term | None
    said: str


@dataclass(frozen=True, slots=True)
class Flag:
    field: str
    wanted: bool


@dataclass(frozen=True, slots=True)
class Has:
    field: str


@dataclass(frozen=True, slots=True)
class Not:
    part: "Node"


@dataclass(frozen=True, slots=True)
class And:
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Or:
    parts: tuple["Node", ...]


Node = Text | Span | Flag | Has | Not | And | Or


@dataclass(frozen=True, slots=True)
class Query:
    """What was typed and what it means; `root` is None for everything."""

    text: str
    root: Node | None


def parse(text: str) -> Query:
    """Read a search; the empty one finds everything. Raises QueryError with the place marked."""
    reader = _Reader(text)
    if reader.at_end():
        return Query(text, None)
    root = reader.either(0)
    if not reader.at_end():
        reader.refuse("This bracket closes nothing; take it out or open one before it.", reader.place, reader.place + 1)
    return Query(text, root)


class _Reader:
    """A place in the text of one search, and the rules of the language that move it on."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.place = 0
        self.terms = 0

    def at_end(self) -> bool:
        while self.place < len(self.text) and self.text[self.place].isspace():
            self.place += 1
        return self.place == len(self.text)

    def refuse(self, sentence: str, start: int, end: int) -> NoReturn:
        raise QueryError(marked(sentence, self.text, start, end))

    def either(self, depth: int) -> Node:
        """`a or b or c`."""
        parts = [self.together(depth)]
        while self.takes_word("or"):
            parts.append(self.together(depth))
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def together(self, depth: int) -> Node:
        """Terms side by side, up to `or`, a closing bracket or the end."""
        parts: list[Node] = []
        while not self.at_end() and self.text[self.place] != ")" and not self.sees_word("or"):
            if parts and self.takes_word("and") and (self.at_end() or self.text[self.place] == ")"):
                self.refuse(_NOTHING, self.place, self.place + 1)
            parts.append(self.one(depth))
        if not parts:
            end = min(self.place + 2, len(self.text)) if self.sees_word("or") else self.place + 1
            self.refuse(_NOTHING, self.place, end)
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def one(self, depth: int) -> Node:
        start = self.place
        if depth > DEEPEST:
            self.refuse(
                f"Brackets and minus signs nest more than {DEEPEST} deep here; ask in a simpler way.", start, start + 1
            )
        if self.text[start] == "-":
            self.place += 1
            if self.place == len(self.text) or self.text[self.place].isspace() or self.text[self.place] == ")":
                self.refuse("A minus sign excludes what stands right behind it; nothing does.", start, start + 1)
            return Not(self.one(depth + 1))
        if self.text[start] == "(":
            self.place += 1
            inner = self.either(depth + 1)
            if self.at_end():
                self.refuse("This bracket is never closed.", start, start + 1)
            self.place += 1
            return inner
        self.terms += 1
        if self.terms > MOST_TERMS:
            self.refuse(f"A search holds at most {MOST_TERMS} terms.", start, start + 1)
        return self.term()

    def term(self) -> Node:
        named = _FIELD.match(self.text, self.place)
        if named is None:
            start = self.place
            value, quoted = self.value()
            return self.words_in(None, value, start, quoted=quoted)
        name = named[1].lower()
        start, self.place = self.place, named.end()
        if name in ("has", "missing"):
            return self.presence(name, start)
        field = self.field_named(name, start, named.end() - 1)
        sign = _SIGN.match(self.text, self.place)
        self.place = sign.end() if sign else self.place
        return self.asked(field, sign[0] if sign else "", start)

    def presence(self, which: str, start: int) -> Node:
        begin = self.place
        value, _ = self.value()
        if not value:
            self.refuse(f"A field is missing behind '{which}:'; write {which}:note.", start, begin)
        field = self.field_named(value.lower(), begin, self.place)
        return Has(field.name) if which == "has" else Not(Has(field.name))

    def asked(self, field: Field, sign: str, start: int) -> Node:
        """What is asked of `field` behind the colon and `sign`."""
        begin = self.place
        value, quoted = self.value()
        if not value.strip():
            example = f"{field.name}:{_EXAMPLES[field.kind]}"
            self.refuse(
                f"A value is missing behind '{field.name}:'; write {example} or missing:{field.name}.", start, begin
            )
        if value == "*" and not sign and not quoted:
            return Has(field.name)
        if field.kind == "text":
            if sign not in ("", "="):
                self.refuse(f"'{field.name}' is text and is neither more nor less than another.", start, self.place)
            return self.words_in(field, value, begin, quoted=quoted, whole=sign == "=")
        if field.kind == "flag":
            return self.flag(field, value, begin)
        try:
            bounds = _bounds(field, sign, value)
        except ValueError as error:
            self.refuse(str(error), begin, self.place)
        return Span(field.name, bounds[0], bounds[1], f"{sign}{value}")

    def flag(self, field: Field, value: str, begin: int) -> Node:
        wanted = FLAGS.get(value.lower())
        if wanted is None:
            self.refuse(f"'{field.name}' is yes or no.", begin, self.place)
        return Flag(field.name, wanted)

    def words_in(self, field: Field | None, value: str, begin: int, *, quoted: bool, whole: bool = False) -> Node:
        anywhere = not quoted and not whole and len(value) > 2 and value[0] == value[-1] == "*"
        words = words_of(value)
        if field is not None and field.name == "id":
            words = (value.lower(),) if re.fullmatch(r"[0-9A-Za-z]+", value) else ()
        if not words:
            self.refuse("There is no letter or figure in this; nothing could be found by it.", begin, self.place)
        match: Match = "begins"
        if anywhere:
            match = "anywhere"
        elif whole or (field is not None and field.name == "camera"):
            match = "whole"
        elif len(words) == 1 and len(words[0]) == 1 and not (field is not None and field.name == "id"):
            match = "word"
        return Text(field.name if field else None, words, match, value.strip("*") if anywhere else value)

    def value(self) -> tuple[str, bool]:
        """The value at this place, and whether it stood in quotes; `*"two words"*` keeps its stars."""
        start = self.place
        stars = self.text.startswith("*", start) and self.text[start + 1 : start + 2] in _QUOTES
        opening = start + 1 if stars else start
        if self.text[opening : opening + 1] in _QUOTES:
            end = self.text.find(_QUOTES[self.text[opening]], opening + 1)
            if end < 0:
                self.refuse("This quotation mark is never closed.", opening, opening + 1)
            self.place = end + 1
            inner = self.text[opening + 1 : end]
            if stars and self.text.startswith("*", self.place):
                self.place += 1
                return f"*{inner}*", False
            return inner, True
        while self.place < len(self.text) and not (self.text[self.place].isspace() or self.text[self.place] in "()"):
            self.place += 1
        return self.text[start : self.place], False

    def field_named(self, name: str, start: int, end: int) -> Field:
        field = BY_NAME.get(ALIASES.get(name, name))
        if field is None:
            known = (*BY_NAME, *ALIASES, "has", "missing")
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"; did you mean '{near[0]}'?" if near else "."
            where = marked(f"'{name}' is no field{hint}", self.text, start, max(end, start + 1))
            raise QueryError(f"{where}\nFields: {', '.join(known)}.")
        return field

    def sees_word(self, word: str) -> bool:
        end = self.place + len(word)
        after = self.text[end : end + 1]
        return self.text[self.place : end].lower() == word and (not after or after.isspace() or after in "()")

    def takes_word(self, word: str) -> bool:
        if self.at_end() or not self.sees_word(word):
            return False
        self.place += len(word)
        return True


_NOTHING = "Something to search for is missing here."
FLAGS: dict[str, bool] = {
    "yes": True, "no": False, "true": True, "false": False, "1": True, "0": False, "y": True, "n": False,
}  # fmt: skip
_EXAMPLES: dict[str, str] = {
    "text": "word", "number": ">=4", "date": "2019-10", "time": "06:00..07:30", "duration": ">30s",
    "timecode": "10:00:00:00", "moment": "2019-10-12T06:00", "rate": "25", "flag": "yes",
}  # fmt: skip


def marked(sentence: str, text: str, start: int, end: int) -> str:
    """`sentence`, the search, and a line of carets under what is wrong in it."""
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return f"{sentence}\n  {shown}\n  {' ' * start}{'^' * max(1, end - start)}"


def _bounds(field: Field, sign: str, value: str) -> tuple[Term | None, Term | None]:
    """The bounds that `sign` and `value` set. Raises ValueError with the sentence to show."""
    read = READERS[field.kind]
    if sign in ("", "=") and ".." in value:
        first, _, last = value.partition("..")
        if not first and not last:
            raise ValueError("A range needs a beginning or an end: 2019-10..2019-12, 4.. or ..2m.")
        low = read(first) if first else None
        high = read(last) if last else None
        if low and high and field.kind != "time" and low.first > high.last:  # type: ignore[operator]
            raise ValueError(f"The range {value} ends before it begins.")
        return (low.first if low else None), (high.last if high else None)
    bounds: Bounds = read(value)
    if sign == ">":
        return bounds.after, None
    if sign == ">=":
        return bounds.first, None
    if sign == "<":
        return None, bounds.before
    if sign == "<=":
        return None, bounds.last
    return bounds.first, bounds.about if bounds.about is not None and not sign else bounds.last


def explain(query: Query) -> str:
    """Say in words what was understood."""
    return "every clip" if query.root is None else f"clips where {_said(query.root)}"


def _said(node: Node) -> str:
    match node:
        case And(parts):
            return " and ".join(f"({_said(part)})" if isinstance(part, Or) else _said(part) for part in parts)
        case Or(parts):
            return " or ".join(f"({_said(part)})" if isinstance(part, And) else _said(part) for part in parts)
        case Not(Has(field)):
            return f"{_title(field)} is missing"
        case Not(part):
            return f"not ({_said(part)})"
        case Has(field):
            return f"{_title(field)} is known"
        case Flag(field, wanted):
            return f"{_title(field)} is {'yes' if wanted else 'no'}"
        case Span():
            return _said_span(node)
        case Text():
            return _said_text(node)


_MATCHES: dict[Match, str] = {
    "begins": "has words that begin with", "word": "has the word", "whole": "is", "anywhere": "contains",
}  # fmt: skip


def _said_text(node: Text) -> str:
    if node.field == "id":
        return f'id begins with "{node.said}"'
    return f'{_title(node.field) if node.field else "any text"} {_MATCHES[node.match]} "{node.said}"'


def _said_span(node: Span) -> str:
    title, said = _title(node.field), node.said
    for sign, words in ((">=", "at least"), ("<=", "at most"), (">", "more than"), ("<", "less than")):
        if said.startswith(sign):
            return f"{title} is {words} {said.removeprefix(sign)}"
    first, dots, last = said.partition("..")
    if not dots:
        return f"{title} is {said.removeprefix('=')}"
    if first and last:
        return f"{title} is from {first.removeprefix('=')} to {last}"
    return f"{title} is {first} or later" if first else f"{title} is up to {last}"


def _title(field: str | None) -> str:
    return BY_NAME[field].title.lower() if field else "any text"
