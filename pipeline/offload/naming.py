"""What a card is, before it is anybody's: its clips with their facts, and what a copy's folder may be named after."""

import os
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline.catalogue.cards import TakenCard, TakenClip
from pipeline.clip import Root, shown
from pipeline.errors import ValueRefused
from pipeline.files import one_line
from pipeline.ingest.look import Ground, look, see
from pipeline.ingest.take import take_card
from pipeline.processes.reader import ReaderProcess
from pipeline.settings import Settings
from pipeline.shotlog.clocks import local_moment

FIELDS: tuple[str, ...] = ("card", "reel", "shoot_day", "unit", "camera", "location", "subject")
_DAY = "{shoot_day}"
_MOST_DAYS = 4  # that are named
_FIELD = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True)
class Card:
    """A card folder as read where it lies: `taken` holds its clips, `names` what its copies may be named after.

    `doubts` are of the name that its copies have.
    """

    folder: Path
    taken: tuple[TakenCard, ...]
    names: dict[str, str]
    doubts: tuple[str, ...] = ()

    def lacks(self, lost: Iterable[str]) -> tuple[str, ...]:
        """What is missing or doubtful on it, then its recordings that cannot be read: each is named once.

        Of the files that its hash lists name and it lacks, by path, the offload tells.
        """
        elsewhere = tuple(f"{shown(os.fsencode(path).rpartition(b'/')[2])} is missing although " for path in lost)
        unread = {
            os.fsdecode(each.path).rpartition("/")[2]: each.sentence for card in self.taken for each in card.failed
        }
        doubts = [warning for card in self.taken for warning in card.folder.warnings]
        doubts = [doubt for doubt in doubts if not any(name in doubt for name in unread)]
        doubts = [doubt for doubt in doubts if not doubt.startswith(elsewhere)]
        return (*self.doubts, *doubts, *unread.values())


def read_card(folder: Path, settings: Settings) -> Card:
    """Read the clips of a card where it lies. Raises PathMissing, ChangedWhileRead."""
    ground = Ground(Root(0, "volume", "", str(folder.parent)), os.fsencode(folder.name))
    with ReaderProcess("pipeline.metadata.mediainfo_child") as mediainfo:
        seen = look(ground, see(ground, settings), settings)
        taken = tuple(take_card(ground, card, settings, mediainfo, moment="") for card in seen)
    return Card(folder, taken, _names(folder, taken))


def _names(folder: Path, taken: tuple[TakenCard, ...]) -> dict[str, str]:
    """What all clips of a card agree on; the day is that of the first clip, as people name cards."""
    clips = [clip for card in taken for clip in card.clips]
    names = {"card": folder.name}
    reels = {card.folder.reel for card in taken if card.folder.reel}
    if len(reels) == 1:
        names["reel"] = reels.pop()
    moments = [moment.iso for each in clips if (moment := local_moment(each.clip.facts, each.zones))]
    if moments:
        names["shoot_day"] = min(moments)[:10]
    for field in FIELDS:
        said = {tuple(saying.value for saying in each.sayings if saying.field == field) for each in clips}
        values = said.pop() if len(said) == 1 else ()
        if values:
            names.setdefault(field, values[0])
    return names


def doubted(card: Card, template: str) -> Card:
    """The card with what is doubtful of the name that a template gives its copies: a day of which not all clips are."""
    days = _days(clip for taken in card.taken for clip in taken.clips)
    if _DAY not in template or len(days) < 2:
        return card
    named = card.names.get("shoot_day", "")
    told = [f"{day} ({clips[0] if len(clips) == 1 else f'{len(clips)} clips'})" for day, clips in sorted(days.items())]
    more = f" and {len(told) - _MOST_DAYS} more" if len(told) > _MOST_DAYS else ""
    other = max(sorted(days.keys() - {named}), key=lambda day: len(days[day]))
    doubt = (
        f"Its clips are of {len(days)} days, {', '.join(told[:_MOST_DAYS])}{more}, and {named or 'none'} is taken for"
        f" {_DAY}; if a clock was not set, type the day: --as {shlex.quote(template.replace(_DAY, other))}."
    )
    return replace(card, doubts=(doubt,))


def _days(clips: Iterable[TakenClip]) -> dict[str, list[str]]:
    """The days that clocks, sidecars and names tell of these clips, each with the names of its clips."""
    days: dict[str, list[str]] = {}
    for each in clips:
        said = {saying.value for saying in each.sayings if saying.field == "shoot_day"}
        if moment := local_moment(each.clip.facts, each.zones):
            said.add(moment.iso[:10])
        for day in said:
            days.setdefault(day, []).append(one_line(each.clip.name))
    return days


def filled(template: str, names: dict[str, str]) -> Path:
    """The folder below a target that a template means for a card.

    Raises ValueRefused for a field that does not exist or is not known of this card, and for a way out of the target.
    """

    def value(match: re.Match[str]) -> str:
        field = match[1]
        if field not in FIELDS:
            raise ValueRefused(f"--as knows no '{{{field}}}'; choose from {', '.join(FIELDS)}, or type the name.")
        if field not in names:
            raise ValueRefused(f"The {field.replace('_', ' ')} of this card is not known; type it in --as instead.")
        return names[field].replace("/", "_").strip(". ") or "_"

    path = Path(_FIELD.sub(value, template))
    if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in template:
        raise ValueRefused(f"--as '{template}' must name a folder below each --to, such as {{shoot_day}}/{{card}}.")
    return path
