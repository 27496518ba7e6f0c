"""The time of editing: at which rate a clip is cut, and how many frames it then has."""

from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

from pipeline.clip import Clip, Facts, Source
from pipeline.timecode import STANDARD_RATES, Rate


def editing_time(facts: Facts) -> tuple[Rate | None, int | None]:
    """Rate and frames. Variable rate becomes the nearest standard rate; sound counts at its timecode rate."""
    if facts.video is None:
        return facts.timecode_rate, _sound_frames(facts)
    video = facts.video
    if video.rate is not None or video.average_rate is None:
        return video.rate, video.frames
    rate = Rate.of(min(STANDARD_RATES, key=lambda standard: abs(standard - video.average_rate.fraction)))  # type: ignore[union-attr]
    if video.frames is None:
        return rate, None
    return rate, round(video.average_rate.seconds(video.frames) * rate.fraction)


def frames_edited(facts: Facts, pictures: int, average: Fraction | None) -> int | None:
    """How many frames of editing so many pictures are; `average` a second, where they have no constant rate."""
    if facts.video is None:
        return None
    rate, frames = editing_time(replace(facts, video=replace(facts.video, frames=pictures)))
    if facts.video.rate is None and rate and average:
        return round(pictures / average * rate.fraction)
    return frames


def counted(clip: Clip, lengths: Mapping[str, int | None]) -> Clip:
    """The clip, its length known where it was not: `lengths` are frames of editing by the quick identity of a part."""
    if clip.frames is not None or clip.facts.video is None:
        return clip
    parts = tuple(
        part if part.frames is not None else replace(part, frames=lengths.get(part.quick)) for part in clip.parts
    )
    known = [part.frames for part in parts if part.frames is not None]
    if len(known) < len(parts):
        return replace(clip, parts=parts)
    facts, total = clip.facts, sum(known)
    if clip.facts.video.rate is not None:
        sources = (*facts.sources, Source("frames", "counted while the file was read"))
        facts = replace(facts, video=replace(clip.facts.video, frames=total), sources=sources)
    return replace(clip, parts=parts, facts=facts, frames=total)


def _sound_frames(facts: Facts) -> int | None:
    """Whole frames that the sound fills, the last one counted if it is begun."""
    if (
        not facts.audio
        or facts.timecode_rate is None
        or facts.audio[0].samples is None
        or not facts.audio[0].sample_rate
    ):
        return None
    length = Fraction(facts.audio[0].samples, facts.audio[0].sample_rate)
    return -((-length * facts.timecode_rate.fraction).__floor__())
