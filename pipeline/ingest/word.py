"""What a running head and other terminals leave for each other: small files beside the catalogue."""

from contextlib import suppress

import msgspec

from pipeline.errors import NotFound, RushesError
from pipeline.film import Film
from pipeline.ingest.events import Progress
from pipeline.locks import is_locked
from pipeline.publishing import write_whole


class HeadState(msgspec.Struct, frozen=True):
    """Who is at work and how far; `moment` is seconds since the epoch, `space` why it waits for some.

    `deaf` says why it does not hear of all that moves in ingest/.
    """

    words: str
    process: int
    moment: float
    progress: Progress
    waiting: tuple[str, ...] = ()
    space: str = ""
    deaf: str = ""


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


def pause(film: Film) -> None:
    """Let the running head's work stand still. A head that is killed leaves the next one paused; one that ends, not."""
    if not is_locked(film.lock):
        raise NotFound("Nothing is running, so there is nothing to pause; 'rushes ingest' begins.")
    write_whole(film.pause_file, b"")


def is_paused(film: Film) -> bool:
    """Whether the work shall stand still; asked often, so it costs one look."""
    return film.pause_file.exists()


def resume(film: Film) -> bool:
    """Let the work go on; whether it was paused."""
    try:
        film.pause_file.unlink()
    except FileNotFoundError:
        return False
    return True
