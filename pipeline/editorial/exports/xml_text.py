"""Names and places as XML 1.0 and its URLs can hold them."""

import os
import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote
from xml.sax.saxutils import escape

# All but the characters of XML 1.0 (production 2, Char).
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_SPECIAL = re.compile("[\x00-\x08\x0b-\x1f&<>\ud800-\udfff\ufffe\uffff]")  # those, & < > and \r
_PLAIN = re.compile("[ !#-%'-;=?-~]*").fullmatch  # nearly all attributes: nothing to escape, nothing to leave out
_IN_ATTRIBUTES = {'"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_DRIVE = re.compile(r"[A-Za-z]:[\\/]")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:")


def is_legal(text: str) -> bool:
    """Whether XML 1.0 can hold every character of `text`."""
    return not _ILLEGAL.search(text)


def xml_text(text: str) -> str:
    """`text` between tags; characters that XML 1.0 forbids are left out, a carriage return is kept as such."""
    if not _SPECIAL.search(text):
        return text
    return escape(_ILLEGAL.sub("", text), {"\r": "&#13;"})


def legal(text: str) -> str:
    """`text` without the characters that XML 1.0 forbids."""
    return text if is_legal(text) else _ILLEGAL.sub("", text)


def element(name: str, attributes: Mapping[str, str | None], children: Iterable[str] = ()) -> str:
    """An element on lines of its own; attributes that are empty or None are left out."""
    return enclosed(name, attributes_text(attributes), children)


def enclosed(name: str, attributes: str, children: Iterable[str]) -> str:
    """An element on lines of its own, its attributes as they stand in the tag."""
    inside = "\n".join(children)
    return f"<{name}{attributes}>\n{inside}\n</{name}>" if inside else f"<{name}{attributes}/>"


def attributes_text(attributes: Mapping[str, str | None]) -> str:
    """Attributes as they stand in a tag, each after a space; those that are empty or None are left out."""
    told = {key: value for key, value in attributes.items() if value}
    if not _PLAIN("".join(told.values())):
        told = {key: attribute(value) for key, value in told.items()}
    return "".join([f' {key}="{value}"' for key, value in told.items()])


def attribute(text: str) -> str:
    """`text` between double quotes; line ends and tabs are kept."""
    return text if _PLAIN(text) else escape(legal(text), _IN_ATTRIBUTES)


def path_url(path: str, host: str = "localhost") -> str:
    """A path as the URL editors write for it: `file://localhost/...`, bytes beyond plain ASCII as %NN.

    A path of Windows keeps its drive letter, and that of a share its server as host (RFC 8089, appendix E); what is a
    URL or a relative path already stays one.
    """
    if path.startswith("\\\\"):
        return "file:" + quote(os.fsencode(path.replace("\\", "/")))
    if path.startswith("/"):
        return f"file://{host}" + quote(os.fsencode(path))
    if _DRIVE.match(path):
        return f"file://{host}/" + quote(os.fsencode(path.replace("\\", "/")), safe="/:")
    return path if _URL.match(path) else quote(os.fsencode(path))
