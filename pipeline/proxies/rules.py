"""What a proxy is judged by: one table of rules, and what each measures.

Two questions are asked of every file. Is it what was asked for? A file that is not is never published.
Would an editing suite attach it, and cut on it come back to the original's frames? That is a verdict for
each suite. No suite was run: `why` says in words what a rule rests on, and where that is only experience.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from pipeline.proxies import checks
from pipeline.proxies.checks import Case

EDITORS: tuple[str, ...] = ("premiere", "resolve", "avid", "fcp", "kdenlive")
TITLES = {
    "premiere": "Premiere", "resolve": "Resolve", "avid": "Avid", "fcp": "Final Cut", "kdenlive": "Kdenlive",
}  # fmt: skip
# How bad it is where a rule is broken: it does not attach or shows other frames; it attaches, with something
# to mind; it attaches when a person points at it. Worst first.
Outcome = Literal["no", "with care", "by hand"]
OUTCOMES: tuple[Outcome, ...] = ("no", "with care", "by hand")


Check = Callable[[Case], str]  # what is wrong, in words; empty where the rule is kept


@dataclass(frozen=True, slots=True)
class Rule:
    """`editors` refuse what breaks `wanted`, with the outcome; what breaks `asked` is not what was asked for.

    It is asked of clips of the kinds `of`: suites use recordings of sound alone as they are, and a copy of one is
    judged by what they sync and relink by.
    """

    name: str
    measures: str
    wanted: Check | None
    asked: Check | None
    editors: tuple[str, ...]
    why: str
    outcome: Outcome = "no"
    of: tuple[str, ...] = ("picture",)


_ANY, _SOUND = ("picture", "sound"), ("sound",)
_BY_TIMECODE = ("resolve", "avid", "fcp")
_BY_TAGS = ("premiere", "resolve", "fcp", "kdenlive")

RULES: tuple[Rule, ...] = (
    Rule(
        "file", "whether it is there and whole (--compare: to a decoder); nothing else can be measured of one that is "
        "not", checks.lost, checks.lost, EDITORS, "deleted, moved, replaced or damaged since it was made", of=_ANY,
    ),
    Rule(
        "frames", "pictures that a player shows, each one sample of the file (--compare: that a decoder gives)",
        checks.frames, checks.frames, EDITORS,
        "Adobe: duration must match, or issues result; Resolve links only the same length; Kdenlive swaps the "
        "file below the same cut",
    ),
    Rule(
        "pictures", "head, middle, tail beside the original's (--compare)", checks.pictures, checks.pictures, EDITORS,
        "right labels on wrong pictures: of a real turnover relinked by labels, 84 % were wrong takes",
    ),
    Rule(
        "frame rate", "the exact fraction", checks.rate, checks.rate, EDITORS,
        "Adobe: frame rate must match; Resolve's link is fussy about it; 2997/100 drifts from 30000/1001",
    ),
    Rule(
        "varying rate", "whether the original's rate varies", checks.varying, None, EDITORS,
        "phones drift: the proxy's frames are not the original's, its frame map says which they are", "with care",
    ),
    Rule(
        "unread pictures", "frames that stand in for what could not be read", checks.held, None, EDITORS,
        "a salvaged proxy is as long as its original and not all of it is footage", "with care",
    ),
    Rule(
        "damaged pictures", "HEVC pictures of the original whose code does not end as it was written (--compare)",
        checks.damaged, None, EDITORS, "its decoder takes rubbish for pictures and reports none of it", "with care",
    ),
    Rule(
        "start timecode", "label and drop-frame of the timecode track", checks.timecode, checks.timecode_asked,
        _BY_TIMECODE, "Resolve links by name and start timecode, Avid relinks by tape and timecode, a Final Cut asset "
        "begins at its timecode; Premiere and Kdenlive count from the first frame",
    ),
    Rule(
        "reel", "the source name of the timecode track", checks.reel, checks.reel_asked, ("avid",),
        "Avid relinks by tape name and timecode; Resolve takes a reel only where told to",
    ),
    Rule(
        "codec", "how pictures are coded", checks.codec_of_final_cut, checks.codec_asked, ("fcp",),
        "Apple: proxy media are ProRes 422 Proxy or H.264",
    ),
    Rule(
        "container", "the kind of file", checks.mxf, None, ("avid",),
        "native Avid media are OP-Atom MXF; it links other files, but only by its own menus",
    ),
    Rule(
        "native media", "OP-Atom MXF, a file for each track", checks.linked, None, ("avid",),
        "Media Composer finds by itself what its own import wrote; OP1a MXF it links when told to", "by hand",
    ),
    Rule(
        "size", "width and height against the original as shown", checks.divisor, checks.size_asked, ("premiere",),
        "Adobe: frame size times pixel aspect must divide the full resolution's",
    ),
    Rule(
        "pixel shape", "pixels as wide as high", checks.square, checks.square, ("premiere", "resolve", "fcp"),
        "the common ground of the three is square pixels",
    ),
    Rule(
        "rotation", "upright without a flag", checks.upright, checks.upright, _BY_TAGS,
        "whoever heeds the flag turns an upright picture on its side",
    ),
    Rule(
        "fields", "interlacing and which field comes first", checks.fields_shot, checks.fields_asked, ("premiere",),
        "Adobe: fielding must match",
    ),
    Rule(
        "colour tags", "primaries, transfer and matrix", checks.colour, checks.colour, _BY_TAGS,
        "whoever manages colour shows other colours than those that were made; Avid asks its source settings",
    ),
    Rule(
        "colour range", "studio or full levels", checks.levels, checks.levels, _BY_TAGS,
        "full range taken for studio crushes blacks and whites; Avid asks its source settings",
    ),
    Rule(
        "sound tracks", "tracks, channels of each", checks.tracks, checks.tracks_wanted, EDITORS,
        "Adobe: mismatched channels are not allowed; Kdenlive keeps the track's number; the others play what they find",
    ),
    Rule(
        "sound rate", "samples a second of each track", checks.sound_rate, checks.sound_rate_asked, _BY_TAGS,
        "the common ground of Premiere, Resolve and Final Cut is the original's; Avid relinks by tape and timecode, "
        "and its MXF has 48 kHz",
    ),
    Rule("sound codec", "how sound is coded", None, checks.sound_codec, (), "only asked for: no suite minds"),
    Rule(
        "sound sync", "begin and end of each track beside the picture", checks.sync, checks.sync_asked, EDITORS,
        "picture and sound apart: none refuses it, all play it",
    ),
    Rule(
        "sound", "a second at head, middle and tail of each channel beside the original's (--compare)", checks.heard,
        checks.heard, EDITORS, "a channel that is late, swapped or silent: none refuses it, all play it",
        of=_ANY,
    ),
    Rule(
        "channels", "of sound alone: all of them in a row, at 48 kHz", checks.joined_tracks, checks.joined_tracks,
        EDITORS, "channels are named by their number; WAV holds one track", of=_SOUND,
    ),
    Rule(
        "sound length", "of sound alone: samples, within a millisecond", checks.whole_length, checks.whole_length,
        EDITORS, "what is cut beyond the copy's end is silence", of=_SOUND,
    ),
    Rule(
        "time reference", "of sound alone: bext samples since midnight", checks.reference, checks.reference, EDITORS,
        "sound is synchronised by it (EBU Tech 3285)", of=_SOUND,
    ),
    Rule(
        "base name", "file name without extension", checks.base_name, None, ("resolve", "avid"),
        "Resolve looks for the same base name and timecode, Avid for the source file's name", "by hand", of=_ANY,
    ),
    Rule(
        "proxy name", "the same, with or without _Proxy", checks.premiere_name, None, ("premiere",),
        "Premiere's own presets add _Proxy; siblings are found once the first is pointed at (experience)", "by hand",
    ),
    Rule(
        "folder", "where the file lies", checks.folder, None, ("resolve",),
        "Resolve looks by itself only in Proxy/ beside the original; else: Link Proxy Media (experience)", "by hand",
        of=_ANY,
    ),
)  # fmt: skip
