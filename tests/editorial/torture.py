"""A timeline with everything that a cut can hold at once, for every writer: what must come through or be named.

Two tracks of pictures and three of sound; gaps, an empty track, dissolves (also from and to black), a wipe, clips
faster, slower, backwards and frozen, markers with text in all scripts, mixed rates, a clip of two files, sound alone,
clips without timecode, one that crosses midnight, one without a path, and names that break lists, columns and XML.
"""

from dataclasses import dataclass, field
from fractions import Fraction

import opentimelineio as otio

from pipeline.timecode import Rate, Timecode

Time, Range, schema = otio.opentime.RationalTime, otio.opentime.TimeRange, otio.schema

PAL = Rate(25)
NAMES = {
    "emoji": "läufer 🏃‍♀️ finale.mov",
    "rtl": "\u202e\u05de\u05e8\u05ea\u05d5\u05df \u0648\u064a\u0646\u0627.mov",
    "quotes": "a \"quoted\" <b> & 'c' ]]> d.mov",
    "long": "x" * 250 + ".mov",
    "percent": "100 % #1?.mov",
    "semicolon": "FROM CLIP NAME: M2 A;B|C.mov",
}


@dataclass
class Builder:
    """Items of one timeline at `rate`; each source has its own reel and, unless told, a start of its own."""

    rate: Rate
    folder: str
    hours: int = field(default=9)

    def clip(
        self, name, frames, *, into=40, rate=None, drop=False, start="", speed=1, media=400, sound=False, **others
    ):
        """`frames` of the timeline, beginning `into` frames of the source; `start=None` is a source without timecode.

        Others: `channels`, `stream`, `markers` as (first frame of the source, frames, name, note), `log`, `path`.
        """
        own = rate or self.rate
        if start == "":
            self.hours = self.hours % 23 + 1
            start = f"{self.hours:02}:00:00:00"
        first = Timecode.parse(start, own, drop_frame=drop).frame if start else 0
        said = {
            "clip": others.get("id", f"id:{name}:{start}"),
            "kind": "sound" if sound else "picture",
            "card": "A001", "reel": others.get("reel", f"R{self.hours:03}"), "rate": str(own), "drop_frame": drop,
            "start_timecode": start, "log": others.get("log", {}), "stream": others.get("stream", 1),
            "channels": others.get("channels", 2),
        }  # fmt: skip
        path = others.get("path", f"{self.folder}/{name}")
        span = Range(_time(first, own), _time(media, own))
        reference = schema.ExternalReference(path, span) if path else schema.MissingReference(name, span)
        made = schema.Clip(
            name, reference, Range(_time(first + into, own), _length(frames, self.rate, own)), metadata={"rushes": said}
        )
        if speed == 0:
            made.effects.append(schema.FreezeFrame())
        elif speed != 1:
            made.effects.append(schema.LinearTimeWarp(time_scalar=float(speed)))
        for at, length, title, note in others.get("markers", ()):
            span = Range(_time(first + into + at, own), _time(length, own))
            made.markers.append(schema.Marker(title, span, "GREEN", comment=note))
        return made

    def gap(self, frames):
        return schema.Gap(source_range=Range(_time(0, self.rate), _time(frames, self.rate)))

    def transition(self, before, after, name="", kind="SMPTE_Dissolve"):
        return schema.Transition(name, kind, _time(before, self.rate), _time(after, self.rate))

    def track(self, name, kind, *items):
        made = schema.Track(name, kind=kind)
        made.extend(items)
        return made


def timeline_of(*tracks, name="cut", start=None):
    made = schema.Timeline(name, global_start_time=start)
    made.tracks.extend(tracks)
    return made


def torture_timeline(rate=PAL, *, drop=False, start="23:59:50:00", folder="/film/A001"):
    """The timeline at `rate`, which begins ten seconds before midnight."""
    make = Builder(rate, folder)
    other = Rate(25) if rate != Rate(25) else Rate(24000, 1001)
    begin = Timecode.parse(start, rate, drop_frame=drop)
    said = {"rate": str(rate), "drop_frame": drop, "start_timecode": str(begin), "size": "1920x1080"}
    made = schema.Timeline(
        'torture ]]> & "one" 🏃', global_start_time=_time(begin.frame, rate), metadata={"rushes": said}
    )
    made.tracks.extend([
        make.track("Video 1", "Video", *_first(make, other, drop=drop)),
        make.track("Video 2", "Video", *_second(make)),
        make.track("Video 3", "Video"),
        make.track("Audio 1", "Audio", *_sound(make)),
        make.track("Audio 2", "Audio", make.gap(30), make.clip("mix 6.wav", 50, sound=True, channels=6)),
        make.track("Audio 3", "Audio", make.gap(200)),
    ])  # fmt: skip
    made.tracks.markers.append(
        schema.Marker("act ]]> 1", Range(_time(10, rate), _time(5, rate)), "RED", comment="a\nb")
    )
    return made


def _first(make, other, *, drop):
    """Pictures with every transition and speed, and names of all kinds."""
    faults = ((5, 1, "point 🏃", "tab\tand <tag>"), (10, 12, "range", "RTL \u202e\u05e9\u05dc\u05d5\u05dd"))
    log = {"scene": "12", "take": "3", "subject": ["Coach, head", "Runner"], "circled": "yes", "note": "a ]]> b"}
    yield make.transition(0, 6, "Fade In")
    yield make.clip(NAMES["emoji"], 50, drop=drop, markers=faults, log=log)
    yield make.transition(5, 5)
    yield make.clip(NAMES["rtl"], 40, drop=drop)
    yield make.transition(3, 9, "W012", "Custom_Transition")
    yield make.clip(NAMES["quotes"], 40, drop=drop, speed=2)
    yield make.gap(7)
    yield make.clip(NAMES["long"], 31, drop=drop, speed=Fraction(1, 2), markers=((4, 2, "slow", ""),))
    yield make.clip(NAMES["percent"], 25, drop=drop, speed=-1, into=100)
    yield make.clip(NAMES["semicolon"], 20, drop=drop, speed=0)
    yield make.transition(4, 4)
    yield make.clip("other rate.mov", 33, rate=other)
    yield make.clip("other rate fast.mov", 21, rate=other, speed=Fraction(3, 2))
    yield make.clip("span 1.mov", 30, start="22:00:00:00", media=70, reel="SPAN", id="id:span")
    yield make.clip("span 2.mov", 30, start="22:00:10:00", into=0, media=70, reel="SPAN", id="id:span")
    yield make.clip("phone.mov", 24, start=None)
    yield make.clip("midnight.mov", 60, start="23:59:59:00", into=10)
    yield make.clip("offline.mov", 12, path=None)
    yield make.transition(6, 0, "Fade Out")


def _second(make):
    yield make.gap(60)
    yield make.clip("over.mov", 20)
    yield make.transition(2, 2)
    yield make.clip("over.mov", 20, start="05:00:00:00", speed=-2, into=200)
    yield make.gap(15)
    yield make.clip("phone 2.mov", 10, start=None, speed=Fraction(1001, 1000))


def _sound(make):
    """Sound of the first picture, sound alone, and sound faster than it was."""
    yield make.gap(5)
    yield make.clip("atmo.wav", 45, sound=True, channels=1)
    yield make.transition(6, 6, "Cross Fade")
    yield make.clip("interview.wav", 60, sound=True, channels=2)
    yield make.gap(10)
    yield make.clip("fast.wav", 30, sound=True, speed=Fraction(5, 4))


def _time(frames, rate):
    return Time(frames, rate.numerator / rate.denominator)


def _length(frames, rate, own):
    """A length in frames of the timeline, in frames of the source where they are whole, as the assembly writes it."""
    exact = frames * own.fraction / rate.fraction
    return _time(exact.numerator, own) if exact.denominator == 1 else _time(frames, rate)
