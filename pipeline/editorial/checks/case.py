"""What a check looks at: a file as its reader understands it, and beside that as it stands, with its lines."""

import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import NamedTuple, TypeAlias

from pipeline.editorial.bulk import unswept
from pipeline.editorial.checks.ale_text import AleText
from pipeline.editorial.checks.edl_text import EdlText
from pipeline.editorial.checks.otio_text import OtioText
from pipeline.editorial.imports import aaf, ale, edl, fcpxml, otio_file, session_text, xmeml
from pipeline.editorial.imports.aaf_objects import AafFile
from pipeline.editorial.imports.compound import Compound
from pipeline.editorial.imports.edl_lines import taken_apart
from pipeline.editorial.imports.markup import Document, Node, parse, root_name
from pipeline.editorial.imports.reading import ReadTimeline
from pipeline.editorial.imports.registry import IMPORTS
from pipeline.editorial.imports.text import decoded, lines_of
from pipeline.errors import TimelineUnreadable

KDENLIVE = "kdenlive"
_OF_KDENLIVE = frozenset({"mlt", "producer", "chain", "playlist", "tractor", "entry", "track"})
_HEAD = 64 << 10  # bytes in which a timeline shows what it is
Raw: TypeAlias = EdlText | AleText | OtioText | AafFile | Document | None


class Found(NamedTuple):
    """What is wrong, in a sentence, and the line it stands on, from 1; None where there are no lines."""

    line: int | None
    sentence: str


def _nothing_missing(_path: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Case:
    """One file before one editor.

    `missing` tells whether a path that the file names is known not to be there. `dtd` is the definition of the
    document's version, where one was given.
    """

    format: str
    timeline: ReadTimeline
    raw: Raw
    content: bytes = b""
    editor: str = ""
    missing: Callable[[str], bool] = field(default=_nothing_missing)
    dtd: bytes | None = None

    @property
    def root(self) -> Node:
        return self.document.root

    @property
    def document(self) -> Document:
        assert isinstance(self.raw, Document)
        return self.raw

    @property
    def edl(self) -> EdlText:
        assert isinstance(self.raw, EdlText)
        return self.raw

    @property
    def ale(self) -> AleText:
        assert isinstance(self.raw, AleText)
        return self.raw

    @property
    def otio(self) -> OtioText:
        assert isinstance(self.raw, OtioText)
        return self.raw


def case_of(content: bytes) -> Case:
    """A file by its bytes. Raises TimelineUnreadable."""
    head = content[:_HEAD]
    if root_name(head) == "mlt":
        timeline = ReadTimeline(KDENLIVE, "", None, None, None, None, (0, 0), ())
        return Case(KDENLIVE, timeline, parse(content, _OF_KDENLIVE), content)
    found = next((each.format for each in IMPORTS if each.recognises(head)), None)
    if found is None:
        known = ", ".join(each.title for each in IMPORTS)
        raise TimelineUnreadable(f"This is no timeline that is read here ({known}, Kdenlive); export one as these.")
    with unswept():
        timeline, raw = _OPENED[found](content)
    return Case(found, timeline, raw, content)


def _edl(content: bytes) -> tuple[ReadTimeline, Raw]:
    lines = lines_of(decoded(content))
    found = taken_apart(lines)
    return edl.read_statements(found), EdlText.of(content, lines[0] if lines else "", found)


def _ale(content: bytes) -> tuple[ReadTimeline, Raw]:
    return ale.read(content), AleText.of(content)


def _otio(content: bytes) -> tuple[ReadTimeline, Raw]:
    text = otio_file.unbundled(BytesIO(content)) or content
    values = otio_file.values_in(text)
    return otio_file.read_values(values), OtioText.of(values, text, bundle=text is not content)


def _xmeml(content: bytes) -> tuple[ReadTimeline, Raw]:
    document = parse(content, xmeml.WANTED)
    return xmeml.read_tree(document, logged=False), document


def _fcpxml(content: bytes) -> tuple[ReadTimeline, Raw]:
    document = parse(content)
    return fcpxml.read_tree(document, logged=False), document


def _aaf(content: bytes) -> tuple[ReadTimeline, Raw]:
    return aaf.read(content), AafFile(Compound(content))


def _session(content: bytes) -> tuple[ReadTimeline, Raw]:
    return session_text.read(content), None


_OPENED: dict[str, Callable[[bytes], tuple[ReadTimeline, Raw]]] = {
    edl.FORMAT: _edl,
    ale.FORMAT: _ale,
    otio_file.FORMAT: _otio,
    xmeml.FORMAT: _xmeml,
    fcpxml.FORMAT: _fcpxml,
    session_text.FORMAT: _session,
    "aaf": _aaf,
}
# What damaged objects of an AAF make Python raise.
DAMAGED = (ValueError, ArithmeticError, LookupError, RecursionError, struct.error)
