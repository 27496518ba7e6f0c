"""Hash lists as they are written: MHL 1.x beside the files, ASC MHL 2.0 in a folder ascmhl with its chain.

Pure: bytes in, values out. Lists come from strangers: no entities, no external files, bounded sizes; a path that
leads out of the listed folder is kept, to be named as refused, and never opened.
Sources: ASC MHL specification (ASCMHL.xsd, ASCMHLDirectory.xsd); mediahashlist.org for MHL 1.x.
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pipeline.errors import MediaUnreadable
from pipeline.manifests.hashes import FORMATS, NULL

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

LARGEST = 256 << 20  # bytes of a list: a million files take about that
CHAIN_NAME = "ascmhl_chain.xml"
FOLDER_NAME = "ascmhl"
_DECLARATION = re.compile(r"\s*<\?xml[^>]*?encoding\s*=\s*[\"']([A-Za-z0-9._-]{1,40})[\"'][^>]*\?>")
_MARKS: tuple[tuple[bytes, str], ...] = (
    (b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"),
    (b"<\0?\0", "utf-16-le"), (b"\0<\0?", "utf-16-be"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hash:
    """`action`: original, verified, failed; empty in MHL 1.x, which has none."""

    format: str
    value: str
    action: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file as listed: its path below the listed folder as written, its size in bytes where stated, its hashes.

    `before` is the path it had in an earlier generation (previousPath).
    """

    path: str
    size: int | None
    hashes: tuple[Hash, ...]
    before: str = ""

    @property
    def parts(self) -> tuple[str, ...] | None:
        """The path in pieces; None where it is absolute, empty or leads out of its folder."""
        return parts_of(self.path)


@dataclass(frozen=True, slots=True)
class HashList:
    """One list. `references` are lists of nested histories, with their C4, by path below the listed folder.

    `made` is the day on which it was made (2019-10-12), empty where it does not say.
    """

    version: str
    entries: tuple[Entry, ...]
    references: tuple[tuple[str, str], ...] = ()
    made: str = ""

    @property
    def formats(self) -> tuple[str, ...]:
        """The hash formats used, in order of the alphabet."""
        return tuple(sorted({each.format for entry in self.entries for each in entry.hashes}))

    @property
    def failed(self) -> tuple[str, ...]:
        """Files whose new hash was recorded as failed."""
        return tuple(entry.path for entry in self.entries if any(each.action == "failed" for each in entry.hashes))


@dataclass(frozen=True, slots=True)
class Generation:
    """One line of a chain file: a list of the same folder, and the C4 of its bytes."""

    number: int | None
    path: str
    c4: str


def is_list(head: bytes) -> bool:
    """Whether these first bytes are those of a hash list or of the chain of a history."""
    text = _decoded(head).lstrip()
    return text.startswith("<") and re.search(r"<(?:\w+:)?(hashlist|ascmhldirectory)[\s>]", text) is not None


def read_list(data: bytes) -> HashList:
    """The list that these bytes hold; raises MediaUnreadable for what is no whole list."""
    root = _parsed(data)
    if _name(root) != "hashlist":
        raise MediaUnreadable("It is no hash list; name a .mhl file.")
    references = tuple(
        (path, c4)
        for each in root.iter()
        if _name(each) == "hashlistreference" and (path := _said(each, "path")) and (c4 := _said(each, "c4"))
    )
    entries = tuple(entry for each in root.iter() if _name(each) == "hash" and (entry := _entry(each)))
    return HashList((root.get("version") or "").strip(), entries, references, _made(root))


def _made(root: "Element") -> str:
    """ASC MHL: <creationdate>; MHL 1.x: <finishdate>, else <startdate>; both in <creatorinfo>."""
    for creator in _children(root, "creatorinfo"):
        for name in ("creationdate", "finishdate", "startdate"):
            if day := re.match(r"\d{4}-\d{2}-\d{2}", _said(creator, name), re.ASCII):
                return day[0]
    return ""


def is_chain(data: bytes) -> bool:
    return _name(_parsed(data)) == "ascmhldirectory"


def read_chain(data: bytes) -> tuple[Generation, ...]:
    """The generations of a history in their order; raises MediaUnreadable for what is no whole chain file."""
    root = _parsed(data)
    if _name(root) != "ascmhldirectory":
        raise MediaUnreadable("It is no chain of a hash-list history; name its ascmhl_chain.xml.")
    lists = [each for each in root if _name(each) == "hashlist"]
    return tuple(
        Generation(_whole(each.get("sequencenr") or ""), path, _said(each, "c4"))
        for each in lists
        if (path := _said(each, "path"))
    )


def parts_of(path: str) -> tuple[str, ...] | None:
    """A listed path in pieces; None where it is absolute, empty, or leads out of its folder.

    Lists made on Windows part folders by backslashes.
    """
    text = path if "/" in path else path.replace("\\", "/")
    if not text or text.startswith("/") or re.match(r"[A-Za-z]:", text) or "\0" in text:
        return None
    parts = tuple(part for part in text.split("/") if part not in ("", "."))
    return parts if parts and ".." not in parts else None


def _entry(element: "Element") -> Entry | None:
    """ASC MHL: <path size="5"> and a hash each with its action; MHL 1.x: <file>, <size> and one hash."""
    where = next((each for each in element if _name(each) in ("path", "file")), None)
    if where is None or not (path := (where.text or "").strip("\t\r\n")):
        return None
    hashes = tuple(
        Hash(_name(each), (each.text or "").strip(), (each.get("action") or "").strip())
        for each in element
        if _name(each) in FORMATS or _name(each) == NULL
    )
    size = where.get("size") or _said(element, "size")
    return Entry(path, _whole(size), hashes, _said(element, "previousPath"))


def _whole(text: str) -> int | None:
    text = text.strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


def _parsed(data: bytes) -> "Element":
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    if len(data) > LARGEST:
        raise MediaUnreadable(f"It is longer than the {LARGEST >> 20} MiB that are read of a hash list; split it.")
    parser: Any = DefusedXMLParser(forbid_dtd=True)  # type: ignore[no-untyped-call]
    text = _decoded(data)
    try:
        declared = _DECLARATION.match(text)
        parser.feed((text[declared.end() :] if declared else text).encode("utf-8", "surrogatepass"))
        root: Element = parser.close()
    except (ParseError, DefusedXmlException, ValueError, LookupError, RecursionError) as error:
        raise MediaUnreadable("It is a damaged hash list; get it again from whoever made it.") from error
    return root


def _decoded(data: bytes) -> str:
    """The text, by its first bytes and the encoding it declares: lists of Japan and Russia are in theirs."""
    marked = next((encoding for mark, encoding in _MARKS if data.startswith(mark)), None)
    if marked is None:
        declared = _DECLARATION.match(data[:200].decode("latin-1"))
        marked = declared[1] if declared else "utf-8"
    try:
        return data.decode(marked, "replace")
    except (LookupError, ValueError):
        return data.decode("utf-8", "replace")


def _name(element: "Element") -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def _children(element: "Element", name: str) -> "Iterator[Element]":
    return (each for each in element if _name(each) == name)


def _said(element: "Element", name: str) -> str:
    return next(((each.text or "").strip() for each in _children(element, name)), "")
