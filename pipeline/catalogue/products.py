"""What is made of clips: what a ready clip has, what is left to make, what was made, what failed.

There is no list of jobs: the work left is what wants say, less products and failures of the same
recipe and the same content. A failure of a passing cause (transient) is work again at once.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from pipeline.catalogue.current import UNFIT, UNFIT_OF_CLIPS, flicks_of, leave_group, refresh
from pipeline.catalogue.listed import OPEN, listed_left, standing_complaints
from pipeline.catalogue.listing import clip_numbers
from pipeline.catalogue.packing import pack_runs, pack_verdict
from pipeline.catalogue.reading import part_from, read_clips, values_of
from pipeline.catalogue.sounds import UNCOUNTED
from pipeline.catalogue.store import Catalogue, Connection, now
from pipeline.clip import Clip, Failure, ListedFile, Part, Product, shown
from pipeline.errors import MediaUnreadable, NotFound
from pipeline.faults import reached
from pipeline.settings import LookRule
from pipeline.shotlog.query import Query
from pipeline.timecode import Rate

LogValues = dict[str, str | int | tuple[str, ...] | None]


@dataclass(frozen=True, slots=True)
class Want:
    """A product that a ready clip has: kind (proxy, poster...), preset, and the recipe it is made by."""

    kind: str
    preset: str
    recipe: str


@dataclass(frozen=True, slots=True)
class Work:
    """What is left to do for a clip. `unhashed` are its files, copies included, without a full hash; `listed` those, of
    it and of its card, that are to be compared with the hash lists of the card."""

    clip: Clip
    folder: bytes  # the card's path, relative to its root
    values: LogValues
    missing: tuple[Want, ...]
    unhashed: tuple[Part, ...]
    listed: tuple[ListedFile, ...] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """A failure for summaries: of a step of a clip, or (`clip` empty) of a file that could not be read."""

    clip: str
    name: str
    path: str
    step: str
    sentence: str
    exit_code: int
    attempts: int
    transient: bool


def want(
    catalogue: Catalogue,
    picture: Sequence[Want],
    sound: Sequence[Want],
    silent: Sequence[Want] | None = None,
    *,
    looks: Sequence[tuple[LookRule, str]] = (),
) -> None:
    """Say what a ready clip has: with picture and sound, of sound alone, of a picture alone; status follows.

    Without `silent` a picture alone has what any picture has. The first of `looks` whose rule fits a clip adds its
    recipe to all that is made of the clip.
    """
    outfits = {"picture": picture, "sound": sound, "silent": picture if silent is None else silent}
    rows = {(outfit, each.kind, each.preset, each.recipe) for outfit, wanted in outfits.items() for each in wanted}
    rules = [(n, rule.make, rule.model, rule.transfer, recipe) for n, (rule, recipe) in enumerate(looks)]
    with catalogue.reading() as db:
        said = set(db.execute("SELECT outfit, product, preset, recipe FROM wants"))
        same = said == rows and db.execute("SELECT * FROM looks ORDER BY position").fetchall() == rules
        if same and db.execute(UNCOUNTED).fetchone() is None:
            return
    with catalogue.atomic() as db:
        db.execute("DELETE FROM wants")
        db.executemany("INSERT INTO wants VALUES (?, ?, ?, ?)", sorted(rows))
        db.execute("DELETE FROM looks")
        db.executemany("INSERT INTO looks VALUES (?, ?, ?, ?, ?)", rules)
        refresh(db, [n for (n,) in db.execute("SELECT n FROM clips WHERE group_n IS NOT NULL ORDER BY n")])


_OPEN = "SELECT g.n FROM groups g JOIN terms t ON t.n = g.status WHERE t.value IN ('logged', 'failed')"
_CLIPS = "SELECT c.n, c.outfit, c.look, c.content, c.decoder FROM clips c"
_IN_ORDER = "ORDER BY c.story, c.group_n, c.n"
# Where little is left it is looked up; where much is, the log is walked in story order until there is enough.
_FEW_LEFT = (
    f"{_CLIPS} WHERE c.group_n IS NOT NULL AND c.n IN (SELECT n FROM clips WHERE group_n IN ({_OPEN})"
    f" UNION SELECT clip_n FROM places WHERE full IS NULL AND online UNION {OPEN})"
    f" {_IN_ORDER.replace('c.story', '+c.story')}"
)
_MANY_LEFT = (
    f"{_CLIPS} INDEXED BY clips_story WHERE c.group_n IN ({_OPEN}) OR (c.group_n IS NOT NULL AND EXISTS"
    f" (SELECT 1 FROM places p WHERE p.clip_n = c.n AND p.full IS NULL AND p.online))"
    f" OR (c.group_n IS NOT NULL AND c.n IN ({OPEN})) {_IN_ORDER}"
)
_MANY = 5_000  # clips


def work_left(
    catalogue: Catalogue, *, limit: int | None = None, hashes_only: bool = False, among: Query | None = None
) -> tuple[Work, ...]:
    """Clips (`among` those that a search finds) that are online and lack a product, a full hash or a comparison with
    their card's hash lists, in story order.

    Left out is what failed by the same recipe for a lasting cause, and with `hashes_only` every product.
    """
    with catalogue.reading() as db:
        wants = _wants(db)
        chosen = clip_numbers(db, among) if among else None
        missing: dict[int, tuple[Want, ...]] = {}
        files: dict[int, tuple[tuple[Part, ...], tuple[ListedFile, ...]]] = {}
        for n, outfit, look, content, decoder in db.execute(_MANY_LEFT if _left(db) > _MANY else _FEW_LEFT):
            if chosen is not None and n not in chosen:
                continue
            asked = wants.get(outfit, ()) if decoder and not hashes_only else ()
            lacking = _missing(db, n, content, [replace(each, recipe=each.recipe + look) for each in asked])
            unread = ((), ()) if _cannot_be_read(db, n, content) else (_unhashed(db, n), listed_left(db, n))
            if (lacking or any(unread)) and _online(db, n):
                missing[n], files[n] = lacking, unread
            if limit is not None and len(missing) >= limit:
                break
        clips, values = read_clips(db, list(missing)), values_of(db, list(missing))
        folders = {n: _folder(db, n) for n in missing}
    return tuple(Work(clips[n], folders[n], values[n], missing[n], *files[n]) for n in missing)


def _left(db: Connection) -> int:
    """How many clips may lack something, as far as a quick count goes."""
    (unfinished,) = db.execute(f"SELECT coalesce(sum(clips), 0) FROM groups WHERE n IN ({_OPEN})").fetchone()
    for few in ("places WHERE full IS NULL AND online", "listed WHERE verdict IS NULL"):
        unfinished += db.execute(f"SELECT count(*) FROM (SELECT 1 FROM {few} LIMIT {_MANY})").fetchone()[0]
    return int(unfinished)


def record_products(
    catalogue: Catalogue,
    clip_id: str,
    products: Sequence[Product],
    *,
    content: str | None = None,
    frames: int | None = None,
) -> None:
    """Note what was made of a clip and published; failures of the same recipes are over.

    `frames` is how long a salvaged clip is that does not say so itself: its proxy can be cut then.
    `content` is that of the clip when the work was handed out (None: as it is now): a chapter that has
    come since is not in what was made.
    """
    with catalogue.atomic() as db:
        reached("record.products")
        n, content_now = _clip(db, clip_id)
        content = content or content_now
        for made in products:
            db.execute(
                "INSERT OR REPLACE INTO products VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL)",
                (
                    n, made.kind, made.preset, made.path, made.recipe, content, made.size, now(),
                    pack_verdict(made.verdict), pack_runs(made.held), made.full,
                ),
            )  # fmt: skip
            db.execute("DELETE FROM failures WHERE clip_n = ? AND recipe = ?", (n, made.recipe))
        if frames:
            _keep_length(db, n, frames)
        refresh(db, [n])


def _keep_length(db: Connection, n: int, frames: int) -> None:
    (rate,) = db.execute("SELECT rate FROM clips WHERE n = ?", (n,)).fetchone()
    leave_group(db, n)
    flicks = flicks_of(Rate.parse(rate).seconds(frames))
    db.execute("UPDATE clips SET frames = ?, flicks = ? WHERE n = ? AND frames IS NULL", (frames, flicks, n))


def products(catalogue: Catalogue, *, forgotten: bool = False) -> list[Product]:
    """All that was published, of clips that are in the log; with `forgotten` of those taken out of it, too."""
    with catalogue.reading() as db:
        rows = db.execute(
            "SELECT c.id, p.kind, p.preset, p.path, p.recipe, p.size FROM products p JOIN clips c ON c.n = p.clip_n"
            " WHERE c.group_n IS NOT NULL OR ? ORDER BY p.path",
            (forgotten,),
        ).fetchall()
    return [Product(*row) for row in rows]


def drop_product(catalogue: Catalogue, clip_id: str, kind: str, preset: str) -> None:
    """Note that a product is gone, so that it is made again."""
    with catalogue.atomic() as db:
        n, _ = _clip(db, clip_id)
        db.execute("DELETE FROM products WHERE clip_n = ? AND kind = ? AND preset = ?", (n, kind, preset))
        refresh(db, [n])


def record_failure(catalogue: Catalogue, failure: Failure, *, content: str | None = None) -> None:
    """Note that a step failed; attempts add up. `content` as in record_products.

    `recipe` is that of the want that was not made, empty for a step that is no product (hash).
    """
    with catalogue.atomic() as db:
        reached("record.failure")
        n, content_now = _clip(db, failure.clip)
        content = content or content_now
        db.execute(
            "INSERT INTO failures VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (clip_n, step, recipe) DO UPDATE SET"
            " attempts = excluded.attempts + CASE WHEN content = excluded.content THEN attempts ELSE 0 END,"
            " content = excluded.content, sentence = excluded.sentence, transient = excluded.transient,"
            " moment = excluded.moment, program = excluded.program",
            (
                n, failure.step, failure.recipe, content, failure.sentence, failure.attempts, failure.transient, now(),
                failure.program,
            ),
        )  # fmt: skip
        refresh(db, [n])


def failures(catalogue: Catalogue) -> tuple[Failed, ...]:
    """All that failed and still counts: steps of clips that lie somewhere, files that could not be read, and those
    that are not what their card's hash list says."""
    with catalogue.reading() as db:
        steps = db.execute(
            "SELECT c.id, c.name, c.path, f.step, f.sentence, f.attempts, f.transient FROM failures f"
            " JOIN clips c ON c.n = f.clip_n WHERE c.group_n IS NOT NULL AND f.content = c.content AND f.step <> ?"
            " AND (f.recipe = '' OR f.recipe IN (SELECT recipe || c.look FROM wants WHERE outfit = c.outfit))"
            " AND EXISTS (SELECT 1 FROM places p WHERE p.clip_n = c.n AND p.online)"
            " ORDER BY c.story, c.n, f.step",
            (UNFIT,),
        ).fetchall()
        files = db.execute("SELECT path, sentence, exit_code FROM failed_files ORDER BY path").fetchall()
        files += [(path, said, MediaUnreadable.exit_code) for path, said in standing_complaints(db)]
    named = [
        Failed(clip, name, shown(path), step, sentence, 0, attempts, bool(transient))
        for clip, name, path, step, sentence, attempts, transient in steps
    ]
    unread = [
        Failed("", shown(path.rpartition(b"/")[2]), shown(path), "read", sentence, code, 1, transient=False)
        for path, sentence, code in files
    ]
    return (*named, *unread)


def unfit(catalogue: Catalogue, query: Query) -> tuple[str, ...]:
    """Which proxies that are wanted of the clips found cannot be made of them, and why, in story order."""
    with catalogue.reading() as db:
        chosen = clip_numbers(db, query)
        rows = db.execute(f"SELECT c.n, f.sentence FROM {UNFIT_OF_CLIPS} ORDER BY c.story, c.n").fetchall()
    return tuple(sentence for n, sentence in rows if n in chosen)


def pardon(catalogue: Catalogue, program: str) -> None:
    """Forget what failed with another program than this one, so that it is tried again."""
    with catalogue.atomic() as db:
        clips = [n for (n,) in db.execute("SELECT DISTINCT clip_n FROM failures WHERE program <> ?", (program,))]
        if clips:
            db.execute("DELETE FROM failures WHERE program <> ?", (program,))
            refresh(db, clips)


def retry_clips(catalogue: Catalogue, clips: Collection[str]) -> None:
    """Let what failed of these clips be tried again; until that is done it counts as failed."""
    with catalogue.atomic() as db:
        numbers = [_clip(db, clip)[0] for clip in clips]
        db.executemany("UPDATE failures SET transient = 1 WHERE clip_n = ?", [(n,) for n in numbers])


def retry_failures(catalogue: Catalogue) -> int:
    """Forget what failed, so that it is tried again; how many failures that were.

    Cards with unreadable files lose their fingerprint and are read again.
    """
    with catalogue.atomic() as db:
        clips = [n for (n,) in db.execute("SELECT DISTINCT clip_n FROM failures")]
        count = int(db.execute("DELETE FROM failures").rowcount)
        db.execute("UPDATE cards SET fingerprint = '' WHERE n IN (SELECT card FROM failed_files)")
        # What a disk refused, and what rotted, stays named until it was read again: every run does so.
        count += int(db.execute("DELETE FROM failed_files WHERE exit_code NOT BETWEEN 30 AND 39").rowcount)
        refresh(db, clips)
        return count


def _wants(db: Connection) -> dict[str, tuple[Want, ...]]:
    wants: dict[str, tuple[Want, ...]] = {}
    for outfit, *rest in db.execute("SELECT * FROM wants ORDER BY outfit, product, preset"):
        wants[outfit] = (*wants.get(outfit, ()), Want(*rest))
    return wants


def _missing(db: Connection, n: int, content: str, wants: Sequence[Want]) -> tuple[Want, ...]:
    sql = "SELECT kind, preset, recipe FROM products WHERE clip_n = ? AND content = ?"
    made = set(db.execute(sql, (n, content)))
    sql = "SELECT recipe FROM failures WHERE clip_n = ? AND content = ? AND NOT transient"
    failed = {recipe for (recipe,) in db.execute(sql, (n, content))}
    return tuple(
        each for each in wants if (each.kind, each.preset, each.recipe) not in made and each.recipe not in failed
    )


def _cannot_be_read(db: Connection, n: int, content: str) -> bool:
    sql = "SELECT 1 FROM failures WHERE clip_n = ? AND content = ? AND step = 'hash' AND NOT transient"
    return db.execute(sql, (n, content)).fetchone() is not None


def _unhashed(db: Connection, n: int) -> tuple[Part, ...]:
    return tuple(
        part_from(row)
        for row in db.execute(
            "SELECT root, path, device, inode, size, mtime_ns, quick, NULL FROM places"
            " WHERE clip_n = ? AND full IS NULL AND online ORDER BY n",
            (n,),
        )
    )


def _online(db: Connection, n: int) -> bool:
    sql = "SELECT t.value FROM clips c JOIN groups g ON g.n = c.group_n JOIN terms t ON t.n = g.status WHERE c.n = ?"
    return bool(db.execute(sql, (n,)).fetchone()[0] != "offline")


def _folder(db: Connection, n: int) -> bytes:
    sql = "SELECT cards.path FROM cards JOIN clips ON clips.card_n = cards.n WHERE clips.n = ?"
    return bytes(db.execute(sql, (n,)).fetchone()[0])


def _clip(db: Connection, clip_id: str) -> tuple[int, str]:
    row = db.execute("SELECT n, content FROM clips WHERE id = ?", (clip_id,)).fetchone()
    if row is None:
        raise NotFound(f"There is no clip {clip_id}; 'rushes log' lists what there is.")
    return int(row[0]), str(row[1])
