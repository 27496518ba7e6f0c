"""The originals that a cut needs, copied to another disk: whole or trimmed, verified, in the folders of their cards.

The film remembers in `.rushes/pulls.json` what was verified where: again means only what is missing. Originals are
only ever read; what lies in the way and is not the same is never overwritten.
"""

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.catalogue.known import known_reels
from pipeline.catalogue.store import Catalogue
from pipeline.clip import Root, shown
from pipeline.delivery.copying import copy_verified, same_bytes
from pipeline.delivery.cuts import MadeCut, media_for
from pipeline.delivery.folders import kept_folders, refuse_kept
from pipeline.delivery.trimming import Stretch, times_in, trim, why_whole
from pipeline.editorial.arrange import CutSettings
from pipeline.editorial.exports.events import Sheet, sheet_of
from pipeline.editorial.pulls import Pull, Taken, pull_csv, pull_edl, pulls_of
from pipeline.editorial.shots import Media
from pipeline.errors import AlreadyThere, Cancelled, ChangedWhileRead, DiskFull, PathMissing, RushesError
from pipeline.faults import reached
from pipeline.files import free_bytes, full_hash, one_line, quick_identity, read_small, stamp_of
from pipeline.film import Film
from pipeline.ingest.look import grounds
from pipeline.processes.ffmpeg import find_ffmpeg, never
from pipeline.publishing import publish, refuse_unwritable, sweep_temporaries, temporary_beside, write_whole

_MOST = 64 << 20  # bytes of the table of what was verified
_SPARE = 64 << 20  # bytes that stay free


@dataclass(frozen=True, slots=True)
class Wanted:
    """One file of a pull: where it lies, where it comes to lie below the target, and the ranges it is needed for.

    One that is `trimmed` holds the single range that it is needed for. `quick` is what the log knows the original by;
    `note` says why it comes whole where trimming was asked for. Sidecars are needed for no range.
    """

    source: Path
    file: str
    size: int
    pulls: tuple[Pull, ...] = ()
    quick: str = ""
    note: str = ""
    trimmed: bool = False


@dataclass(frozen=True, slots=True)
class PullPlan:
    """What a cut needs: its ranges, the files in order, and what cannot be had (name, sentence).

    `kept` are folders that nothing is written to; `reels` are those of the film.
    """

    name: str
    media: dict[str, Media]
    sheet: Sheet
    pulls: tuple[Pull, ...]
    wanted: tuple[Wanted, ...]
    missing: tuple[tuple[str, str], ...]
    kept: tuple[Path, ...]
    reels: frozenset[tuple[str, str]]

    @property
    def size(self) -> int:
        """Bytes of all files; of a trimmed one its share."""
        return sum(each.size for each in self.wanted)


@dataclass(frozen=True, slots=True)
class Pulled:
    """What came: the ranges with their files, the CSV and the EDL, what failed.

    So many files were `copied` now; so many are the `same` as what lay there already.
    """

    taken: tuple[Taken, ...]
    lists: tuple[Path, ...]
    copied: int
    same: int
    failed: tuple[tuple[str, str], ...]


def _silent(_said: object) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Ears:
    """Who is told of a pull: of each file that begins, of bytes that came; and who is asked whether to stop."""

    began: Callable[[Wanted], None] = _silent
    heard: Callable[[int], None] = _silent
    cancelled: Callable[[], bool] = never


class _Memory:
    """What was verified below one target: file -> size, time of change, xxh128."""

    def __init__(self, film: Film, to: Path) -> None:
        self.to = to
        self._table = film.folder / ".rushes" / "pulls.json"
        try:
            self._all: dict[str, dict[str, tuple[int, int, str]]] = json.loads(read_small(self._table, _MOST))
        except (RushesError, ValueError, RecursionError):
            self._all = {}
        self._files = self._all.setdefault(str(to), {})

    def hash_of(self, file: str) -> str:
        """The hash of a file that lies there as it was verified; else empty."""
        size, changed, digest = self._files.get(file, (0, 0, ""))
        try:
            seen = stamp_of(self.to / file)
        except RushesError:
            return ""
        return digest if (seen.size, seen.mtime_ns) == (size, changed) else ""

    def keep(self, file: str, digest: str) -> None:
        seen = stamp_of(self.to / file)
        self._files[file] = (seen.size, seen.mtime_ns, digest)
        reached("pull.table")
        write_whole(self._table, json.dumps(self._all, indent=1).encode())


def plan_pull(film: Film, catalogue: Catalogue, made: MadeCut, *, handles: int = 0, trimmed: bool = False) -> PullPlan:
    """Which files and ranges a cut needs, with `handles` frames of each clip at both ends; copies nothing."""
    sheets = [sheet_of(cut.timeline) for cut in made.cuts.values()]
    clips = (*made.clips, *made.sounds)
    pulls = pulls_of(sheets, clips, handles)
    places = grounds(film, catalogue)
    wanted: list[Wanted] = []
    sidecars: dict[tuple[int, bytes], None] = {}
    missing: list[tuple[str, str]] = []
    for needed in _by_file(pulls):
        part = needed[0].clip.parts[needed[0].part]
        try:
            whole = replace(_file(places[part.root], part.path), pulls=needed, quick=part.quick)
            wanted += _trimmed(whole) if trimmed else [whole]
        except RushesError as error:
            missing.append((shown(part.path), error.sentence))
            continue
        sidecars |= {(part.root, path): None for path in needed[0].clip.sidecars}
    for root, path in sidecars:
        try:
            wanted.append(_file(places[root], path))
        except RushesError as error:
            missing.append((shown(path), error.sentence))
    media = media_for(film, catalogue, clips)
    kept = kept_folders(film, catalogue)
    return PullPlan(
        made.name, media, sheets[0], pulls, tuple(_apart(wanted)), tuple(missing), kept, known_reels(catalogue)
    )


def pull(film: Film, plan: PullPlan, to: Path, ears: Ears = Ears()) -> Pulled:
    """Copy what is planned to `to`, and write the lists there. What fails is named; the rest comes.

    Raises PathRefused where `to` lies among originals or takes no file, DiskFull where it will not fit, before anything
    is copied, and Cancelled.
    """
    folders = {(to / each.file).parent for each in plan.wanted}
    refuse_kept((to, *folders), plan.kept)
    memory = _Memory(film, to)
    for folder in folders:
        sweep_temporaries(folder, deep=False)  # of a pull that was killed
    left = [each for each in plan.wanted if not memory.hash_of(each.file)]
    needed = sum(each.size for each in left)
    if left and free_bytes(to) < needed + _SPARE:
        raise DiskFull(
            f"{one_line(to)} has {free_bytes(to):,} bytes free, and this pull needs {needed:,}; free some space, or "
            "choose another disk."
        )
    refuse_unwritable(to)
    came = {each.file: each for each in plan.wanted}
    failed = list(plan.missing)
    copied = 0
    ffmpeg = find_ffmpeg(film.settings.tools.ffmpeg) if any(each.trimmed for each in left) else Path()
    for each in left:
        ears.began(each)
        try:
            came[each.file], new = _bring(each, memory, ffmpeg, ears)
            copied += new
        except (DiskFull, Cancelled):
            raise
        except RushesError as error:
            failed.append((each.file, error.sentence))
            del came[each.file]
    taken = tuple(_taken(came.values(), memory))
    csv, edl = to / f"{plan.name}.pull.csv", to / f"{plan.name}.pull.edl"
    write_whole(csv, pull_csv(taken).encode("utf-8", "backslashreplace"))
    settings = CutSettings(f"{plan.name} pull", plan.sheet.start, plan.sheet.size or (1920, 1080))
    write_whole(edl, pull_edl(plan.pulls, plan.media, settings, plan.reels))
    files = {each.file for each in came.values()}  # several ranges may have come in one
    return Pulled(taken, (csv, edl), copied, len(files) - copied, tuple(failed))


def _bring(wanted: Wanted, memory: _Memory, ffmpeg: Path, ears: Ears) -> tuple[Wanted, bool]:
    """One file verified at its place: the part where that can be proven, else the whole; what came, whether new."""
    if wanted.quick and quick_identity(wanted.source) != wanted.quick:
        raise ChangedWhileRead(f"{one_line(wanted.source)} is not what was logged; ingest again, then pull again.")
    if wanted.trimmed:
        try:
            digest, new = _part(wanted, memory.to / wanted.file, ffmpeg, ears)
            memory.keep(wanted.file, digest)
        except (AlreadyThere, Cancelled, DiskFull, PathMissing):
            raise
        except RushesError as error:
            wanted = replace(wanted, file=_whole_name(wanted), trimmed=False, note=f"whole: {error.sentence}")
        else:
            ears.heard(wanted.size)
            return wanted, new
    if memory.hash_of(wanted.file):
        return wanted, False
    digest, new = _copy(wanted.source, memory.to / wanted.file, ears)
    memory.keep(wanted.file, digest)
    return wanted, new


def _copy(source: Path, final: Path, ears: Ears) -> tuple[str, bool]:
    """The file as it lies there now: its hash, and whether it is new."""
    if not os.path.lexists(final):
        return copy_verified(source, final, ears.heard, ears.cancelled), True
    found = same_bytes(source, final, ears.cancelled)
    if not found:
        raise AlreadyThere(f"{one_line(final)} is there and is another file; move it away, then pull again.")
    return found, False


def _part(wanted: Wanted, final: Path, ffmpeg: Path, ears: Ears) -> tuple[str, bool]:
    """The range as a file of its own; its hash, and whether it is new."""
    needed = wanted.pulls[0]
    times = times_in(wanted.source, needed.clip, needed.part)
    assert times is not None
    assert needed.start is not None
    temporary = temporary_beside(final)
    try:
        stretch = Stretch(wanted.source, needed.clip, needed.inside, needed.start)
        trim(stretch, times, temporary, ffmpeg, ears.cancelled)
        digest = full_hash(temporary, _silent, ears.cancelled)
        new = not os.path.lexists(final)
        if new:
            publish(temporary, final)
        elif not same_bytes(temporary, final, ears.cancelled):
            raise AlreadyThere(f"{one_line(final)} is there and is another file; move it away, then pull again.")
    finally:
        temporary.unlink(missing_ok=True)
    return digest, new


def _by_file(pulls: Iterable[Pull]) -> Iterator[tuple[Pull, ...]]:
    files: dict[tuple[str, int], list[Pull]] = defaultdict(list)
    for pull_ in pulls:
        files[pull_.clip.id, pull_.part].append(pull_)
    yield from map(tuple, files.values())


def _file(ground: Root, path: bytes) -> Wanted:
    """A file as it lies on its root; raises PathMissing while that is offline."""
    if ground.place is None:
        raise PathMissing(f"{one_line(path)} is offline; mount its volume, then pull again.")
    source = Path(ground.place) / os.fsdecode(path)
    below = path.removeprefix(b"ingest/") if ground.kind == "film" else path
    return Wanted(source, os.fsdecode(below), stamp_of(source).size)


def _trimmed(whole: Wanted) -> list[Wanted]:
    """A file for each range, or the whole file with the reason."""
    clip, part = whole.pulls[0].clip, whole.pulls[0].part
    reason = why_whole(clip, times_in(whole.source, clip, part) if clip.kind == "picture" else None)
    if reason:
        return [replace(whole, note=f"whole: {reason}")]
    frames = clip.spans[part].duration
    if all(each.inside.duration == frames for each in whole.pulls):
        return [replace(whole, note="whole: all of it is needed")]
    return [
        replace(
            whole, file=_part_name(whole.file, each), pulls=(each,), trimmed=True,
            size=whole.size * each.inside.duration // frames + 1_000_000,
        )
        for each in whole.pulls
    ]  # fmt: skip


def _part_name(file: str, pull_: Pull) -> str:
    """`A001/C0001.mov` from frame 120 to 239 is `A001/C0001.120-239.mov`; of MXF it is MXF."""
    stem = file.rpartition(".")[0] or file
    ending = "mxf" if pull_.clip.facts.container == "mxf" else "mov"
    return f"{stem}.{pull_.inside.start}-{pull_.inside.end - 1}.{ending}"


def _whole_name(wanted: Wanted) -> str:
    folder = wanted.file.rpartition("/")[0]
    return f"{folder}/{wanted.source.name}" if folder else wanted.source.name


def _apart(wanted: Iterable[Wanted]) -> Iterator[Wanted]:
    """No two files under one name, in any letter case: the later of two cards gets a folder of its own."""
    taken: dict[str, Path] = {}
    for each in wanted:
        file, number = each.file, 1
        while taken.setdefault(file.casefold(), each.source) != each.source:
            number += 1
            file = f"{number}/{each.file}"
        yield replace(each, file=file)


def _taken(came: Iterable[Wanted], memory: _Memory) -> Iterator[Taken]:
    for each in came:
        for needed in each.pulls:
            file = shown(os.fsencode(each.file))
            original, size = shown(os.fsencode(each.source)), stamp_of(memory.to / each.file).size
            yield Taken(needed, file, original, size, memory.hash_of(each.file), each.note)
