"""What is told of an offload: its files, its copies, and what must be said before the card is cleared."""

import os
from collections.abc import Sequence

from pipeline.files import Scan, one_line
from pipeline.manifests.brought import CardLists, lists_of
from pipeline.manifests.write import actions, is_ignored, is_listed
from pipeline.offload.history import told_lost
from pipeline.offload.journal import Kept
from pipeline.offload.source import SourceCard
from pipeline.offload.target import Target
from pipeline.offload.words import CopyDone, FileDone


def warnings_of_card(card: SourceCard, looked: Scan) -> list[str]:
    """What must be said of a card whatever its copies become: what is not copied, or stands in no hash list."""
    warnings = [f"{one_line(path)} was not copied: {why}." for path, why in (*looked.skipped, *looked.unreadable)]
    warnings += card.lists.warnings
    warnings += [
        f"{one_line(path)} is copied and verified but cannot stand in a hash list; give it a plain name."
        for path in card.files
        if not is_listed(os.fsdecode(path).split("/")) and not is_ignored(os.fsdecode(path).split("/"))
    ]
    return warnings


def warnings_of_copies(card: SourceCard, targets: Sequence[Target], files: Sequence[FileDone]) -> list[str]:
    """What must be said once the copies are there: what no hash proves, what the card's own lists say otherwise."""
    warnings = [_unproven(target, card) for target in targets if target.known and not lists_of(target.final).origin]
    warnings += [f"{file.path} is not what the card's own hash list says; copy the card again from its source."
                 for file in files if file.listed == "failed"]  # fmt: skip
    return warnings + _without(card, targets)


def files_done(card: SourceCard, targets: Sequence[Target]) -> tuple[FileDone, ...]:
    """What is told of each file that was read back, of whichever copies."""
    verified = _verified(targets)
    before = card.before(verified)
    return tuple(
        _told(path, kept, card.lists, before.get(path, os.fsdecode(path)))
        for path, kept in sorted(verified.items())
        if path in card.files
    )


def copy_done(target: Target) -> CopyDone:
    """What became of a target."""
    if target.refusal is not None:
        return CopyDone(target.final, "failed", target.refusal.sentence, target.refusal.exit_code)
    return CopyDone(target.final, "known" if target.known else "copied")


def _told(path: bytes, kept: Kept, lists: CardLists, name: str) -> FileDone:
    """What is told of a file; `name` is what the card's lists call it."""
    words = {each.action for each in actions(lists.known, name, kept.hashes)}
    listed = "" if name not in lists.known else "failed" if "failed" in words else "verified"
    return FileDone(one_line(path), kept.size, kept.hashes, listed)


def _verified(targets: Sequence[Target]) -> dict[bytes, Kept]:
    verified: dict[bytes, Kept] = {}
    for target in targets:
        if target.journal is not None:
            verified |= {path: kept for path, kept in target.journal.files.items() if kept.verified}
    return verified


def _unproven(target: Target, card: SourceCard) -> str:
    """What to say of a copy that was there and holds no hash: names, sizes and times alone tell of it."""
    total = sum(stamp.size for stamp in card.files.values())
    return (
        f"{one_line(target.final)} holds all {len(card.files):,} files of the card ({total:,} bytes) by name, size and"
        " time, but no hash list, so nothing tells whether their bytes are the card's; name another place by --as for a"
        " verified copy, or move that folder away and run the same command again."
    )


def _without(card: SourceCard, targets: Sequence[Target]) -> list[str]:
    """What to say of files that the card's own lists name and that are not on it, by whatever name."""
    found = set(card.before(_verified(targets)).values())
    for target in targets:
        if target.known and card.lost:  # the list in that copy tells of new names
            found |= set(card.lost) - lists_of(target.final).known.keys()
    whole = all(target.refusal is None for target in targets)
    return told_lost(card.lists, [name for name in card.lost if name not in found], copied=whole)
