"""What holds reading back: a share of the bandwidth of shared storage, and a pause."""

import time
from collections.abc import Callable, Sequence

_POLL = 0.1  # seconds between two looks whether to go on


def reined(
    feeds: Sequence[Callable[[memoryview], None]],
    bandwidth: float,
    cancelled: Callable[[], bool],
    paused: Callable[[], bool],
) -> Callable[[memoryview], None]:
    """What hands each chunk read to all `feeds`, then waits: `bandwidth` in bytes a second (0: no limit)."""
    due = time.monotonic()

    def wait(chunk: memoryview) -> None:
        nonlocal due
        for feed in feeds:
            feed(chunk)
        due = max(due + len(chunk) / bandwidth, time.monotonic()) if bandwidth else 0.0
        while (paused() or time.monotonic() < due) and not cancelled():
            time.sleep(_POLL if paused() else min(_POLL, max(0.0, due - time.monotonic())))

    return wait
