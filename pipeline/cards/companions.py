"""What a camera writes beside each recording: where some have it and one has not, it was lost."""

from collections.abc import Container, Iterator, Mapping
from typing import TypeVar

from pipeline.clip import shown

Key = TypeVar("Key")


def lacking(wanted: Mapping[Key, bytes], there: Container[Key]) -> Iterator[tuple[Key, str]]:
    """Which recordings lack a companion that others have: the key of each, and a sentence.

    `wanted` are the names of companions by a key that a companion shares with its recording.
    """
    if not any(key in there for key in wanted):
        return
    for key, name in wanted.items():
        if key not in there:
            yield key, f"{shown(name)} is missing, though other recordings have theirs; copy the card again."
