"""A copy while it is made: the hidden folder that it grows in, who writes it, what of it is safe, what refused it."""

import fcntl
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.clip import Stamp
from pipeline.errors import PathRefused, RushesError
from pipeline.files import one_line, path_error
from pipeline.manifests.hashes import of_bytes
from pipeline.offload.journal import Journal, Kept
from pipeline.offload.source import SourceCard

_LONGEST_NAME, _CUT_NAME = 255 - len(".rushes-.offload"), 200  # bytes; disks hold 255


@dataclass(slots=True)
class Target:
    """A copy while it is made; `journal` is there from the moment it may be written to."""

    final: Path
    journal: Journal | None = None
    known: bool = False
    refusal: RushesError | None = None
    _lock: int = -1

    @property
    def work(self) -> Path:
        """The hidden folder it grows in: always the same for one name, cut where a disk could not hold it."""
        name = self.final.name
        if len(os.fsencode(name)) > _LONGEST_NAME:
            cut = os.fsencode(name)[:_CUT_NAME].decode(errors="ignore")
            name = f"{cut}-{of_bytes('xxh64', os.fsencode(name))}"
        return self.final.with_name(f".rushes-{name}.offload")

    @property
    def open(self) -> bool:
        return self.refusal is None and not self.known

    def guarded(self, step: "Callable[[Target, SourceCard], None]", card: SourceCard) -> None:
        """Take a step unless the target is done or has failed; what it refuses is kept."""
        if self.open:
            try:
                step(self, card)
            except RushesError as error:
                self.refusal = error
            except OSError as error:
                self.refusal = path_error(error, self.final)

    def lock(self) -> None:
        self._lock = os.open(self.work, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PathRefused(
                f"Another offload is writing {one_line(self.final)}; wait for it, or name another place with --as."
            ) from None

    def release(self) -> None:
        if self._lock >= 0:
            os.close(self._lock)

    def kept(self, path: bytes, stamp: Stamp, formats: Sequence[str]) -> Kept | None:
        """What is safe of a file already, unless the card or the wish has changed since."""
        kept = self.journal.files.get(path) if self.journal else None
        if kept is None or not kept.is_of(stamp) or not set(formats) <= kept.hashes.keys():
            return None
        return kept
