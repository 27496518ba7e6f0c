"""Rows back into values: clips with their files, and what the log says of them now."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pipeline.catalogue.current import SHARED, UNFIT_OF_CLIPS
from pipeline.catalogue.listed import LISTED, complaints_of_clips
from pipeline.catalogue.packing import timecode, unpack_facts, unpack_paths, unpack_runs, unpack_texts, unpack_verdict
from pipeline.catalogue.store import Connection
from pipeline.catalogue.uses import USED
from pipeline.clip import Clip, LoggedClip, Marker, Part, Product, Stamp, shown
from pipeline.proxies.telling import salvaged
from pipeline.timecode import FLICKS, Rate, TimeRange

Values = dict[str, Any]
_CHUNK = 500
_OWN = (
    "n, group_n, id, name, path, lens, reel, tag, scene, take, recorded_at, seconds, start_timecode, frames, flicks,"
    f" note, warnings, refused, card_n, sound, title, {USED}, {LISTED}"
)


def values_of(db: Connection, clips: Sequence[int]) -> dict[int, Values]:
    """What every field of these clips (by number) holds, in the order given; unknown is None, many-valued a tuple.

    Beside the fields: `listed`, what it is by the hash list of its card, and `warnings`, those of its card behind its
    own. Seconds of `duration` have three decimals, for
    display.
    """
    found: dict[int, Values] = {}
    groups: dict[int | None, Values] = {}
    cards: dict[int, tuple[str, ...]] = {}
    salvage = dict(db.execute("SELECT clip_n, held FROM products INDEXED BY products_held WHERE held IS NOT NULL"))
    differing = complaints_of_clips(db)
    unfit: dict[int, tuple[str, ...]] = defaultdict(tuple)
    for n, sentence in _each(db, f"SELECT c.n, f.sentence FROM {UNFIT_OF_CLIPS} AND c.n IN", clips, "ORDER BY c.n"):
        unfit[n] += (sentence,)
    for row in _each(db, f"SELECT {_OWN} FROM clips c WHERE n IN", clips):
        if row[1] not in groups:
            groups[row[1]] = _shared(db, row[1])
        found[row[0]] = {**_own(row), **groups[row[1]]}
        if row[0] in salvage:
            found[row[0]]["warnings"] += (f"Its proxy is {salvaged(unpack_runs(salvage[row[0]]))}.",)
        found[row[0]]["warnings"] += (*unfit.get(row[0], ()), *differing.get(row[0], ()))
        if row[18] not in cards:
            (told,) = db.execute("SELECT warnings FROM cards WHERE n = ?", (row[18],)).fetchone()
            cards[row[18]] = unpack_texts(told)
        found[row[0]]["warnings"] = tuple(dict.fromkeys((*found[row[0]]["warnings"], *cards[row[18]])))
    return {n: found[n] for n in clips if n in found}


def _own(row: Sequence[Any]) -> Values:
    return {
        "id": row[2], "name": row[3], "path": shown(row[4]), "lens": row[5], "reel": row[6],
        "tag": unpack_texts(row[7]), "scene": row[8], "take": row[9], "recorded_at": row[10],
        "at": None if row[11] is None else clock(row[11]), "start_timecode": row[12], "frames": row[13],
        "duration": round(row[14] / FLICKS, 3), "note": row[15], "sound": row[19], "title": row[20],
        "used": unpack_texts(row[21]), "listed": row[22],
        "warnings": (*unpack_texts(row[16]), *unpack_texts(row[17])),
    }  # fmt: skip


def clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _shared(db: Connection, group: int | None) -> Values:
    """The shared fields of a group's clips; a forgotten clip has none."""
    values: Values = dict.fromkeys(SHARED)
    values["subject"] = ()
    rows = db.execute(
        "SELECT t.field, t.value FROM group_terms x JOIN terms t ON t.n = x.term_n WHERE x.group_n = ?"
        " ORDER BY t.words",
        (group,),
    )
    for name, value in rows:
        if name == "subject":
            values[name] = (*values[name], value)
        else:
            values[name] = int(value) if name == "rating" else value
    del values["folder"]
    return values


def part_from(row: Sequence[Any]) -> Part:
    """A part from (root, path, device, inode, size, mtime_ns, quick, frames)."""
    return Part(row[0], bytes(row[1]), Stamp(*row[2:6]), row[6], row[7])


def read_clips(db: Connection, clips: Sequence[int]) -> dict[int, Clip]:
    """These clips (by number) with facts, and each part at the best of its places: online, on the clip's own card."""
    parts: dict[int, list[Part]] = defaultdict(list)
    seen: set[tuple[int, int]] = set()
    for row in _each(
        db,
        "SELECT p.clip_n, p.part, p.root, p.path, p.device, p.inode, p.size, p.mtime_ns, p.quick, s.frames"
        " FROM places p JOIN parts s ON s.clip_n = p.clip_n AND s.part = p.part JOIN clips c ON c.n = p.clip_n"
        " WHERE p.clip_n IN",
        clips,
        "ORDER BY p.clip_n, p.part, NOT p.online, p.card_n <> c.card_n, p.n",
    ):
        if (row[0], row[1]) not in seen:
            seen.add((row[0], row[1]))
            parts[row[0]].append(part_from(row[2:]))
    found: dict[int, Clip] = {}
    for row in _each(
        db,
        "SELECT c.n, c.id, c.name, d.name, c.kind, f.facts, c.rate, c.frames, c.start_timecode, c.start_rate,"
        " f.sidecars FROM clips c JOIN cards d ON d.n = c.card_n JOIN facts f ON f.clip_n = c.n WHERE c.n IN",
        clips,
    ):
        found[row[0]] = Clip(
            id=row[1], name=row[2], card=row[3], kind=row[4], parts=tuple(parts[row[0]]), facts=unpack_facts(row[5]),
            rate=Rate.parse(row[6]) if row[6] else None, frames=row[7], start=timecode(row[8], row[9]),
            sidecars=unpack_paths(row[10]),
        )  # fmt: skip
    return {n: found[n] for n in clips if n in found}


def read_logged(db: Connection, clips: Sequence[int]) -> list[LoggedClip]:
    """These clips with all that is known of them now, in the order given."""
    found, values = read_clips(db, clips), values_of(db, clips)
    markers: dict[int, list[Marker]] = defaultdict(list)
    for n, start, frames, note, subject in _each(db, "SELECT * FROM markers WHERE clip_n IN", clips, "ORDER BY start"):
        markers[n].append(Marker(TimeRange(start, frames), note, subject))
    products: dict[int, list[Product]] = defaultdict(list)
    for n, kind, preset, path, recipe, size, verdict, held in _each(
        db,
        "SELECT p.clip_n, p.kind, p.preset, p.path, p.recipe, p.size, p.verdict, p.held FROM products p"
        " JOIN clips c ON c.n = p.clip_n AND c.content = p.content WHERE p.clip_n IN",
        clips,
    ):
        judged, runs = unpack_verdict(verdict), unpack_runs(held)
        products[n].append(Product(values[n]["id"], kind, preset, bytes(path), recipe, size, judged, runs))
    return [
        LoggedClip(
            clip, values[n]["status"] or "logged",
            {name: value for name, value in values[n].items() if name != "warnings"},
            tuple(markers[n]), tuple(products[n]), values[n]["warnings"],
        )
        for n, clip in found.items()
    ]  # fmt: skip


def _each(db: Connection, select: str, clips: Sequence[int], order: str = "") -> Iterator[Sequence[Any]]:
    """Rows of `select` for these clips, some hundred at a time."""
    for start in range(0, len(clips), _CHUNK):
        chunk = clips[start : start + _CHUNK]
        yield from _rows(db, f"{select} ({', '.join('?' * len(chunk))}) {order}", chunk)


def _rows(db: Connection, sql: str, values: Iterable[int]) -> list[Sequence[Any]]:
    return db.execute(sql, tuple(values)).fetchall()
