"""Clips as the catalogue gives them, made of a few words, and independent readers of what was written."""

import io
import os
import re
from dataclasses import dataclass, replace
from fractions import Fraction

import pycmx

from pipeline.clip import AudioStream, Clip, Facts, LoggedClip, Marker, Part, Stamp, VideoStream
from pipeline.editorial.arrange import CutSettings
from pipeline.editorial.shots import Media, media_of
from pipeline.timecode import Rate, Timecode, TimeRange

RATES = {
    "23.976": Rate(24000, 1001),
    "24": Rate(24),
    "25": Rate(25),
    "29.97": Rate(30000, 1001),
    "30": Rate(30),
    "47.952": Rate(48000, 1001),
    "48": Rate(48),
    "50": Rate(50),
    "59.94": Rate(60000, 1001),
    "60": Rate(60),
    "100": Rate(100),
    "119.88": Rate(120000, 1001),
    "120": Rate(120),
}


def logged(
    name="A001C001.mov", rate="25", frames=100, *, start="10:00:00:00", drop=False, card="A001", reel=None,
    audio=(2,), kind="picture", parts=None, markers=(), clip_id=None, **values,
) -> LoggedClip:  # fmt: skip
    """A clip with one file, or with `parts` (frames of each); `markers` are (start, duration, note, subject)."""
    speed = RATES[rate] if isinstance(rate, str) else rate
    streams = tuple(AudioStream("pcm_s16le", channels, 48000) for channels in audio)
    video = VideoStream(width=1920, height=1080, rate=speed, frames=frames) if kind == "picture" else None
    facts = Facts(video=video, audio=streams, reel=reel, timecode_rate=speed if kind == "sound" else None)
    counts = parts or (frames,)
    files = tuple(
        Part(
            1, os.fsencode(f"{card}/{name if number == 0 else f'{number}_{name}'}"), Stamp(1, number, 1, 1), "0", count
        )
        for number, count in enumerate(counts)
    )
    made_id = clip_id or f"id:{card}/{name}".encode("ascii", "replace").decode()
    clip = Clip(
        made_id, name, card, kind, files, facts, speed, sum(counts),
        Timecode.parse(start, speed, drop_frame=drop) if start else None,
    )  # fmt: skip
    marks = tuple(Marker(TimeRange(at, length), note, subject) for at, length, note, subject in markers)
    return LoggedClip(clip, "ready", dict(values), marks)


def media(*clips: LoggedClip, proxies: bool = True) -> dict[str, Media]:
    """Where those clips lie: `/film/CARD/NAME`, and a proxy of each."""
    return {
        clip.clip.id: media_of(
            clip.clip, {1: "/film"}, proxy=f"/film/proxies/{clip.clip.card}/{clip.clip.name}" if proxies else None
        )
        for clip in clips
    }


def settings(rate="25", start="01:00:00:00", *, drop=False, **others) -> CutSettings:
    speed = RATES[rate] if isinstance(rate, str) else rate
    return replace(CutSettings("cut", Timecode.parse(start, speed, drop_frame=drop)), **others)


@dataclass(frozen=True)
class ReadEdit:
    """One event as an independent reader found it."""

    reel: str
    video: bool
    channels: tuple[int, ...]
    source: tuple[str, str]
    record: tuple[str, str]
    name: str
    how: tuple[str, int] = ("C", 0)
    number: int = 0


def read_edl(text: str) -> list[ReadEdit]:
    """The events by pycmx, which must understand every line."""
    plain = [line for line in text.splitlines() if not line.startswith("M2 ")]  # which pycmx knows nothing of
    parsed = pycmx.parse_cmx3600(io.StringIO("\n".join(plain)))
    assert [line.content for line in parsed.unrecognized_statements] == []
    return [
        ReadEdit(
            edit.source,
            edit.channels.video,
            tuple(sorted(edit.channels.channels)),
            (edit.source_in, edit.source_out),
            (edit.record_in, edit.record_out),
            edit.clip_name,
            (edit.transition.transition, int(edit.transition.operand or 0)),
            event.number,
        )
        for event in parsed.events
        for edit in event.edits
    ]


_MOTION = re.compile(r"M2 +(\S+) +(-?\d+\.\d) +(\S+)")


def read_motions(text: str) -> dict[int, list[tuple[str, Fraction, str]]]:
    """Reel, frames a second and first frame of each M2 line, by the number of its event."""
    found: dict[int, list[tuple[str, Fraction, str]]] = {}
    number = 0
    for line in text.splitlines():
        event, motion = re.match(r"(\d+)  ", line), _MOTION.fullmatch(line)
        number = int(event[1]) if event else number
        if line.startswith("M2"):
            assert motion, line
            found.setdefault(number, []).append((motion[1], Fraction(motion[2]), motion[3]))
    return found


_COLUMNS = re.compile(r"\d{3,}  (\S+) +(\S+) +C {8}(\S+) (\S+) (\S+) (\S+)")


def read_columns(text: str) -> list[tuple[str, str, str, str, str]]:
    """Reel and labels by plain columns, for rates whose labels no other reader takes."""
    rows = (_COLUMNS.fullmatch(line) for line in text.splitlines())
    return [(row[1], row[3], row[4], row[5], row[6]) for row in rows if row]


def count_label(text: str, nominal: int) -> int:
    """Frames since midnight by the words of ST 12-1, written without a look at the code under test."""
    hours, minutes, seconds, frames = (int(part) for part in re.split("[:;]", text))
    total = ((hours * 60 + minutes) * 60 + seconds) * nominal + frames
    if ";" in text:
        minutes += hours * 60
        total -= (nominal // 15) * (minutes - minutes // 10)
    return total
