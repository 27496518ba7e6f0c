"""A card becomes verified copies: one reading of the card, all copies written, made safe, read back, published whole.

A copy grows in a hidden folder beside its place, with a journal of what is safe and what was read back, and appears
under its name when every file in it is both. Killed at any moment, the same command goes on where it was.
"""

import os
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from pipeline.clip import Stamp
from pipeline.errors import ChangedWhileRead, MediaUnreadable, PathRefused, RushesError
from pipeline.faults import reached
from pipeline.files import one_line, scan, stamp_of
from pipeline.manifests.lists import CHAIN_NAME, FOLDER_NAME
from pipeline.manifests.write import (
    Creator,
    Listed,
    actions,
    chain,
    generation,
    generation_name,
    is_listed,
    next_generation,
    next_number,
)
from pipeline.offload.copying import Copy, Job, copy_all, read_back
from pipeline.offload.journal import NAME, Journal, Kept, open_journal
from pipeline.offload.room import Room
from pipeline.offload.source import SourceCard, source_card
from pipeline.offload.target import Target
from pipeline.offload.telling import copy_done, files_done, warnings_of_card, warnings_of_copies
from pipeline.offload.words import Ears, Offloaded, Wish
from pipeline.publishing import make_folder, publish_folder, write_whole

_COARSEST = 2 * 10**9  # nanoseconds: FAT keeps every other second, exFAT hundredths, rounded down or up
_CHAIN = f"{FOLDER_NAME}/{CHAIN_NAME}".encode()


def offload(wish: Wish, ears: Ears, room: Room | None = None) -> Offloaded:
    """Copy a card to every target and verify each copy; a target that fails does not stop the others.

    Cards that are copied at once share their `room`.

    Raises PathMissing where the card is gone, MediaUnreadable where it holds nothing, Cancelled.
    """
    began = datetime.now(UTC)
    looked = scan(wish.card, b"", ())
    card = source_card(wish, looked, began, room or Room())
    if not card.files:
        raise MediaUnreadable(f"{one_line(wish.card)} holds no file; name the folder of the card.")
    targets = [Target(folder) for folder in wish.targets]
    try:
        for target in targets:
            target.guarded(_begin, card)
        unread = _copy(card, [target for target in targets if target.open], ears)
        _verify(card, [target for target in targets if target.open], ears)
        for target in targets:
            target.guarded(_publish, card)
    finally:
        for target in targets:
            target.release()
    files = files_done(card, targets)
    warnings = (*warnings_of_card(card, looked), *unread, *warnings_of_copies(card, targets, files))
    return Offloaded(wish.card, files, tuple(map(copy_done, targets)), warnings, began, datetime.now(UTC), card.lost)


# --- a target begins, or is there already ---------------------------------------------------------


def _begin(target: Target, card: SourceCard) -> None:
    """Recognise a copy that is there, else open the folder it grows in and see that it has room."""
    if target.final.exists() or target.final.is_symlink():
        _recognise(target, card)
        return
    if card.wish.card in (target.final, *target.final.parents):
        raise PathRefused(f"{one_line(target.final)} lies on the card itself; name another disk with --to.")
    make_folder(target.work)
    target.lock()
    target.journal = open_journal(target.work)
    for path in [path for path, kept in target.journal.files.items() if not _lies_there(target.work, path, kept)]:
        del target.journal.files[path]
    strays = [path for path, _ in scan(target.work, b"", (NAME, FOLDER_NAME)).files() if path not in card.files]
    if strays:
        raise PathRefused(
            f"{one_line(target.work)} holds the beginning of another card ({one_line(strays[0])}), or a file that this "
            "card no longer has; finish that offload first, name another place with --as, or see whether you need "
            "what is in that folder and remove it."
        )
    card.room.take(target.work, _needed(target, card))


def _lies_there(work: Path, path: bytes, kept: Kept) -> bool:
    """Whether a file is there: its bytes were safe before it was noted, its name in the folder only at the end."""
    try:
        return stamp_of(work / os.fsdecode(path)).size == kept.size
    except RushesError:
        return False


def _recognise(target: Target, card: SourceCard) -> None:
    there = dict(scan(target.final, b"", ()).files())
    same = all(
        path in there and _same(there[path], stamp)
        for path, stamp in card.files.items()
        if path != _CHAIN  # the copy's history goes on
    )
    if not same:
        raise PathRefused(
            f"{one_line(target.final)} is there already and is not this card; name another place by --as."
        )
    (target.final / NAME).unlink(missing_ok=True)  # of a run that was killed after publishing
    target.known = True


def _same(copy: Stamp, stamp: Stamp) -> bool:
    """Whether a copy has the size and the time of a file, as far as its disk keeps time (FAT: to two seconds)."""
    return copy.size == stamp.size and abs(copy.mtime_ns - stamp.mtime_ns) < _COARSEST


def _needed(target: Target, card: SourceCard) -> int:
    """Bytes that a copy will take of its disk; a file that was cut off gives back what it had."""
    need = 0
    for path, stamp in card.files.items():
        if target.kept(path, stamp, card.formats(path)) is None:
            need += stamp.size
            with suppress(OSError):
                need -= (target.work / os.fsdecode(path)).lstat().st_blocks * 512
    return max(0, need)


# --- copied, verified, published ------------------------------------------------------------------


def _copy(card: SourceCard, targets: Sequence[Target], ears: Ears) -> list[str]:
    """Write what is not safe yet; gives what of the card could not be read."""
    copies = {id(target): Copy(target.work, _noting(target)) for target in targets}
    jobs = []
    for path, stamp in card.files.items():
        formats = card.formats(path)
        wanting = [copies[id(target)] for target in targets if target.kept(path, stamp, formats) is None]
        if wanting:
            jobs.append((Job(card.wish.card / os.fsdecode(path), path, stamp), formats, wanting))
    ears.phase("copying", sum(job.stamp.size for job, _, _ in jobs))
    unread = copy_all(jobs, tuple(copies.values()), ears.heard, ears.cancelled)
    for target in targets:
        target.refusal = copies[id(target)].failed
        if unread and target.refusal is None:
            target.refusal = unread[0][1]
    return [error.sentence for _, error in unread]


def _noting(target: Target) -> Callable[[Job, dict[str, str]], None]:
    def note(job: Job, hashes: dict[str, str]) -> None:
        assert target.journal is not None
        target.journal.note(job.path, Kept(job.stamp.size, job.stamp.mtime_ns, hashes))

    return note


def _verify(card: SourceCard, targets: Sequence[Target], ears: Ears) -> None:
    """Read back what was not read back yet, all targets side by side."""
    left = [
        (target, path, kept)
        for target in targets
        for path, stamp in card.files.items()
        if (kept := target.kept(path, stamp, card.formats(path))) is not None and not kept.verified
    ]
    ears.phase("verifying", sum(kept.size for _, _, kept in left))

    def all_of(target: Target, _: SourceCard) -> None:
        for one, path, kept in left:
            if one is target:
                _verify_file(target, path, kept, ears)

    with ThreadPoolExecutor(max(1, len(targets))) as pool:
        for each in [pool.submit(target.guarded, all_of, card) for target in targets]:
            each.result()


def _verify_file(target: Target, path: bytes, kept: Kept, ears: Ears) -> None:
    assert target.journal is not None
    ears.stop_if_cancelled()
    reached("offload.read_back")
    try:
        found = read_back(target.work / os.fsdecode(path), tuple(kept.hashes), ears.heard)
    except RushesError:
        target.journal.forget(path)  # what cannot be read now may never be: it is written again
        raise
    if found != kept.hashes:
        target.journal.forget(path)
        raise PathRefused(
            f"{one_line(path)} reads back from {one_line(target.final.parent)} other than it was written; "
            "check that disk, then run the same command again."
        )
    target.journal.note(path, Kept(kept.size, kept.mtime_ns, kept.hashes, verified=True))
    reached("offload.verified")


def _publish(target: Target, card: SourceCard) -> None:
    """Let a copy that is wholly verified appear under its name, with its own hash list."""
    assert target.journal is not None
    for path in card.files:
        if not target.journal.files[path].verified:
            raise PathRefused(f"{one_line(path)} was not verified; run the same command again.")
    _refuse_changed(card)
    for folder in _folders_of(card.wish.card):
        reached("offload.folders")
        (target.work / folder).mkdir(parents=True, exist_ok=True)
    _write_generation(target, target.journal, card)
    publish_folder(target.work, target.final)
    with suppress(OSError):
        reached("offload.tidy")
        (target.final / NAME).unlink()


def _write_generation(target: Target, journal: Journal, card: SourceCard) -> None:
    """Go on with the ASC MHL history of the card in the copy: a list of what it holds, and the chain that names it."""
    creator = Creator(card.began, socket.gethostname(), version("rushes"))
    name = generation_name(next_number(card.lists.generations), target.final.name, card.began)
    before = card.before(journal.files)
    files = [
        Listed(
            tuple(os.fsdecode(path).split("/")), kept.size, kept.mtime_ns,
            actions(card.lists.known, before.get(path, os.fsdecode(path)), kept.hashes), before.get(path, ""),
        )
        for path in card.files
        if is_listed(os.fsdecode(path).split("/")) and (kept := journal.files[path])
    ]  # fmt: skip
    data = generation(files, creator, card.wish.formats[0])
    _drop_lists_of_earlier_runs(target, card)
    reached("manifest.generation")
    write_whole(target.work / FOLDER_NAME / name, data)
    generations = next_generation(card.lists.generations, name, data)
    reached("manifest.chain")
    write_whole(target.work / FOLDER_NAME / CHAIN_NAME, chain(generations))


def _refuse_changed(card: SourceCard) -> None:
    """Look at the whole card once more: what came, went or changed since it was read is in no copy."""
    now = {path: stamp.written for path, stamp in scan(card.wish.card, b"", ()).files()}
    then = {path: stamp.written for path, stamp in card.files.items()}
    changed = sorted(path for path in now.keys() | then.keys() if now.get(path) != then.get(path))
    if changed:
        more = f" and {len(changed) - 1:,} more" if len(changed) > 1 else ""
        raise ChangedWhileRead(
            f"{one_line(changed[0])}{more} changed on the card, came or went, while it was copied; run the same command"
            " again when it rests: what is safe is not copied again."
        )


def _drop_lists_of_earlier_runs(target: Target, card: SourceCard) -> None:
    """Remove the generation of a run that ended before it could publish: no chain will ever name it."""
    for list_ in (target.work / FOLDER_NAME).glob("*.mhl"):
        if os.fsencode(list_.relative_to(target.work)) not in card.files:
            reached("manifest.remove")
            list_.unlink()


def _folders_of(card: Path) -> list[Path]:
    """Every folder on the card, empty ones too: some cameras want them back."""
    return [Path(parent, name).relative_to(card) for parent, names, _ in os.walk(card) for name in names
            if not Path(parent, name).is_symlink()]  # fmt: skip
