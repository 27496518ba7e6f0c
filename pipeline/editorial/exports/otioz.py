"""An .otioz bundle: the timeline and its media in one file, as OTIO's own reader opens it.

Ours because the stock writer refuses two files of the same name (every card holds a C0001) and
leaves absolute paths of this machine in what is not bundled. Media are stored, not squeezed.
"""

import re
import zipfile
from pathlib import Path
from typing import Any

from opentimelineio.schema import ExternalReference, MissingReference, Timeline

from pipeline.editorial.assembly import activate
from pipeline.editorial.exports.written import MEDIA_KEYS, ExportOptions, Written, WrittenFile
from pipeline.errors import ExportRefused

_VERSION = "1.0.0"  # of the bundle's layout: version.txt, content.otio, media/
_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")  # what a URL would have to escape


def write(timeline: Timeline, options: ExportOptions) -> Written:
    """Make the bundle in `options.folder`; proxies unless originals are asked for.

    Sound without a proxy comes as its original. Raises ExportRefused that names the first clip whose
    file is missing; OSError (a full disk) is the caller's, who owns the folder.
    """
    wanted = options.media or "proxy"
    bundled = timeline.clone()
    activate(bundled, MEDIA_KEYS[wanted])
    names = _relink(bundled, MEDIA_KEYS[wanted])
    target = options.folder / "bundle.otioz"
    # Cameras without a set clock date their files to 1970, which a ZIP cannot say: it says 1980 then.
    with zipfile.ZipFile(target, "w", strict_timestamps=False) as bundle:
        bundle.writestr("version.txt", _VERSION, zipfile.ZIP_DEFLATED)
        bundle.writestr("content.otio", bundled.to_json_string(indent=1), zipfile.ZIP_DEFLATED)
        for path, name in names.items():
            bundle.write(path, f"media/{name}", zipfile.ZIP_STORED)
    other = "originals" if wanted == "proxy" else "proxies"
    return Written((WrittenFile(".otioz", target),), (f"The bundle holds no {other}; it names them without a path.",))


def _relink(timeline: Timeline, key: str) -> dict[str, str]:
    """Point each clip at its file in the bundle and forget other paths: path on disk -> name in the bundle."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for clip in timeline.find_clips():
        references = clip.media_references()
        chosen = _bundled_key(clip, references, key)
        path = references[chosen].target_url
        if path not in names:
            _check(path, clip.name)
            names[path] = _unique(Path(path).name, taken)
        references[chosen].target_url = f"media/{names[path]}"
        kept = {name: ref if name == chosen else _pathless(ref) for name, ref in references.items()}
        clip.set_media_references(kept, chosen)
    return names


def _bundled_key(clip: Any, references: dict[str, Any], key: str) -> str:
    """The reference to bundle: the wanted one, or the original of sound that has no proxy."""
    sound = clip.parent().kind == "Audio" and key == MEDIA_KEYS["proxy"] and key not in references
    chosen = MEDIA_KEYS["original"] if sound and not _has_picture(clip) else key
    if not isinstance(references.get(chosen), ExternalReference):
        what = "proxy" if chosen == MEDIA_KEYS["proxy"] else "original within reach"
        raise ExportRefused(f"{clip.name} has no {what}, and a bundle needs one; run 'rushes ingest', or leave it out.")
    return chosen


def _has_picture(clip: Any) -> bool:
    return bool(clip.metadata.get("rushes", {}).get("kind") != "sound")


def _check(path: str, name: str) -> None:
    if not Path(path).is_file():
        raise ExportRefused(f"{name} is missing at {path}; bring the file or its volume back, then export again.")


def _unique(name: str, taken: set[str]) -> str:
    """A name that no file of the bundle has yet, not even in other letter case (macOS, Windows)."""
    stem, dot, suffix = _PLAIN.sub("_", name).lstrip(".").rpartition(".")
    if not dot:
        stem, suffix = suffix, ""
    made, number = f"{stem}{dot}{suffix}", 1
    while made.casefold() in taken or not made:
        number += 1
        made = f"{stem}-{number}{dot}{suffix}"
    taken.add(made.casefold())
    return made


def _pathless(reference: Any) -> MissingReference:
    name = Path(reference.target_url).name if isinstance(reference, ExternalReference) else reference.name
    return MissingReference(name, reference.available_range)
