"""All benchmarks in one go: `make bench`. The machine is named first; the exit code is 1 where a limit is missed."""

import os
import platform
import subprocess
import sys
import time
from pathlib import Path

PARTS = (
    "facts.py",
    "proxies.py",
    "placement.py",
    "mixed.py",
    "ingest.py",
    "catalogue.py",
    "timeline.py",
    "returning.py",
    "conforming.py",
    "offload.py",
)


def main() -> int:
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    missed = []
    began = time.monotonic()
    for part in PARTS:
        print(f"\n== {part.removesuffix('.py')}", flush=True)
        so_far = time.monotonic()
        if subprocess.run([sys.executable, Path(__file__).with_name(part)], check=False).returncode:
            missed.append(part)
        print(f"({time.monotonic() - so_far:.0f} s)", flush=True)
    print(f"\n{(time.monotonic() - began) / 60:.0f} minutes in all")
    print(f"\nlimits missed in: {', '.join(missed)}" if missed else "\nevery limit is kept")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
