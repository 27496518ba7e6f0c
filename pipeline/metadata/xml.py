"""Untrusted XML: parsed without entities, external files or deep nesting; names without namespaces.

defusedxml is imported when the first XML is read: facts of most clips need none.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

LARGEST_XML = 8 * 1024 * 1024
MOST_DEPTH = 64


def is_markup(head: bytes) -> bool:
    """Markup from the first character on, padding aside: pictures and programs may hold some, and are none."""
    return head.removeprefix(b"\xef\xbb\xbf").lstrip(b"\0 \t\r\n").startswith(b"<")


def parse(data: bytes) -> "Element | None":
    """The root element; None for what is no well-formed XML or declares entities."""
    if len(data) > LARGEST_XML:
        return None
    from xml.etree.ElementTree import ParseError

    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser

    parser: Any = DefusedXMLParser(forbid_dtd=True)  # type: ignore[no-untyped-call]
    try:
        parser.feed(data)
        root: Any = parser.close()
    except (ParseError, DefusedXmlException, ValueError, LookupError):
        return None
    return root if _shallow(root) else None


def _shallow(root: "Element") -> bool:
    level = [root]
    for _ in range(MOST_DEPTH):
        level = [inner for element in level for inner in element]
        if not level:
            return True
    return False


def name_of(element: "Element") -> str:
    """The tag without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def find(root: "Element", name: str) -> "Iterator[Element]":
    """Every element of this name, at any depth, in order."""
    return (element for element in root.iter() if name_of(element) == name)


def child(element: "Element", *path: str) -> "Element | None":
    """The element that a path of names leads to."""
    for name in path:
        found = next((inner for inner in element if name_of(inner) == name), None)
        if found is None:
            return None
        element = found
    return element


def text(element: "Element", *path: str) -> str | None:
    """The text of the element that a path leads to, without spaces around it; None where empty."""
    found = child(element, *path)
    return (found.text or "").strip() or None if found is not None else None


def attribute(element: "Element | None", name: str) -> str | None:
    value = (element.get(name) or "").strip() if element is not None else ""
    return value or None
