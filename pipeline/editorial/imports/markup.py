"""Timelines in XML as a tree that knows its lines: no entities, nothing fetched, bounds on size, depth and count.

Apart from metadata/xml.py, which is for small sidecars: editors write a bare `<!DOCTYPE xmeml>`, which that one
refuses, files of a hundred megabytes, and faults that must be told by line. Such a file holds millions of elements, so
the tree is built by the standard library's own parser, without Python for each of them; it knows no lines, which are
found in the text afterwards (tags.py): the n-th element of a name is the n-th start tag of it.
"""

import codecs
import os
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from typing import NoReturn, TypeAlias
from urllib.parse import unquote_to_bytes
from xml.etree.ElementTree import Element, ParseError, XMLParser
from xml.parsers import expat

from pipeline.editorial.imports import tags
from pipeline.errors import TimelineUnreadable
from pipeline.metadata.xml import is_markup

Node: TypeAlias = Element
LARGEST = 256 << 20
MOST_DEPTH = 200
MOST_ELEMENTS = 8_000_000
_LINE = "\n"  # what no attribute is called
_ASIDE = re.compile(rb"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>", re.DOTALL)  # may hold what looks like tags
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_BEFORE_ROOT = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^<>\[]*(\[[^\]]*\]\s*)?>", re.DOTALL)
_ROOT = re.compile(r"<([A-Za-z_][\w.-]*)")
_URL = re.compile(r"file:(?://([^/]*))?(/.*)", re.IGNORECASE | re.DOTALL)
_DRIVE = re.compile(r"/[A-Za-z]:(/|$)")


def root_name(head: bytes) -> str:
    """The name of the root element of what begins with `head`; empty where that is no XML or comes later."""
    if head.startswith(_UTF_16):
        text = head.decode("utf-16", "replace")
    elif is_markup(head):
        text = head.decode("utf-8-sig", "replace")
    else:
        return ""
    at = 0
    while match := _BEFORE_ROOT.match(text, at):
        at = match.end()
    found = _ROOT.match(text, at)
    return found[1] if found else ""


@dataclass(frozen=True, slots=True)
class Document:
    """`elements` are those that are asked for again and again, by name, in the order of the text."""

    root: Node
    elements: Mapping[str, Sequence[Node]]
    text: tags.Text
    _lines: dict[str, dict[int, int]] = field(default_factory=dict)

    def of(self, *names: str) -> Iterator[Node]:
        """The elements of these names, wherever they stand."""
        return chain.from_iterable(self.elements.get(name, ()) for name in names)

    def line(self, node: Node) -> int | None:
        """The line on which an element begins, from 1; those of all elements of its name are found together."""
        if node.tag not in self._lines:
            nodes, lines = self.elements.get(node.tag) or list(self.root.iter(node.tag)), self.text.lines_of(node.tag)
            alike = len(nodes) == len(lines)
            self._lines[node.tag] = dict(zip(map(id, nodes), lines, strict=True)) if alike else {}
        return self._lines[node.tag].get(id(node))


def parse(content: bytes, wanted: frozenset[str] | None = None) -> Document:
    """The document with the elements of the names `wanted`; where nothing is said with all, and their lines.

    Raises TimelineUnreadable for what is not well-formed, declares entities, or is beyond bounds.
    """
    if len(content) > LARGEST:
        raise TimelineUnreadable(
            f"This timeline is larger than the {LARGEST >> 20} MB that are read; export it in parts."
        )
    try:
        if content.startswith(_UTF_16):
            content = content.decode("utf-16").encode()
            text, root = _tree(content, "utf-8")
        else:
            text, root = _tree(content, None)
    except (ParseError, expat.ExpatError) as error:
        line = error.position[0] if isinstance(error, ParseError) else error.lineno
        raise TimelineUnreadable(
            f"This is no well-formed XML (line {line}: {expat.ErrorString(error.code)}); export the timeline again."
        ) from None
    except (ValueError, LookupError):  # an encoding that Python does not know, or that is none
        raise TimelineUnreadable("This XML names an encoding that is not read; export it as UTF-8.") from None
    elements: dict[str, list[Node]] = defaultdict(list)
    for node in root.iter() if wanted is None else [node for node in root.iter() if node.tag in wanted]:
        elements[node.tag].append(node)
    if wanted is None:
        _note_lines(list(root.iter()), text.lines())
    return Document(root, elements, text)


def _tree(content: bytes, encoding: str | None) -> tuple[tags.Text, Node]:
    """The text and the elements of a document that declares nothing of its own, and is not too deep.

    How deep it is tells the text where it is nothing but tags, else the tree. Names are taken without their namespace.
    """
    begin = _root_at(content, encoding)
    text = tags.Text(content, begin)
    if text.count > MOST_ELEMENTS or (text.depth or 0) > MOST_DEPTH + 1:  # the root counts as none
        _too_much()
    parser = XMLParser(encoding=encoding)  # noqa: S314  # declarations were refused above, which the attacks need
    parser.feed(content)
    root: Node = parser.close()
    if b"xmlns" in content:
        for node in root.iter():
            node.tag = node.tag.rpartition("}")[2]
    if text.depth is None:
        _check_depth(root)
        text = tags.Text(content[:begin] + _ASIDE.sub(_ends_alone, content[begin:]), begin)
    return text, root


class _RootBegun(Exception):  # no error: it ends the reading of what stands before the root
    pass


def _root_at(content: bytes, encoding: str | None) -> int:
    """Where the root begins, before which nothing may be declared."""
    before, begins = expat.ParserCreate(encoding), []

    def begin(*_: object) -> NoReturn:
        begins.append(before.CurrentByteIndex)
        raise _RootBegun

    before.EntityDeclHandler = before.ElementDeclHandler = before.AttlistDeclHandler = _refuse
    before.NotationDeclHandler = _refuse
    before.StartElementHandler = begin
    with suppress(_RootBegun):
        before.Parse(content, True)
    return begins[0]


def _refuse(*_: object) -> NoReturn:
    raise TimelineUnreadable(
        "This XML declares entities or a document type of its own; no editor does, it is not read."
    )


def _ends_alone(match: re.Match[bytes]) -> bytes:
    return b"\n" * match[0].count(b"\n")


def _check_depth(root: Node) -> None:
    level = [root]
    for _ in range(MOST_DEPTH):
        level = list(filter(len, chain.from_iterable(level)))
        if not level:
            return
    _too_much()


def _too_much() -> NoReturn:
    raise TimelineUnreadable("This XML holds more, or deeper, than any timeline; it is not read.")


def _note_lines(nodes: Sequence[Node], lines: Sequence[int]) -> None:
    """Puts to each element the line of its start tag; nothing where there is another number of these."""
    if len(lines) == len(nodes):
        for node, line in zip(nodes, lines, strict=True):
            node.set(_LINE, str(line))


def line_of(node: Node) -> int | None:
    """The line on which an element begins, where its document has found it."""
    said = node.get(_LINE)
    return int(said) if said else None


def text_of(node: Node | None, path: str = "") -> str:
    """The text of the element that a path leads to, without spaces around it; empty where there is none."""
    found = node.find(path) if node is not None and path else node
    return (found.text or "").strip() if found is not None else ""


def path_of(url: str) -> str:
    """The path that a file URL stands for, as bytes of this system's names; other words stay as they are.

    `file://localhost/D%3a/a.mov` is D:/a.mov; another host is that of a share: //server/share/a.mov.
    """
    match = _URL.fullmatch(url)
    if match is None:
        return os.fsdecode(unquote_to_bytes(url)) if url.startswith("./") else url
    host = match[1] if (match[1] or "localhost").casefold() != "localhost" else ""
    path = os.fsdecode(unquote_to_bytes(match[2]))
    if _DRIVE.match(path):
        path = path[1:]
    return f"//{host}{path}" if host else path
