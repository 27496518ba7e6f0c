"""Cuts that were saved, each with its recipe and clips, by name and version."""

import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from pipeline.catalogue.packing import fraction_in, fraction_out
from pipeline.catalogue.reading import read_logged
from pipeline.catalogue.store import Catalogue, Connection, now
from pipeline.catalogue.uses import REMOVED, cut_names
from pipeline.clip import LoggedClip
from pipeline.editorial.diff import EditList
from pipeline.errors import NotFound, ValueRefused, command
from pipeline.faults import reached
from pipeline.files import one_line

_FOUND = "found"  # of a saved spec: the clips that the cut was made of, where they are not those it uses
_LONGEST_VERSION = 9  # digits
_LONGEST = 200  # bytes of a name: suffixes have to follow it
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)\s*(\.|$)", re.IGNORECASE)
_NO_FILE = re.compile(r"[/\\:*?\"<>|@\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class SavedCut:
    """A version of a cut: `spec` is what it was made by (JSON values), `clips` the ids that it was made of, in order.

    `used` are those with events in it, and the sound laid under them. `packed` holds the edits of its timelines as
    they were made; None for a cut of an older release.
    """

    name: str
    version: int
    spec: dict[str, Any]
    clips: tuple[str, ...]
    used: tuple[str, ...]
    moment: str
    packed: bytes | None = None

    @property
    def lists(self) -> tuple[EditList, ...]:
        """The edits of its timelines; none where they were not kept."""
        if self.packed is None:
            return ()
        return msgspec.json.decode(zlib.decompress(self.packed), type=tuple[EditList, ...], dec_hook=fraction_in)


def save_cut(
    catalogue: Catalogue, name: str, spec: dict[str, Any], clips: list[str], lists: Sequence[EditList] = ()
) -> int:
    """Keep a cut under its name; the same name again is its next version, which is returned.

    Of `clips` those count as used that are in `lists`, and what else is; without lists all of them.
    """
    with catalogue.atomic() as db:
        reached("cut.save")
        db.execute("DELETE FROM cuts WHERE name = ? AND spec = ?", (name, REMOVED))
        version = db.execute("SELECT coalesce(max(version), 0) + 1 FROM cuts WHERE name = ?", (name,)).fetchone()[0]
        if version == 1 and (wrong := _wrong_with(name)):
            raise ValueRefused(f"'{one_line(name)}' cannot name a cut, which becomes a file name: {wrong}.")
        used = _used(clips, lists)
        packed = msgspec.json.encode(spec if used == clips else {**spec, _FOUND: clips}).decode()
        edits = zlib.compress(msgspec.json.encode(lists, enc_hook=fraction_out), 1) if lists else None
        db.execute("INSERT INTO cuts VALUES (?, ?, '', ?, NULL)", (name, version, now()))
        numbered = [(name, version, position, clip) for position, clip in enumerate(used)]
        db.executemany("INSERT INTO cut_clips VALUES (?, ?, ?, ?)", numbered)
        # Only now: each of them looks its cut up, and SQLite reads all of that row every time.
        full = "UPDATE cuts SET spec = ?, events = ? WHERE name = ? AND version = ?"
        db.execute(full, (packed, edits, name, version))
    return int(version)


def cut(catalogue: Catalogue, name: str, *, version: int | None = None) -> SavedCut:
    """The newest version of a cut, or that one. Raises NotFound."""
    with catalogue.reading() as db:
        row = db.execute(
            "SELECT name, version, spec, moment, events FROM cuts WHERE name = ? AND (version = ? OR ? IS NULL)"
            " ORDER BY version DESC LIMIT 1",
            (name, version, version),
        ).fetchone()
        if row is None or row[2] == REMOVED:
            raise NotFound(_no_cut(db, name, version))
        rows = db.execute(
            "SELECT clip FROM cut_clips WHERE name = ? AND version = ? ORDER BY position", row[:2]
        ).fetchall()
    spec, used = msgspec.json.decode(row[2]), tuple(each for (each,) in rows)
    found = tuple(spec.pop(_FOUND, used))
    return SavedCut(row[0], row[1], spec, found, used, row[3], row[4])


def name_and_version(catalogue: Catalogue, text: str) -> tuple[str, int | None]:
    """What NAME or NAME@VERSION means, wherever a cut is named; None is the newest version."""
    name, at, version = text.rpartition("@")
    if not at or not version.isdecimal() or len(version) > _LONGEST_VERSION or newest_cut(catalogue, text):
        return text, None
    return name, int(version)


def remove_cut(catalogue: Catalogue, name: str) -> int:
    """Take a cut away: its name is free, no clip counts as used by it; its versions stay, and how many is returned.

    Raises NotFound.
    """
    with catalogue.atomic() as db:
        last = cut(catalogue, name).version
        db.execute("INSERT INTO cuts VALUES (?, ?, ?, ?, NULL)", (name, last + 1, REMOVED, now()))
    return last


def restore_cut(catalogue: Catalogue, name: str) -> int:
    """Bring back a cut that was taken away; the number of its last version. Raises NotFound."""
    with catalogue.atomic() as db:
        sql = "DELETE FROM cuts WHERE name = ? AND spec = ? RETURNING version"
        removed = db.execute(sql, (name, REMOVED)).fetchone()
        if removed is None:
            raise NotFound(f"No cut '{name}' was removed; 'rushes cuts' lists those there are.")
        # Its plain file must go, too: a rebuild would take the cut away again.
        db.execute("INSERT OR REPLACE INTO due (sort, number, name) VALUES ('cut', ?, ?)", (*removed, name))
    return cut(catalogue, name).version


def _no_cut(db: Connection, name: str, version: int | None) -> str:
    """Why there is no such cut or version, and what to do."""
    newest = db.execute("SELECT max(version) FROM cuts WHERE name = ? AND spec <> ?", (name, REMOVED)).fetchone()[0]
    if newest is None:
        return (
            f"There is no cut '{name}'; 'rushes cuts' lists those there are, {command('cut', name, 'QUERY')} makes it."
        )
    if version is None:
        return f"'{name}' was removed; {command('cuts', '--restore', name)} brings it back."
    return f"There is no version {version} of '{name}'; the newest is {newest}."


def _wrong_with(name: str) -> str:
    """Why a name is none for files on every system; empty for one that is."""
    if not name.strip():
        return "it is empty"
    if len(name.encode()) > _LONGEST:
        return f"it is longer than {_LONGEST} bytes"
    if found := _NO_FILE.search(name):
        if found[0] == "@":
            return "@ stands before the number of a version"
        return f"leave out {found[0]}" if found[0].isprintable() else "leave out line breaks and control characters"
    if name[0] in ".-":
        return f"let it begin with something other than {name[0]}"
    if name[-1] in ". ":
        return "let it end with a letter or number"
    return f"{name} is a device on Windows" if _DEVICES.match(name) else ""


def fitting_name(text: str) -> str:
    """A name for a cut that is like `text`."""
    name = _NO_FILE.sub("_", text).rstrip(". ")
    return f"_{name}" if not name or name[0] in ".-" or _DEVICES.match(name) else name


def clips_in(lists: Iterable[EditList]) -> dict[str, str]:
    """The clips with events in these timelines, and the sound under them: ids with the names they have there."""
    edits = [edit for each in lists for edit in each.edits]
    sources = [(edit.source, edit.name) for edit in edits]
    sources += [(heard.source, heard.name) for edit in edits for heard in edit.sounds]
    return {source.partition("/")[0]: name for source, name in sources}


def _used(clips: list[str], lists: Sequence[EditList]) -> list[str]:
    """The clips in use, in the order they were found; what nobody searched for comes last."""
    if not lists:
        return clips
    within, found = clips_in(lists), set(clips)
    return [each for each in clips if each in within] + [each for each in within if each not in found]


def newest_cut(catalogue: Catalogue, name: str) -> SavedCut | None:
    """The newest version of a cut, None where no cut bears that name."""
    try:
        return cut(catalogue, name)
    except NotFound:
        return None


def cuts(catalogue: Catalogue) -> tuple[SavedCut, ...]:
    """The newest version of every cut, by name."""
    with catalogue.reading() as db:
        names = cut_names(db)
    return tuple(cut(catalogue, name) for name in names)


def cuts_using(catalogue: Catalogue, clip_id: str) -> tuple[str, ...]:
    """The names of the cuts whose newest version uses a clip."""
    with catalogue.reading() as db:
        rows = db.execute(
            "SELECT DISTINCT u.name FROM cut_clips u WHERE u.clip = ?"
            " AND u.version = (SELECT max(version) FROM cuts WHERE name = u.name) ORDER BY u.name",
            (clip_id,),
        ).fetchall()
    return tuple(name for (name,) in rows)


def clips_of_cut(catalogue: Catalogue, saved: SavedCut) -> list[LoggedClip]:
    """The clips of a cut that are in the log, in its order, with what the log says of them now."""
    return logged_by_id(catalogue, saved.clips)


def logged_by_id(catalogue: Catalogue, clips: Iterable[str]) -> list[LoggedClip]:
    """Those of these clips that are in the log, in the order given."""
    with catalogue.reading() as db:
        found = (
            db.execute("SELECT n FROM clips WHERE id = ? AND group_n IS NOT NULL", (each,)).fetchone() for each in clips
        )
        return read_logged(db, [row[0] for row in found if row])
