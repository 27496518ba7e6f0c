"""The folder an editor is given: files appear whole, and what an earlier export left there goes.

The film remembers in `.rushes/exports.json` what it wrote and how it looked then. Only what still looks so is removed:
a file that somebody changed, or that is not from here, is theirs.
"""

import json
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from pipeline.errors import RushesError
from pipeline.faults import reached
from pipeline.files import path_error, read_small, stamp_of
from pipeline.film import Film
from pipeline.publishing import publish_all, write_whole

_MOST = 64 << 20  # bytes of the table
_Looks = dict[str, list[int]]  # file name -> size, time of change


def hand_over(film: Film, folder: Path, cut: str, *, editor: str, contents: Mapping[str, Path]) -> tuple[Path, ...]:
    """Publish the finished files of a cut by their suffix, then remove what its last export for that suite left.

    The files lie on the disk of `folder`, where they become the cut's.
    """
    table = film.folder / ".rushes" / "exports.json"
    exports = _read(table)
    of_cut = exports.setdefault(_key(film, folder), {}).setdefault(cut, {})
    before = of_cut.pop(editor, {})
    files = tuple(folder / f"{cut}{suffix}" for suffix in contents)
    reached("export.publish")
    publish_all(tuple(zip(contents.values(), files, strict=True)))
    of_cut[editor] = {file.name: _look(file) for file in files}
    wanted = {name for looks in of_cut.values() for name in looks}
    for name, look in before.items():
        if name not in wanted:
            _remove(folder / name, look)
    reached("export.table")
    write_whole(table, json.dumps(exports, indent=1).encode())
    return files


def _key(film: Film, folder: Path) -> str:
    """A folder in the film by its path there, so that the film can be moved."""
    place = folder.absolute()
    return str(place.relative_to(film.folder)) if place.is_relative_to(film.folder) else str(place)


def _look(file: Path) -> list[int]:
    stamp = stamp_of(file)
    return [stamp.size, stamp.mtime_ns]


def _remove(file: Path, look: list[int]) -> None:
    with suppress(RushesError):  # gone, or no file any more
        if _look(file) == look:
            try:
                reached("export.remove")
                file.unlink()
            except OSError as error:
                raise path_error(error, file) from error


def _read(table: Path) -> dict[str, dict[str, dict[str, _Looks]]]:
    """What was written: folder -> cut -> suite -> files; nothing where the table is missing or was spoilt."""
    try:
        exports: dict[str, dict[str, dict[str, _Looks]]] = json.loads(read_small(table, _MOST))
    except (RushesError, ValueError, RecursionError):
        return {}
    return exports
