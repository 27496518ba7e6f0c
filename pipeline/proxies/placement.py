"""How many ffmpeg processes at once, and how many threads each: a rule out of measurement (benchmarks/proxies.py)."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hands:
    """`processes` side by side, each with `threads` for its decoder and as many for its encoder."""

    processes: int
    threads: int


def hands_for(cores: int, jobs: int = 0) -> Hands:
    """The placement for a machine; `jobs` above 0 is a person's word on the number of processes."""
    processes = jobs or max(1, cores // 2)
    return Hands(processes, max(1, -(-cores // processes)))
