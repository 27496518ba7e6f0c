"""FIELDS: everything a clip can be logged, asked or listed by, one line each.

The table feeds the catalogue's schema, the search language, command-line options and completion,
columns, CSV and docs. A new field is one line here and one migration.
"""

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "number", "date", "time", "duration", "timecode", "moment", "rate", "flag"]
Origin = Literal["log", "fact", "state"]


@dataclass(frozen=True, slots=True)
class Field:
    """`many`: any number of values; `shared`: a clip has it in common with most of its neighbours
    (kept once per group of clips in the catalogue); `words`: a bare word in a search looks here;
    `log` fields can be set by hand, `fact` and `state` fields cannot."""

    name: str
    title: str
    kind: Kind
    origin: Origin
    help: str
    many: bool = False
    shared: bool = False
    words: bool = False


FIELDS: tuple[Field, ...] = (
    Field("id", "Id", "text", "fact", "the clip's id; any unique beginning will do"),
    Field("name", "Name", "text", "fact", "file name with extension", words=True),
    Field("card", "Card", "text", "fact", "card or reel folder it came in on", shared=True, words=True),
    Field("path", "Path", "text", "fact", "where it lies, relative to its root", words=True),
    Field("kind", "Kind", "text", "fact", "picture or sound", shared=True),
    Field("shoot_day", "Shoot day", "date", "log", "calendar day of the shoot, 2019-10-12", shared=True),
    Field("unit", "Unit", "text", "log", "unit that shot it", shared=True, words=True),
    Field("location", "Location", "text", "log", "named place", shared=True, words=True),
    Field("camera", "Camera", "text", "log", "camera letter", shared=True),
    Field("camera_make", "Camera make", "text", "fact", "make as the file states it", shared=True, words=True),
    Field("camera_model", "Camera model", "text", "fact", "model as the file states it", shared=True, words=True),
    Field("camera_serial", "Camera serial", "text", "fact", "serial number of the camera", shared=True),
    Field("lens", "Lens", "text", "fact", "lens as the file states it", words=True),
    Field("reel", "Reel", "text", "fact", "reel or tape name in the file", words=True),
    Field("codec", "Codec", "text", "fact", "codec of picture, else of sound", shared=True),
    Field("size", "Size", "text", "fact", "picture width x height as stored", shared=True),
    Field("subject", "Subject", "text", "log", "who or what is seen", many=True, shared=True, words=True),
    Field("tag", "Tag", "text", "log", "free keywords", many=True, words=True),
    Field("view", "View", "text", "log", "point of view an interview takes", shared=True, words=True),
    Field("scene", "Scene", "text", "log", "scene", words=True),
    Field("take", "Take", "text", "log", "take"),
    Field(
        "recorded_at",
        "Recorded",
        "moment",
        "fact",
        "when recording began, with its offset where known; else the day alone",
    ),
    Field("at", "At", "time", "fact", "local time of day of recorded_at, at the place"),
    Field("start_timecode", "Start TC", "timecode", "fact", "timecode of the first frame"),
    Field("rate", "Rate", "rate", "fact", "frames per second, exact", shared=True),
    Field("frames", "Frames", "number", "fact", "length in frames"),
    Field("duration", "Duration", "duration", "fact", "length: 30s, 2m, 1:30"),
    Field("sound", "Sound", "number", "state", "recordings of sound beside it that run with it by timecode"),
    Field("rating", "Rating", "number", "log", "0 to 5", shared=True),
    Field("circled", "Circled", "flag", "log", "circled take: yes or no", shared=True),
    Field("title", "Title", "text", "log", "what the editing suite calls it, where that is not its name", words=True),
    Field("note", "Note", "text", "log", "remarks", words=True),
    Field("used", "Used", "text", "state", "the cuts that use it", many=True),
    Field("status", "Status", "text", "state", "logged, ready, failed, offline or no_decoder", shared=True),
)

BY_NAME: dict[str, Field] = {field.name: field for field in FIELDS}
ALIASES: dict[str, str] = {"shot": "shoot_day", "model": "camera_model", "make": "camera_make"}
# What a row of `rushes log` shows unless --columns says otherwise.
DEFAULT_COLUMNS: tuple[str, ...] = (
    "id", "name", "camera", "location", "subject", "start_timecode", "duration", "rating", "note", "status",
)  # fmt: skip
