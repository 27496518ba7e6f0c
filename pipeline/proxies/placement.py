"""How many ffmpeg processes at once, and how many threads each: a rule out of measurement.

Measured by codec and size (benchmarks/placement.py): one process leaves a quarter of two cores idle however
many threads it has, because its filters run one after another; a process for each of two cores is as good as
any placement, for UHD as for HD, H.264 as HEVC or intra codecs, so the rule asks for neither. The CPU time is the
same for all.
"""

import math

from pipeline.clip import Clip


def processes_for(cores: int, jobs: int = 0) -> int:
    """How many clips are made side by side on a machine; `jobs` above 0 is a person's word on it."""
    return jobs or min(cores, max(2, cores // 2))


def threads_for(cores: int, at_once: int) -> int:
    """Threads of a clip's decoder, and as many of its encoder, where so many clips are made at once.

    As many in all as there are cores; twice as many took up to 6 % longer.
    """
    return -(-cores // at_once)


def effort(clip: Clip) -> float:
    """How long a clip keeps a hand, to compare clips: pixels to decode. Sound is soon done, unknown length never."""
    video = clip.facts.video
    if video is None:
        return 0.0
    return (float(clip.duration) or math.inf) * (video.width or 1) * (video.height or 1)
