"""Originals and products against their recorded hashes: whole, rotten, changed, missing, new.

Bit rot is a file that says it is untouched (same size, same time) and yet reads otherwise; a file that was written to
since is changed. A check that was stopped goes on with what it had not reached, within a day.
"""

import json
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from pipeline.cards.media import MEDIA_SUFFIXES
from pipeline.cards.proxies import proxies_beside
from pipeline.catalogue.head import published_in
from pipeline.catalogue.store import Catalogue, now
from pipeline.catalogue.verifying import Kept, kept_files, known_paths, lost_files, note_verified
from pipeline.clip import Root
from pipeline.errors import Cancelled, ChangedWhileRead, PathMissing, RushesError
from pipeline.faults import reached
from pipeline.files import full_hash, one_line, quick_identity, scan, stamp_of
from pipeline.film import Film
from pipeline.ingest.look import absolute, grounds
from pipeline.manifests.hashes import Hasher, agree
from pipeline.publishing import write_whole
from pipeline.shotlog.query import Query

# What a finding may be, with what to do about it; the first four are no loss, or not to be judged now.
STATES: dict[str, str] = {
    "whole": "",
    "offline": "its volume is not mounted: mount it and verify again",
    "unhashed": "it was never read whole: run 'rushes ingest'",
    "copy gone": "a copy is not where it was; the same original is whole elsewhere: restore it if it was a backup",
    "rotten": "its bytes changed though nobody wrote to it: restore it from another copy and replace this disk",
    "changed": "somebody wrote to it since it was taken: restore it from another copy, or ingest it as what it is now; "
    "delete a proxy or still, and 'rushes ingest --retry' makes it again",
    "missing": "it is not where it was: restore it ('rushes forget' is for clips of which no disk has a copy); "
    "proxies and stills 'rushes ingest --retry' makes again",
    "lost": "the log has the clip, and no file of it: another recording took its place; copy it again from the card or "
    "a backup, into a folder of its own, and run 'rushes ingest' ('rushes forget' lets go of it)",
    "differs": "the hash list of its card says otherwise, so it was copied wrong or written to: copy it again from the "
    "card, and run 'rushes ingest'",
    "unreadable": "the disk does not give it: copy what it still gives, and replace it",
    "new": "it lies on a card that was taken without it: run 'rushes ingest'",
}
_COUNTS = timedelta(days=1)  # that what a stopped check found whole counts as such
_QUIET = ("whole", "offline", "unhashed", "copy gone")


@dataclass(frozen=True, slots=True)
class Finding:
    """A file and what it was found to be: a word of STATES; `sentence` adds what the system said."""

    path: str
    kind: str
    state: str
    clip: str = ""
    name: str = ""
    sentence: str = ""

    @property
    def bad(self) -> bool:
        return self.state not in _QUIET


@dataclass(frozen=True, slots=True)
class Ears:
    """Who hears of it: how many bytes there are to read in all, then bytes as they are read; since when a stopped check
    counts that goes on."""

    total: Callable[[int], None]
    heard: Callable[[int], None]
    cancelled: Callable[[], bool]
    goes_on: Callable[[str], None] = lambda _: None


def verify(film: Film, catalogue: Catalogue, query: Query, text: str, ears: Ears) -> Iterator[Finding]:
    """Every original and product of the clips found, and recordings on their cards that are in no log.

    `text` is the query as typed: the same one goes on where it was stopped. Raises Cancelled.
    """
    marker = film.catalogue.with_suffix(".verify.json")
    began = now()
    since = _begun(marker, text, began)
    if since != began:
        ears.goes_on(since)
    places = grounds(film, catalogue)
    kept = kept_files(catalogue, query)
    left = [each for each in kept if (each.full or each.listed) and not since <= (each.verified or "") <= began]
    ears.total(sum(_to_read(_place(film, places, each)) for each in left))
    whole: set[tuple[str, int | None]] = set()  # parts of clips
    gone: list[tuple[Kept, Finding]] = []  # judged last, when it is known what of them is whole elsewhere
    for each in kept:
        if since <= (each.verified or "") <= began:
            found = _finding(each, _place(film, places, each), "whole")
        else:
            found = _verified(film, catalogue, places, each, ears)
        if each.kind == "original" and found.state == "missing":
            gone.append((each, found))
            continue
        if each.kind == "sidecar" and found.state == "missing" and not _card_is_there(places, each):
            continue  # its originals say so
        if each.kind == "original" and found.state == "whole":
            whole.add((each.clip, each.part))
        yield found
    for each, found in gone:
        yield replace(found, state="copy gone") if (each.clip, each.part) in whole else found
    for each in lost_files(catalogue, query):
        yield _finding(each, _place(film, places, each), "lost")
    if not text.strip():
        yield from _new(catalogue, places)
    reached("verify.end")
    with suppress(OSError):
        marker.unlink()


def _begun(marker: Path, text: str, moment: str) -> str:
    """When this check began: an earlier one of the same query that was stopped counts, if it is of the last day."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        said = json.loads(marker.read_bytes())
        age = datetime.fromisoformat(moment) - datetime.fromisoformat(said["since"])
        if said["query"] == text and timedelta() <= age <= _COUNTS:
            return str(said["since"])
    write_whole(marker, json.dumps({"query": text, "since": moment}).encode())
    return moment


def _place(film: Film, places: dict[int, Root], kept: Kept) -> Path | None:
    if kept.root is None:
        return film.folder / os.fsdecode(kept.path)
    root = places[kept.root]
    return absolute(root, kept.path) if root.place else None


def _to_read(place: Path | None) -> int:
    """Bytes that a file has now; none where it is offline, gone or no file: that is not read."""
    with suppress(RushesError):
        return stamp_of(place).size if place else 0
    return 0


def _card_is_there(places: dict[int, Root], kept: Kept) -> bool:
    return kept.root is not None and absolute(places[kept.root], kept.card).is_dir()


def _verified(film: Film, catalogue: Catalogue, places: dict[int, Root], kept: Kept, ears: Ears) -> Finding:
    place = _place(film, places, kept)
    if place is None:
        return _finding(kept, None, "offline")
    hasher = Hasher(tuple(kept.listed.hashes) if kept.listed else ())

    def heard(piece: memoryview) -> None:
        hasher.update(piece)
        ears.heard(len(piece))

    try:
        stamp = stamp_of(place)
        untouched = stamp.size == kept.size and (kept.stamp is None or stamp.mtime_ns == kept.stamp.mtime_ns)
        if kept.quick and kept.full is None and quick_identity(place) != kept.quick:
            return _finding(kept, place, "rotten" if untouched else "changed")
        if kept.full is None and kept.listed is None:
            return _finding(kept, place, "unhashed")
        found = full_hash(place, heard, ears.cancelled)
    except (Cancelled, KeyboardInterrupt):
        raise
    except PathMissing:
        return _finding(kept, place, "missing")
    except ChangedWhileRead as error:
        return _finding(kept, place, "changed", error.sentence)
    except RushesError as error:
        return _finding(kept, place, "unreadable", error.sentence)
    return _finding(kept, place, _judged(catalogue, kept, (found, hasher.values()), untouched=untouched))


def _judged(catalogue: Catalogue, kept: Kept, hashes: tuple[str, dict[str, str]], *, untouched: bool) -> str:
    """What a file is by its recorded hash and its card's list; the list knows better, of copies mended too."""
    found, by_list = hashes
    as_listed = agree(kept.listed.hashes, by_list) if kept.listed else None
    if kept.full not in (None, found) and not as_listed:
        return "rotten" if untouched else "changed"
    if kept.listed and not as_listed:
        return "rotten" if kept.full is None and untouched and kept.listed.verdict == "verified" else "differs"
    if kept.full == found:
        note_verified(catalogue, kept)
    return "whole"


def _finding(kept: Kept, place: Path | None, state: str, sentence: str = "") -> Finding:
    path = one_line(place if place is not None else kept.path)
    return Finding(path, kept.kind, state, kept.clip, one_line(kept.name), sentence)


def _new(catalogue: Catalogue, places: dict[int, Root]) -> Iterator[Finding]:
    """Recordings on the cards that were taken which no clip has."""
    cards = list(known_paths(catalogue))
    known = frozenset().union(*(paths for _, _, paths in cards))
    for root, below, _ in cards:
        place = places[root].place
        if place is None:
            continue
        with suppress(PathMissing):
            there = [path for path, _stamp in scan(Path(place), below, (".*",)).files()]
            ours = published_in(catalogue, below) if places[root].kind == "film" else frozenset()
            passed_over = known | proxies_beside(there).keys() | ours
            for path in there:
                if path not in passed_over and os.path.splitext(path)[1].lower() in MEDIA_SUFFIXES:  # noqa: PTH122
                    yield Finding(one_line(Path(place) / os.fsdecode(path)), "original", "new")
