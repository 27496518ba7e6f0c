"""Cards and clips as ingest hands them to the catalogue, made from a few words each."""

from fractions import Fraction

import xxhash

from pipeline.catalogue.cards import TakenCard, TakenClip
from pipeline.clip import CardFolder, Clip, ClipFiles, Facts, Part, Saying, Stamp, VideoStream
from pipeline.shotlog.clocks import Zones
from pipeline.timecode import Rate, Timecode

NO_ZONES = Zones()  # clocks are local, of a zone that nobody names


def part(root: int, path: bytes, content: str, *, mtime: int = 1, frames: int = 250) -> Part:
    """A file whose bytes are known by `content`."""
    quick = xxhash.xxh128_hexdigest(content.encode())
    return Part(root, path, Stamp(1, 1, 1000 + len(content), mtime), quick, frames)


def clip(
    root: int,
    paths: dict[str, str] | str,
    *said: Saying,
    rate: str = "25",
    seconds: int = 10,
    at: str | None = "2019-10-12T06:30:00",
    start: str | None = "10:00:00:00",
    reader: str = "1",
    zones: Zones = NO_ZONES,
    mtime: int = 1,
    **facts: object,
) -> TakenClip:
    """A clip at `paths` ({path: content}, or a path that is its own content)."""
    files = {paths: paths} if isinstance(paths, str) else paths
    speed = Rate.parse(rate)
    frames = speed.frames(Fraction(seconds))
    parts = tuple(
        part(root, path.encode(), content, mtime=mtime, frames=frames // len(files)) for path, content in files.items()
    )
    read = Facts(
        video=VideoStream(video_codec="h264", width=1920, height=1080, rate=speed, frames=frames),
        start_timecode=start, timecode_rate=speed, recorded_at=at, **facts,  # type: ignore[arg-type]
    )  # fmt: skip
    began = Timecode.parse(start, speed) if start else None
    name = next(iter(files)).rpartition("/")[2]
    made = Clip(parts[0].quick[::-1], name, "A001", "picture", parts, read, speed, frames, began)
    return TakenClip(made, said, zones, reader)


def card(
    root: int, folder: str, *clips: TakenClip, fingerprint: str = "seen", others: tuple[bytes, ...] = ()
) -> TakenCard:
    listed = tuple(ClipFiles(each.clip.name, tuple(p.path for p in each.clip.parts)) for each in clips)
    made = CardFolder(folder.encode(), folder.rpartition("/")[2], "plain", listed, others=others)
    return TakenCard(root, made, fingerprint, clips, (), "2019-10-13T08:00:00Z")


def says(source: str = "path", **values: str | tuple[str, ...]) -> tuple[Saying, ...]:
    """What a rule yields: field=value, or field=(several values)."""
    made: list[Saying] = []
    for name, value in values.items():
        made += (
            [Saying(name, value, source)]
            if isinstance(value, str)
            else [Saying(name, each, source, "add") for each in value]
        )
    return tuple(made)
