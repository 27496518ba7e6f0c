"""The edits of cuts side by side, timeline by timeline; comparing.py finds the two sides."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.editorial.assembly import Cut
from pipeline.editorial.diff import Difference, EditList, diff
from pipeline.editorial.edits import edits_of
from pipeline.editorial.exports.events import sheet_of
from pipeline.errors import ValueRefused, command


@dataclass(frozen=True, slots=True)
class Compared:
    """What changed in one timeline; `old` and `new` are None where there was none, or is none any more."""

    name: str
    old: EditList | None
    new: EditList | None
    difference: Difference


def edit_lists(cuts: Mapping[str, Cut]) -> list[EditList]:
    """The edits of each timeline, by what its name has behind that of the cut."""
    sheets = {extra: sheet_of(cut.timeline) for extra, cut in cuts.items()}
    return [EditList(extra, sheet.start, edits_of(sheet)) for extra, sheet in sheets.items()]


def compared(old: Sequence[EditList], new: Sequence[EditList]) -> tuple[Compared, ...]:
    """What changed in each timeline of two versions. Raises ValueRefused where they run at different rates."""
    return tuple(_compared(old, new))


def _compared(old: Sequence[EditList], new: Sequence[EditList]) -> Iterator[Compared]:
    before, after = ({each.name: each for each in lot} for lot in (old, new))
    for name in dict.fromkeys((*after, *before)):
        one, other = before.get(name), after.get(name)
        if one and other and one.start.rate != other.start.rate:
            was, now = one.start.rate.label(), other.start.rate.label()
            again = command("cut", "NAME", "--rate", was)
            raise ValueRefused(
                f"They run at {was} and {now} frames per second, and cuts are compared at one rate: {again} makes the "
                "second again at that of the first."
            )
        rate = (one or other or new[0]).start.rate
        yield Compared(name, one, other, diff(one.edits if one else (), other.edits if other else (), rate))
