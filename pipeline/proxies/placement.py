"""How many ffmpeg processes at once, and how many threads each: a rule out of measurement.

Measured on 2 cores with UHD H.264 to 1080p ProRes (benchmarks/proxies.py): one process leaves a
quarter of the machine idle however many threads it has, because its filters run one after another;
two processes of two threads fill it. The CPU time is the same for all.
"""

import math
from dataclasses import dataclass

from pipeline.clip import Clip


@dataclass(frozen=True, slots=True)
class Hands:
    """`processes` side by side, each with `threads` for its decoder and as many for its encoder."""

    processes: int
    threads: int


def hands_for(cores: int, jobs: int = 0) -> Hands:
    """The placement for a machine; `jobs` above 0 is a person's word on the number of processes."""
    processes = jobs or min(cores, max(2, cores // 2))
    return Hands(processes, -(-2 * cores // processes))


def effort(clip: Clip) -> float:
    """How long a clip keeps a hand, to compare clips: pixels to decode. Sound is soon done, unknown length never."""
    video = clip.facts.video
    if video is None:
        return 0.0
    return (float(clip.duration) or math.inf) * (video.width or 1) * (video.height or 1)
