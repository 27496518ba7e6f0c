"""What every export takes beside the timeline, and what it gives back."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.editorial.assembly import ORIGINAL, PROXY

MEDIA_KEYS: dict[str, str] = {"original": ORIGINAL, "proxy": PROXY}


@dataclass(frozen=True, slots=True)
class ExportOptions:
    """`folder`: an empty folder of the caller where bundles are made; `media`: what editors link first.

    With `media` None each format takes its own default: originals, but proxies in a bundle.
    """

    folder: Path
    media: Literal["original", "proxy"] | None = None


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
