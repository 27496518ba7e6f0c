"""ASC MHL 2.0 as this program writes it: a generation of a folder's history, and the chain that names it.

Pure: what was hashed in, bytes out. Directory hashes: content is the hash of all children's hashes in order of the
alphabet, structure that of hashes of each child's name with its hash. Source: ASC MHL specification 2.0 and its schema.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from pipeline.manifests.hashes import Hasher, of_bytes, raw
from pipeline.manifests.lists import FOLDER_NAME, Generation, Hash

IGNORED: tuple[str, ...] = (".DS_Store", FOLDER_NAME, f"{FOLDER_NAME}/")
_WRITABLE = frozenset("\t\n\r")
_LONGEST = 180  # bytes of a folder's name in that of a list


@dataclass(frozen=True, slots=True)
class Listed:
    """A file with its hashes: `parts` of its path, size in bytes, time of last change in nanoseconds since 1970.

    `before` is the path it had in the history so far.
    """

    parts: tuple[str, ...]
    size: int
    mtime_ns: int
    hashes: tuple[Hash, ...]
    before: str = ""


@dataclass(frozen=True, slots=True)
class Creator:
    """Who makes a generation, and when; `process` is transfer or in-place."""

    when: datetime
    hostname: str
    version: str
    process: str = "transfer"


def is_ignored(parts: Sequence[str]) -> bool:
    """Whether a file is left out by the patterns of a list: the lists themselves, and what macOS strews."""
    return any(part in IGNORED for part in parts)


def is_listed(parts: Sequence[str]) -> bool:
    """Whether a file stands in a list: one that is not ignored, under a name that XML can hold."""
    return not is_ignored(parts) and all(map(_writable, parts))


def generation_name(number: int, folder: str, when: datetime) -> str:
    """The file name of a generation: 0001_A001_2019-10-12_080000Z.mhl; what XML or a disk cannot hold is left out."""
    legal = "".join(letter if letter.isprintable() else "_" for letter in folder)
    named = legal.encode()[:_LONGEST].decode(errors="ignore")
    return f"{number:04}_{named}_{when.astimezone(UTC):%Y-%m-%d_%H%M%SZ}.mhl"


def generation(files: Sequence[Listed], creator: Creator, format_: str) -> bytes:
    """A generation's list; `format_` is the hash format of its directory hashes, which every file has."""
    moment = _iso(creator.when)
    lines: list[str] = []
    content, structure = _folder(_tree(files), (), lines, (format_, moment, _moved(files)))
    return "\n".join((
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<hashlist version="2.0" xmlns="urn:ASC:MHL:v2.0">',
        "  <creatorinfo>",
        f"    <creationdate>{moment}</creationdate>",
        f"    <hostname>{_text(creator.hostname)}</hostname>",
        f"    <tool version={quoteattr(creator.version)}>rushes</tool>",
        "  </creatorinfo>",
        "  <processinfo>",
        f"    <process>{creator.process}</process>",
        "    <roothash>",
        *_both(content, structure, format_, moment, "      "),
        "    </roothash>",
        "    <ignore>",
        *(f"      <pattern>{_text(pattern)}</pattern>" for pattern in IGNORED),
        "    </ignore>",
        "  </processinfo>",
        "  <hashes>" if lines else "  <hashes/>",
        *lines,
        *(("  </hashes>",) if lines else ()),
        "</hashlist>",
        "",
    )).encode()  # fmt: skip


def chain(generations: Sequence[Generation]) -> bytes:
    """The chain file that names these generations."""
    return "\n".join((
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<ascmhldirectory xmlns="urn:ASC:MHL:DIRECTORY:v2.0">',
        *(line for number, each in enumerate(generations, 1) for line in (
            f'  <hashlist sequencenr="{each.number or number}">',
            f"    <path>{_text(each.path)}</path>",
            f"    <c4>{each.c4}</c4>",
            "  </hashlist>",
        )),
        "</ascmhldirectory>",
        "",
    )).encode()  # fmt: skip


def next_generation(before: Sequence[Generation], name: str, data: bytes) -> tuple[Generation, ...]:
    """The generations of a history with a further list, which has these bytes under this name."""
    return (*before, Generation(next_number(before), name, of_bytes("c4", data)))


def next_number(before: Sequence[Generation]) -> int:
    return max((each.number or 0 for each in before), default=0) + 1


_Tree = dict[str, "Listed | _Tree"]


def _tree(files: Sequence[Listed]) -> _Tree:
    root: _Tree = {}
    for file in files:
        folder = root
        for part in file.parts[:-1]:
            inner = folder.setdefault(part, {})
            assert isinstance(inner, dict)
            folder = inner
        folder[file.parts[-1]] = file
    return root


def _moved(files: Sequence[Listed]) -> dict[tuple[str, ...], str]:
    """The folders that only have another name, with the one they had: their files came, by the names they have, from
    one folder that is no more."""
    there = {file.parts[:depth] for file in files for depth in range(1, len(file.parts))}
    origins: dict[tuple[str, ...], set[tuple[str, ...]]] = {folder: set() for folder in there}
    for file in files:
        old = tuple(file.before.split("/")) if file.before else ()
        for depth in range(1, len(file.parts)):
            tail = file.parts[depth:]
            if not old:
                origins[file.parts[:depth]].add(())  # it holds more than what was renamed
            elif old[-len(tail) :] == tail:
                origins[file.parts[:depth]].add(old[: -len(tail)])
    return {
        folder: "/".join(from_)
        for folder, (from_, *others) in ((folder, tuple(each)) for folder, each in origins.items() if each)
        if from_ and not others and from_ not in there
    }


_How = tuple[str, str, Mapping[tuple[str, ...], str]]


def _folder(tree: _Tree, path: tuple[str, ...], lines: list[str], how: _How) -> tuple[str, str]:
    """Writes what a folder holds, and gives its content and structure hash."""
    format_, moment, moved = how
    contents, structures = [], []
    for name, child in sorted(tree.items()):
        if isinstance(child, Listed):
            lines.extend(_file(child, moment))
            content = structure = next(each.value for each in child.hashes if each.format == format_)
        else:
            content, structure = _folder(child, (*path, name), lines, how)
            lines += [
                "    <directoryhash>",
                f"      <path>{_text('/'.join((*path, name)))}</path>",
                *_both(content, structure, format_, moment, "      "),
                *_before(moved.get((*path, name), "")),
                "    </directoryhash>",
            ]
        contents.append(content)
        structures.append(of_bytes(format_, name.encode() + raw(format_, structure)))
    return _of_all(format_, contents), _of_all(format_, structures)


def _of_all(format_: str, values: Sequence[str]) -> str:
    hasher = Hasher((format_,))
    for value in sorted(values):
        hasher.update(raw(format_, value))
    return hasher.values()[format_]


def _file(file: Listed, moment: str) -> Iterator[str]:
    changed = _iso(datetime.fromtimestamp(file.mtime_ns // 10**9, UTC))
    yield "    <hash>"
    yield f'      <path size="{file.size}" lastmodificationdate="{changed}">{_text("/".join(file.parts))}</path>'
    for each in sorted(file.hashes, key=lambda each: each.format):
        yield f'      <{each.format} action="{each.action}" hashdate="{moment}">{each.value}</{each.format}>'
    yield from _before(file.before)
    yield "    </hash>"


def _before(path: str) -> Iterator[str]:
    if path:
        yield f"      <previousPath>{_text(path)}</previousPath>"


def _both(content: str, structure: str, format_: str, moment: str, indent: str) -> Iterator[str]:
    for name, value in (("content", content), ("structure", structure)):
        yield f"{indent}<{name}>"
        yield f'{indent}  <{format_} hashdate="{moment}">{value}</{format_}>'
        yield f"{indent}</{name}>"


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).replace(microsecond=0).isoformat()


def _text(text: str) -> str:
    return escape(text, {"\r": "&#13;", "\n": "&#10;", "\t": "&#9;"})


def _writable(text: str) -> bool:
    """Whether XML 1.0 can hold a name: no control characters but tab and line ends, no bytes that are no UTF-8."""
    return all(letter in _WRITABLE or (letter >= " " and not 0xD800 <= ord(letter) <= 0xDFFF) for letter in text) and (
        "\ufffe" not in text and "\uffff" not in text
    )


def actions(entries: Mapping[str, Mapping[str, str]], path: str, found: Mapping[str, str]) -> tuple[Hash, ...]:
    """The hashes of a file with their actions, by what a history knows of it: original, verified or failed."""
    known = entries.get(path)
    if not known:
        return tuple(Hash(name, value, "original") for name, value in found.items())
    return tuple(
        Hash(name, value, "verified" if name not in known or known[name] == value else "failed")
        for name, value in found.items()
    )
