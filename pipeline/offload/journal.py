"""What of a copy is safe and what was read back, kept beside the copy while it is being made.

One line of JSON for each step of a file, written and made safe after the step. A line that a kill cut off is none.
"""

import json
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path

from pipeline.clip import Stamp
from pipeline.faults import reached
from pipeline.files import path_error

NAME = ".rushes-journal"


@dataclass(frozen=True, slots=True)
class Kept:
    """A file that is safe: size and time of change as on the card, hashes as read from it; `verified`: read back."""

    size: int
    mtime_ns: int
    hashes: dict[str, str]
    verified: bool = False

    def is_of(self, stamp: Stamp) -> bool:
        return (self.size, self.mtime_ns) == stamp.written


@dataclass(slots=True)
class Journal:
    """The journal of one copy; `files` by path below the card."""

    path: Path
    files: dict[bytes, Kept]
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, path: bytes, kept: Kept) -> None:
        """Keep a step; raises the refusal of the disk."""
        line = {
            "path": os.fsdecode(path), "size": kept.size, "mtime_ns": kept.mtime_ns, "hashes": kept.hashes,
            "verified": kept.verified,
        }  # fmt: skip
        with self._lock:
            try:
                reached("offload.note")
                with self.path.open("ab") as file:
                    file.write(json.dumps(line).encode() + b"\n")
                    file.flush()  # all of it, or an error
                    reached("offload.note_sync")
                    os.fsync(file.fileno())
            except OSError as error:
                raise path_error(error, self.path) from error
            self.files[path] = kept

    def forget(self, path: bytes) -> None:
        """A file whose copy is not what was read: it is copied again."""
        self.note(path, Kept(-1, 0, {}))


def open_journal(folder: Path) -> Journal:
    """The journal in a copy's folder; empty where there is none yet."""
    path = folder / NAME
    files: dict[bytes, Kept] = {}
    try:
        lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
    except OSError as error:
        raise path_error(error, path) from error
    for line in lines:
        try:
            said = json.loads(line)
            kept = Kept(int(said["size"]), int(said["mtime_ns"]), dict(said["hashes"]), bool(said["verified"]))
            files[os.fsencode(said["path"])] = kept
        except (ValueError, KeyError, TypeError):
            continue  # cut off by a kill: that step is done again
    if lines and not path.read_bytes().endswith(b"\n"):
        with path.open("ab") as file:
            file.write(b"\n")
    return Journal(path, files)
