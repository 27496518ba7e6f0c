"""What a head tells while it works, as values: the doors decide how they look."""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence for the person: something was noticed, left out or came back."""

    sentence: str


@dataclass(frozen=True, slots=True)
class CardWaiting:
    """A card that has not come to rest; `seconds` until it can be taken if nothing more moves."""

    card: str
    files: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Waiting:
    """All cards that have not come to rest, as the last look found them."""

    cards: tuple[CardWaiting, ...]


@dataclass(frozen=True, slots=True)
class CardTaken:
    """A card whose clips are in the log now. `failed` holds (path, sentence) of unusable files."""

    card: str
    clips: int
    duration: Fraction
    new: int
    copies: tuple[tuple[str, str], ...]  # (name, where it lies) of bytes that are in the log already
    failed: tuple[tuple[str, str], ...]
    others: int
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClipMade:
    """Proxy and stills of a clip are published; `seconds` is the wall time they took."""

    clip: str
    name: str
    card: str
    duration: Fraction
    seconds: float


@dataclass(frozen=True, slots=True)
class ClipFailed:
    """A step failed for a clip; the rest goes on."""

    clip: str
    name: str
    card: str
    sentence: str


@dataclass(frozen=True, slots=True)
class CardProgress:
    """Seconds of media made and wanted on one card."""

    card: str
    clips_done: int
    clips: int
    done: float
    wanted: float


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the work stands: media seconds in all, speed in x real time, seconds left (None: unknown)."""

    cards: tuple[CardProgress, ...]
    done: float
    wanted: float
    speed: float
    seconds_left: float | None
    under_way: tuple[str, ...]


Event = Said | Waiting | CardTaken | ClipMade | ClipFailed | Progress


@dataclass(frozen=True, slots=True)
class Summary:
    """What one run did; `failed` names every clip or file that is not as it should be."""

    cards: int = 0
    clips: int = 0
    duration: Fraction = Fraction(0)
    new: int = 0
    copies: int = 0
    made: int = 0
    failed: tuple[tuple[str, str], ...] = ()
    left: tuple[str, ...] = ()  # cards that never came to rest
    stopped_by: tuple[int, str] | None = None  # exit code and sentence of what ended the run early
