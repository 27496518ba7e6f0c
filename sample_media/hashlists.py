"""Hash lists as a copying station writes them into the folder of a card: ASC MHL 2.0, one generation.

Structure of the ASC MHL specification 1.0; directory hashes, which are optional, are left out.
"""

import hashlib
from collections.abc import Mapping
from xml.sax.saxutils import escape

import xxhash

_C4_LETTERS = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def hash_list(files: Mapping[str, bytes], moment: str) -> bytes:
    """The manifest of these files, each with its size and xxh64."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<hashlist version="2.0" xmlns="urn:ASC:MHL:v2.0">',
        "  <creatorinfo>",
        f"    <creationdate>{moment}</creationdate>",
        "    <hostname>localhost</hostname>",
        '    <tool version="1.0">sample_media/make.py</tool>',
        "  </creatorinfo>",
        "  <processinfo>",
        "    <process>in-place</process>",
        "    <ignore>",
        *(f"      <pattern>{pattern}</pattern>" for pattern in (".DS_Store", "ascmhl", "ascmhl/")),
        "    </ignore>",
        "  </processinfo>",
        "  <hashes>",
    ]
    for name, data in files.items():
        lines += [
            "    <hash>",
            f'      <path size="{len(data)}">{escape(name)}</path>',
            f'      <xxh64 action="original" hashdate="{moment}">{xxhash.xxh64_hexdigest(data)}</xxh64>',
            "    </hash>",
        ]
    return "\n".join([*lines, "  </hashes>", "</hashlist>", ""]).encode()


def hash_chain(name: str, manifest: bytes) -> bytes:
    """The chain file: the manifest with its C4 hash."""
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<ascmhldirectory xmlns="urn:ASC:MHL:DIRECTORY:v2.0">
  <hashlist sequencenr="1">
    <path>{escape(name)}</path>
    <c4>{_c4(manifest)}</c4>
  </hashlist>
</ascmhldirectory>
""".encode()


def _c4(data: bytes) -> str:
    """SHA-512 in base 58, 88 digits behind `c4` (SMPTE ST 2114)."""
    value, digits = int.from_bytes(hashlib.sha512(data).digest(), "big"), ""
    while value:
        value, digit = divmod(value, 58)
        digits = _C4_LETTERS[digit] + digits
    return "c4" + digits.rjust(88, "1")
