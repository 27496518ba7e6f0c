"""Timelines in XML as a tree that knows its lines: no entities, nothing fetched, bounds on size, depth and count.

Apart from metadata/xml.py, which is for small sidecars: editors write a bare `<!DOCTYPE xmeml>`, which that one
refuses, files of a hundred megabytes, and faults that must be told by line.
"""

import codecs
import os
import re
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import unquote_to_bytes
from xml.etree.ElementTree import Element
from xml.parsers import expat

from pipeline.errors import TimelineUnreadable
from pipeline.metadata.xml import is_markup

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST = 256 << 20
MOST_DEPTH = 200
MOST_ELEMENTS = 8_000_000
_BEFORE_ROOT = re.compile(r"\s+|<!--.*?-->|<\?.*?\?>|<!DOCTYPE[^<>\[]*(\[[^\]]*\]\s*)?>", re.DOTALL)
_ROOT = re.compile(r"<([A-Za-z_][\w.-]*)")
_URL = re.compile(r"file:(?://([^/]*))?(/.*)", re.IGNORECASE | re.DOTALL)
_DRIVE = re.compile(r"/[A-Za-z]:(/|$)")


class Node(Element):
    """An element with the line on which it begins; `text` is that of elements without others in them."""

    __slots__ = ("line",)
    line: int
    if TYPE_CHECKING:  # all in the tree are nodes

        def __iter__(self) -> "Iterator[Node]": ...
        def find(self, path: str, namespaces: None = None) -> "Node | None": ...  # type: ignore[override]
        def findall(self, path: str, namespaces: None = None) -> "list[Node]": ...  # type: ignore[override]
        def iter(self, tag: str | None = None) -> "Iterator[Node]": ...  # type: ignore[override]


def root_name(head: bytes) -> str:
    """The name of the root element of what begins with `head`; empty where that is no XML or comes later."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
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


def parse(content: bytes, skipped: frozenset[str] = frozenset()) -> Node:
    """The root element, without what stands in elements that are `skipped`.

    Raises TimelineUnreadable for what is not well-formed, declares entities, or is beyond bounds.
    """
    if len(content) > LARGEST:
        raise TimelineUnreadable(
            f"This timeline is larger than the {LARGEST >> 20} MB that are read; export it in parts."
        )
    builder = _Builder(skipped)
    try:
        builder.parser.Parse(content, True)
    except expat.ExpatError as error:
        reason = expat.ErrorString(error.code)
        raise TimelineUnreadable(
            f"This is no well-formed XML (line {error.lineno}: {reason}); export the timeline again."
        ) from None
    except (ValueError, LookupError):  # an encoding that Python does not know, or that is none
        raise TimelineUnreadable("This XML names an encoding that is not read; export it as UTF-8.") from None
    if builder.root is None:
        raise TimelineUnreadable("This XML holds no element; export the timeline again.")
    return builder.root


class _Builder:
    """The tree under construction; expat calls the methods."""

    def __init__(self, skipped: frozenset[str]) -> None:
        self.root: Node | None = None
        self._open: list[Node] = []
        self._pieces: list[str] = []
        self._skipped, self._inside, self._count = skipped, 0, 0
        parser = self.parser = expat.ParserCreate()
        parser.buffer_text, parser.buffer_size = True, 1 << 16
        parser.StartElementHandler, parser.EndElementHandler = self._begin, self._end
        parser.CharacterDataHandler = self._pieces.append
        parser.EntityDeclHandler = parser.ElementDeclHandler = parser.AttlistDeclHandler = _refuse
        parser.NotationDeclHandler = parser.SkippedEntityHandler = _refuse

    def _begin(self, name: str, attributes: dict[str, str]) -> None:
        self._count += 1
        if self._inside or name in self._skipped:
            self._inside += 1
            if self._inside > MOST_DEPTH or self._count > MOST_ELEMENTS:
                self._too_much()
            return
        node = Node(name, attributes)
        node.line = self.parser.CurrentLineNumber
        if self._open:
            self._open[-1].append(node)
        else:
            self.root = node
        self._open.append(node)
        self._pieces.clear()
        if len(self._open) > MOST_DEPTH or self._count > MOST_ELEMENTS:
            self._too_much()

    def _end(self, _name: str) -> None:
        if self._inside:
            self._inside -= 1
            self._pieces.clear()
            return
        node = self._open.pop()
        if self._pieces:
            if not len(node):
                node.text = "".join(self._pieces)
            self._pieces.clear()

    def _too_much(self) -> NoReturn:
        line = self.parser.CurrentLineNumber
        raise TimelineUnreadable(f"This XML holds more, or deeper, than any timeline (line {line}); it is not read.")


def _refuse(*_: object) -> NoReturn:
    raise TimelineUnreadable(
        "This XML declares entities or a document type of its own; no editor does, it is not read."
    )


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
