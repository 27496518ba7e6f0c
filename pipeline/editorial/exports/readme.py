"""The page beside an export, for the person who imports it: steps, what to expect, what was lost, where media lie.

Menu words are those of the suites' own manuals; none of these suites ran in our tests, and the page says so.
"""

import ntpath
import posixpath
import re
import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pipeline.editorial.edits import edits_of
from pipeline.editorial.exports.events import Event, Sheet
from pipeline.editorial.exports.registry import EXPORTS
from pipeline.editorial.exports.written import one_line
from pipeline.editorial.shots import named

_WIDTH = 110
_VARIANTS = {
    re.compile(r"\.V\d+\.edl$"): "CMX 3600: the pictures of a further video track, without sound",
    re.compile(r"\.File_32\.edl$"): "CMX 3600 with reels of up to 32 letters (Avid's File_32), for Avid Media Composer",
    re.compile(r"\.markers\.edl$"): "The timeline's markers as a list for DaVinci Resolve: no cut, no pictures",
}
_LISTS = (".File_32.edl", ".markers.edl")  # that are taken otherwise than other lists
_DISK = 3  # leading parts of a path that name a disk: /Volumes/RAID, \\server\share


@dataclass(frozen=True, slots=True)
class Guide:
    """How an editing suite takes a cut: what to do `before`, with each file by its suffix, and `after`."""

    title: str
    before: tuple[str, ...]
    opening: Mapping[str, str]
    after: tuple[str, ...]


# {rate}; {count}: drop-frame or not, where the rate can be; {file}; {repeated}: what else tells files of one name apart
GUIDES: dict[str, Guide] = {
    "resolve": Guide(
        "DaVinci Resolve",
        (
            (
                "Make a new project. In Project Settings > Master Settings set the timeline frame rate to "
                "{rate}{count} before any media come in: Resolve keeps it from then on."
            ),
            "On the Media page add the folders named below under 'Where the media lie' to the Media Pool.",
        ),
        {
            ".otio": "File > Import > Timeline..., choose {file}. This one holds the most.",
            ".fcpxml": "Should that give no timeline, take {file} the same way. Resolve 19 was seen to lose markers of "
            "such a file, which the list of markers brings where there is one, and to drop a track of sound: compare.",
            ".xml": "Then {file}, of which it loses markers and colours, too.",
            ".aaf": "Then {file}.",
            ".edl": "Last {file}, which has one video track and is matched by reel and timecode alone.",
            ".markers.edl": "For the markers select the timeline in the Media Pool, then from its menu "
            "Timelines > Import > Timeline Markers from EDL..., choose {file}: it is no cut.",
            ".metadata.csv": "For the log in Resolve's columns: File > Import Metadata To > Media Pool..., choose "
            "{file}, match by file name{repeated}.",
        },
        ("For proxies select the clips in the Media Pool, then Link Proxy Media... from their menu.",),
    ),
    "premiere": Guide(
        "Premiere Pro",
        (),
        {
            ".xml": "File > Import..., choose {file}. It brings a bin for each card, the log in its columns, and the "
            "sequence.",
            ".otio": "{file} is for versions that import OpenTimelineIO (26 and newer); the XML does the same for all.",
            ".aaf": "{file} is for versions in which the XML fails.",
            ".edl": "{file} is a last resort: one video track, four channels of sound.",
            ".batch.csv": "{file} makes offline clips of every range, to be linked: only where nothing else goes in.",
        },
        (
            (
                "Where Premiere asks for media (Link Media), point it at the first file below 'Where the media lie'; "
                "match by file name and media start. It finds the others from there."
            ),
            "For proxies select the clips in the bin, then Proxy > Attach Proxies... and choose the first one.",
        ),
    ),
    "avid": Guide(
        "Avid Media Composer",
        (
            "Make or open a project at {rate}{count}.",
            "Link the media (File > Input > Source Browser, Link) or transcode them there.",
        ),
        {
            ".aaf": "Import {file} into a bin (File > Input > Import Media): it brings clips and sequence.",
            ".ale": "Open a bin and import {file} (File > Input > Import Media) to merge the log with its clips: one "
            "table for each frame rate.",
            ".edl": "Import {file} (List Tool, in old versions EDL Manager) as a sequence.",
            ".File_32.edl": "{file} is the same list with whole reel names (File_32): import one of the two.",
        },
        ("Select the sequence and relink it (Clip > Relink) by tape or source file name, and timecode.",),
    ),
    "fcp": Guide(
        "Final Cut Pro",
        (),
        {
            ".fcpxml": "File > Import > XML..., choose {file} and a library. It brings an event with the clips, "
            "keywords and favorites, and the cut as a project.",
        },
        (
            (
                "Where media are missing, select the event, then File > Relink Files > Original Media; proxies "
                "likewise, under Proxy Media."
            ),
        ),
    ),
    "kdenlive": Guide(
        "Kdenlive",
        (),
        {
            ".kdenlive": "File > Open..., choose {file}: a project of Kdenlive's own.",
        },
        (
            (
                "Proxies play and the originals are rendered. Where media are missing, Kdenlive asks for them: search "
                "recursively from the folder that holds them."
            ),
        ),
    ),
    "lists": Guide(
        "people",
        (),
        {
            ".shots.csv": "{file} opens in any spreadsheet (UTF-8, commas).",
            ".shots.md": "{file} is the short form, to read and print.",
            ".markers.srt": "{file} shows the markers over a screening copy in any player, under the copy's name.",
            ".markers.vtt": "{file} does so in a browser.",
        },
        (),
    ),
}


@dataclass(frozen=True, slots=True)
class Handover:
    """What lies in the folder: file names in order of use, and every sentence that an editor should know."""

    editor: str
    version: int
    files: Sequence[str]
    notes: Sequence[str]
    losses: Sequence[str]
    maps: Mapping[str, str]


def readme(sheet: Sheet, handover: Handover) -> str:
    """The page as plain text; `sheet` is the cut with the paths of the editor's machine."""
    return "\n".join(_lines(sheet, handover)) + "\n"


def _lines(sheet: Sheet, handover: Handover) -> Iterator[str]:
    guide = GUIDES.get(handover.editor)
    title = f"{one_line(sheet.name)}, version {handover.version}" + (f", for {guide.title}" if guide else "")
    yield from (title, "=" * len(title))
    if guide:
        yield from _section("How to import", _steps(guide, sheet, handover.files))
    yield from _section("Which file is for what", _purposes(handover.files))
    yield from _section("What to expect", _facts(sheet))
    yield from _section("Compare after the import", _spots(sheet))
    reels = (
        "Lists name reels with eight characters: the lines '* REEL ...' at the end of the .edl say which file each is."
    )
    lists = [reels] if any(name.endswith(".edl") for name in handover.files) else []
    yield from _section("Where the media lie", [*_places(sheet, handover.maps), *lists])
    yield from _section("What could not be carried, and why", [*handover.losses] or ["Nothing was lost."])
    if handover.notes:
        yield from _section("Good to know", handover.notes)


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    yield from ("", title, "-" * len(title))
    for line in lines:
        indent = " " * (3 if line[:1].isdigit() and line[1:2] == "." else 2)
        yield from textwrap.wrap(
            one_line(line), _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False,
            replace_whitespace=False, drop_whitespace=True,
        )  # fmt: skip


def _steps(guide: Guide, sheet: Sheet, files: Sequence[str]) -> Iterator[str]:
    rate = sheet.start.rate
    words = {"rate": rate.label(), "count": _counting(sheet, " "), "repeated": _repeated(sheet)}
    ending = {suffix: [one_line(name) for name in files if _suffix(name) == suffix] for suffix in guide.opening}
    steps = [
        *(step.format(**words) for step in guide.before),
        *(
            step.format(file=" and ".join(ending[suffix]), **words)
            for suffix, step in guide.opening.items()
            if ending[suffix]
        ),
        *guide.after,
        "Compare what is named below. No commercial suite ran in the tests of Rushes: look before you rely on it.",
    ]
    yield from (f"{number}. {step}" for number, step in enumerate(steps, start=1))


def _repeated(sheet: Sheet) -> str:
    """What else than their names tells files apart, where two of them have one name."""
    sources = {event.source: None for event in _events(sheet)}
    originals, proxies = {source.path or source.name for source in sources}, {source.proxy for source in sources}
    for paths in (originals, proxies):
        names = Counter(posixpath.basename(path.replace("\\", "/")) for path in paths if path)
        if twice := sorted(name for name, count in names.items() if count > 1):
            return (
                f" and, as several files are called {named(twice)}, by clip directory (source file path) or start and "
                "end timecode as well: by name alone they get each other's log"
            )
    return ""


def _suffix(name: str) -> str:
    """What tells the kind of a file: `.metadata.csv`, or `.edl` of `cut.V2.edl`."""
    known = [suffix for suffix in (*_LISTS, *(export.suffix for export in EXPORTS)) if name.endswith(suffix)]
    return max(known, key=len, default=posixpath.splitext(name)[1])


def _purposes(files: Sequence[str]) -> Iterator[str]:
    titles = {export.suffix: export.title for export in EXPORTS}
    width = max(map(len, files), default=0)
    for name in files:
        variant = next((title for part, title in _VARIANTS.items() if part.search(name)), "")
        yield f"{name:<{width}}  {variant or titles.get(_suffix(name), '')}".rstrip()


def _facts(sheet: Sheet) -> Iterator[str]:
    start, rate = sheet.start, sheet.start.rate
    pictures, sounds = (sum(len(track.events) for track in sheet.of_kind(kind)) for kind in ("Video", "Audio"))
    sources = {event.source: None for event in _events(sheet)}
    end = max((event.record.end for event in _events(sheet)), default=0)
    yield f"events  {len(edits_of(sheet))}"
    yield f"tracks  {_tracks(sheet, 'Video')} with {pictures} clips of picture"
    yield f"        {_tracks(sheet, 'Audio')} with {sounds} of sound"
    yield f"clips   {len({source.clip or source.name for source in sources})}, in {len(sources)} files"
    yield f"rate    {rate.label()} frames per second ({rate}){_counting(sheet, ', counted ')}"
    yield f"start   {start}"
    yield f"end     {start + end} ({end} frames)"
    if sheet.size:
        yield f"size    {sheet.size[0]}x{sheet.size[1]}"


def _tracks(sheet: Sheet, kind: str) -> str:
    number = len(sheet.of_kind(kind))
    return f"{number} track{'' if number == 1 else 's'}"


def _counting(sheet: Sheet, before: str) -> str:
    """What matters only at rates that can drop frame numbers."""
    if not sheet.start.rate.can_drop:
        return ""
    return before + ("drop-frame" if sheet.start.drop_frame else "non-drop-frame")


def _spots(sheet: Sheet) -> Iterator[str]:
    """First, middle and last event: where they are, what they show, and from which frame on."""
    track = next((track for track in sheet.tracks if track.events), None)
    events = track.events if track else ()
    for number in sorted({0, len(events) // 2, len(events) - 1} if events else ()):
        event = events[number]
        source = event.source
        begin = source.timecode(event.source_in) if source.timed else f"its frame {_inside(event)}"
        yield f"event {number + 1} at {sheet.start + event.record.start}: {one_line(source.name)} from {begin}"


def _inside(event: Event) -> int:
    return event.source_in - event.source.available.start


def _events(sheet: Sheet) -> Iterator[Event]:
    for track in sheet.tracks:
        yield from track.events


def _places(sheet: Sheet, maps: Mapping[str, str]) -> Iterator[str]:
    sources = {event.source: None for event in _events(sheet)}
    yield from _folders("original", [source.path for source in sources if source.path])
    yield from _folders("proxy", [source.proxy for source in sources if source.proxy])
    gone = [source.name for source in sources if not source.path]
    if gone:
        yield f"Without a path, because their volume is offline: {named(dict.fromkeys(gone))}."
    yield from (f"What is {here} on our machine is written as {there}." for here, there in maps.items())


def _folders(what: str, paths: Sequence[str]) -> Iterator[str]:
    """One line for each disk: the folder that holds all of its files."""
    disks: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for path in paths:
        disks[tuple(path.replace("\\", "/").split("/")[:_DISK])].add(path)
    many = {"original": "originals", "proxy": "proxies"}
    for files in disks.values():
        kind = posixpath if next(iter(files)).startswith("/") else ntpath
        folder = kind.commonpath([kind.dirname(path) for path in files])
        yield f"{len(files)} {what if len(files) == 1 else many[what]} below {folder}"
