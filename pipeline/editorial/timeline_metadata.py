"""What a timeline of ours says under the key `rushes`: of itself, of each clip and its file, and its markers.

Writers find a clip's source again by it, and carry the log. assembly.py lays the clips that bear it.
"""

from typing import Any

from pipeline.clip import LoggedClip, Marker, shown
from pipeline.editorial.arrange import CutSettings
from pipeline.editorial.beside import late_of
from pipeline.editorial.pieces import Piece
from pipeline.fields import FIELDS
from pipeline.timecode import TimeRange

_LOG_FIELDS = frozenset(field.name for field in FIELDS if field.origin == "log")


def of_timeline(settings: CutSettings) -> dict[str, Any]:
    width, height = settings.size
    return {
        "rate": str(settings.rate),
        "drop_frame": settings.start.drop_frame,
        "start_timecode": str(settings.start),
        "size": f"{width}x{height}",
    }


def of_source(piece: Piece) -> dict[str, Any]:
    """What identifies the source of a clip: enough to find file, frame and reel again."""
    clip = piece.shot.logged.clip
    return {
        "clip": clip.id,
        "kind": clip.kind,
        "card": shown(clip.card),
        "reel": shown(clip.reel or ""),
        "rate": str(piece.rate),
        "drop_frame": clip.start.drop_frame if clip.start else False,
        "start_timecode": str(clip.start) if clip.start else None,
    }


def of_clip(piece: Piece) -> dict[str, Any]:
    """What the log and the file say besides; one clip of the timeline bears it for all that are of one source."""
    return {"title": piece.shot.title, "log": _log(piece.shot.logged), "file": _file(piece)}


def markers_in(piece: Piece) -> list[dict[str, Any]]:
    """The marks of the log that lie in a piece, as OTIO's JSON has them."""
    return [_marker(marker, piece) for marker in piece.shot.logged.markers if _meets(marker.range, piece.inside)]


def _meets(marker: TimeRange, inside: TimeRange) -> bool:
    """Whether a mark lies in a piece; a mark on a point lies where its frame does."""
    return marker.start < inside.end and max(marker.end, marker.start + 1) > inside.start


def _marker(marker: Marker, piece: Piece) -> dict[str, Any]:
    inside = marker.range.within(piece.inside)
    per_second = piece.rate.numerator / piece.rate.denominator
    return {
        "OTIO_SCHEMA": "Marker.2",
        "name": shown(marker.note or marker.subject),
        "comment": shown(marker.note),
        "color": "GREEN" if marker.subject else "YELLOW",
        "metadata": {"rushes": {"subject": shown(marker.subject)}} if marker.subject else {},
        "marked_range": {
            "OTIO_SCHEMA": "TimeRange.1",
            "start_time": _json_time(piece.offset + inside.start, per_second),
            "duration": _json_time(inside.duration, per_second),
        },
    }


def _json_time(frames: int, per_second: float) -> dict[str, Any]:
    return {"OTIO_SCHEMA": "RationalTime.1", "value": frames, "rate": per_second}


def _file(piece: Piece) -> dict[str, Any]:
    """What a file says of itself that writers need beside its range; what is unknown is left out."""
    clip = piece.shot.logged.clip
    facts, video = clip.facts, clip.facts.video
    known: dict[str, Any] = {
        "timecode_from": next((shown(source.where) for source in facts.sources if source.key == "start_timecode"), ""),
        "late": str(late_of(clip) or ""),
        "url": piece.part.url,
    }
    if facts.audio:
        known["sample_rate"] = facts.audio[0].sample_rate
    if video and video.width and video.height:
        turned = video.rotation in {90, 270}
        known["size"] = (video.height, video.width) if turned else (video.width, video.height)
        if video.pixel_aspect not in {None, 1}:
            known["pixel_aspect"] = str(1 / video.pixel_aspect if turned else video.pixel_aspect)
    if video and video.interlaced:
        known["fields"] = video.field_order
    return {name: value for name, value in known.items() if value}


def _log(logged: LoggedClip) -> dict[str, Any]:
    said = logged.values.items()
    return {name: _plain(value) for name, value in said if name in _LOG_FIELDS and (value or value == 0)}


def _plain(value: str | int | tuple[str, ...] | None) -> str | int | list[str] | None:
    if isinstance(value, str):
        return shown(value)
    return [shown(item) for item in value] if isinstance(value, tuple) else value
