"""How damage is told: which frames of an original could not be read, and what a proxy salvaged of it is."""

from collections.abc import Sequence

_MOST_SPANS = 6  # that a sentence names


def salvaged(held: tuple[tuple[int, int], ...] | None) -> str:
    """What a proxy of a damaged original is, in words; empty for any other."""
    if held is None:
        return ""
    if not held:
        return "salvaged: all pictures came, but pictures or sound may be damaged"
    return (
        f"salvaged: frames {spans_named(held)} could not be read and are black; pictures after them may be damaged as "
        "far as the next key frame"
    )


def spans_named(spans: Sequence[tuple[int, int]]) -> str:
    """Runs (first, count) of frames in words, the last of many only counted."""
    words = [f"{first} to {first + count - 1}" if count > 1 else str(first) for first, count in spans]
    if len(words) > _MOST_SPANS:
        words = [*words[: _MOST_SPANS - 1], f"{len(words) - _MOST_SPANS + 1} more stretches"]
    return ", ".join(words[:-1]) + " and " + words[-1] if len(words) > 1 else words[0]
