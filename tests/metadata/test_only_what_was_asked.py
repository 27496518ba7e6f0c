"""Reading facts opens the file that was asked for and its sidecars, nothing else, and makes no socket.

strace looks at the whole tree of processes, MediaInfo's too. What the program itself needs is told
apart by a rule that can hide no footage: code in Python's own trees, and those very paths that a run
over a harmless recording opens as well.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.ingest.anywhere import sidecars_in

ROOT = Path(__file__).parents[2]
OWN_SAMPLES = ROOT / "sample_media"
CODE_TREES = tuple(str(Path(tree)) + "/" for tree in {sys.prefix, sys.base_prefix, str(ROOT / "pipeline")})
CODE = (".py", ".pyc", ".pth", ".zip", "/METADATA", "/entry_points.txt")
OPENS = ("open", "openat", "openat2", "creat", "open_by_handle_at")
OTHERS = ("socket", "socketpair", "connect", "bind", "sendto")
CALL = re.compile(
    r'^(?P<pid>\d+) +(?P<call>\w+)\((?:AT_FDCWD<(?P<here>[^>]*)>, )?(?:"(?P<path>[^"]*)", )?(?P<rest>.*)$'
)
LED_TO = re.compile(r" = \d+<(.*)>$")


@dataclass(frozen=True)
class Opened:
    path: str
    folder: bool


def traced(out: Path, *files: Path) -> tuple[list[Opened], list[str]]:
    """What `rushes facts` over these files opens or tries to, and the lines of calls that make or use a socket."""
    command = [
        "strace", "-f", "-qq", "-y", "-s", "8192", "-e", "signal=none",
        "-e", f"trace={','.join('?' + call for call in (*OPENS, *OTHERS))}", "-o", out,
        sys.executable, "-m", "pipeline.cli.main", "facts", "--json", *files,
    ]  # fmt: skip
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode in (0, 1), run.stderr
    assert run.stdout.startswith("{")
    lines = out.read_text(errors="surrogateescape").splitlines()
    calls = [match for line in lines if (match := CALL.match(line))]
    opened = [opening(match) for match in calls if match["call"] in OPENS]
    return opened, [match[0] for match in calls if match["call"] in OTHERS]


def opening(call: re.Match) -> Opened:
    """By the path it led to, or by the name that was tried; the kernel's own files by the name."""
    assert call["path"] is not None, call[0]
    name = str(Path(call["here"] or "/", unescaped(call["path"])))
    found = LED_TO.search(call["rest"])
    led_to = unescaped(found[1]) if found and not name.startswith("/proc/self/") else name
    return Opened(led_to, "O_DIRECTORY" in call["rest"])


def unescaped(text: str) -> str:
    raw = text.encode("utf-8", "surrogateescape").decode("latin-1").encode("latin-1", "backslashreplace")
    return os.fsdecode(raw.decode("unicode_escape").encode("latin-1"))


def is_code(opened: Opened) -> bool:
    """Modules, libraries and folders of Python's own trees; shared libraries by name, wherever they are looked for."""
    inside = (opened.path + "/").startswith(CODE_TREES)
    library = re.search(r"\.so[.\d]*$", opened.path) is not None
    return library or (inside and (opened.folder or opened.path.endswith(CODE)))


@pytest.fixture(scope="module")
def needed(tmp_path_factory) -> frozenset[str]:
    """What a run over a harmless recording opens that is neither code nor the recording: locale, ld.so.cache..."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    out = tmp_path_factory.mktemp("strace")
    clip = out / "harmless.aiff"
    clip.write_bytes(b"FORM\0\0\0\x1eAIFFCOMM\0\0\0\x12" + bytes(18))  # for MediaInfo, too
    movie = next(OWN_SAMPLES.rglob("*.MOV"))
    opened, sockets = traced(out / "log", clip, movie)
    assert not sockets
    return frozenset(each.path for each in opened if not is_code(each)) - {
        str(clip), str(movie), str(out), str(movie.parent),
    }  # fmt: skip


def foreign(opened: list[Opened], files: list[Path], needed: frozenset[str]) -> list[str]:
    """What was opened although neither the file then read nor one of its sidecars; files are read in order."""
    folders = {str(file.parent) for file in files}
    beside = {file: sidecars_in(file.parent).get(file, ()) for file in files}
    at, wrong = 0, []
    for each in opened:
        if is_code(each) or each.path in needed or (each.folder and each.path in folders):
            continue
        path = Path(each.path)
        if path in files[at:] and path not in beside[files[at]]:
            at = files.index(path, at)
        elif path not in beside[files[at]]:
            wrong.append(each.path)
    return wrong


def test_the_test_sees_a_foreign_file_and_a_socket(tmp_path, needed):
    asked, other = tmp_path / "asked.mov", tmp_path / "other.mov"
    seen = [Opened(str(asked), folder=False), Opened(str(other), folder=False), Opened("/etc/passwd", folder=False)]
    assert foreign(seen, [asked], needed) == [str(other), "/etc/passwd"]
    out = tmp_path / "log"
    program = "import socket, pathlib; socket.socket(); pathlib.Path('/etc/passwd').open().close()"
    subprocess.run(
        ["strace", "-f", "-y", "-o", out, sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    calls = [match for line in out.read_text().splitlines() if (match := CALL.match(line))]
    assert any(match["call"] == "socket" for match in calls)
    opened = [opening(match) for match in calls if match["call"] in OPENS]
    assert "/etc/passwd" in [each.path for each in opened]
    assert "/etc/passwd" not in needed


@pytest.mark.parametrize("kind", ["camera", "containers", "sound", "sidecars", "hostile"])
def test_no_other_file_is_opened_and_no_socket_made(samples, tmp_path, needed, kind):
    files = sorted(path.resolve() for path in (samples / kind).rglob("*") if path.is_file())
    opened, sockets = traced(tmp_path / "log", *files)
    assert not sockets
    assert {each.path for each in opened} >= {str(file) for file in files}, "strace saw every file"
    assert foreign(opened, files, needed) == []


def test_a_recording_that_names_other_files_leads_to_none_of_them(tmp_path, needed):
    """A playlist of each kind beside a file that must stay closed, under the names of footage."""
    (tmp_path / "secret.mov").write_bytes(next(OWN_SAMPLES.rglob("*.MOV")).read_bytes())
    playlist = b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:10.0,\nsecret.mov\nhttp://127.0.0.1:9/x\n#EXT-X-ENDLIST\n"
    (tmp_path / "list.mov").write_bytes(playlist)
    (tmp_path / "list.avi").write_bytes(b"RIFF\xff\0\0\0AVI LIST\0\0\0\0strhvids" + playlist)
    (tmp_path / "concat.mp4").write_bytes(b"ffconcat version 1.0\nfile secret.mov\n")
    entity = (
        b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "secret.mov">]><NonRealTimeMeta>&e;</NonRealTimeMeta>'
    )
    (tmp_path / "entity.xml").write_bytes(entity)
    files = sorted(path for path in tmp_path.iterdir() if path.name != "secret.mov")
    opened, sockets = traced(tmp_path.parent / f"{tmp_path.name}.log", *files)
    assert not sockets
    assert foreign(opened, files, needed) == []
