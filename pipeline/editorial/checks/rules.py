"""What a timeline file is judged by: one table of rules, each with the formats and editors that it is about.

No commercial editor was run: `why` says what a rule rests on. An error is what an editor refuses, drops or links
wrongly; a warning is what somebody should look at.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from pipeline.editorial.checks import (
    aaf_rules,
    ale_rules,
    common_rules,
    edl_rules,
    fcpxml_rules,
    kdenlive_rules,
    lost_rules,
    otio_rules,
    rate_rules,
    reel_rules,
    set_cuts,
    set_reels,
    sets,
    tape_rules,
    xmeml_rules,
)
from pipeline.editorial.checks.case import Case, Found
from pipeline.proxies.rules import EDITORS

Severity = Literal["error", "warning"]
Find = Callable[[Case], Iterator[Found]]
FindInSet = Callable[[Sequence[Case]], Iterator[tuple[int, Found]]]


@dataclass(frozen=True, slots=True)
class Rule:
    """`find` looks at one file; `find_in_set` at all of them together, and says which one it means."""

    name: str
    refuses: str
    formats: tuple[str, ...]
    editors: tuple[str, ...]
    severity: Severity
    why: str
    find: Find | None = None
    find_in_set: FindInSet | None = None


ALL_FORMATS = tuple(common_rules.FORMATS)
_TIMELINES = ("otio", "xmeml", "fcpxml", "aaf", "edl", "kdenlive")
_LISTS = ("premiere", "resolve", "avid")
_RESOLVE, _FCP7, _FCPX = ("resolve",), ("premiere", "resolve"), ("fcp", "resolve")

UNREADABLE = Rule(
    "unreadable", "a file that is damaged, hostile, too large, or no timeline", ALL_FORMATS, EDITORS, "error",
    "nothing of it can be read here, and so nothing be vouched for",
)  # fmt: skip
_FORMAT = Rule(
    "format", "a format that the editor does not read by itself", ALL_FORMATS, EDITORS, "error",
    "what the editors' own pages list; Avid's OTIO is reported, not proven", common_rules.reads,
)  # fmt: skip
_COMMON: tuple[Rule, ...] = (
    Rule("range", "frames outside the media", ("xmeml", "fcpxml", "aaf"), EDITORS, "error",
         "Final Cut: 'Invalid edit with no respective media'; others show black or move the cut", common_rules.ranges),
    Rule("range", "frames outside the media", ("otio",), ("premiere", "resolve"), "error",
         "the same", otio_rules.ranges),
    Rule("range", "frames outside the media", ("kdenlive",), ("kdenlive",), "error",
         "the same", kdenlive_rules.ranges),
    Rule("missing media", "paths that are not on this machine, where their disk is", (*_TIMELINES, "ale"), EDITORS,
         "error", "the editor shows the clip as offline", common_rules.missing),
    Rule("odd rate", "a rate a little beside a standard one", ("xmeml", "fcpxml", "aaf", "edl"), EDITORS, "error",
         "2997/100 drifts from 30000/1001 by four frames an hour", rate_rules.of_events),
    Rule("odd rate", "such a rate as it is written; 29.97 and 23.98 are short for the exact ones", ("otio",), EDITORS,
         "error", "the same", rate_rules.of_otio),
    Rule("odd rate", "a profile at such a rate", ("kdenlive",), ("kdenlive",), "error",
         "the same", rate_rules.of_kdenlive),
    Rule("set drop-frame", "files of one set that count their timeline differently", _TIMELINES, EDITORS, "error",
         "the same cut lies at two places", None, sets.counting),
    Rule("set source drop-frame", "recordings that count differently in two files of one set", _TIMELINES, EDITORS,
         "error", "one of the two links other frames", None, sets.sources),
    Rule("set source start", "recordings that begin at 0 in one file of a set and at a timecode in another",
         _TIMELINES, _RESOLVE, "error", "Resolve: 'no overlap between specified target timecodes', offline",
         None, sets.starts),
    Rule("set cut", "another rate, start, picture or range than in another file of the set", set_cuts.FORMATS, EDITORS,
         "error", "all formats of one cut show the same", None, set_cuts.cuts),
    Rule("set reel", "recordings of another reel in another file of the set", ("otio", "xmeml", "aaf", "edl", "ale"),
         EDITORS, "error", "one of the two links another recording", None, set_reels.reels),
    Rule("not checked", "further timelines in the file", ALL_FORMATS, EDITORS, "warning",
         "only the first one is read", common_rules.unchecked),
)  # fmt: skip
_EDL: tuple[Rule, ...] = (
    Rule("edl empty", "a list without events", ("edl",), _LISTS, "warning", "nothing comes of it", edl_rules.no_events),
    Rule("edl title", "a first line that is not TITLE:", ("edl",), _LISTS, "warning",
         "pycmx and OTIO's reader refuse such lists", edl_rules.title),
    Rule("edl counting unsaid", "no FCM line where labels count 25 and more frames", ("edl",), _LISTS, "warning",
         "drop-frame or not is the editor's guess", edl_rules.counting_unsaid),
    Rule("edl counting", "labels that contradict the FCM line", ("edl",), _LISTS, "error",
         "the list means another frame than it says", edl_rules.counting_contradicted),
    Rule("edl label", "timecodes that do not exist; events that end before they begin", ("edl",), _LISTS, "error",
         "the event is dropped or moved", edl_rules.labels),
    Rule("edl lost line", "lines that look like events and cannot be read as one", ("edl",), _LISTS, "error",
         "the event is dropped, silently", edl_rules.lost_lines),
    Rule("edl length", "source and record differently long without M2", ("edl",), _LISTS, "error",
         "refused, or cut to the shorter one", edl_rules.lengths),
    Rule("edl transition", "transitions without the line of what they come from", ("edl",), _LISTS, "error",
         "refused by readers that were tried", edl_rules.transition_alone),
    Rule("edl overlap", "events over one another on a track", ("edl",), _LISTS, "warning",
         "the later one replaces the earlier one", edl_rules.overlaps),
    Rule("edl file words", "FROM CLIP: and FROM FILE: comments", ("edl",), ("premiere",), "warning",
         "OpenTimelineIO issue 1178: the media are shown as UNKNOWN", edl_rules.file_words),
    Rule("reel shared", "one reel for two files at the same timecode", ("edl",), _LISTS, "warning",
         "of a real turnover linked by reel and timecode, 84 % were wrong takes", reel_rules.shared),
    Rule("reel table", "reels that the table at the end of the list gives to other files", ("edl",), _LISTS, "error",
         "clips link to the wrong reel", reel_rules.against_table),
    Rule("reel length", "reels of more than 8 characters", ("edl",), _FCP7, "warning",
         "the column of CMX 3600 has 8", tape_rules.long_reels),
    Rule("reel collision", "different reels that are the same when cut: to 32 characters for Avid, else to 8",
         ("edl",), _LISTS, "error", "clips link to the wrong reel", tape_rules.colliding),
    Rule("reel collision", "different reels that are the same when cut", ("ale", "aaf"), ("avid",), "error",
         "the same", tape_rules.colliding),
    Rule("tape length", "tape names of more than 32 characters", ("edl", "ale", "aaf"), ("avid",), "error",
         "Avid keeps 32", tape_rules.long_tapes),
    Rule("tape letters", "tape names of other characters than letters, figures, `_`, `-`, `.`", ("edl", "ale", "aaf"),
         ("avid",), "warning", "Avid's manual: alphanumeric", tape_rules.letters),
)  # fmt: skip
_ALE: tuple[Rule, ...] = (
    Rule("ale empty", "a table without clips", ("ale",), ("avid", "resolve"), "error", "nothing comes of it",
         ale_rules.no_rows),
    Rule("ale heading", "a missing FIELD_DELIM, VIDEO_FORMAT, AUDIO_FORMAT or FPS", ("ale",), ("avid",), "error",
         "Media Composer asks for them", ale_rules.headings),
    Rule("ale columns", "a missing column Name, Tracks, Start or End", ("ale",), ("avid",), "error",
         "no clip is made without", ale_rules.columns),
    Rule("ale video format", "VIDEO_FORMAT CUSTOM", ("ale",), ("avid",), "warning",
         "an HD project refuses it", ale_rules.picture_format),
    Rule("ale rate", "rows at another rate than FPS, timecodes that FPS does not have", ("ale",),
         ("avid", "resolve"), "error", "a bin has one rate; the clip would lie elsewhere", ale_rules.rates),
    Rule("ale cells", "rows with more cells than columns", ("ale",), ("avid", "resolve"), "error",
         "values move to other columns", ale_rules.cells),
    Rule("ale source", "rows with neither tape nor source file", ("ale",), ("avid",), "warning",
         "nothing to link by", ale_rules.sources),
)  # fmt: skip
_OTIO: tuple[Rule, ...] = (
    Rule("otio empty", "no timeline, or one without clips", ("otio",), ("premiere", "resolve", "kdenlive"), "error",
         "nothing comes of it", otio_rules.no_timeline),
    Rule("otio root", "another root than a Timeline", ("otio",), ("premiere", "resolve", "kdenlive"), "error",
         "nothing comes of it", otio_rules.root),
    Rule("otio clip", "clips that are no Clip.2 with media_references and an active key", ("otio",), _RESOLVE, "error",
         "Resolve makes no timeline and says nothing", otio_rules.clip_schema),
    Rule("otio available range", "media without available_range", ("otio",), _RESOLVE, "error",
         "the same", otio_rules.available),
    Rule("otio time base", "source_range from 0 beside an available_range by timecode", ("otio",),
         ("premiere", "resolve"), "error", "Resolve wants both in absolute frames", otio_rules.time_base),
    Rule("otio length", "clips and gaps that last less than nothing", ("otio",), ("premiere", "resolve", "kdenlive"),
         "error", "what follows moves, or is dropped", otio_rules.lengths),
    Rule("otio file URL", "`file://` instead of a bare path", ("otio",), _RESOLVE, "error",
         "the same as for clips", otio_rules.file_urls),
    Rule("otio fields", "clips without enabled or metadata", ("otio",), _RESOLVE, "error",
         "the same", otio_rules.fields),
    Rule("otio start", "no global_start_time", ("otio",), _RESOLVE, "error", "the same", otio_rules.start),
    Rule("otio track name", "tracks that are not called Video 1, Audio 1...", ("otio",), _RESOLVE, "error",
         "the same", otio_rules.track_names),
    Rule("otio clip name", "clips not called as their media file", ("otio",), _RESOLVE, "error",
         "the same", otio_rules.names),
    Rule("otio in-points", "media that count by timecode", ("otio",), ("kdenlive",), "error",
         "tried: Kdenlive's importer makes every clip one frame long", otio_rules.in_points),
    Rule("no path", "clips without a file", ("otio",), ("premiere", "resolve", "kdenlive"), "warning",
         "they come in offline", otio_rules.no_path),
)  # fmt: skip
_XMEML: tuple[Rule, ...] = (
    Rule("xmeml empty", "no sequence", ("xmeml",), _FCP7, "warning", "only clips come of it", xmeml_rules.no_sequence),
    Rule("xmeml format", "a sequence without `<format>`, width and height", ("xmeml",), _RESOLVE, "error",
         "OpenTimelineIO issues 839, 499: Resolve makes no timeline and says nothing", xmeml_rules.picture_format),
    Rule("xmeml file name", "files called without their extension", ("xmeml",), _RESOLVE, "error",
         "Resolve relinks by the name with it", xmeml_rules.extension),
    Rule("xmeml file start", "files without a start timecode", ("xmeml",), _RESOLVE, "warning",
         "Resolve takes 0: offline where the recording has one", xmeml_rules.start),
    Rule("xmeml rate twice", "an element with two rates", ("xmeml",), _FCP7, "error",
         "which one counts is anybody's guess; OTIO's writer does it", xmeml_rules.rate_twice),
    Rule("xmeml path", "paths that are no file URL", ("xmeml",), _FCP7, "warning",
         "Apple's page on the format", xmeml_rules.path_form),
    Rule("xmeml exploded track", "sets of exploded tracks with a channel missing", ("xmeml",), ("premiere",),
         "warning", "Premiere folds a set into one track", xmeml_rules.exploded),
    Rule("xmeml timecode", "timecodes against their frames, drop-frame where there is none", ("xmeml",), _FCP7,
         "warning", "which of the two counts is the editor's choice", xmeml_rules.timecodes),
    Rule("xmeml place", "frames before zero, but for the -1 beside a transition; frames that are not whole", ("xmeml",),
         _FCP7, "error", "the clip is dropped or moved", xmeml_rules.places),
    Rule("xmeml overlap", "clips over one another on a track", ("xmeml",), _FCP7, "error",
         "a track holds one at a time; which one stays is the editor's choice", xmeml_rules.overlaps),
    Rule("xmeml problem", "clips without a place, lengths that do not fit, files nowhere described", ("xmeml",),
         _FCP7, "error", "the clip is dropped or moved", xmeml_rules.problems),
    Rule("no path", "clips without a file", ("xmeml",), _FCP7, "warning", "they come in offline", xmeml_rules.no_path),
)  # fmt: skip
_FCPXML: tuple[Rule, ...] = (
    Rule("fcpxml empty", "no project", ("fcpxml",), _RESOLVE, "warning", "no timeline comes of it",
         fcpxml_rules.no_project),
    Rule("fcpxml version", "a version that the editor does not read", ("fcpxml",), _FCPX, "error",
         "Final Cut: unknown DTD; Resolve says which it reads", fcpxml_rules.version),
    Rule("fcpxml new version", "versions from 1.11 on", ("fcpxml",), _RESOLVE, "warning",
         "older Resolves refuse them", fcpxml_rules.new_version),
    Rule("fcpxml structure", "elements out of place, words missing", ("fcpxml",), ("fcp",), "error",
         "Final Cut refuses the whole file", fcpxml_rules.structure),
    Rule("fcpxml DTD", "what Apple's definition does not allow, where it is given with `--dtd`", ("fcpxml",), ("fcp",),
         "error", "the same", fcpxml_rules.definition),
    Rule("fcpxml time", "times that are no rational seconds", ("fcpxml",), _FCPX, "error",
         "words of the DTD: 64 bits above, 32 below", fcpxml_rules.times),
    Rule("fcpxml reference", "references to what is nowhere, or of another kind", ("fcpxml",), _FCPX, "error",
         "Final Cut refuses the whole file", fcpxml_rules.references),
    Rule("fcpxml grid", "places in the primary storyline within a frame", ("fcpxml",), _FCPX, "error",
         "Final Cut: 'not on an edit frame boundary'; the cut may be a frame off", fcpxml_rules.grid),
    Rule("fcpxml storyline", "overlaps and holes in a storyline", ("fcpxml",), _FCPX, "error",
         "a storyline has neither; what follows moves", fcpxml_rules.spine),
    Rule("fcpxml project rate", "a rate that Final Cut has no projects at", ("fcpxml",), ("fcp",), "error",
         "Apple's list of formats", fcpxml_rules.project_rate),
    Rule("fcpxml asset name", "assets called without their extension", ("fcpxml",), _RESOLVE, "warning",
         "Resolve relinks by it when the path does not fit", fcpxml_rules.extension),
    Rule("fcpxml problem", "clips without length, drop-frame where there is none", ("fcpxml",), _FCPX, "error",
         "the clip is dropped or moved", fcpxml_rules.problems),
)  # fmt: skip
_OTHERS: tuple[Rule, ...] = (
    Rule("aaf empty", "no composition with clips", ("aaf",), _LISTS, "error", "nothing comes of it",
         aaf_rules.no_composition),
    Rule("aaf timecode", "a composition without a timecode track", ("aaf",), _RESOLVE, "error",
         "OpenTimelineIO issue 766", aaf_rules.timecode),
    Rule("aaf drop flag", "drop-frame flags at rates that have none", ("aaf",), _LISTS, "error",
         "the labels mean other frames", aaf_rules.drop_flags),
    Rule("aaf source", "clips that lead to neither a tape nor a file", ("aaf",), _LISTS, "warning",
         "nothing to link by", aaf_rules.sources),
    Rule("kdenlive profile", "no profile with a frame rate", ("kdenlive",), ("kdenlive",), "error",
         "Kdenlive chooses one", kdenlive_rules.profile),
    Rule("kdenlive reference", "clips of what is nowhere in the project", ("kdenlive",), ("kdenlive",), "error",
         "the clip is dropped", kdenlive_rules.references),
)  # fmt: skip
_LOST: tuple[Rule, ...] = (
    Rule("lost markers", "markers, where no OTIO of the cut lies beside; once a file", ("xmeml", "fcpxml"), _RESOLVE,
         "warning", "measured on Resolve 19.1.3: loses markers; OTIO keeps them", None, lost_rules.markers),
    Rule("lost sound", "several audio tracks, where no OTIO of the cut lies beside; once a file", ("fcpxml",), _RESOLVE,
         "warning", "measured on Resolve 19.1.3: drops an audio track", None, lost_rules.sound),
    Rule("lost tracks", "events on V2 and higher, once a file", ("edl",), _RESOLVE, "warning",
         "measured on Resolve 19.1.3: 1 video track", lost_rules.video_tracks),
    Rule("otio backwards", "clips that run backwards, once a file", ("otio",), ("premiere",), "warning",
         "OpenTimelineIO issue 1890: Premiere reads them otherwise", lost_rules.backwards),
)  # fmt: skip

RULES: tuple[Rule, ...] = (
    UNREADABLE, _FORMAT, *_COMMON, *_EDL, *_ALE, *_OTIO, *_XMEML, *_FCPXML, *_OTHERS, *_LOST,
)  # fmt: skip
