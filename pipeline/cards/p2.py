"""Panasonic P2: CONTENTS/VIDEO/0001AB.MXF, sound in AUDIO/0001AB00.MXF..., CLIP/0001AB.XML.

The picture file is the clip's part; its sound tracks and its XML go with it as sidecars, and the tracks
are the clip's sound. PROXY, ICON and VOICE are listed. A recording over the size of a file is several
clips on the card, which their XML chains (Relation/Connection, by GlobalClipID): one clip here. One that
goes on on another card is named. AVC-LongG keeps picture and sound in one file in AVCLIP.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from pipeline.cards.companions import lacking
from pipeline.cards.documents import document, inner, name_of, said
from pipeline.cards.media import MEDIA_SUFFIXES
from pipeline.cards.structure import CardFile, Folder, Found, Read, Structure, clip_of, unwrapped
from pipeline.clip import shown
from pipeline.errors import RushesError

_SOUNDS = b"AUDIO"
_FOLDERS = frozenset({b"VIDEO", b"AVCLIP", b"AUDIO", b"CLIP", b"ICON", b"PROXY", b"VOICE"})
_TRACK = re.compile(rb"(.+)(\d\d)", re.DOTALL)
_MOST_TRACKS = 16
_EMPTY_CARD = "000000"  # what LASTCLIP.TXT names before the first clip


class _Told(NamedTuple):
    """What the XML of a clip says: who it is, what it is made of, and which clips it lies between."""

    file: CardFile
    id: str | None
    pictures: int
    sounds: int
    previous: str | None
    next: str | None
    next_name: str | None


def _root(folder: Folder) -> int | None:
    parts = folder.parts
    for depth in range(len(parts) - 2, -1, -1):
        if parts[depth] == b"CONTENTS" and parts[depth + 1] in _FOLDERS:
            return unwrapped(parts, depth)
    return None


def _clips(folders: Sequence[Folder], read: Read) -> Found:
    kept: dict[bytes, list[CardFile]] = {}
    for folder in folders:
        kept.setdefault(folder.parts[-1], []).extend(folder.files)
    pictures = {file.stem: file for name in (b"VIDEO", b"AVCLIP") for file in _media(kept.get(name, ()))}
    sounds: dict[bytes, list[CardFile]] = {}
    for file in _media(kept.get(_SOUNDS, ())):
        sounds.setdefault(_clip_of_track(file), []).append(file)
    found = Found()
    told = _told(kept.get(b"CLIP", ()), read, pictures, found)
    for chain in _chains(pictures, told):
        spoken = [told[stem].file for stem in chain if stem in told]
        spoken += [file for stem in chain for file in sounds.get(stem, ())]
        found.clips.append(clip_of([pictures[stem] for stem in chain], spoken))
    found.clips.extend(clip_of((file,)) for stem, files in sounds.items() if stem not in pictures for file in files)
    _compare(told, pictures, sounds, found)
    _complete(kept, told, pictures, found)
    return found


def sounds_beside(picture: bytes, sidecars: Iterable[bytes]) -> dict[int, bytes]:
    """The files of a clip's sound by the number of their track: those of one of its picture files, beside that."""
    where, _, name = picture.rpartition(b"/")
    stem, contents = name.rpartition(b".")[0].upper(), where.rpartition(b"/")[0]
    found = {}
    for path in sidecars:
        folder, _, name = path.rpartition(b"/")
        own, _, suffix = name.rpartition(b".")
        track = _TRACK.fullmatch(own.upper())
        kept = folder.rpartition(b"/")[2]
        if kept.upper() == _SOUNDS and b"." + suffix.lower() in MEDIA_SUFFIXES and track and track[1] == stem:
            found[int(track[2])] = b"/".join(filter(None, (contents, kept, name)))  # a copy of the card has its own
    return dict(sorted(found.items()))


def _media(files: Sequence[CardFile]) -> list[CardFile]:
    return [file for file in files if file.suffix in MEDIA_SUFFIXES]


def _clip_of_track(file: CardFile) -> bytes:
    match = _TRACK.fullmatch(file.stem)
    return match[1] if match else file.stem


def _told(
    files: Sequence[CardFile], read: Read, pictures: Mapping[bytes, CardFile], found: Found
) -> dict[bytes, _Told]:
    """What each XML says by the clip's name; a damaged one goes with its clip all the same."""
    told = {}
    for file in files:
        if file.suffix != b".xml":
            continue
        content = inner(document(file.path, read), "ClipContent")
        if content is None and file.stem in pictures:  # else it is named with what is missing
            found.warn(f"{shown(file.name)} is damaged; copy it again.", pictures[file.stem].path)
        essences = [name_of(each) for each in inner(content, "EssenceList") or ()]
        link = inner(content, "Relation", "Connection")
        told[file.stem] = _Told(
            file,
            said(content, "GlobalClipID"),
            essences.count("Video"),
            essences.count("Audio"),
            said(link, "Previous", "GlobalClipID"),
            said(link, "Next", "GlobalClipID"),
            said(link, "Next", "ClipName"),
        )
    return told


def _chains(pictures: Mapping[bytes, CardFile], told: Mapping[bytes, _Told]) -> list[list[bytes]]:
    """The names of the clips of each recording in order; two are joined where both say so."""
    by_id = {clip.id: stem for stem, clip in told.items() if clip.id and stem in pictures}
    after: dict[bytes, bytes] = {}
    joined: set[bytes] = set()  # each follows one alone, though two clips may bear one identity
    for stem in pictures:
        clip = told.get(stem)
        follower = by_id.get(clip.next) if clip and clip.next else None
        if clip and follower and follower != stem and follower not in joined and told[follower].previous == clip.id:
            after[stem] = follower
            joined.add(follower)
    chains = []
    for stem in pictures:
        chain = [] if stem in joined else [stem]
        while chain and chain[-1] in after:
            chain.append(after[chain[-1]])
        if chain:
            chains.append(chain)
    ring = pictures.keys() - {stem for chain in chains for stem in chain}  # each says to follow another: believe none
    return [*chains, *([stem] for stem in pictures if stem in ring)]


def _compare(
    told: Mapping[bytes, _Told],
    pictures: Mapping[bytes, CardFile],
    sounds: Mapping[bytes, Sequence[CardFile]],
    found: Found,
) -> None:
    """What the XML lists and the card lacks."""
    ids = {clip.id for clip in told.values()}
    for stem, clip in told.items():
        picture = pictures.get(stem)
        if picture is None and stem not in sounds:
            found.warn(f"{shown(clip.file.name)} describes a clip that is missing; copy the card again.")
            continue
        index, name = shown(clip.file.name), clip.file.name.rpartition(b".")[0]
        part = picture.path if picture else None
        if picture is None and clip.pictures:
            found.warn(f"{shown(name)}.MXF, the picture of {index}, is missing; copy the card again.")
        if picture is None or b"/AVCLIP/" not in picture.path.upper():
            there = {file.stem for file in sounds.get(stem, ())}
            for number in range(min(clip.sounds, _MOST_TRACKS)):
                track = b"%b%02d" % (name, number)
                if track.upper() not in there:
                    found.warn(f"{shown(track)}.MXF, sound of {index}, is missing; copy the card again.", part)
        if clip.next and clip.next not in ids:
            following = f"clip {clip.next_name}" if clip.next_name else "a clip"
            found.warn(f"{shown(name)} goes on in {following}, which is not on this card; copy its card, too.", part)
        if clip.previous and clip.previous not in ids:
            found.warn(f"{shown(name)} goes on from a clip that is not on this card; copy its card, too.", part)


def _complete(
    kept: Mapping[bytes, Sequence[CardFile]],
    told: Mapping[bytes, _Told],
    pictures: Mapping[bytes, CardFile],
    found: Found,
) -> None:
    """What clips should have beside them: an XML each, and a picture in ICON where others have theirs."""
    if told:
        for stem, picture in pictures.items():
            if stem not in told:
                found.warn(f"{shown(picture.name)} has no XML in CLIP; copy the card again.", picture.path)
    icons = {file.stem: file for file in kept.get(b"ICON", ())}
    wanted = {
        stem: picture.name.rpartition(b".")[0] + next(iter(icons.values())).suffix.upper()
        for stem, picture in pictures.items()
        if icons
    }
    for stem, sentence in lacking(wanted, icons):
        found.warn(sentence, pictures[stem].path)


def _beside(own: Sequence[CardFile], others: Sequence[CardFile], read: Read) -> Found:
    """LASTCLIP.TXT: its first line names the clip that was recorded last."""
    found = Found()
    for file in others:
        if file.name.upper() != b"LASTCLIP.TXT":
            continue
        try:
            lines = read(file.path)[:200].decode("ascii", "replace").split()
        except (RushesError, OSError):
            lines = []
        if len(lines) < 2:
            found.warn(f"{shown(file.name)} is damaged; copy it again.")
        elif lines[0] != _EMPTY_CARD and lines[0].upper().encode() not in {each.stem for each in own}:
            found.warn(
                f"{lines[0]}, which {shown(file.name)} calls the last clip recorded, is not here: "
                "deleted in the camera, or not copied; look at the card."
            )
    return found


P2 = Structure("p2", _root, _clips, _beside)
