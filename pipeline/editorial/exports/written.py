"""What every export takes beside the timeline, what it gives back, and what several have in common."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Literal

from opentimelineio.schema import Timeline

from pipeline.editorial.assembly import ORIGINAL, PROXY, activate
from pipeline.editorial.shots import named

_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
MEDIA_KEYS: dict[str, str] = {"original": ORIGINAL, "proxy": PROXY}


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """`folder`: an empty folder of the caller where bundles are made; `media`: what editors link first.

    With `media` None each format takes its own default: originals, but proxies in a bundle. `editor` is the suite the
    files are for, where it is named. `reels`: card and reel of all clips of the film, for short ones unique in it.
    """

    folder: Path
    media: Literal["original", "proxy"] | None = None
    editor: str = ""
    reels: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """One file of an export: bytes to be written, or a file in the caller's folder to be published.

    `suffix` follows the name of the cut (`.edl`, `.V2.edl`).
    """

    suffix: str
    content: bytes | Path


@dataclass(frozen=True, slots=True)
class Written:
    """The files of one export, and what the format could not carry: one sentence each."""

    files: tuple[WrittenFile, ...]
    losses: tuple[str, ...] = ()


@dataclass(slots=True)
class Losses:
    """What a format cannot carry, by reason; each with the names it concerns."""

    names: dict[str, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, reason: str, name: str) -> None:
        self.names[reason][name] = None

    def sentences(self) -> Iterator[str]:
        for reason, names in self.names.items():
            yield f"{reason}: {named(names)}."


def linked(timeline: Timeline, options: ExportOptions) -> tuple[Timeline, tuple[str, ...]]:
    """The timeline with the originals first, or with the proxies where asked for; and who has none."""
    if options.media != "proxy":
        return timeline, ()
    timeline = timeline.clone()
    activate(timeline, PROXY)
    without = [clip.name for clip in timeline.find_clips() if clip.active_media_reference_key != PROXY]
    if not without:
        return timeline, ()
    return timeline, (f"Clips without a proxy link their originals: {named(dict.fromkeys(without))}.",)


def encoded(lines: Iterable[str]) -> bytes:
    """Lines as the bytes of a file, each let go of once it is in: a long cut is a hundred megabytes of them."""
    content = BytesIO()
    write = content.write
    for line in lines:
        write(line.encode())
        write(b"\n")
    return content.getvalue()


def one_line(text: str) -> str:
    """A text for lists of lines and columns: control characters, tabs and line ends become spaces."""
    return text if text.isprintable() else _CONTROLS.sub(" ", text)
