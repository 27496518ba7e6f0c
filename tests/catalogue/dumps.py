"""All that a catalogue knows, without the numbers of its rows: two of them can be compared."""

import json
import zlib
from pathlib import Path
from typing import Any

from pipeline.catalogue.current import SHARED, SHARED_MANY, TEXTS
from pipeline.catalogue.listing import rows
from pipeline.catalogue.store import Catalogue, open_catalogue
from pipeline.cli.log import JSON_FIELDS
from pipeline.shotlog.query import parse

_QUERIES = {
    "cards": "SELECT r.kind, r.volume, c.path, c.name, c.structure, c.bytes, c.reports, c.others, c.warnings"
    " FROM cards c JOIN roots r ON r.n = c.root ORDER BY 1, 2, 3",
    "failed files": "SELECT c.path, f.path, f.sentence, f.exit_code FROM failed_files f JOIN cards c ON c.n = f.card"
    " ORDER BY 1, 2",
    "clips": "SELECT c.id, d.path, c.path, c.name, c.flicks, c.frames, c.start_timecode, c.start_sort, c.start_rate,"
    " c.rate, c.kind, c.outfit, c.lens, c.reel, c.decoder, c.content, c.warnings, c.refused, c.story, c.seconds,"
    " c.recorded_at, c.moment, c.tag, c.scene, c.take, c.title, c.note, c.look, c.sound, f.facts, f.sidecars, f.reader,"
    " k.zones, k.day, k.unit, k.camera, k.claim, k.low, k.high, x.milliseconds"
    " FROM clips c JOIN cards d ON d.n = c.card_n JOIN facts f ON f.clip_n = c.n LEFT JOIN clocks k ON k.clip_n = c.n"
    " LEFT JOIN corrections x ON x.n = k.correction ORDER BY c.id",
    "order": "SELECT id FROM clips ORDER BY story, group_n IS NULL, n",
    "parts": "SELECT c.id, p.part, p.quick, p.size, p.frames, p.full FROM parts p JOIN clips c ON c.n = p.clip_n"
    " ORDER BY 1, 2",
    "places": "SELECT r.kind, r.volume, p.path, d.path, c.id, p.part, p.size, p.mtime_ns, p.quick, p.full, p.online,"
    " p.verified FROM places p JOIN roots r ON r.n = p.root JOIN cards d ON d.n = p.card_n"
    " JOIN clips c ON c.n = p.clip_n ORDER BY 1, 2, 3",
    "products": "SELECT c.id, p.kind, p.preset, p.path, p.recipe, p.content, p.size, p.moment, p.verdict, p.held,"
    " p.full, p.verified FROM products p JOIN clips c ON c.n = p.clip_n ORDER BY 1, 2, 3",
    "failures": "SELECT c.id, f.step, f.recipe, f.content, f.sentence, f.attempts, f.transient, f.moment, f.program"
    " FROM failures f JOIN clips c ON c.n = f.clip_n ORDER BY 1, 2, 3",
    "batches": "SELECT id, who, moment, words, kind, undone, undoes FROM batches ORDER BY n",
    "entries": "SELECT b.id, e.ordinal, c.id, e.field, e.op, e.value, e.source, e.confidence, e.detail, e.start,"
    " e.frames FROM entries e JOIN batches b ON b.n = e.batch_n JOIN clips c ON c.n = e.clip_n ORDER BY e.n",
    "corrections": "SELECT b.id, x.camera, x.unit, x.day, x.milliseconds, x.error, x.detail FROM corrections x"
    " JOIN batches b ON b.n = x.batch_n ORDER BY x.n",
    "markers": "SELECT c.id, m.start, m.frames, m.note, m.subject FROM markers m JOIN clips c ON c.n = m.clip_n"
    " ORDER BY 1, 2, 3",
    "imports": "SELECT name, content, batch, moment FROM imports ORDER BY 1",
    "cut clips": "SELECT name, version, position, clip FROM cut_clips ORDER BY 1, 2, 3",
    "trails": "SELECT c.id, t.device, t.heard, t.first, t.last, t.began FROM trails t JOIN clips c ON c.n = t.clip_n"
    " ORDER BY 1, 2",
    "tracks": "SELECT k.path, d.path, t.heard, t.began FROM tracks k JOIN track_cards x ON x.track_n = k.n"
    " JOIN cards d ON d.n = x.card_n JOIN trails t ON t.track_n = k.n ORDER BY 1, 2, 3",
    "listed": "SELECT r.kind, r.volume, d.path, l.path, c.id, l.origin, l.hashes, l.size, l.mtime_ns, l.verdict"
    " FROM listed l JOIN cards d ON d.n = l.card_n JOIN roots r ON r.n = d.root LEFT JOIN clips c ON c.n = l.clip_n"
    " ORDER BY 1, 2, 3, 4",
    "groups": f"SELECT c.id, g.day, g.clips, g.flicks, {', '.join(f'{name}.value' for name in SHARED)}"
    " FROM clips c JOIN groups g ON g.n = c.group_n"
    f" {' '.join(f'LEFT JOIN terms {name} ON {name}.n = g.{name}' for name in SHARED)} ORDER BY c.id",
    "many": "SELECT c.id, t.field, t.value, t.words, t.number, t.clips FROM clips c JOIN group_terms x"
    f" ON x.group_n = c.group_n JOIN terms t ON t.n = x.term_n WHERE t.field IN ({', '.join('?' * len(SHARED_MANY))})"
    " ORDER BY 1, 2, 3",
    "texts": f"SELECT c.id, {', '.join(f't.{name}' for name in TEXTS)} FROM texts t JOIN clips c ON c.n = t.n"
    " ORDER BY 1",
}


def known(catalogue: Catalogue, *, without: tuple[str, ...] = ()) -> dict[str, list[Any]]:
    """Every table that is no cache, and the log as it is searched."""
    found: dict[str, list[Any]] = {}
    with catalogue.reading() as db:
        for name, sql in _QUERIES.items():
            if name not in without:
                found[name] = db.execute(sql, SHARED_MANY if name == "many" else ()).fetchall()
        sql = "SELECT name, version, spec, moment, events FROM cuts ORDER BY 1, 2"
        found["cuts"] = [(*row, events and zlib.decompress(events)) for *row, events in db.execute(sql)]
    found["log"] = [json.dumps(row, sort_keys=True) for row in rows(catalogue, parse(""), columns=JSON_FIELDS).rows]
    return found


def dump(film: Path, *, without: tuple[str, ...] = ()) -> dict[str, list[Any]]:
    with open_catalogue(film / ".rushes" / "catalogue.db") as catalogue:
        return known(catalogue, without=without)


def same(one: dict[str, list[Any]], other: dict[str, list[Any]]) -> None:
    """Assert that two dumps say the same; the first difference of each table is told."""
    told = {}
    for name in one.keys() | other.keys():
        a, b = one.get(name, []), other.get(name, [])
        if a != b:
            pair = next((pair for pair in zip(a, b, strict=False) if pair[0] != pair[1]), None)
            told[name] = pair or (
                len(a),
                len(b),
                [each for each in a if each not in b][:3] + [each for each in b if each not in a][:3],
            )
    assert not told, told
