"""What holds reading back: a share of the bandwidth of shared storage, and a pause."""

import time
from collections.abc import Callable, Sequence

_POLL = 0.1  # seconds between two looks whether to go on


class Ration:
    """So many bytes a second (0: no limit): what was read more quickly is rested for."""

    __slots__ = ("_bandwidth", "_due")

    def __init__(self, bandwidth: float) -> None:
        self._bandwidth = bandwidth
        self._due = time.monotonic() if bandwidth else 0.0

    def take(self, count: float) -> None:
        """So many bytes were read."""
        if self._bandwidth:
            self._due = max(self._due + count / self._bandwidth, time.monotonic())

    def left(self) -> float:
        """Seconds to rest; less than 0 where none are."""
        return self._due - time.monotonic()


def reined(
    feeds: Sequence[Callable[[memoryview], None]],
    bandwidth: float,
    cancelled: Callable[[], bool],
    paused: Callable[[], bool],
) -> Callable[[memoryview], None]:
    """What hands each chunk read to all `feeds`, then waits: `bandwidth` in bytes a second (0: no limit)."""
    ration = Ration(bandwidth)

    def wait(chunk: memoryview) -> None:
        for feed in feeds:
            feed(chunk)
        ration.take(len(chunk))
        while (paused() or ration.left() > 0) and not cancelled():
            time.sleep(_POLL if paused() else min(_POLL, max(0.0, ration.left())))

    return wait
