"""Recordings that a camera writes in numbered pieces: one clip, parts in order, gaps named.

An empty piece is left out of the chain and stands as a clip of its own, so that it alone fails.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from pipeline.cards.structure import CardFile, Found, clip_of
from pipeline.clip import shown


class Piece(NamedTuple):
    number: int  # from 1
    file: CardFile


def chained(
    pieces: Sequence[Piece], sidecars: Mapping[bytes, Sequence[CardFile]], name: Callable[[int], bytes]
) -> Found:
    """One clip of the pieces of a recording; those missing before the last are named, by `name` of their number."""
    if len(pieces) == 1 and pieces[0].number == 1:  # most recordings fit one file
        file = pieces[0].file
        return Found([clip_of((file,), sidecars.get(file.path, ()))])
    ordered = sorted(pieces, key=lambda piece: (piece.number, piece.file.path))
    if len({piece.number for piece in ordered}) < len(ordered):  # names that differ in case alone: no one recording
        return Found([clip_of((piece.file,), sidecars.get(piece.file.path, ())) for piece in ordered])
    whole = [piece.file for piece in ordered if piece.file.size]
    spoken = [file for part in whole for file in sidecars.get(part.path, ())]
    clips = [clip_of(whole, spoken)] if whole else []
    clips += [clip_of((piece.file,)) for piece in ordered if not piece.file.size]
    missing = sorted(set(range(1, ordered[-1].number)) - {piece.number for piece in ordered})
    kept = shown(ordered[0].file.name)
    return Found(clips, [_sentence(shown(name(number)), kept) for number in missing])


def _sentence(missing: str, kept: str) -> str:
    return f"{missing} is missing: the recording of {kept} goes on behind it; copy the card again."
