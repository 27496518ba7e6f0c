"""Named points at which a test kills this program or lets a call of the system fail.

RUSHES_FAULT=POINT:NUMBER:ACTION says what happens, and is read once. POINT is a name of POINTS or `*` for any; NUMBER
counts how often it is reached in this process, from 1 (`3+`: from the third time on). ACTION is `kill` (SIGKILL), the
name of an error (EIO, ENOSPC: raised as the call after the point would raise it, at CALLS alone), or `tell` (the name
of the point, a line on stderr). Our own children heed it too, each with a count of its own. It harms nobody but the
process that finds it in its own environment, whose owner could kill it anyway.
"""

import errno
import os
import signal
from itertools import count
from threading import Lock

# Each stands just before the call of the system that it is named after: that call may fail.
CALLS: tuple[str, ...] = (
    "room.make",
    "write.bytes",
    "publish.sync",
    "publish.rename",
    "publish.sync_folder",
    "new.sync",
    "new.link",
    "new.sync_folder",
    "folder.make",
    "folder.sync_above",
    "folder.sync",
    "folder.rename",
    "folder.sync_parent",
    "sweep.remove",
    "sweep.unheld",
    "export.write",
    "export.remove",
    "pull.open",
    "pull.write",
    "pull.sync",
    "pull.times",
    "offload.folders",
    "offload.open",
    "offload.write",
    "offload.times",
    "offload.sync",
    "offload.note",
    "offload.note_sync",
    "offload.read_back",
    "offload.tidy",
    "manifest.remove",
    "plain.remove",
    "keep.link",
    "keep.sync",
    "keep.remove",
    "aside.rename",
    "aside.remove",
    "mend.remove",
)
# Moments between two steps: the program can die there, but nothing can fail.
MOMENTS: tuple[str, ...] = (
    "settle.rests",
    "read.recording",
    "read.answer",
    "record.card",
    "record.sight",
    "record.hash",
    "record.products",
    "record.failure",
    "make.hash",
    "make.begin",
    "make.made",
    "make.publish",
    "log.write",
    "log.undo",
    "cut.save",
    "import.note",
    "export.publish",
    "export.table",
    "pull.table",
    "offload.copied",
    "offload.verified",
    "verify.note",
    "verify.end",
    "manifest.generation",
    "manifest.chain",
    "migrate.begin",
    "migrate.commit",
    "migrate.end",
    "catalogue.commit",
    "catalogue.committed",
    "room.leave",
    "plain.written",
    "backup.copy",
    "backup.copied",
    "restore.copied",
    "restore.replace",
    "restore.replaced",
    "keep.fold_in",
    "rebuild.recalled",
    "rebuild.taken",
    "rebuild.adopted",
    "rebuild.replaced",
    "mend.begin",
    "mend.mended",
)
POINTS = CALLS + MOMENTS

_POINT, _NUMBER, _ACTION = (os.environ.get("RUSHES_FAULT") or "::").split(":")
_FAILS = _ACTION not in ("", "kill", "tell")
_times = count(1)
_lock = Lock()


def reached(point: str) -> None:
    """Do what was asked for at this point; nothing where nothing was. Raises OSError where an error was asked for."""
    if _ACTION and _POINT in (point, "*") and not (_FAILS and point in MOMENTS):
        with _lock:
            time = next(_times)
        if time == int(_NUMBER.rstrip("+")) or (_NUMBER.endswith("+") and time > int(_NUMBER.rstrip("+"))):
            _act(point)


def _act(point: str) -> None:
    if _ACTION == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    elif _ACTION == "tell":
        os.write(2, f"{point}\n".encode())
    else:
        number = getattr(errno, _ACTION)
        raise OSError(number, os.strerror(number))
