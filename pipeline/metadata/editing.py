"""The time of editing: at which rate a clip is cut, and how many frames it then has."""

from fractions import Fraction

from pipeline.clip import Facts
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
