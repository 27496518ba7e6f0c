"""Keeps what the pages show true: runs the commands of their code blocks on a demo film, writes the table of fields.

In a block, a line that begins with `$ rushes` is a command and what follows is what it printed; a line that begins
with `rushes` is only run. `python docs/real_output.py` writes what commands print now into the pages; a test does the
same and compares. A line `...` stands for lines left out, and stays.
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from pipeline.fields import FIELDS

ROOT = Path(__file__).parent.parent
PAGES = ("producer.md", "editor.md")
PLACE = "/films/demo-film"
# What the table of fields says beside the help of the code.
HINTS = {
    "shoot_day": " (`shot` for short)",
    "camera": "; always compared whole",
    "rate": ": `29.97` or `30000/1001`",
    "subject": "; any number",
    "tag": "; any number",
    "status": "; see [the states](assistant-editor.md#what-came-in)",
}
_TABLE = re.compile(
    r"(?<=^\| field \| what it holds \| by hand \|\n\| --- \| --- \| --- \|\n)(?:\|.*\n)*", re.MULTILINE
)
_BLOCK = re.compile(r"^```\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def rushes(arguments: list[str], folder: Path) -> tuple[int, str]:
    """Run one command in `folder`: its exit code, and stdout and stderr as a terminal shows them."""
    own = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "LANG": "C.UTF-8", "HOME": str(folder)}
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli.main", *arguments],
        cwd=folder, env=os.environ | own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout


def demo_film(folder: Path) -> Path:
    """A demo film in `folder`."""
    code, said = rushes(["demo", str(folder / "demo-film")], folder)
    if code:
        raise RuntimeError(said)
    return folder / "demo-film"


def commands_of(page: str) -> Iterator[tuple[str, list[str], bool]]:
    """(command line, what the page shows of its output, whether it is shown at all), in the order of the page."""
    for block in _BLOCK.findall(page):
        lines = block.splitlines()
        for number, line in enumerate(lines):
            command = line.removeprefix("$ ")
            if not command.startswith("rushes "):
                continue
            shown = []
            for after in lines[number + 1 :]:
                if after.startswith(("$ ", "rushes ")) and not after.startswith("rushes: "):
                    break
                shown.append(after.rstrip())
            yield command, shown, line.startswith("$ ")


def printed(command: str, film: Path) -> list[str]:
    """The lines that a command prints, without what differs from machine to machine."""
    _, said = rushes(shlex.split(command, comments=True)[1:], film)
    said = said.replace(str(film), PLACE)
    said = re.sub(r"person: \w+, [-\d]{10}, undo \w+", "person: you, 2019-10-21, undo 9d51f20c", said)
    said = re.sub(r"(rushes undo )[0-9a-f]{8}", r"\g<1>30da9e73", said)
    return [line.rstrip() for line in said.splitlines()]


def shortened(said: list[str], shown: list[str]) -> list[str]:
    """`said` with the lines left out that the page leaves out: all from the first `...` to the line behind it."""
    if "..." not in (line.strip() for line in shown):
        return said
    gap = next(number for number, line in enumerate(shown) if line.strip() == "...")
    tail = len(shown) - gap - 1
    return [*said[:gap], shown[gap], *(said[-tail:] if tail else [])]


def field_rows() -> str:
    """The rows of the table of fields."""
    rows = ((f.name, f.help + HINTS.get(f.name, ""), " yes" if f.origin == "log" else "") for f in FIELDS)
    return "".join(f"| `{name}` | {words} |{by_hand} |\n" for name, words, by_hand in rows)


def with_fields(page: str) -> str:
    """The page with the table of fields as it must be."""
    return _TABLE.sub(lambda _: field_rows(), page)


def main() -> None:
    """Rewrite the pages with what commands print now."""
    for name in PAGES:
        page = ROOT / "docs" / name
        text = with_fields(page.read_text(encoding="utf-8"))
        with tempfile.TemporaryDirectory() as folder:
            film = demo_film(Path(folder))
            for command, shown, is_shown in commands_of(text):
                said = printed(command, film)
                if is_shown:
                    old = "\n".join([f"$ {command}", *shown])
                    text = text.replace(old, "\n".join([f"$ {command}", *shortened(said, shown)]), 1)
        page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
