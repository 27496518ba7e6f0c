"""Strays: clips of the log that turn out to be proxies of other clips. They leave it; what people said of them stays.

Proxies are taken for footage where an older release did not know them, or where their originals came later.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.catalogue.current import refresh
from pipeline.catalogue.entries import append, live_entries, new_batch
from pipeline.catalogue.store import Catalogue, Connection
from pipeline.catalogue.trails import settle_places
from pipeline.catalogue.uses import NEWEST
from pipeline.clip import Saying
from pipeline.shotlog.standing import FORGOTTEN, MARK, Standing, standing

_SPOKEN = ("person", "editor")  # whose words go on to the original: rules and media speak for it themselves


@dataclass(frozen=True, slots=True)
class Stray:
    """A clip that is a proxy of another: which (id and name of both), what was said of it, the cuts that use it.

    `kept` is what its original has another word of, which stands. `stays` where it is not as long as its original: what
    was said of its frames would be said of others.
    """

    clip: str
    name: str
    original: str
    original_name: str
    said: tuple[str, ...]
    kept: tuple[str, ...]
    cuts: tuple[str, ...]
    stays: bool


@dataclass(frozen=True, slots=True)
class Expelled:
    """What was found; `batch` takes those that do not stay out of the log, and `files` are proxies made of them."""

    strays: tuple[Stray, ...] = ()
    batch: str = ""
    files: tuple[bytes, ...] = ()


def expel(catalogue: Catalogue, root: int, proxies: Mapping[bytes, Sequence[bytes]]) -> Expelled:
    """Take clips out of the log whose files are proxies; what people said of them is said of their originals.

    `proxies` have the recordings beside them that they may be of. One whose original is not in the log stays: it is
    all there is of that recording.
    """
    if not proxies:
        return Expelled()
    with catalogue.reading() as db:
        places = [row for row in db.execute(_PLACES, (root,)).fetchall() if row[1] in proxies]
        failed = [row for row in db.execute(_FAILED, (root,)).fetchall() if row[1] in proxies]
    if not places and not failed:
        return Expelled()
    with catalogue.atomic() as db:
        db.executemany("DELETE FROM failed_files WHERE card = ? AND path = ?", failed)
        originals = dict(_originals(db, root, _without_copies(db, places), proxies))
        strays = {n: _stray(db, n, original) for n, original in originals.items()}
        gone = {n: originals[n] for n, stray in strays.items() if not stray.stays}
        if not gone:
            return Expelled(tuple(strays.values()))
        number, batch = new_batch(db, who="rushes", words="proxies that were taken for footage", kind="rules")
        for n, original in gone.items():
            append(db, number, [(original, each) for each in _passed_on(db, n, original, strays[n])])
            append(db, number, [(n, Saying(FORGOTTEN, "yes", "inferred", detail=f"proxy of {strays[n].original}"))])
        drop = "DELETE FROM products WHERE clip_n = ? RETURNING path, kind"
        files = tuple(path for n in gone for path, kind in db.execute(drop, (n,)).fetchall() if kind == "proxy")
        db.executemany("DELETE FROM places WHERE clip_n = ?", [(n,) for n in gone])
        touched = list(dict.fromkeys((*gone, *gone.values())))
        refresh(db, touched)
        settle_places(db, touched)
        return Expelled(tuple(strays.values()), batch, files)


_PLACES = "SELECT n, path, clip_n FROM places WHERE root = ? ORDER BY path"
_FAILED = "SELECT f.card, f.path FROM failed_files f JOIN cards c ON c.n = f.card WHERE c.root = ?"
_Place = tuple[int, bytes, int]  # its number, its path, the clip there


def _without_copies(db: Connection, places: Sequence[_Place]) -> list[_Place]:
    """The places of clips that lie nowhere else. One that does is footage: it only loses these places."""
    here = {n for n, _, _ in places}
    copies = set()
    for clip in dict.fromkeys(clip for _, _, clip in places):
        of_clip = {n for (n,) in db.execute("SELECT n FROM places WHERE clip_n = ?", (clip,))}
        if of_clip - here:
            copies.add(clip)
            db.executemany("DELETE FROM places WHERE n = ?", [(n,) for n in of_clip & here])
    refresh(db, copies)
    return [place for place in places if place[2] not in copies]


_MADE_OF = (
    "SELECT p.clip_n FROM products p JOIN roots r ON r.n = ? AND r.kind = 'film'"
    " WHERE p.path = ? AND p.kind = 'proxy' AND p.clip_n <> ?"
)
_BESIDE = "SELECT clip_n FROM places WHERE root = ? AND path = ? AND clip_n <> ?"


def _originals(
    db: Connection, root: int, places: Sequence[_Place], proxies: Mapping[bytes, Sequence[bytes]]
) -> Iterator[tuple[int, int]]:
    """Each stray with its original, by number: whose product it is, else what lies beside it. Of a proxy's proxy the
    first original."""
    in_log = {n for (n,) in db.execute("SELECT n FROM clips WHERE group_n IS NOT NULL")}
    of: dict[int, int] = {}
    for _, path, clip in places:
        found = [db.execute(_MADE_OF, (root, path, clip)).fetchone()]
        found += [db.execute(_BESIDE, (root, each, clip)).fetchone() for each in proxies[path]]
        if clip in in_log and any(found):
            of.setdefault(clip, next(row[0] for row in found if row))
    for clip, made_of in of.items():
        original, passed = made_of, {clip}
        while original in of and original not in passed:
            passed.add(original)
            original = of[original]
        if original not in passed and original in in_log:
            yield clip, original


def _stray(db: Connection, n: int, original: int) -> Stray:
    sql = "SELECT id, name, frames FROM clips WHERE n = ?"
    (clip, name, frames), (of, of_name, length) = (db.execute(sql, (each,)).fetchone() for each in (n, original))
    word, known = _word(db, n), _one_valued(_word(db, original))
    said = tuple(dict.fromkeys(_named(word)))
    kept = tuple(name for name, value in _one_valued(word).items() if known.get(name, value) != value)
    cuts = db.execute(f"SELECT DISTINCT u.name FROM cut_clips u WHERE u.clip = ? AND {NEWEST} ORDER BY 1", (clip,))
    used = tuple(name for (name,) in cuts)
    return Stray(clip, name, of, of_name, said, kept, used, bool(said) and (frames is None or frames != length))


def _word(db: Connection, n: int) -> dict[str, Standing]:
    """What stands of a clip by people's and editors' words alone."""
    entries = live_entries(db, n)
    return {source: standing([each for each in entries if each.source == source]) for source in _SPOKEN}


def _one_valued(word: Mapping[str, Standing]) -> dict[str, str]:
    """The values of fields that have one, of the best source."""
    every = [item for source in reversed(_SPOKEN) for item in word[source].values.items()]
    return {name: value for name, value in every if isinstance(value, str)}


def _named(word: Mapping[str, Standing]) -> Iterator[str]:
    for said in word.values():
        yield from said.values
        if said.markers:
            yield "1 mark" if len(said.markers) == 1 else f"{len(said.markers)} marks"


def _passed_on(db: Connection, n: int, original: int, stray: Stray) -> Iterator[Saying]:
    """What people said of a stray, to be said of its original; what they said of that stands."""
    detail = f"said of its proxy {stray.name} ({stray.clip})"
    known = _word(db, original)
    taken = _one_valued(known)
    marked = {mark.range for said in known.values() for mark in said.markers}
    for source, said in _word(db, n).items():
        for name, value in said.values.items():
            if isinstance(value, str):
                yield from [Saying(name, value, source, "set", detail)] if name not in taken else []
            else:
                yield from (Saying(name, each, source, "add", detail) for each in value)
        for mark in said.markers:
            if mark.range not in marked:
                words = ((MARK, ""), ("note", mark.note), ("subject", mark.subject))
                for name, text in words:
                    if text or name == MARK:
                        yield Saying(name, text, source, "set", detail, range=mark.range)
