"""MEDIAPRO.XML of Sony cards: the list of what the card holds, held against what is there."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_to_bytes

from pipeline.cards.structure import CardFile, Read
from pipeline.clip import shown
from pipeline.errors import RushesError

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


class Listed(NamedTuple):
    """A file that the list names: its path below the list's folder, and whether it is the recording itself."""

    uri: bytes
    recording: bool


def missing_from(index: CardFile, files: Sequence[CardFile], read: Read) -> tuple[list[str], set[bytes]]:
    """What the list names and the card lacks: sentences, and the stems of the recordings that are missing."""
    try:
        listed = read_list(read(index.path))
    except (RushesError, OSError, ValueError):
        return [
            f"{shown(index.name)} is damaged, so nobody can say whether the card is complete; copy it again."
        ], set()
    base = index.path[: -len(index.name)]
    there = {file.path[len(base) :].upper() for file in files if file.path.startswith(base)}
    gone = [entry for entry in listed if entry.uri.upper() not in there]
    folders = {path.rpartition(b"/")[0] for path in there}
    lost = {_stem(entry.uri) for entry in gone if entry.recording}
    sentences = [_sentence(entry.uri, index) for entry in gone if entry.recording]
    whole: dict[bytes, list[bytes]] = {}
    for entry in gone:
        folder = entry.uri.rpartition(b"/")[0]
        if entry.recording:
            continue
        if folder.upper() in folders:
            sentences.append(_sentence(entry.uri, index))
        else:
            whole.setdefault(folder, []).append(entry.uri)
    for folder, uris in whole.items():
        sentences.append(
            _sentence(uris[0], index)
            if len(uris) == 1
            else f"The folder {shown(folder)} with {len(uris)} files that {shown(index.name)} lists is missing."
        )
    return sentences, lost


def read_list(text: bytes) -> list[Listed]:
    """The files that MEDIAPRO.XML lists. Raises ValueError where it is no such list."""
    from defusedxml.ElementTree import ParseError, fromstring

    try:
        top = fromstring(text)
    except (ParseError, LookupError) as error:
        raise ValueError(str(error)) from error
    return [entry for element in top.iter() for entry in _entries(element)]


def _entries(element: "Element") -> list[Listed]:
    if not isinstance(element.tag, str) or element.tag.rpartition("}")[2] != "Material":
        return []
    named = [(element, True), *((child, False) for child in element)]
    uris = [(item.get("uri", ""), recording) for item, recording in named]
    # Parts of an edit list are named by UMID (urn:...): only relative paths are files of the card.
    return [Listed(_below(uri), recording) for uri, recording in uris if uri and ":" not in uri]


def _below(uri: str) -> bytes:
    return unquote_to_bytes(uri).removeprefix(b"./")


def _stem(uri: bytes) -> bytes:
    return uri.rpartition(b"/")[2].rpartition(b".")[0].upper()


def _sentence(uri: bytes, index: CardFile) -> str:
    return f"{shown(uri)} is missing although {shown(index.name)} lists it; copy the card again."
