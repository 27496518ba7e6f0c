"""Draws docs/demo.svg, a few commands on a terminal of 110 columns, and docs/stills.jpg, stills of the demo film.

`python docs/make_picture.py` makes both again from a real run (Linux and macOS: it needs a pseudo-terminal). Nothing is
painted by hand; of the demo only the part below one heading is shown, and `...` says so.
"""

import json
import os
import pty
import re
import shlex
import struct
import subprocess
import sys
import tempfile
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

import imageio_ffmpeg
from rich.console import Console
from rich.text import Text

ROOT = Path(__file__).parent.parent
COLUMNS = 110
ROWS = 50
# What is typed, and the heading of the demo below which its output is shown.
SESSION = (
    ("rushes demo", "Ingest"),
    ("rushes log location:vienna --columns name,camera,subject,start_timecode,rate,duration,rating", ""),
    ("rushes log --group-by location,unit", ""),
    ("rushes cut coach subject:coach --as intercut --by location", ""),
    ("rushes export coach --for premiere", ""),
)
# The clips of the contact sheet, one row each.
SHEET = (
    "C0001.MP4",
    "B001C001_190814_R2KE.mov",
    "DJI_0004.MP4",
    "GX010123.MP4",
    "IMG_0007.MOV",
    "A001C002_191012_R1AB.mov",
)
_CONTROL = re.compile(r"(\n|\x1b\[\d*A|\x1b\[2K)")


def recorded(arguments: list[str], folder: Path) -> str:
    """What a command writes to a terminal, with its control sequences."""
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(folder)
        size = {"TERM": "xterm-256color", "COLUMNS": str(COLUMNS), "LINES": str(ROWS)}
        os.execve(
            sys.executable,
            [sys.executable, "-m", "pipeline.cli.main", *arguments],
            os.environ | size | {"PYTHONPATH": str(ROOT)},
        )
    ioctl(terminal, TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    said = b""
    while True:
        try:
            more = os.read(terminal, 65536)
        except OSError:  # Linux says so when the other end has closed
            break
        if not more:
            break
        said += more
    _, status = os.waitpid(child, 0)
    os.close(terminal)
    if status:
        raise RuntimeError(said.decode())
    return said.decode()


def settled(said: str) -> list[str]:
    """The lines that stand in the end: progress bars go up and write over themselves."""
    lines, row = [""], 0
    for token in _CONTROL.split(re.sub(r"\x1b\[\?25[lh]|\r", "", said)):
        if token == "\n":
            row += 1
            lines += [""] * (row - len(lines) + 1)
        elif token.endswith("A") and token.startswith("\x1b["):
            row = max(0, row - int(token[2:-1] or 1))
        elif token == "\x1b[2K":
            lines[row] = ""
        else:
            lines[row] += token
    while lines and not lines[-1].strip():
        lines.pop()
    return [line.rstrip() for line in lines]


def below(heading: str, lines: list[str]) -> list[str]:
    """The lines of one part of the demo, from its underlined heading to the next."""
    if not heading:
        return lines
    starts = [number for number, line in enumerate(lines) if line and set(line) == {"-"}]
    first = next(number for number in starts if lines[number - 1].startswith(heading))
    last = next(number for number in starts if number > first)
    return ["...", *lines[first + 1 : last - 2], "..."]


def without_fonts(picture: str) -> str:
    """The picture with the reader's own monospaced font: it loads nothing from elsewhere."""
    picture = re.sub(r"@font-face \{.*?\}", "", picture, flags=re.DOTALL)
    picture = re.sub(r"<!--.*?-->", "", picture, flags=re.DOTALL)
    picture = picture.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, DejaVu Sans Mono, monospace")
    return re.sub(r"\n\s*\n", "\n", picture)


def sheet_of(film: Path, target: Path) -> None:
    """A contact sheet: poster and filmstrip of one clip a row."""
    listed = subprocess.run(
        [sys.executable, "-m", "pipeline.cli.main", "log", "kind:picture", "--json", "--columns", "id,name"],
        cwd=film, env=os.environ | {"PYTHONPATH": str(ROOT)}, stdout=subprocess.PIPE, check=True,
    )  # fmt: skip
    ids = {row["name"]: row["id"] for row in json.loads(listed.stdout)}
    inputs: list[str] = []
    graph = []
    for number, name in enumerate(SHEET):
        for kind in ("poster", "filmstrip"):
            inputs += ["-i", str(film / "stills" / ids[name][:2] / f"{ids[name]}.{kind}.jpg")]
        fitted = "force_original_aspect_ratio=decrease,pad={0}:(ow-iw)/2:(oh-ih)/2:color=0x1e1e1e"
        graph.append(f"[{2 * number}]scale=200:112:{fitted.format('208:120')}[p{number}]")
        graph.append(f"[{2 * number + 1}]scale=992:112:{fitted.format('1000:120')}[f{number}]")
        graph.append(f"[p{number}][f{number}]hstack,setsar=1[r{number}]")
    graph.append("".join(f"[r{number}]" for number in range(len(SHEET))) + f"vstack={len(SHEET)}")
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-y", *inputs, "-filter_complex", ";".join(graph)]
    subprocess.run([*command, "-frames:v", "1", "-q:v", "4", "-update", "1", str(target)], check=True)


def main() -> None:
    """Run the session and draw it."""
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(record=True, width=COLUMNS, file=nowhere, force_terminal=True, color_system="256")
        here, place = Path(folder).resolve(), ""
        for typed, heading in SESSION:
            console.print(Text.assemble(("$ ", "green"), (typed, "bold")))
            said = recorded(shlex.split(typed)[1:], here / place).replace(str(here), "/films")
            for line in [*below(heading, settled(said)), ""]:
                console.print(Text.from_ansi(line), no_wrap=True, crop=True)
            place = "demo-film"
        sheet_of(here / place, ROOT / "docs" / "stills.jpg")
        picture = without_fonts(console.export_svg(title="from card to cut", unique_id="demo"))
    (ROOT / "docs" / "demo.svg").write_text(picture, encoding="utf-8")


if __name__ == "__main__":
    main()
