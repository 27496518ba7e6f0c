"""IMPORTS: the timeline formats that are read back, one line each; bytes decide, never the name."""

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.editorial.imports import aaf
from pipeline.editorial.imports.reading import ReadTimeline


@dataclass(frozen=True, slots=True)
class Import:
    """`recognises` looks at the first bytes of a file; `read` takes all of it and raises TimelineUnreadable."""

    format: str
    title: str
    recognises: Callable[[bytes], bool]
    read: Callable[[bytes], ReadTimeline]


IMPORTS: tuple[Import, ...] = (Import("aaf", "AAF, of Avid Media Composer and others", aaf.recognises, aaf.read),)
