"""Sound recordings laid under pictures: which of their frames lie where, exact to the frame.

A recording's frame lies where its moment lies, to the nearest frame where rates differ; at one rate that is exact.
Its first sample may come later in its first frame, as everywhere in a cut (`late`, see assembly.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import ceil, floor

from pipeline.clip import Clip, LoggedClip
from pipeline.editorial.shots import Media, Shot, counted, media_for
from pipeline.editorial.sync import Offer, offers, recording, sounds_of
from pipeline.timecode import FLICKS, Rate, TimeRange


@dataclass(frozen=True, slots=True)
class Lying:
    """A part of a sound recording `before` frames of the timeline behind the head of its shot, `length` of them long.

    `slot` names the tracks it lies on: those of its recorder, and which of them.
    """

    shot: Shot
    before: int
    length: int
    slot: tuple[str, int]


@dataclass(frozen=True, slots=True)
class Beside:
    """Sound recordings by id, counted in frames, and what runs with each picture, by its id."""

    sounds: Mapping[str, LoggedClip] = field(default_factory=dict)
    offers: Mapping[str, tuple[Offer, ...]] = field(default_factory=dict)
    media: Mapping[str, Media] = field(default_factory=dict)

    def certain(self, clip: Clip) -> tuple[Offer, ...]:
        return tuple(offer for offer in self.offers.get(clip.id, ()) if not offer.doubt)


NOTHING = Beside()
_IN_TIME = Fraction(0)


def beside(
    pictures: Sequence[LoggedClip], sounds: Sequence[LoggedClip], media: Mapping[str, Media], rate: Rate
) -> Beside:
    """What runs with each of these pictures in a timeline at `rate`."""
    heard = sounds_of(each for sound in sounds if (each := recording(sound)))
    if not heard.recordings:
        return NOTHING
    found = {
        picture.clip.id: running
        for picture in pictures
        if picture.clip.kind == "picture" and (each := recording(picture)) and (running := offers(each, heard))
    }
    by_id = {sound.clip.id: replace(sound, clip=counted(sound.clip, rate)) for sound in sounds}
    return Beside(by_id, found, media)


def lying(shot: Shot, length: int, rate: Rate, beside: Beside) -> tuple[Lying, ...]:
    """The certain sound of a shot that lasts `length` frames of a timeline at `rate`, in order of time."""
    found: list[Lying] = []
    for offer in beside.certain(shot.logged.clip):
        sound = beside.sounds[offer.sound.id]
        part = _part(shot, offer, sound.clip, TimeRange(0, length), rate)
        if part is None:
            continue
        before, inside, lasting = part
        taken = Shot(sound, inside, media_for(sound, beside.media), shot.title)
        slot = next(
            number for number in range(len(found) + 1)
            if all(
                each.slot != (offer.sound.recorder, number) or each.before + each.length <= before for each in found
            )
        )  # fmt: skip
        found.append(Lying(taken, before, lasting, (offer.sound.recorder, slot)))
    return tuple(found)


def _part(
    shot: Shot, offer: Offer, sound: Clip, record: TimeRange, rate: Rate
) -> tuple[int, TimeRange, int] | None:  # fmt: skip
    """Frames of the timeline before a sound begins, its own frames that lie there, and for how long; None for none."""
    picture = shot.logged.clip.rate
    if picture is None or sound.rate is None:
        return None
    first = Fraction(offer.offset, FLICKS) - late_of(sound)  # where its first frame begins, from the picture's
    head = picture.seconds(shot.range.start) - first  # of the shot, from the sound's first frame
    before = max(0, _nearest(-head * rate.fraction))
    begin = max(0, _nearest((head + rate.seconds(before)) * sound.rate.fraction))
    left, held = record.duration - before, (sound.frames or 0) - begin
    if left <= 0 or held <= 0:
        return None
    taken = min(held, ceil(rate.seconds(left) * sound.rate.fraction))
    lasting = min(left, taken if sound.rate == rate else rate.frames(sound.rate.seconds(taken)))
    return (before, TimeRange(begin, taken), lasting) if lasting else None


def late_of(clip: Clip) -> Fraction:
    """Seconds between the frame that a sound's timecode counts to and its first sample."""
    facts = clip.facts
    if clip.kind != "sound" or clip.start is None or facts.time_reference is None or not facts.audio:
        return _IN_TIME
    frame = clip.start.rate.seconds(1)
    late = Fraction(facts.time_reference, facts.audio[0].sample_rate) - frame * clip.start.frame
    return late if 0 < late < frame else _IN_TIME


def _nearest(frames: Fraction) -> int:
    return floor(frames + Fraction(1, 2))
