"""Lists of sums as md5sum, sha1sum and xxhsum write them: a hash and a name in each line, in either order of theirs.

Pure. Lines that are neither are passed over: people write remarks into these files.
"""

import re

from pipeline.manifests.lists import Entry, Hash, HashList, read_list

# The ending of a list of sums: the format of its hashes, and how many figures one has.
_SUMS: dict[str, tuple[str, int]] = {
    ".md5": ("md5", 32), ".sha1": ("sha1", 40), ".xxh64": ("xxh64", 16), ".xxh128": ("xxh128", 32),
}  # fmt: skip
LIST_SUFFIXES: tuple[str, ...] = (".mhl", *_SUMS)
_PLAIN = re.compile(r"(\\?)([0-9A-Fa-f]{16,40})(?: [ *](.+))?")  # of GNU: hash, mode, name
_TAGGED = re.compile(r"(\\?)[A-Z0-9_]{2,9} ?\((.+)\) = ([0-9A-Fa-f]{16,40})")  # of BSD: MD5 (name) = hash
_ESCAPED = {"\\\\": "\\", "\\n": "\n", "\\r": "\r"}


def read_listing(name: str, data: bytes) -> HashList:
    """The list that a file of this name holds, of either kind; raises MediaUnreadable for a damaged hash list."""
    stem, dot, suffix = name.rpartition(".")
    if (dot + suffix).lower() not in _SUMS:
        return read_list(data)
    format_, length = _SUMS[dot + suffix.lower()]
    lines = (_line(line, stem) for line in data.decode("utf-8-sig", "surrogateescape").splitlines())
    entries = (Entry(path, None, (Hash(format_, value),)) for path, value in filter(None, lines))
    return HashList("", tuple(entry for entry in entries if len(entry.hashes[0].value) == length))


def _line(line: str, stem: str) -> tuple[str, str] | None:
    """Name and hash; a hash alone is that of the file that the list is named after."""
    if plain := _PLAIN.fullmatch(line):
        escaped, value, path = plain[1], plain[2], plain[3] or stem
    elif tagged := _TAGGED.fullmatch(line):
        escaped, path, value = tagged.groups()
    else:
        return None
    if escaped:
        path = re.sub(r"\\[\\nr]", lambda found: _ESCAPED[found[0]], path)
    return path, value
