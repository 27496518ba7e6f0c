"""The small XML documents of cards: parsed without entities or external files, names without namespaces."""

from typing import TYPE_CHECKING

from pipeline.cards.structure import Read
from pipeline.errors import RushesError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

LARGEST = 4 * 1024 * 1024  # what is read of a small file at most: a larger one would be taken for cut off


def document(path: bytes, read: Read) -> "Element | None":
    """The root element of a document on the card; None where it cannot be read or is damaged."""
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        root: Element = fromstring(read(path))
    except (ParseError, LookupError, ValueError, RushesError, OSError):
        return None
    return root


def name_of(element: "Element") -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def inner(element: "Element | None", *path: str) -> "Element | None":
    """The element that a path of names leads to; None where one of them is not there."""
    for name in path:
        if element is None:
            return None
        element = next((each for each in element if name_of(each) == name), None)
    return element


def said(element: "Element | None", *path: str) -> str | None:
    """The text of the element that a path leads to, without spaces around it; None where empty."""
    found = inner(element, *path)
    return (found.text or "").strip() or None if found is not None else None
