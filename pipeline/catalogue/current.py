"""The current log of each clip, kept ready for searching: groups, texts, status, order of story.

All of it is made from facts, places, entries, products and failures, in the transaction that
changes those; `refresh` is the only place where it is made.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from fractions import Fraction

import msgspec

from pipeline.catalogue.entries import live_entries
from pipeline.catalogue.moments import InForce, corrections_in_force, settle_moment
from pipeline.catalogue.packing import unpack_facts
from pipeline.catalogue.sounds import settle_sounds
from pipeline.catalogue.store import Connection
from pipeline.clip import Facts, shown
from pipeline.fields import FIELDS
from pipeline.proxies.job import sound_recipe
from pipeline.proxies.luts import fits
from pipeline.settings import LookRule
from pipeline.shotlog.folding import words_of
from pipeline.shotlog.standing import Standing
from pipeline.shotlog.trails import moment_of
from pipeline.timecode import FLICKS, Rate

# One-valued shared fields are columns of groups; `folder` is the card's path, for words.
SHARED: tuple[str, ...] = ("folder", *(each.name for each in FIELDS if each.shared and not each.many))
SHARED_MANY: tuple[str, ...] = tuple(each.name for each in FIELDS if each.shared and each.many)
TEXTS: tuple[str, ...] = ("name", "path", "lens", "reel", "tag", "scene", "take", "note", "marks", "title")
DAY = 200_000  # steps of story in a day: seconds, with room for a shoot day that ends after midnight
_NO_DAY = date.max.toordinal() + 1
# The step of a failure that is none of the clip: a wanted proxy cannot be made of it, and it is ready without.
UNFIT = "unfit"
UNFIT_OF_CLIPS = (
    f"failures f JOIN clips c ON c.n = f.clip_n AND c.content = f.content WHERE f.step = '{UNFIT}'"
    " AND f.recipe IN (SELECT recipe || c.look FROM wants WHERE outfit = c.outfit)"
)


@dataclass(slots=True)
class _Pass:
    """One refresh: what it has looked up, and by how much groups grew or shrank."""

    db: Connection
    wants: dict[str, set[tuple[str, str, str]]]
    corrections: InForce
    looks: tuple[tuple[LookRule, str], ...] = ()
    terms: dict[tuple[str, str], int] = field(default_factory=dict)
    groups: dict[str, int] = field(default_factory=dict)
    growth: dict[int, tuple[int, int]] = field(default_factory=dict)
    pictures: list[int] = field(default_factory=list)  # whose sound is to be counted
    sound_days: set[str] = field(default_factory=set)  # whose sound has changed

    def grow(self, group: int | None, clips: int, flicks: int) -> None:
        if group is not None:
            old = self.growth.get(group, (0, 0))
            self.growth[group] = (old[0] + clips, old[1] + flicks)


@dataclass(frozen=True, slots=True)
class _Row:
    n: int
    kind: str
    outfit: str
    look: str
    name: str
    card_n: int
    path: bytes
    rate: str | None
    flicks: int
    start_timecode: str | None
    group_n: int | None
    decoder: int
    content: str
    lens: str | None
    reel: str | None


def refresh(db: Connection, clips: Iterable[int]) -> None:
    """Make the current log of these clips (by number) again."""
    wants: dict[str, set[tuple[str, str, str]]] = {}
    for outfit, product, preset, recipe in db.execute("SELECT outfit, product, preset, recipe FROM wants"):
        wants.setdefault(outfit, set()).add((product, preset, recipe))
    looks = tuple(
        (LookRule(cube="", make=make, model=model, transfer=transfer), recipe)
        for make, model, transfer, recipe in db.execute(
            "SELECT make, model, transfer, recipe FROM looks ORDER BY position"
        )
    )
    work = _Pass(db, wants, corrections_in_force(db), looks)
    for n in clips:
        _refresh(work, n)
    _settle(work)
    settle_sounds(db, work.pictures, work.sound_days)


def leave_group(db: Connection, n: int) -> None:
    """Take a clip out of its group's totals, before its length changes."""
    row = db.execute("SELECT group_n, flicks, kind FROM clips WHERE n = ?", (n,)).fetchone()
    if row and row[0] is not None:
        work = _Pass(db, {}, {})
        _note_sound(work, n, row[2], row[0], None)
        db.execute("UPDATE clips SET group_n = NULL WHERE n = ?", (n,))
        work.grow(row[0], -1, -row[1])
        _settle(work)
        settle_sounds(db, (), work.sound_days)


_OF_GROUP = "WHERE n IN (SELECT term_n FROM group_terms WHERE group_n = ?)"


def _settle(work: _Pass) -> None:
    changed = [(clips, flicks, n) for n, (clips, flicks) in work.growth.items() if clips or flicks]
    work.db.executemany("UPDATE groups SET clips = clips + ?, flicks = flicks + ? WHERE n = ?", changed)
    work.db.executemany(
        f"UPDATE terms SET clips = clips + ? {_OF_GROUP}",
        [(clips, n) for clips, _, n in changed if clips],
    )
    emptied = [
        (n,) for n in work.growth if work.db.execute("SELECT clips FROM groups WHERE n = ?", (n,)).fetchone()[0] == 0
    ]
    work.db.executemany(f"UPDATE terms SET groups = groups - 1 {_OF_GROUP}", emptied)
    work.db.executemany("DELETE FROM groups WHERE n = ?", emptied)


def _refresh(work: _Pass, n: int) -> None:
    db = work.db
    row = _Row(
        *db.execute(
            "SELECT n, kind, outfit, look, name, card_n, path, rate, flicks, start_timecode, group_n,"
            " decoder, content, lens, reel FROM clips WHERE n = ?",
            (n,),
        ).fetchone()
    )
    row, online = _settle_place(db, row)
    facts = unpack_facts(db.execute("SELECT facts FROM facts WHERE clip_n = ?", (n,)).fetchone()[0])
    row = _settle_look(work, row, facts)
    log, moment = settle_moment(db, n, facts, live_entries(db, n), work.corrections)
    recorded, seconds = (moment.iso, moment.seconds_of_day) if moment else (facts.recorded_at, None)
    group = None
    if not log.forgotten:
        status = _status(work, row, online=online)
        group = _group(work, row, log, facts, status)
    if group != row.group_n:
        work.grow(row.group_n, -1, -row.flicks)
        work.grow(group, 1, row.flicks)
        _note_sound(work, n, row.kind, row.group_n, group)
    one = {name: value for name, value in log.values.items() if isinstance(value, str)}
    tags = log.values.get("tag")
    db.execute(
        "UPDATE clips SET group_n = ?, story = ?, recorded_at = ?, seconds = ?, moment = ?, tag = ?, scene = ?,"
        " take = ?, title = ?, note = ? WHERE n = ?",
        (
            group, _story(one.get("shoot_day"), recorded, _time_of_day(seconds, row.start_timecode)), recorded, seconds,
            moment_of(moment),
            msgspec.json.encode(tags).decode() if tags else None,
            one.get("scene"), one.get("take"), one.get("title"), one.get("note"), n,
        ),
    )  # fmt: skip
    _keep_markers(db, n, log)
    _keep_texts(db, row, log)


def _note_sound(work: _Pass, n: int, kind: str, old: int | None, new: int | None) -> None:
    """Note whose sound is to be counted where day, unit or camera of a clip change with its group."""
    groups = work.db.execute("SELECT day, unit, camera FROM groups WHERE n IN (?, ?)", (old, new)).fetchall()
    if len(groups) == 2 and groups[0] == groups[1]:
        return
    if kind == "picture":
        work.pictures.append(n)
    else:
        work.sound_days.update(day for day, _, _ in groups if day)


def _settle_look(work: _Pass, row: _Row, facts: Facts) -> _Row:
    """The recipe of the first look that fits, and of sound in files of its own: by another one it is made again."""
    look = next((recipe for rule, recipe in work.looks if fits(rule, facts)), "") + sound_recipe(facts)
    if look != row.look:
        work.db.execute("UPDATE clips SET look = ? WHERE n = ?", (look, row.n))
    return replace(row, look=look)


def _settle_place(db: Connection, row: _Row) -> tuple[_Row, bool]:
    """Where the clip is read from: a card on which all parts are online, its own card first."""
    needed = db.execute("SELECT count(*) FROM parts WHERE clip_n = ?", (row.n,)).fetchone()[0]
    whole = db.execute(
        "SELECT p.card_n, min(CASE WHEN p.part = 0 THEN p.n END) FROM places p WHERE p.clip_n = ? AND p.online"
        " GROUP BY p.card_n HAVING count(DISTINCT p.part) >= ? ORDER BY p.card_n <> ?, p.card_n LIMIT 1",
        (row.n, needed, row.card_n),
    ).fetchone()
    if whole is None or whole[1] is None:
        return row, False
    path = db.execute("SELECT path FROM places WHERE n = ?", (whole[1],)).fetchone()[0]
    if path == row.path and whole[0] == row.card_n:
        return row, True
    name = shown(path.rpartition(b"/")[2])
    db.execute("UPDATE clips SET card_n = ?, path = ?, name = ? WHERE n = ?", (whole[0], path, name, row.n))
    moved = replace(row, name=name, card_n=whole[0], path=path)
    return moved, True


def _status(work: _Pass, row: _Row, *, online: bool) -> str:
    """The worst of what is true of a clip: offline, no_decoder, failed, logged; else ready (of nothing wanted, too, and
    without what cannot be made of it)."""
    if not online:
        return "offline"
    if not row.decoder:
        return "no_decoder"
    wants = {(product, preset, recipe + row.look) for product, preset, recipe in work.wants.get(row.outfit, ())}
    recipes = {recipe for _, _, recipe in wants} | {""}
    sql = "SELECT step, recipe FROM failures WHERE clip_n = ? AND content = ?"
    failed = work.db.execute(sql, (row.n, row.content)).fetchall()
    if any(recipe in recipes for step, recipe in failed if step != UNFIT):
        return "failed"
    unfit = {recipe for step, recipe in failed if step == UNFIT}
    sql = "SELECT kind, preset, recipe FROM products WHERE clip_n = ? AND content = ?"
    if {want for want in wants if want[2] not in unfit} <= set(work.db.execute(sql, (row.n, row.content))):
        return "ready"
    return "logged"


def _group(work: _Pass, row: _Row, log: Standing, facts: Facts, status: str) -> int:
    """The group of clips that agree with this one in every shared field, made if it is new."""
    card = work.db.execute("SELECT name, path FROM cards WHERE n = ?", (row.card_n,)).fetchone()
    values = _fact_values(facts)
    values |= {name: value for name, value in log.values.items() if isinstance(value, str)}
    values |= {"folder": shown(card[1]), "card": card[0], "kind": row.kind, "rate": row.rate, "status": status}
    ones = {name: _term(work, name, value) for name in SHARED if (value := values.get(name))}
    many = {name: sorted(_term(work, name, value) for value in log.values.get(name, ())) for name in SHARED_MANY}
    keyed = {name: ",".join(map(str, terms)) or None for name, terms in many.items()}
    key = "|".join(
        [str(row.card_n), *(str(ones.get(name, "")) for name in SHARED), *(keyed[n] or "" for n in SHARED_MANY)]
    )
    found = work.groups.get(key)
    if found is None:
        old = work.db.execute("SELECT n FROM groups WHERE key = ?", (key,)).fetchone()
        terms = {*ones.values(), *(term for each in many.values() for term in each)}
        found = int(old[0]) if old else _new_group(work, key, {**ones, **keyed, "card_n": row.card_n}, terms, values)
        work.groups[key] = found
    return found


def _new_group(
    work: _Pass, key: str, columns: dict[str, int | str | None], terms: set[int], values: dict[str, str | None]
) -> int:
    names = list(columns)
    sql = f"INSERT INTO groups (key, day, {', '.join(names)}) VALUES (?, ?{', ?' * len(names)})"
    number = work.db.execute(sql, (key, values.get("shoot_day"), *columns.values())).lastrowid
    assert number is not None
    work.db.executemany("INSERT INTO group_terms VALUES (?, ?)", [(term, number) for term in sorted(terms)])
    work.db.execute(f"UPDATE terms SET groups = groups + 1 {_OF_GROUP}", (number,))
    return number


def _term(work: _Pass, name: str, value: str) -> int:
    known = work.terms.get((name, value))
    if known is None:
        row = work.db.execute("SELECT n FROM terms WHERE field = ? AND value = ?", (name, value)).fetchone()
        known = int(row[0]) if row else _new_term(work.db, name, value)
        work.terms[name, value] = known
    return known


def _new_term(db: Connection, name: str, value: str) -> int:
    number: float | None = None
    if name == "rate":
        number = float(Rate.parse(value).fraction)
    elif name == "rating":
        number = float(value)
    # A card's folder is read on by the path within the card: the two halves are one text.
    words = packed(value).removesuffix("|") if name == "folder" else packed(value)
    sql = "INSERT INTO terms (field, value, words, number) VALUES (?, ?, ?, ?)"
    made = db.execute(sql, (name, value, words, number)).lastrowid
    assert made is not None
    return made


def _fact_values(facts: Facts) -> dict[str, str | None]:
    video, audio = facts.video, facts.audio
    return {
        "camera_make": facts.camera_make,
        "camera_model": facts.camera_model,
        "camera_serial": facts.camera_serial,
        "codec": video.video_codec if video else audio[0].codec if audio else None,
        "size": f"{video.width}x{video.height}" if video and video.width and video.height else None,
    }


def _time_of_day(seconds: int | None, start_timecode: str | None) -> int | None:
    """Seconds of the local day: by the clock, else by timecode, which cinema cameras run by time of day."""
    if seconds is not None or start_timecode is None:
        return seconds
    hours, minutes, rest = (int(part) for part in start_timecode[:8].split(":"))
    return 3600 * hours + 60 * minutes + rest


def _story(day: str | None, recorded: str | None, seconds: int | None) -> int:
    """Where a clip stands in story order: by shoot day, then by when recording began; unknown comes last."""
    began = _ordinal(recorded[:10]) if recorded else None
    base = _ordinal(day) if day else None
    if base is None:
        base = _NO_DAY + (began or _NO_DAY)
        began = base if began else None
    if seconds is None:
        return base * DAY + DAY - 1
    return base * DAY + min(max(((began or base) - base) * 86_400 + seconds + 50_000, 0), DAY - 2)


def story_of_day(day: str | None) -> int:
    """Where the clips of a shoot day begin in story order."""
    return ((_ordinal(day) if day else None) or _NO_DAY) * DAY


def _ordinal(day: str) -> int | None:
    try:
        return date.fromisoformat(day).toordinal()
    except ValueError:
        return None


def _keep_markers(db: Connection, n: int, log: Standing) -> None:
    new = [(n, each.range.start, each.range.duration, each.note, each.subject) for each in log.markers]
    if new != db.execute("SELECT * FROM markers WHERE clip_n = ? ORDER BY start, frames", (n,)).fetchall():
        db.execute("DELETE FROM markers WHERE clip_n = ?", (n,))
        db.executemany("INSERT INTO markers VALUES (?, ?, ?, ?, ?)", new)


def _keep_texts(db: Connection, row: _Row, log: Standing) -> None:
    """The folded texts of a clip, and the same in the index of words; a forgotten clip has neither."""
    columns = ", ".join(TEXTS)
    old = db.execute(f"SELECT {columns} FROM texts WHERE n = ?", (row.n,)).fetchone()
    new = None if log.forgotten else _texts(db, row, log)
    if old == new:
        return
    holes = ", ?" * len(TEXTS)
    if old is not None:
        db.execute(f"INSERT INTO words (words, rowid, {columns}) VALUES ('delete', ?{holes})", (row.n, *old))
        db.execute("DELETE FROM texts WHERE n = ?", (row.n,))
    if new is not None:
        db.execute(f"INSERT INTO texts (n, {columns}) VALUES (?{holes})", (row.n, *new))
        db.execute(f"INSERT INTO words (rowid, {columns}) VALUES (?{holes})", (row.n, *new))


def _texts(db: Connection, row: _Row, log: Standing) -> tuple[str, ...]:
    folder = db.execute("SELECT path FROM cards WHERE n = ?", (row.card_n,)).fetchone()[0]
    within = row.path.removeprefix(folder + b"/")
    said = log.values
    texts: dict[str, str] = {
        "name": packed(row.name),
        "path": packed(shown(within)).removeprefix("|"),
        "lens": packed(row.lens),
        "reel": packed(row.reel),
        "marks": packed(*(text for each in log.markers for text in (each.note, each.subject))),
    }
    for name in ("tag", "scene", "take", "title", "note"):
        value = said.get(name, ())
        texts[name] = packed(value) if isinstance(value, str) else packed(*value)
    return tuple(texts[name] for name in TEXTS)


def packed(*values: str | None) -> str:
    """Folded words, each value between bars: `| a001 c002 |`. No phrase crosses a bar; nothing is empty text."""
    folded = [" ".join(words) for value in values if value and (words := words_of(value))]
    return f"| {' | '.join(folded)} |" if folded else ""


def flicks_of(duration: Fraction) -> int:
    """Seconds in flicks, whole for every standard rate."""
    return round(duration * FLICKS)
