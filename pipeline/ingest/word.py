"""What a running head leaves for other terminals: one small file beside the catalogue."""

from contextlib import suppress

import msgspec

from pipeline.errors import RushesError
from pipeline.files import write_whole
from pipeline.film import Film
from pipeline.ingest.events import Progress
from pipeline.locks import is_locked


class HeadState(msgspec.Struct, frozen=True):
    """Who is at work and how far; `moment` is seconds since the epoch."""

    words: str
    process: int
    moment: float
    progress: Progress
    waiting: tuple[str, ...] = ()


def leave_word(film: Film, state: HeadState) -> None:
    """Say what the head does; a full disk must not stop the work over this."""
    with suppress(RushesError):
        write_whole(film.head_file, msgspec.json.encode(state))


def read_word(film: Film) -> HeadState | None:
    """What the running head last said; None where none runs."""
    if not is_locked(film.lock):
        return None
    try:
        return msgspec.json.decode(film.head_file.read_bytes(), type=HeadState)
    except (OSError, msgspec.DecodeError):
        return None


def take_word_back(film: Film) -> None:
    """Remove the file when the head has ended."""
    with suppress(OSError):
        film.head_file.unlink()
