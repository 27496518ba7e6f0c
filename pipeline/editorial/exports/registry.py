"""EXPORTS: the formats a cut is written in, one line each."""

from collections.abc import Callable
from dataclasses import dataclass

from opentimelineio.schema import Timeline

from pipeline.editorial.exports import aaf, ale, edl, fcpxml, otio_json, otioz, xmeml
from pipeline.editorial.exports.written import ExportOptions, Written


@dataclass(frozen=True, slots=True)
class Export:
    """`write` gives the files as bytes, or as paths in `options.folder` where a bundle is made on disk.

    `on_request` ones are written for the suites that read them; an export for none in particular has the others.
    """

    suffix: str
    title: str
    write: Callable[[Timeline, ExportOptions], Written]
    on_request: bool = False


EXPORTS: tuple[Export, ...] = (
    Export(".otio", "OpenTimelineIO: everything, for DaVinci Resolve and Premiere Pro", otio_json.write),
    Export(".otioz", "OpenTimelineIO with its proxies in one file", otioz.write),
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
    Export(".aaf", "AAF, for Avid Media Composer, DaVinci Resolve and Premiere Pro", aaf.write, on_request=True),
)
