"""All benchmarks in one go: `make bench`. The machine is named first; the exit code is 1 where a limit is missed."""

import os
import platform
import subprocess
import sys
from pathlib import Path

PARTS = ("facts.py", "proxies.py", "ingest.py", "catalogue.py", "timeline.py")


def main() -> int:
    print(f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    missed = []
    for part in PARTS:
        print(f"\n== {part.removesuffix('.py')}", flush=True)
        if subprocess.run([sys.executable, Path(__file__).with_name(part)], check=False).returncode:
            missed.append(part)
    print(f"\nlimits missed in: {', '.join(missed)}" if missed else "\nevery limit is kept")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
