"""A short cut in every format that is checked, as its editor wants it: three shots, one of them twice as fast."""

from functools import cache
from pathlib import Path

import aaf2
from torture import Builder, Time, timeline_of

from pipeline.editorial.checks.case import case_of
from pipeline.editorial.checks.judge import judge
from pipeline.editorial.exports import ale, edl, fcpxml, kdenlive, otio_json, xmeml
from pipeline.editorial.exports.written import ExportOptions
from pipeline.proxies.rules import EDITORS
from pipeline.timecode import Rate, Timecode

NTSC = Rate(30000, 1001)
WRITERS = {
    "edl": (edl, "resolve"), "ale": (ale, "avid"), "xmeml": (xmeml, "premiere"), "fcpxml": (fcpxml, "fcp"),
    "otio": (otio_json, "resolve"), "kdenlive": (kdenlive, "kdenlive"),
}  # fmt: skip


@cache
def good(form, *, rate=NTSC, drop=True):
    if form == "aaf":
        return composed()
    begin = Timecode.parse("01:00:00:00", rate, drop_frame=drop)
    make = Builder(rate, "/film/A001")
    shots = [
        make.clip(f"A001C00{number}.mov", 50, drop=drop, speed=speed) for number, speed in ((1, 1), (2, 1), (3, 2))
    ]
    made = timeline_of(
        make.track("Video 1", "Video", *shots), start=Time(begin.frame, rate.numerator / rate.denominator)
    )
    made.metadata["rushes"] = {
        "rate": str(rate), "drop_frame": drop, "start_timecode": str(begin), "size": "1920x1080"
    }  # fmt: skip
    module, editor = WRITERS[form]
    return module.write(made, ExportOptions(Path(), editor=editor)).files[0].content


def found_in(content, **others):
    """The rules that each editor's check of one file names."""
    case = case_of(content)
    for name, value in others.items():
        object.__setattr__(case, name, value)
    return {editor: {finding.rule for finding in judge([case], editor)[0]} for editor in EDITORS}


def composed(*, top=True, timecode=True, drop=False, tape="A001"):
    """An AAF of one shot of 50 frames at 25 from a tape, by pyaaf2's own objects; without `tape`, from nowhere.

    Without `top` there is no composition, only the shot.
    """
    file = aaf2.open()
    source, master, cut = file.create.SourceMob(), file.create.MasterMob("shot"), file.create.CompositionMob("cut")
    file.content.mobs.extend([source, master, cut] if top else [source, master])
    source.descriptor = file.create.TapeDescriptor() if tape else file.create.ImportDescriptor()
    source.name, cut.usage = tape, "Usage_TopLevel"
    source.create_timeline_slot(25, 1).segment = file.create.SourceClip(length=400, media_kind="picture")
    _count(file, source, drop=drop)
    master.create_timeline_slot(25, 1).segment = _clip(file, source, 0, 400)
    if top:
        cut.create_timeline_slot(25, 1).segment = _clip(file, master, 40, 50)
    if top and timecode:
        _count(file, cut, drop=False)
    file.save()
    file.cfb.close()
    return file.f.getvalue()


def _clip(file, mob, start, length):
    return file.create.SourceClip(start=start, length=length, mob_id=mob.mob_id, slot_id=1, media_kind="picture")


def _count(file, mob, *, drop):
    counted = file.create.Timecode(25, drop=drop)
    counted.start, counted.length = 90000, 400
    mob.create_timeline_slot(25, 2).segment = counted
