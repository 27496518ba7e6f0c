"""What is asked of an offload, who hears of it, and what came of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from pipeline.errors import Cancelled


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked: a card folder, the folder that each copy shall be, hash formats, best first."""

    card: Path
    targets: tuple[Path, ...]
    formats: tuple[str, ...] = ("xxh128",)


@dataclass(frozen=True, slots=True)
class FileDone:
    """A verified file: path below the card, size in bytes, its hashes.

    `listed` is what the card's own hash list says of it: verified, failed, or empty where it says nothing.
    """

    path: str
    size: int
    hashes: Mapping[str, str]
    listed: str = ""


@dataclass(frozen=True, slots=True)
class CopyDone:
    """What became of one target. `state`: copied, known (all of it was there already), failed with its sentence."""

    folder: Path
    state: str
    sentence: str = ""
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Offloaded:
    """A card's offload: its files, its copies, and everything that must be said of it.

    `lost` are paths that its own hash lists name and it does not have; `warnings` tell of those that are not there
    under a new name either.
    """

    card: Path
    files: tuple[FileDone, ...]
    copies: tuple[CopyDone, ...]
    warnings: tuple[str, ...]
    began: datetime
    ended: datetime
    lost: tuple[str, ...] = ()

    @property
    def bytes(self) -> int:
        return sum(file.size for file in self.files)

    @property
    def exit_code(self) -> int:
        failed = [copy.exit_code for copy in self.copies if copy.state == "failed"]
        return failed[0] if failed else 1 if self.warnings else 0


@dataclass(frozen=True, slots=True)
class Ears:
    """Who hears of the work: a phase (copying, verifying) with all its bytes, then bytes as they pass."""

    phase: Callable[[str, int], None]
    heard: Callable[[int], None]
    cancelled: Callable[[], bool]

    def stop_if_cancelled(self) -> None:
        if self.cancelled():
            raise Cancelled("The offload was called off; run the same command again to go on.")
