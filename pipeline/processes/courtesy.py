"""How our programs and threads give way to the people at the machine: in line for CPU and disk, and when we die.

What a system lacks (nice, ionice, setpriv) is left out; the work is done all the same.
"""

import os
import shutil
import subprocess
import sys
import threading
from functools import cache

_LAST_IN_LINE = ("ionice", "-c", "2", "-n", "7")  # best effort, lowest: "idle" may wait for ever on a busy disk

_IF_WE_LIVE = ("/bin/sh", "-c", '[ "$PPID" = "$0" ] && exec "$@"')


def courteous(nice: int) -> list[str]:
    """What to put before a program so that it is polite and does not outlive us.

    PR_SET_PDEATHSIG fires when the *thread* that started the program ends: so that thread must wait. Whoever had died
    before it was set would never be missed: so the program is begun only where its parent still is this process.
    """
    patient = ["nice", "-n", str(nice)] if nice and shutil.which("nice") else []
    mortal = ["setpriv", "--pdeathsig", "KILL", "--", *_IF_WE_LIVE, str(os.getpid())] if dies_with_us() else []
    return [*mortal, *patient, *_last_in_line()]


def dies_with_us() -> bool:
    """Whether a program, even a stopped one, ends when we are killed."""
    return shutil.which("setpriv") is not None


def read_politely() -> None:
    """Put this thread last in line for the disk, as Linux lets one do for each; programs it starts inherit that."""
    if sys.platform == "linux" and _last_in_line():
        subprocess.run([*_last_in_line(), "-p", str(threading.get_native_id())], capture_output=True, check=False)


@cache
def _last_in_line() -> tuple[str, ...]:
    """What makes a program the last in line for the disk, where there is one and the system lets us."""
    if shutil.which("ionice") is None:
        return ()
    tried = subprocess.run([*_LAST_IN_LINE, "true"], stdin=subprocess.DEVNULL, capture_output=True, check=False)
    return _LAST_IN_LINE if tried.returncode == 0 else ()
