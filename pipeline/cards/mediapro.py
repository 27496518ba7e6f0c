"""MEDIAPRO.XML of Sony cards: the list of what the card holds, held against what is there.

The name that was given to the card in the camera stands there, too (Attached mediaName).
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_to_bytes

from pipeline.cards.documents import document, name_of
from pipeline.cards.structure import CardFile, Read
from pipeline.clip import shown

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element


class Listed(NamedTuple):
    """A file that the list names: its path below the list's folder, and whether it is the recording itself."""

    uri: bytes
    recording: bool


class Compared(NamedTuple):
    """What a list says of a card: sentences, the stems of the recordings that are missing, and the card's name."""

    sentences: list[str]
    lost: set[bytes]
    name: str | None


def compared(index: CardFile, files: Sequence[CardFile], read: Read) -> Compared:
    """What the list names and the card lacks, and recordings that it does not name."""
    top = document(index.path, read)
    if top is None:
        damaged = f"{shown(index.name)} is damaged, so nobody can say whether the card is complete; copy it again."
        return Compared([damaged], set(), None)
    listed = _listed(top)
    base = index.path[: -len(index.name)]
    there = {file.path[len(base) :].upper(): file for file in files if file.path.startswith(base)}
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
    return Compared([*sentences, *_unlisted(listed, there, index)], lost, _card_name(top))


def _unlisted(listed: Sequence[Listed], there: Mapping[bytes, CardFile], index: CardFile) -> Iterator[str]:
    """Recordings that lie where the list's do, of its kind, without being named in it."""
    recordings = {entry.uri.upper() for entry in listed if entry.recording}
    kinds = {(uri.rpartition(b"/")[0], uri[uri.rfind(b".") :]) for uri in recordings}
    named = {entry.uri.upper() for entry in listed}
    for path, file in there.items():
        if (path.rpartition(b"/")[0], path[path.rfind(b".") :]) in kinds and path not in named:
            yield f"{shown(file.name)} is on the card, but {shown(index.name)} does not list it; copy the card again."


def _card_name(top: "Element") -> str | None:
    attached = (each for each in top.iter() if name_of(each) == "Attached")
    return next((name for each in attached if (name := each.get("mediaName", "").strip())), None)


def _listed(top: "Element") -> list[Listed]:
    return [entry for element in top.iter() for entry in _entries(element)]


def _entries(element: "Element") -> list[Listed]:
    if name_of(element) != "Material":
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
