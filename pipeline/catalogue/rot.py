"""Files that read otherwise than when they were taken in, though size and time of change are the same.

Such a file is no other recording. It stays the clip's that it was, what was recorded of it stands, and it is named at
every look until it is mended. A card's folder that was renamed is known by what lay where in it.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace

from pipeline.catalogue.cards import FailedFile, TakenCard, TakenClip
from pipeline.catalogue.identity import still_there
from pipeline.catalogue.store import Catalogue, Connection
from pipeline.clip import Part, Stamp, shown
from pipeline.errors import ChangedWhileRead

_SAID = (
    "{} reads otherwise than when it was taken in, though its size and time are the same: copy it again from the card"
    " or a backup ('rushes verify' tells more); another recording is taken as one after 'touch'."
)
_Seen = tuple[bytes, int, int]  # a path below its card's folder, size and time of change


@dataclass(frozen=True, slots=True)
class _Place:
    """A place in the catalogue: its number, the bytes that lay there, and whether its clip is in the log.

    `doubted`: a hash list of the card speaks of the file and never confirmed what was read of it.
    """

    n: int
    quick: str
    logged: bool
    doubted: bool = False


@dataclass(slots=True)
class _Card:
    """A card on its way in, beside what is known of the places where its files lie."""

    db: Connection
    taken: TakenCard
    _gone: dict[_Seen, _Place] | None = None

    def known(self, path: bytes, stamp: Stamp) -> _Place | None:
        """The place of a file that was taken in with this size and time of change, here or on a card that is gone."""
        row = self.db.execute(
            "SELECT p.n, p.quick, c.group_n IS NOT NULL, EXISTS (SELECT 1 FROM listed l WHERE l.card_n = p.card_n"
            " AND l.path = p.path AND coalesce(l.verdict, 'differs') = 'differs') AND NOT EXISTS (SELECT 1"
            " FROM failed_files f WHERE f.card = p.card_n AND f.path = p.path), p.size, p.mtime_ns FROM places p"
            " JOIN clips c ON c.n = p.clip_n WHERE p.root = ? AND p.path = ?",
            (self.taken.root, path),
        ).fetchone()
        if row:
            same = row[4:] == (stamp.size, stamp.mtime_ns)
            return _Place(row[0], row[1], bool(row[2]), bool(row[3])) if same else None
        if self._gone is None:
            self._gone = _gone(self.db)
        return self._gone.get((path.removeprefix(self.taken.folder.path), stamp.size, stamp.mtime_ns))


def set_apart(catalogue: Catalogue, taken: TakenCard, stamps: Mapping[bytes, Stamp]) -> TakenCard:
    """The card without its rotten recordings: their places are `apart`, their files among those that failed.

    Where a hash list never confirmed what was there before, it is the list that tells whether this is better.
    """
    clips: list[TakenClip] = []
    mended: list[tuple[int, Part]] = []
    apart: list[tuple[int, Part]] = []
    failed: list[FailedFile] = []
    with catalogue.reading() as db:
        card = _Card(db, taken)
        for each in taken.clips:
            known = [(card.known(part.path, part.stamp), part) for part in each.clip.parts]
            rotten = [(place, part) for place, part in known if place and place.quick != part.quick]
            if all(place.doubted for place, _ in rotten):
                mended += [(place.n, part) for place, part in rotten]
                clips.append(each)
            else:
                apart += [(place.n, part) for place, part in known if place]
                failed += [_failed(part.path) for place, part in rotten if place.logged]
        for file in taken.failed:
            stamp = stamps.get(file.path)
            place = card.known(file.path, stamp) if stamp else None
            if stamp and place and place.logged:  # it could be read once
                apart.append((place.n, Part(taken.root, file.path, stamp, place.quick, None)))
                failed.append(replace(file, exit_code=ChangedWhileRead.exit_code))
            else:
                failed.append(file)
    return replace(taken, clips=tuple(clips), failed=tuple(failed), apart=tuple(apart), mended=tuple(mended))


def _failed(path: bytes) -> FailedFile:
    return FailedFile(path, _SAID.format(shown(path.rpartition(b"/")[2])), ChangedWhileRead.exit_code)


def _gone(db: Connection) -> dict[_Seen, _Place]:
    """What lay on cards whose folder is gone, though its disk is there; what two of them had is no sign."""
    rows = db.execute(
        "SELECT k.path, p.path, p.size, p.mtime_ns, p.n, p.quick, c.group_n IS NOT NULL, r.place FROM cards k"
        " JOIN places p ON p.card_n = k.n JOIN clips c ON c.n = p.clip_n JOIN roots r ON r.n = p.root"
        " WHERE k.fingerprint = '' AND r.place IS NOT NULL AND NOT p.online"
    ).fetchall()
    lay = [
        ((bytes(path).removeprefix(bytes(card)), size, mtime_ns), _Place(n, quick, bool(logged)))
        for card, path, size, mtime_ns, n, quick, logged, place in rows
        if not still_there(place, path)
    ]
    times = Counter(key for key, _ in lay)
    return {key: place for key, place in lay if times[key] == 1}
