"""A card that was taken: its clips, files and log entries, recorded in one transaction.

Reading a card again writes only what differs: facts of a newer reader replace the old ones whole,
rules add or withdraw their own entries, and what people said stays.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from pipeline.catalogue.current import flicks_of, leave_group, refresh
from pipeline.catalogue.entries import append, live_entries, new_batch
from pipeline.catalogue.identity import (
    at_home_elsewhere,
    content_of,
    displace,
    find,
    keep_parts,
    keep_places,
    move_places,
    move_products,
    rebind,
    still_there,
    swap,
)
from pipeline.catalogue.lengths import with_count
from pipeline.catalogue.listed import keep_listed
from pipeline.catalogue.moments import keep_zones
from pipeline.catalogue.packing import pack_facts, pack_list
from pipeline.catalogue.store import Catalogue, Connection
from pipeline.catalogue.trails import FIELD, SOURCE, Span, TakenTrack, keep_tracks, keep_trails, settle_places
from pipeline.clip import CardFolder, Clip, ListedFile, Part, Saying
from pipeline.errors import ValueRefused
from pipeline.faults import reached
from pipeline.fields import BY_NAME
from pipeline.shotlog.clocks import Zones
from pipeline.shotlog.standing import FORGOTTEN, differences
from pipeline.shotlog.terms import sorting_label
from pipeline.shotlog.trails import Trail
from pipeline.shotlog.values import normal


@dataclass(frozen=True, slots=True)
class TakenClip:
    """A clip as read now, what the rules say of it, the zones its clock is read in, and the version of the reader.

    `trails` say where its device was, in seconds after it began.
    """

    clip: Clip
    sayings: tuple[Saying, ...]
    zones: Zones
    reader: str
    trails: tuple[Trail, ...] = ()


@dataclass(frozen=True, slots=True)
class FailedFile:
    """A file of a card that could not be read; `path` is relative to the root."""

    path: bytes
    sentence: str
    exit_code: int


@dataclass(frozen=True, slots=True)
class TakenCard:
    """A settled card. `folder` lists all of it; `clips` may hold only those that were read this time.

    `tracks` are the GPX files that speak of its clips, `listed` the files that its hash lists speak of, or
    should. `apart` are files of clips that have rotted, each with the number of the place that is its own: the clip
    stays as it is. `mended` are files that were copied again, without a sign but their bytes: the clip stays, too, and
    what was read of it goes. Every path is relative to the root.
    """

    root: int
    folder: CardFolder
    fingerprint: str
    clips: tuple[TakenClip, ...]
    failed: tuple[FailedFile, ...]
    moment: str
    tracks: tuple[TakenTrack, ...] = ()
    listed: tuple[ListedFile, ...] = ()
    apart: tuple[tuple[int, Part], ...] = ()
    mended: tuple[tuple[int, Part], ...] = ()


@dataclass(frozen=True, slots=True)
class CardOutcome:
    """Ids by what became of them; a copy also names the path of its first part.

    `displaced` are clips whose place on the card another recording took: id, name, and that path.
    """

    new: tuple[str, ...] = ()
    copies: tuple[tuple[str, bytes], ...] = ()
    extended: tuple[str, ...] = ()
    moved: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    displaced: tuple[tuple[str, str, bytes], ...] = ()


@dataclass(slots=True)
class _Taking:
    """One card on its way into the catalogue."""

    db: Connection
    card: int
    batch: int
    touched: dict[int, None] = field(default_factory=dict)
    robbed: set[int] = field(default_factory=set)
    outcome: dict[str, list[str]] = field(default_factory=dict)
    copies: list[tuple[str, bytes]] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)  # in which trails came, went or changed


def card_fingerprints(catalogue: Catalogue, root: int) -> dict[bytes, str]:
    """What each card under a root looked like when it was last taken, by the card's path."""
    with catalogue.reading() as db:
        return dict(db.execute("SELECT path, fingerprint FROM cards WHERE root = ?", (root,)).fetchall())


def record_card(catalogue: Catalogue, taken: TakenCard) -> CardOutcome:
    """Record a card; its clips can be searched when this returns."""
    with catalogue.atomic() as db:
        reached("record.card")
        batch, _ = new_batch(db, who="rushes", words=f"ingest {taken.folder.name}", kind="rules")
        work = _Taking(db, _keep_card(db, taken), batch)
        work.touched.update(dict.fromkeys(rebind(db, work.card, taken.apart)))
        swap(db, taken.mended)
        lost: dict[int, bytes] = {}
        for clip in taken.clips:
            lost |= displace(db, clip.clip.parts)
        work.touched.update(dict.fromkeys(lost))
        for clip in taken.clips:
            _record_clip(work, clip)
        work.touched.update(dict.fromkeys(_missing(db, work.card, taken)))
        _forget_joined(work)
        _keep_failed(db, work.card, taken)
        owners = {sidecar: files.parts[0] for files in taken.folder.clips for sidecar in files.sidecars}
        keep_listed(db, work.card, taken.listed, owners, doubted=[part.path for _, part in taken.apart])
        refresh(db, work.touched)
        work.spans += keep_tracks(db, work.card, taken.root, taken.tracks)
        settle_places(db, work.touched, spans=work.spans, batch=work.batch)
        _tidy(work, moved=bool(taken.apart))
        said = work.outcome
        return CardOutcome(
            tuple(said.get("new", ())), tuple(work.copies), tuple(said.get("extended", ())),
            tuple(said.get("moved", ())), tuple(said.get("known", ())), tuple(_displaced(work, lost)),
        )  # fmt: skip


def _displaced(work: _Taking, lost: dict[int, bytes]) -> Iterator[tuple[str, str, bytes]]:
    """Those of the clips that lost a file here which are in the log, and lie nowhere else on the card."""
    sql = (
        "SELECT id, name FROM clips c WHERE n = ? AND group_n IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM places WHERE clip_n = c.n AND card_n = ?)"
    )
    for n, path in lost.items():
        for row in work.db.execute(sql, (n, work.card)):
            yield *row, path


def _keep_card(db: Connection, taken: TakenCard) -> int:
    folder = taken.folder
    row = db.execute(
        "INSERT INTO cards (root, path, name, structure, fingerprint, moment, reports, others, warnings)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (root, path) DO UPDATE SET name = excluded.name,"
        " structure = excluded.structure, fingerprint = excluded.fingerprint, moment = excluded.moment,"
        " reports = excluded.reports, others = excluded.others, warnings = excluded.warnings RETURNING n",
        (
            taken.root, folder.path, folder.name, folder.structure, taken.fingerprint, taken.moment,
            pack_list(folder.reports), pack_list(folder.others), pack_list(folder.warnings),
        ),
    ).fetchone()  # fmt: skip
    return int(row[0])


def _record_clip(work: _Taking, taken: TakenClip) -> None:
    clip, db = taken.clip, work.db
    found = find(db, clip)
    n, how = found.n, str(found.how)
    if n is None:
        n = _new_clip(db, work.card, taken)
        keep_parts(db, n, clip.parts)
        _learn(work, n, taken)
    else:
        if how == "moved":
            move_products(db, n, clip.parts)
            move_places(db, n, clip.parts)
        clip = with_count(db, n, clip)
        taken = replace(taken, clip=clip)
        known = db.execute("SELECT quick FROM parts WHERE clip_n = ? ORDER BY part", (n,)).fetchall()
        quicks = [part.quick for part in clip.parts]
        if how != "copy" and len(quicks) >= len(known) and not at_home_elsewhere(db, n, work.card):
            if quicks != [row[0] for row in known]:
                how = "extended"
                keep_parts(db, n, clip.parts)
            leave_group(db, n)
            _keep_clip(db, n, work.card, taken)
            _learn(work, n, taken)
    work.robbed |= keep_places(db, n, work.card, clip.parts)
    work.touched[n] = None
    name = db.execute("SELECT id FROM clips WHERE n = ?", (n,)).fetchone()[0]
    if how == "copy":
        work.copies.append((name, clip.parts[0].path))
    else:
        work.outcome.setdefault(how, []).append(name)


_COLUMNS = (
    "flicks", "frames", "start_timecode", "start_sort", "start_rate", "rate", "kind",
    "outfit", "name", "card_n", "path", "lens", "reel", "decoder", "content", "warnings",
)  # fmt: skip


def _columns(card: int, taken: TakenClip) -> tuple[object, ...]:
    clip, facts = taken.clip, taken.clip.facts
    start = str(clip.start) if clip.start else None
    return (
        flicks_of(clip.duration), clip.frames, start, sorting_label(start) if start else None,
        str(clip.start.rate) if clip.start else None, str(clip.rate) if clip.rate else None,
        clip.kind, outfit_of(clip), clip.name, card, clip.parts[0].path, facts.lens, clip.reel,
        facts.decoder, content_of([part.quick for part in clip.parts]),
        pack_list(facts.warnings) if facts.warnings else None,
    )  # fmt: skip


def outfit_of(clip: Clip) -> str:
    """What can be made of a clip: picture (with sound), silent (a picture alone) or sound."""
    return "silent" if clip.kind == "picture" and not clip.facts.audio else clip.kind


def _new_clip(db: Connection, card: int, taken: TakenClip) -> int:
    sql = f"INSERT INTO clips (id, {', '.join(_COLUMNS)}) VALUES (?{', ?' * len(_COLUMNS)})"
    made = db.execute(sql, (taken.clip.id, *_columns(card, taken))).lastrowid
    assert made is not None
    return made


def _keep_clip(db: Connection, n: int, card: int, taken: TakenClip) -> None:
    values = dict(zip(_COLUMNS, _columns(card, taken), strict=True))
    salvaged = db.execute("SELECT 1 FROM products WHERE clip_n = ? AND held IS NOT NULL", (n,)).fetchone()
    if salvaged and taken.clip.frames is None:  # its length is known from the proxy, not from its facts
        del values["frames"], values["flicks"]
    sets = ", ".join(f"{name} = ?" for name in values)
    db.execute(f"UPDATE clips SET {sets} WHERE n = ?", (*values.values(), n))


def _learn(work: _Taking, n: int, taken: TakenClip) -> None:
    """What a clip says of itself, what the rules say of it, and where its device was."""
    _keep_facts(work.db, n, taken)
    _say(work, n, taken)
    work.spans += keep_trails(work.db, "clip_n", n, taken.trails)


def _keep_facts(db: Connection, n: int, taken: TakenClip) -> None:
    db.execute(
        "INSERT INTO facts VALUES (?, ?, ?, ?) ON CONFLICT (clip_n) DO UPDATE SET reader = excluded.reader,"
        " facts = excluded.facts, sidecars = excluded.sidecars",
        (n, taken.reader, pack_facts(taken.clip.facts), pack_list(taken.clip.sidecars)),
    )
    keep_zones(db, n, taken.zones)


def _say(work: _Taking, n: int, taken: TakenClip) -> None:
    """Add to the log what the rules say now and did not say before; what no field can take becomes a warning."""
    fit: list[Saying] = []
    refused: list[str] = []
    for saying in taken.sayings:
        known = BY_NAME.get(saying.field)
        if saying.range is None and (known is None or known.origin != "log"):
            continue  # facts win over names: a template's {card} names what the folder already is
        try:
            value = normal(known, saying.value) if known and saying.range is None else saying.value
        except ValueRefused as error:
            refused.append(f"{saying.source}: {error}")
            continue
        fit.append(replace(saying, value=value))
    # A place that other clips lent is theirs to take back.
    before = [entry for entry in live_entries(work.db, n) if (entry.field, entry.source) != (FIELD, SOURCE)]
    append(work.db, work.batch, [(n, saying) for saying in differences(fit, before)])
    work.db.execute("UPDATE clips SET refused = ? WHERE n = ?", (pack_list(tuple(refused)) if refused else None, n))


def _missing(db: Connection, card: int, taken: TakenCard) -> Iterable[int]:
    """Note which files of the card's clips are gone; the clips that miss one."""
    listed = {part for clip in taken.folder.clips for part in clip.parts}
    listed |= {part.path for clip in taken.clips for part in clip.clip.parts}
    unread = {file.path for file in taken.failed} - {part.path for _, part in taken.apart}  # no longer what was logged
    place = db.execute("SELECT place FROM roots WHERE n = ?", (taken.root,)).fetchone()[0]
    rows = db.execute("SELECT n, path, clip_n FROM places WHERE card_n = ? AND online", (card,)).fetchall()
    gone = [
        (n, clip) for n, path, clip in rows if path in unread or (path not in listed and not still_there(place, path))
    ]
    db.executemany("UPDATE places SET online = 0 WHERE n = ?", [(n,) for n, _ in gone])
    return [clip for _, clip in gone]


def _forget_joined(work: _Taking) -> None:
    """A chapter that was a clip of its own until the chapter before it came is no clip any more."""
    for n in work.robbed:
        work.touched[n] = None
        if work.db.execute("SELECT 1 FROM places WHERE clip_n = ?", (n,)).fetchone() is None:
            append(
                work.db, work.batch, [(n, Saying(FORGOTTEN, "yes", "inferred", detail="joined the chapter before it"))]
            )


def _keep_failed(db: Connection, card: int, taken: TakenCard) -> None:
    """The card's unreadable files: those named now, and those that were not looked at again but are still there."""
    place = db.execute("SELECT place FROM roots WHERE n = ?", (taken.root,)).fetchone()[0]
    read = {part.path for clip in taken.clips for part in clip.clip.parts} | {part.path for _, part in taken.apart}
    for (path,) in db.execute("SELECT path FROM failed_files WHERE card = ?", (card,)).fetchall():
        if path in read or not still_there(place, path):
            db.execute("DELETE FROM failed_files WHERE card = ? AND path = ?", (card, path))
    db.executemany(
        "INSERT OR REPLACE INTO failed_files VALUES (?, ?, ?, ?)",
        [(card, each.path, each.sentence, each.exit_code) for each in taken.failed],
    )


def _tidy(work: _Taking, *, moved: bool) -> None:
    """Drop the batch if it said nothing, and cards that have moved away whole; add up the card's bytes."""
    db = work.db
    db.execute(
        "DELETE FROM batches WHERE n = ? AND n NOT IN (SELECT batch_n FROM entries WHERE batch_n = ?)",
        (work.batch,) * 2,
    )
    db.execute(
        "UPDATE cards SET bytes = (SELECT coalesce(sum(size), 0) FROM places WHERE card_n = cards.n) WHERE n = ?",
        (work.card,),
    )
    if moved or work.outcome.get("moved"):
        db.execute(
            "DELETE FROM cards WHERE n <> ? AND n NOT IN (SELECT card_n FROM places)"
            " AND n NOT IN (SELECT card_n FROM clips) AND n NOT IN (SELECT card FROM failed_files)", (work.card,)
        )  # fmt: skip
