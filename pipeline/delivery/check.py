"""Timeline files before an editor: read, judged, and told by file. No media are opened; their paths are looked for."""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path

from pipeline.editorial.checks.case import Case, case_of
from pipeline.editorial.checks.fcpxml_rules import has_table
from pipeline.editorial.checks.judge import Finding, judge
from pipeline.editorial.checks.rules import UNREADABLE
from pipeline.errors import PathMissing, TimelineUnreadable, ToolMissing
from pipeline.files import read_small
from pipeline.ingest.anywhere import LARGEST_TIMELINE

_LINE = re.compile(r"\(line (\d+)")
_VERSION = re.compile(r"1\.\d{1,2}")
_DISKS = frozenset({"Volumes", "mnt", "media", "home", "Users"})  # folders of disks and of people
LISTS = frozenset({".csv", ".md", ".srt", ".txt", ".vtt"})  # what lies beside timelines for people and other programs
_DTD = ("FCPXMLv1_{}.dtd", "Final_Cut_Pro_XML_DTD_version_1.{}.dtd")  # Apple's names of one file


@dataclass(frozen=True, slots=True)
class Checked:
    """`by_definition`: whether the DTD of its version has judged an FCPXML; None where nothing judges by one.

    `passed_over`: a table, text or subtitles beside timelines, of which no rule speaks.
    """

    file: Path
    findings: tuple[Finding, ...]
    by_definition: bool | None = None
    passed_over: bool = False


def check_files(files: Sequence[Path], editor: str, dtd_folder: Path | None = None) -> tuple[Checked, ...]:
    """What `editor` would refuse, drop or link wrongly of each file, and of all of them as one set.

    Raises PathMissing or PathRefused for a file that cannot be opened, ToolMissing where there is a folder of DTDs and
    nothing that reads them.
    """
    if dtd_folder is not None:
        _look_at(dtd_folder)
    opened = [_opened(file, dtd_folder) for file in files]
    judged = judge([each if isinstance(each, Case) else None for each in opened], editor)
    some = any(isinstance(each, Case) for each in opened)
    return tuple(
        _checked(file, each, found, editor, beside=some)
        for file, each, found in zip(files, opened, judged, strict=True)
    )


def _checked(file: Path, opened: Case | Finding, found: Sequence[Finding], editor: str, *, beside: bool) -> Checked:
    """One file of a set; `beside` says that there are timelines in it."""
    if isinstance(opened, Case):
        return Checked(file, tuple(found), _by_definition(opened, editor))
    if beside and file.suffix.lower() in LISTS:
        return Checked(file, (), passed_over=True)
    return Checked(file, (opened,))


def _by_definition(case: Case, editor: str) -> bool | None:
    if (editor, case.format) != ("fcp", "fcpxml") or not (case.dtd or has_table(case.root)):
        return None
    return case.dtd is not None


def _look_at(dtd_folder: Path) -> None:
    if not dtd_folder.is_dir():
        raise PathMissing(f"{dtd_folder} is no folder; name the one that holds Apple's DTDs of FCPXML.")
    if find_spec("lxml") is None:
        raise ToolMissing("DTDs are read by lxml, which is not installed; install it, or check without --dtd.")


def _opened(file: Path, dtd_folder: Path | None) -> Case | Finding:
    content = read_small(file, LARGEST_TIMELINE + 1)
    if len(content) > LARGEST_TIMELINE:
        limit = LARGEST_TIMELINE >> 20
        return Finding(UNREADABLE.name, UNREADABLE.severity, None, f"The file is larger than {limit} MiB.")
    try:
        case = case_of(content)
    except TimelineUnreadable as error:
        line = _LINE.search(error.sentence)
        return Finding(UNREADABLE.name, UNREADABLE.severity, int(line[1]) if line else None, error.sentence)
    return replace(case, missing=_looking(file.parent, case.format), dtd=_definition(case, dtd_folder))


def _definition(case: Case, folder: Path | None) -> bytes | None:
    """The DTD of a document's own version, where the folder has it."""
    version = case.root.get("version", "") if case.format == "fcpxml" else ""
    if folder is None or not _VERSION.fullmatch(version):
        return None
    names = (folder / name.format(version.partition(".")[2]) for name in _DTD)
    return next((read_small(path) for path in names if path.is_file()), None)


def _looking(folder: Path, form: str) -> Callable[[str], bool]:
    return cache(partial(_missing, folder, form))


def _missing(folder: Path, form: str, path: str) -> bool:
    """Whether nothing is at a path though its disk is there; what another machine has, nobody can tell here."""
    if not path.startswith("/"):
        return form == "otio" and not _foreign(path) and not os.path.lexists(folder / path)
    parts = Path(path).parts
    depth = 3 if parts[1:2] and parts[1] in _DISKS else 2
    # os.path and not pathlib: a path that no disk can hold is one that is not there.
    return len(parts) > depth and os.path.isdir(Path(*parts[:depth])) and not os.path.exists(path)  # noqa: PTH110, PTH112


def _foreign(path: str) -> bool:
    """A path of Windows, or a URL."""
    return "\\" in path or ":" in path
