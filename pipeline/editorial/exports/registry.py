"""EXPORTS: the formats a cut is written in, one line each."""

from collections.abc import Callable
from dataclasses import dataclass

from opentimelineio.schema import Timeline

from pipeline.editorial.exports import ale, edl, fcpxml, otio_json, otioz, xmeml
from pipeline.editorial.exports.written import ExportOptions, Written


@dataclass(frozen=True, slots=True)
class Export:
    """`write` gives the files as bytes, or as paths in `options.folder` where a bundle is made on disk.

    `per_suite` says that each suite needs a file of its own, so that an export for none in particular has none.
    """

    suffix: str
    title: str
    write: Callable[[Timeline, ExportOptions], Written]
    per_suite: bool = False


EXPORTS: tuple[Export, ...] = (
    Export(".otio", "OpenTimelineIO: everything, for DaVinci Resolve and Premiere Pro", otio_json.write),
    Export(".otioz", "OpenTimelineIO with its proxies in one file", otioz.write),
    Export(".xml", "Final Cut Pro 7 XML: sequence, bins and log, for Premiere Pro and DaVinci Resolve", xmeml.write),
    Export(
        ".fcpxml", "Final Cut Pro XML: cut and log, for Final Cut Pro and DaVinci Resolve", fcpxml.write, per_suite=True
    ),
    Export(".edl", "CMX 3600: pictures and four channels of sound, for any editor", edl.write),
    Export(".ale", "Avid Log Exchange: the clips and their log, a table for each frame rate", ale.write),
)
