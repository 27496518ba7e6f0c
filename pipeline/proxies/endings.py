"""Whether the pictures of an HEVC recording are what an encoder wrote: by where their code ends.

HEVC's decoder takes rubbish for pictures and does not look whether it ends where the picture's bytes end. So each
picture is decoded alone: as it is, with rubbish behind its slices, and with each slice's last bytes altered. One that
was written whole stays the same the first time and becomes another the second; in one that was damaged since,
the decoder lost its way: it reads on into the rubbish, or never comes to the last bytes.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from pipeline.clip import Clip
from pipeline.errors import MediaUnreadable
from pipeline.files import one_line, path_error
from pipeline.metadata.frames import Stored, read_stored
from pipeline.metadata.slices import (
    alone,
    altered,
    is_slice,
    known_sets,
    lengthened,
    opening,
    parameter_sets,
    size_bytes,
    units_of,
)
from pipeline.metadata.source import LARGEST_READ, ByteSource
from pipeline.processes.ffmpeg import Terms, never, run_ffmpeg
from pipeline.proxies.telling import spans_named
from pipeline.publishing import scratch

_AT_ONCE = 16 * 1024 * 1024  # bytes of the recording
_MOST_AT_ONCE = 1000
_MOST_SLICES = 8  # of a picture, beside its last one
_SMALL = 128  # bytes of a slice: in fewer, other last bytes often mean the same picture
_LARGE = 2048  # from here on hardly ever
_WAYS = 4  # of altering an end at once
_ROUNDS = 8
_COLUMNS = 6  # of what ffmpeg tells of a picture; its hash is the last
_MANY = 8  # pictures: if it is most of so many, their encoder ends them otherwise


@dataclass(frozen=True, slots=True)
class _Picture:
    """One that is stored: its number in order of time, the sets known before it, its units.

    It ends with the slice that is looked at: those behind it would cover what a decoder that lost its way leaves.
    """

    number: int
    sets: tuple[bytes, ...]
    units: tuple[bytes, ...]

    def slices(self) -> Iterator["_Picture"]:
        """The picture as far as each slice."""
        ends = [number for number, unit in enumerate(self.units, 1) if is_slice(unit)]
        for end in (*ends[:-1][:_MOST_SLICES], *ends[-1:]):
            yield replace(self, units=self.units[:end])

    def row(self) -> list[bytes]:
        """As it is, with rubbish behind its slices, with other last bytes if those can tell."""
        told = [altered(self.units, 0)] if len(self.units[-1]) >= _SMALL else []
        return [alone(self.units), lengthened(self.units), *told]

    def ends(self, attempt: int) -> list[bytes]:
        """As it is, and with several other last bytes."""
        ways = range(1 + attempt * _WAYS, 1 + (attempt + 1) * _WAYS)
        return [alone(self.units), *(altered(self.units, way) for way in ways)]


@dataclass(frozen=True, slots=True)
class _Decoder:
    ffmpeg: Path
    subject: str
    cancelled: Callable[[], bool]
    paused: Callable[[], bool]

    def seen(self, pictures: Sequence[_Picture], rows: Sequence[Sequence[bytes]]) -> list[str]:
        """A hash of each picture that comes out of a row of them for each picture."""
        with scratch() as folder:
            stream, told = folder / "row.hevc", folder / "hashes"
            try:
                _write(stream, pictures, rows)
            except OSError as error:
                raise path_error(error, folder) from error
            arguments = [
                "-loglevel", "fatal", "-max_error_rate", "1", "-flags", "+output_corrupt", "-f", "hevc",
                "-i", f"file:{stream}", "-fps_mode", "passthrough",
                "-f", "framehash", "-hash", "murmur3", f"file:{told}",
            ]  # fmt: skip
            terms = Terms(self.subject, paused=self.paused, formats="hevc")
            with suppress(MediaUnreadable):  # then none came out
                run_ffmpeg(self.ffmpeg, arguments, cancelled=self.cancelled, terms=terms)
            lines = told.read_text().splitlines()
        columns = [line.split(",") for line in lines if not line.startswith("#")]
        return [found[-1].strip() for found in columns if len(found) == _COLUMNS]


def _write(stream: Path, pictures: Sequence[_Picture], rows: Sequence[Sequence[bytes]]) -> None:
    """A stream of each picture's row, behind the sets that it needs."""
    sets: tuple[bytes, ...] | None = None
    with stream.open("wb") as out:
        for each, row in zip(pictures, rows, strict=True):
            if each.sets != sets:
                out.write(opening(each.sets))
            out.writelines(row)
            sets = each.sets


def _unheard(_: memoryview) -> None:
    """Nobody minds how much is read."""


def damaged_pictures(
    source: Path,
    ffmpeg: Path,
    *,
    heard: Callable[[memoryview], None] = _unheard,
    cancelled: Callable[[], bool] = never,
    paused: Callable[[], bool] = never,
) -> tuple[int, ...]:
    """The numbers, in order of time, of pictures that nobody wrote as they are; none for other codecs and formats.

    `heard` is given what was read, and may take its time. Raises what run_ffmpeg raises, PathMissing and PathRefused.
    """
    stored = read_stored(source)
    if stored is None or not stored.one_kind or size_bytes(stored) is None:
        return ()
    decoder = _Decoder(ffmpeg, one_line(source.name), cancelled, paused)
    found: set[int] = set()
    for pictures in _batches(source, stored):
        found |= _damaged(decoder, pictures)
        for unit in (unit for each in pictures for unit in each.units):
            heard(memoryview(unit))
    most = len(stored.places) >= _MANY and 2 * len(found) > len(stored.places)
    return () if most else tuple(sorted(found))


def damage(clip: Clip, sources: Sequence[Path], ffmpeg: Path) -> str:
    """Which pictures of a clip's originals are damaged, in words, or nothing. Raises what damaged_pictures raises."""
    spans: list[tuple[int, int]] = []
    before = 0
    for part, source in zip(clip.parts, sources, strict=True):
        for number in damaged_pictures(source, ffmpeg):
            first, count = spans.pop() if spans and sum(spans[-1]) == before + number else (before + number, 0)
            spans.append((first, count + 1))
        before += part.frames or 0
    return f"pictures of the original are damaged: {spans_named(spans)}; copy it from the card again" if spans else ""


def _batches(source: Path, stored: Stored) -> Iterator[list[_Picture]]:
    """The pictures in the order in which they lie, so many at a time as fit into memory."""
    sets, size = parameter_sets(stored), size_bytes(stored) or 4
    batch: list[tuple[int, int, int]] = []
    left = _AT_ONCE
    for place in sorted(stored.places):
        if batch and (place[1] > left or len(batch) == _MOST_AT_ONCE):
            pictures, sets = _read(source, batch, sets, size)
            yield pictures
            batch, left = [], _AT_ONCE
        if 0 < place[1] <= LARGEST_READ:
            batch.append(place)
            left -= place[1]
    yield _read(source, batch, sets, size)[0]


def _read(
    path: Path, places: Sequence[tuple[int, int, int]], sets: tuple[bytes, ...], size: int
) -> tuple[list[_Picture], tuple[bytes, ...]]:
    """The pictures of some places, and the sets known after them."""
    found = []
    with ByteSource.open(path) as source:
        for offset, length, number in places:
            units = units_of(source.upto(offset, length), size)
            found.append(_Picture(number, sets, units))
            sets = known_sets(sets, units)
    return found, sets


def _damaged(decoder: _Decoder, pictures: Sequence[_Picture]) -> set[int]:
    """Which of some pictures are damaged; nothing is said of what does not come out of the decoder at all."""
    slices = [part for each in pictures for part in each.slices()]
    seen = list(zip(slices, _seen(decoder, slices, [each.row() for each in slices]), strict=True))
    found = {each.number for each, told in seen if told[:1] != told[1:2]}
    unread = [each for each, told in seen if len(told) > 2 and len(set(told)) == 1]
    for attempt in range(_ROUNDS):
        rows = [each.ends(attempt) for each in unread]
        same = [len(set(told)) == 1 for told in _seen(decoder, unread, rows)]
        unread = [each for each, still in zip(unread, same, strict=True) if still]
        found |= {each.number for each in unread if len(each.units[-1]) >= _LARGE}
        unread = [each for each in unread if len(each.units[-1]) < _LARGE]
    return found | {each.number for each in unread}


def _seen(decoder: _Decoder, slices: Sequence[_Picture], rows: Sequence[list[bytes]]) -> list[list[str]]:
    """The hashes of each row; none for one of which not all comes out."""
    if not rows:
        return []
    seen = decoder.seen(slices, rows)
    if len(seen) == sum(map(len, rows)):
        hashes = iter(seen)
        return [list(islice(hashes, len(row))) for row in rows]
    half = len(rows) // 2
    if not half or not seen:
        return [[]] * len(rows)
    return _seen(decoder, slices[:half], rows[:half]) + _seen(decoder, slices[half:], rows[half:])
