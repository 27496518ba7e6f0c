"""What a card structure is, and the few moves that all of them share.

A structure knows two things: which folder is the card (`root`), and which of its files are clips
(`clips`). Adding one is a file beside this one and a name in the tuple of recognise.py.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from pipeline.cards.media import MEDIA_SUFFIXES, PICTURE_SUFFIXES, SIDECAR_SUFFIXES, SOUND_SUFFIXES
from pipeline.clip import ClipFiles, shown

# Gives the bytes of a small sidecar; may raise RushesError or OSError.
Read = Callable[[bytes], bytes]

# Folders that only wrap a structure: the card is the folder above them.
_WRAPPERS = frozenset({b"PRIVATE", b"AVCHD"})


class CardFile(NamedTuple):
    """A listed file; a NamedTuple because a hundred thousand are made at each look."""

    path: bytes
    name: bytes
    stem: bytes  # upper case: cameras and people disagree about the case of names
    suffix: bytes  # lower case, with its dot
    size: int


class Folder(NamedTuple):
    """A folder that directly holds files; `parts` are the segments of its path in upper case."""

    path: bytes
    parts: tuple[bytes, ...]
    files: list[CardFile]


@dataclass(slots=True)
class Found:
    """The clips of one structure on one card, gathered; what is missing of it, one sentence each.

    `about` are those of the sentences that one clip should show, by the path of one of its parts.
    """

    clips: list[ClipFiles] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    about: dict[bytes, list[str]] = field(default_factory=dict)
    reel: str | None = None

    def warn(self, sentence: str, part: bytes | None = None) -> None:
        self.warnings.append(sentence)
        if part is not None:
            self.about.setdefault(part, []).append(sentence)

    def add(self, more: "Found") -> None:
        self.clips.extend(more.clips)
        self.warnings.extend(more.warnings)
        for part, sentences in more.about.items():
            self.about.setdefault(part, []).extend(sentences)
        self.reel = self.reel or more.reel


@dataclass(frozen=True, slots=True)
class Structure:
    """`root`: how many leading segments of a folder's path make the card, or None if it is not one of mine.
    `clips`: what the folders that `root` claimed on one card hold. `beside`: what all other files of the
    card tell of those clips."""

    name: str
    root: Callable[[Folder], int | None]
    clips: Callable[[Sequence[Folder], Read], Found]
    beside: Callable[[Sequence[CardFile], Sequence[CardFile], Read], Found] | None = None


def above(parts: tuple[bytes, ...], *marker: bytes) -> int | None:
    """The number of segments above the last run of `marker` in a path; PRIVATE and AVCHD belong to the run."""
    length = len(marker)
    for start in range(len(parts) - length, -1, -1):
        if parts[start : start + length] == marker:
            return unwrapped(parts, start)
    return None


def unwrapped(parts: tuple[bytes, ...], depth: int) -> int:
    """The first `depth` segments less the wrappers at their end."""
    while depth and parts[depth - 1] in _WRAPPERS:
        depth -= 1
    return depth


def files_of(folders: Iterable[Folder]) -> list[CardFile]:
    """The files of several folders in order."""
    return [file for folder in folders for file in folder.files]


def has_media(folder: Folder) -> bool:
    """Whether recordings lie directly in the folder."""
    return any(file.suffix in MEDIA_SUFFIXES for file in folder.files)


def clip_of(parts: Sequence[CardFile], sidecars: Sequence[CardFile] = ()) -> ClipFiles:
    """One clip of files in order of time."""
    first = parts[0]
    paths = (first.path,) if len(parts) == 1 else tuple([part.path for part in parts])
    spoken = tuple([file.path for file in sidecars]) if sidecars else ()
    return ClipFiles(shown(first.name), paths, spoken, "sound" if first.suffix in SOUND_SUFFIXES else "picture")


def clips_beside(files: Sequence[CardFile]) -> list[ClipFiles]:
    """Each recording of a folder as a clip, with the sidecars that bear its name (A.XML, A.MOV.XMP)."""
    media = [file for file in files if file.suffix in MEDIA_SUFFIXES]
    if len(media) == len(files):
        return [clip_of((file,)) for file in media]
    spoken = sidecars_of(media, files)
    return [clip_of((file,), spoken.get(file.path, ())) for file in media]


def sidecars_of(media: Sequence[CardFile], files: Sequence[CardFile]) -> dict[bytes, list[CardFile]]:
    """The sidecars of each recording by its path; where picture and sound share a name, the picture has them."""
    owners: dict[bytes, bytes] = {}
    for file in sorted(media, key=lambda file: file.suffix not in PICTURE_SUFFIXES):
        owners.setdefault(file.stem, file.path)
    for file in media:
        owners[file.name.upper()] = file.path
    spoken: dict[bytes, list[CardFile]] = {}
    for file in files:
        if file.suffix in SIDECAR_SUFFIXES and file.stem in owners:
            spoken.setdefault(owners[file.stem], []).append(file)
    return spoken


def clips_everywhere(folders: Sequence[Folder]) -> list[ClipFiles]:
    """`clips_beside` for several folders: equal names in two folders are two clips."""
    return [clip for folder in folders for clip in clips_beside(folder.files)]
