"""Where media lie on the editor's machine: every path of a timeline is written anew here, before any writer sees it.

Paths stay bare: a writer whose format holds URLs makes them (`xml_text.path_url`). What lies on a drive or share of
Windows has backslashes.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from opentimelineio.schema import ExternalReference, Timeline

from pipeline.editorial.exports.xml_text import path_url
from pipeline.editorial.shots import named
from pipeline.errors import ValueRefused
from pipeline.settings import check_map

_PARTED = re.compile(r"=(?=/|\\\\|[A-Za-z]:(?:[\\/]|$))")  # the sign before a whole path: names may hold others
_WINDOWS = re.compile(r"[A-Za-z]:|[\\/]{2}")
# What names on Windows cannot hold (Microsoft, "Naming Files, Paths, and Namespaces").
_FORBIDDEN = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ]$|^(con|prn|aux|nul|com[1-9]|lpt[1-9])(\.|$)', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Placed:
    """A timeline with the paths of another place, and a sentence for each thing that an editor should know of them."""

    timeline: Timeline
    sentences: tuple[str, ...] = ()


def read_map(text: str) -> tuple[str, str]:
    """`FROM=TO` as what paths begin with here and there; raises ValueRefused."""
    here, *there = _PARTED.split(text, maxsplit=1)
    if not there:
        raise ValueRefused(f"'{text}' maps no path; write FROM=TO with whole paths, as /films=/Volumes/RAID/films.")
    check_map(here, there[0])
    return here, there[0]


def mapped(path: str, maps: Mapping[str, str]) -> str:
    """A path as the editor's machine has it: the longest beginning that fits is replaced, else it stays."""
    for here in sorted(maps, key=len, reverse=True):
        stem = here.rstrip("/")
        if path == stem or path.startswith(f"{stem}/"):
            return _joined(maps[here], path[len(stem) :])
    return path


def elsewhere(timeline: Timeline, maps: Mapping[str, str]) -> Placed:
    """The timeline with every path mapped; what is not below a mapped folder is named."""
    if not maps:
        return Placed(timeline)
    placed, changes = _rewritten(timeline, lambda path: mapped(path, maps))
    return Placed(placed, tuple(_told(changes, maps)))


def beside(timeline: Timeline, home: str, folder: str) -> Placed:
    """The timeline with paths below `home` relative to `folder`, `/` between parts; others stay and are named.

    Both are absolute, and `folder` is where the timeline file will lie.
    """
    below = home.rstrip("/") + "/"

    def relative(path: str) -> str:
        return os.path.relpath(path, folder) if path.startswith(below) else path

    if not f"{folder}/".startswith(below):
        return Placed(timeline, (f"Paths stay absolute: this folder is not in the film folder {home}.",))
    placed, changes = _rewritten(timeline, relative)
    kept = [path for path, now in changes.items() if path == now]
    if not kept:
        return Placed(placed)
    return Placed(placed, (f"Media outside the film folder keep absolute paths: {named(_names(kept))}.",))


def _rewritten(timeline: Timeline, change: Callable[[str], str]) -> tuple[Timeline, dict[str, str]]:
    """A copy of the timeline with all paths changed, and each path with what became of it."""
    timeline = timeline.clone()
    changes: dict[str, str] = {}
    for clip in timeline.find_clips():
        for reference in clip.media_references().values():
            if isinstance(reference, ExternalReference):
                path = reference.target_url
                changes[path] = changes.get(path) or change(path)
                reference.target_url = changes[path]
        file = clip.metadata.get("rushes", {}).get("file", {})
        if "url" in file:  # a path that is no UTF-8
            file["url"] = path_url(change(os.fsdecode(unquote_to_bytes(file["url"].removeprefix("file://")))), "")
    return timeline, changes


def _joined(there: str, rest: str) -> str:
    if _WINDOWS.match(there):
        return there.replace("/", "\\").rstrip("\\") + rest.replace("/", "\\")
    return there.rstrip("/") + rest


def _told(changes: Mapping[str, str], maps: Mapping[str, str]) -> Iterator[str]:
    kept = [path for path, now in changes.items() if path == now]
    if kept:
        yield f"Media outside the mapped folders keep their paths: {named(_names(kept))}."
    for here, there in maps.items():
        stem = here.rstrip("/") + "/"
        names = {path: path.removeprefix(stem).split("/") for path in changes if path.startswith(stem)}
        wrong = [path for path, parts in names.items() if any(map(_FORBIDDEN.search, parts))]
        if wrong and _WINDOWS.match(there):
            yield f"Names that Windows cannot hold, so these files have others there: {named(_names(wrong))}."


def _names(paths: list[str]) -> list[str]:
    return [path.rpartition("/")[2] for path in paths]
