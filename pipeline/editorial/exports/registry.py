"""EXPORTS: the formats a cut is written in, one line each."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Literal, TypeAlias

from opentimelineio.schema import Timeline

from pipeline.editorial.exports.written import ExportOptions, Written

Write: TypeAlias = Callable[[Timeline, ExportOptions], Written]


@dataclass(frozen=True, slots=True)
class Export:
    """`write` gives the files as bytes, or as paths in `options.folder` where a bundle is made on disk.

    `on_request` ones are written for the suites that read them; an export for none in particular has the others.
    `paths` are those the format holds: `relative` also ones from the file itself, `here` those of this machine, because
    its writer opens the media.
    """

    suffix: str
    title: str
    write: Write
    on_request: bool = False
    paths: Literal["absolute", "relative", "here"] = "absolute"


def _by(module: str, function: str = "write") -> Write:
    """A writer of a module in this folder, which is loaded when it writes first: few cuts need them all."""

    def write(timeline: Timeline, options: ExportOptions) -> Written:
        writer: Write = getattr(import_module(f"pipeline.editorial.exports.{module}"), function)
        return writer(timeline, options)

    return write


EXPORTS: tuple[Export, ...] = (
    Export(
        ".otio", "OpenTimelineIO: everything, for DaVinci Resolve and Premiere Pro", _by("otio_json"), paths="relative"
    ),
    Export(".otioz", "OpenTimelineIO with its proxies in one file", _by("otioz"), paths="here"),
    Export(
        ".xml",
        "Final Cut Pro 7 XML: sequence, bins and log, for Premiere Pro and DaVinci Resolve",
        _by("xmeml"),
        on_request=True,
    ),
    Export(
        ".fcpxml",
        "Final Cut Pro XML: cut and log, for Final Cut Pro and DaVinci Resolve",
        _by("fcpxml"),
        on_request=True,
    ),
    Export(".edl", "CMX 3600: pictures and four channels of sound, for any editor", _by("edl")),
    Export(
        ".ale", "Avid Log Exchange: the clips and their log, a table for each frame rate", _by("ale"), on_request=True
    ),
    Export(".aaf", "AAF, for Avid Media Composer, DaVinci Resolve and Premiere Pro", _by("aaf"), on_request=True),
    Export(
        ".kdenlive",
        "Kdenlive project: bin, cut and log, with its proxies",
        _by("kdenlive"),
        on_request=True,
        paths="relative",
    ),
    Export(".metadata.csv", "Clip metadata for DaVinci Resolve", _by("suite_tables", "write_resolve"), on_request=True),
    Export(
        ".batch.csv",
        "Batch list for Premiere Pro",
        _by("suite_tables", "write_premiere"),
        on_request=True,
        paths="relative",
    ),
    Export(
        ".shots.csv", "Shot list for spreadsheets", _by("shot_list", "write_csv"), on_request=True, paths="relative"
    ),
    Export(
        ".shots.md",
        "Shot list to read and print",
        _by("shot_list", "write_markdown"),
        on_request=True,
        paths="relative",
    ),
    Export(
        ".markers.srt",
        "Markers as subtitles, for any player",
        _by("subtitles", "write_srt"),
        on_request=True,
        paths="relative",
    ),
    Export(
        ".markers.vtt",
        "Markers as subtitles, for browsers",
        _by("subtitles", "write_vtt"),
        on_request=True,
        paths="relative",
    ),
)
