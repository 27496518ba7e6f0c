"""Which sound recordings run with a picture: by timecode, within one shoot day and unit.

Lengths and moments are whole flicks (1/705,600,000 s), in which every standard rate and sample rate is exact. A clock
counts real time or, without drop-frame at 29.97 and its kin, 1.001 seconds for each second of its labels. Clocks that
count alike are compared in real time, others by their labels: the moment at which both were set is not known.

What is not certain is offered with its doubt and never laid: the day or the unit of one of them is not known, or
several recordings of one recorder cover the same moment.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction

from pipeline.clip import Facts, LoggedClip
from pipeline.timecode import FLICKS, Timecode, frames_per_day

_DAY = 86_400 * FLICKS
_SLACK = 100 * FLICKS  # more than clocks of two kinds come apart in a day
_TRACK = re.compile(r"[ _.-](?:tr)?[0-9a-z]{1,2}$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Clock:
    """When a clip began, in flicks: `real` time since midnight of its clock, and what the `label` counts.

    `day_length` is the real time between two midnights of this clock; None where the count is not known (sound that
    states samples since midnight alone), which is then taken to be the other's.
    """

    real: int
    label: int
    day_length: int | None


@dataclass(frozen=True, slots=True)
class Recording:
    """A clip on its clock; `length` in flicks, `recorder` tells one recorder from another."""

    id: str
    name: str
    day: str | None
    unit: str | None
    recorder: str
    clock: Clock
    length: int


@dataclass(frozen=True, slots=True)
class Offer:
    """A recording that runs with a picture and begins `offset` flicks after it (before it: below zero).

    `doubt` says in a few words why it is not certain; empty if it is. `by_label`: their clocks count differently.
    """

    sound: Recording
    offset: int
    doubt: str = ""
    by_label: bool = False


@dataclass(frozen=True, slots=True)
class Sounds:
    """Sound recordings in the order of their labels; `longest` is the length of the longest."""

    recordings: tuple[Recording, ...]
    labels: tuple[int, ...]
    longest: int


def sounds_of(recordings: Iterable[Recording]) -> Sounds:
    """Recordings made ready for being asked which of them run with a picture."""
    ordered = sorted(recordings, key=lambda each: (each.clock.label, each.name, each.id))
    return Sounds(
        tuple(ordered), tuple(each.clock.label for each in ordered), max((each.length for each in ordered), default=0)
    )


def recording(logged: LoggedClip) -> Recording | None:
    """Where a logged clip stands on its clock; None where it has no timecode or no length."""
    clip, said = logged.clip, logged.values
    day, unit, camera = (str(said[name]) if said.get(name) else None for name in ("shoot_day", "unit", "camera"))
    clock = on_clock(clip.start, time_reference(clip.facts) if clip.kind == "sound" else None)
    length = length_of(clip.facts, clip.duration)
    if clock is None or not length:
        return None
    return Recording(clip.id, clip.name, day, unit, recorder_of(clip.facts, camera), clock, length)


def recorder_of(facts: Facts, camera: str | None) -> str:
    """What tells one recorder from another; empty where nothing is known of it."""
    known = (facts.originator, facts.camera_serial, facts.camera_model, camera)
    return "|".join(each or "" for each in known).strip("|")


def offers(picture: Recording, sounds: Sounds) -> tuple[Offer, ...]:
    """The recordings that run with `picture`, the certain ones first, each lot in order of time."""
    found = [offer for sound in _near(picture, sounds) if (offer := _offer(picture, sound))]
    found.sort(key=lambda offer: (offer.offset, offer.sound.name, offer.sound.id))
    return tuple(sorted(_told_apart(found, picture.length), key=lambda offer: bool(offer.doubt)))


def time_reference(facts: Facts) -> Fraction | None:
    """Seconds since midnight of a recording's first sample (bext TimeReference, EBU Tech 3285)."""
    rate = facts.audio[0].sample_rate if facts.audio else 0
    return Fraction(facts.time_reference, rate) if facts.time_reference is not None and rate else None


def on_clock(start: Timecode | None, reference: Fraction | None = None) -> Clock | None:
    """The clock of a timecode; of a recorder's samples since midnight, which may begin inside a frame."""
    exact = None if reference is None else _flicks(reference)
    if start is None:
        return None if exact is None else Clock(exact, exact, None)
    began = _flicks(start.rate.seconds(start.frame))
    label = began if start.drop_frame else _flicks(Fraction(start.frame, start.rate.nominal))
    late = 0 if exact is None else exact - began
    late = late if 0 < late < _flicks(start.rate.seconds(1)) else 0
    day_length = _flicks(start.rate.seconds(frames_per_day(start.rate, drop_frame=start.drop_frame)))
    return Clock(began + late, label + late, day_length)


def length_of(facts: Facts, duration: Fraction) -> int:
    """Flicks that a clip lasts; of sound that states no rate of frames by its samples."""
    return _flicks(duration or facts.sound_seconds)


def _flicks(seconds: Fraction) -> int:
    return round(seconds * FLICKS)


def _near(picture: Recording, sounds: Sounds) -> Iterator[Recording]:
    """The recordings whose labels lie near, over midnight too."""
    seen = set()
    for around in (-_DAY, 0, _DAY):
        low = picture.clock.label + around - sounds.longest - _SLACK
        high = picture.clock.label + around + picture.length + _SLACK
        for place in range(bisect_left(sounds.labels, low), bisect_left(sounds.labels, high)):
            if place not in seen:
                seen.add(place)
                yield sounds.recordings[place]


def _offer(picture: Recording, sound: Recording) -> Offer | None:
    """How far after the picture a sound begins, if they run together at all."""
    days = _days_apart(picture.day, sound.day)
    if (picture.unit and sound.unit and picture.unit != sound.unit) or days not in (None, -1, 0, 1):
        return None
    day_of_picture = picture.clock.day_length or _DAY
    day_of_sound = sound.clock.day_length or day_of_picture
    alike = (day_of_sound > _DAY) == (day_of_picture > _DAY)
    apart = sound.clock.real - picture.clock.real if alike else sound.clock.label - picture.clock.label
    if not alike:
        day_of_sound = day_of_picture = _DAY
    for offset, day in ((apart, 0), (apart - day_of_sound, 1), (apart + day_of_picture, -1)):
        # On the next calendar day, or still on the same shoot day, which ends after midnight.
        if offset < picture.length and offset + sound.length > 0 and days in (None, 0, day):
            doubt = "its day is not known" if days is None else ""
            doubt = doubt or ("its unit is not known" if picture.unit != sound.unit else "")
            return Offer(sound, offset, doubt, by_label=not alike)
    return None


def _days_apart(picture: str | None, sound: str | None) -> int | None:
    """By how many days the picture's day comes after the sound's; None where one is not known."""
    if picture is None or sound is None:
        return None
    if picture == sound:
        return 0
    try:
        return (date.fromisoformat(picture) - date.fromisoformat(sound)).days
    except ValueError:
        return 99


def _told_apart(found: Sequence[Offer], length: int) -> Iterator[Offer]:
    """Offers of one recorder for the same moment are doubted, but for the files of one take, a track each."""
    for offer in found:
        rivals = (each for each in found if each is not offer and not each.doubt and not _one_take(each, offer))
        if not offer.doubt and any(_clash(each, offer, length) for each in rivals):
            yield replace(offer, doubt="several of one recorder cover this moment")
        else:
            yield offer


def _clash(one: Offer, other: Offer, length: int) -> bool:
    begin = max(one.offset, other.offset, 0)
    end = min(one.offset + one.sound.length, other.offset + other.sound.length, length)
    return one.sound.recorder == other.sound.recorder and begin < end


def _one_take(one: Offer, other: Offer) -> bool:
    """Whether two files hold tracks of one take: T001_1.WAV beside T001_2.WAV, of the same time exactly."""
    names = [each.sound.name.rpartition(".")[0] for each in (one, other)]
    stems = {_TRACK.sub("", name) for name in names}
    same_time = one.offset == other.offset and one.sound.length == other.sound.length
    return same_time and names[0] != names[1] and len(stems) == 1 and stems.isdisjoint(names)
