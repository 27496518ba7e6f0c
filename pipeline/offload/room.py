"""Free space, seen to before anything is written: for all the copies of a run together, whatever disk they share."""

import shutil
import threading
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.errors import DiskFull
from pipeline.files import one_line

_RESERVE = 1 << 30  # bytes that stay free on a target, or a hundredth of a small one


@dataclass(slots=True)
class Room:
    """What may still be taken of each disk, by its device number; cards that are copied at once share it.

    A disk is looked at before the first copy of the run takes of it: what is written later was taken then.
    """

    _left: dict[int, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def take(self, folder: Path, need: int) -> None:
        """Take so many bytes for a copy that grows in `folder`; raises DiskFull where there is no room for them."""
        with self._lock:
            device = folder.stat().st_dev
            if device not in self._left:
                disk = shutil.disk_usage(folder)
                self._left[device] = disk.free - min(_RESERVE, disk.total // 100)
            left = self._left[device]
            if need > left:
                raise DiskFull(
                    f"{one_line(folder.parent)} has room for {max(0, left) / 1e9:,.1f} GB and the card needs "
                    f"{need / 1e9:,.1f} GB more; free some space or name another disk."
                )
            self._left[device] = left - need
