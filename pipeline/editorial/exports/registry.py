"""EXPORTS: the formats a cut is written in, one line each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from opentimelineio.schema import Timeline

from pipeline.editorial.exports import ale, edl, fcpxml, kdenlive, otio_json, otioz, xmeml
from pipeline.editorial.exports.written import ExportOptions, Written


@dataclass(frozen=True, slots=True)
class Export:
    """`write` gives the files as bytes, or as paths in `options.folder` where a bundle is made on disk.

    `on_request` ones are written for the suites that read them; an export for none in particular has the others.
    `paths` are those the format holds: `relative` also ones from the file itself, `here` those of this machine, because
    its writer opens the media.
    """

    suffix: str
    title: str
    write: Callable[[Timeline, ExportOptions], Written]
    on_request: bool = False
    paths: Literal["absolute", "relative", "here"] = "absolute"


EXPORTS: tuple[Export, ...] = (
    Export(
        ".otio", "OpenTimelineIO: everything, for DaVinci Resolve and Premiere Pro", otio_json.write, paths="relative"
    ),
    Export(".otioz", "OpenTimelineIO with its proxies in one file", otioz.write, paths="here"),
    Export(
        ".xml",
        "Final Cut Pro 7 XML: sequence, bins and log, for Premiere Pro and DaVinci Resolve",
        xmeml.write,
        on_request=True,
    ),
    Export(
        ".fcpxml",
        "Final Cut Pro XML: cut and log, for Final Cut Pro and DaVinci Resolve",
        fcpxml.write,
        on_request=True,
    ),
    Export(".edl", "CMX 3600: pictures and four channels of sound, for any editor", edl.write),
    Export(
        ".ale", "Avid Log Exchange: the clips and their log, a table for each frame rate", ale.write, on_request=True
    ),
    Export(
        ".kdenlive",
        "Kdenlive project: bin, cut and log, with its proxies",
        kdenlive.write,
        on_request=True,
        paths="relative",
    ),
)
