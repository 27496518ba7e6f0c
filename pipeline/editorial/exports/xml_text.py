"""Names and places as XML 1.0 and its URLs can hold them."""

import os
import re
from urllib.parse import quote
from xml.sax.saxutils import escape

# All but the characters of XML 1.0 (production 2, Char).
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SPECIAL = re.compile("[^\t\n -%'-;=?-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # those, & < > and \r
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


def path_url(path: str) -> str:
    """A path as the URL editors write for it: `file://localhost/...`, bytes beyond plain ASCII as %NN.

    A path of Windows keeps its drive letter; what is a URL or a relative path already stays one.
    """
    if path.startswith("/"):
        return "file://localhost" + quote(os.fsencode(path))
    if _DRIVE.match(path):
        return "file://localhost/" + quote(os.fsencode(path.replace("\\", "/")), safe="/:")
    return path if _URL.match(path) else quote(os.fsencode(path))
