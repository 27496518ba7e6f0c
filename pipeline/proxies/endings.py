"""Whether the pictures of an HEVC recording are what an encoder wrote: by where their code ends.

HEVC's decoder takes rubbish for pictures and does not look whether it ends where the picture's bytes end. Most pictures
can be changed so that one decoding shows it (slice_end). Each other one, and each that seems to end elsewhere, is
decoded alone: as it is, with rubbish behind its slices, and with each slice's last bytes altered. One that
was written whole stays the same the first time and becomes another the second; in one that was damaged since,
the decoder lost its way: it reads on into the rubbish, or never comes to the last bytes.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from pipeline.clip import Clip
from pipeline.errors import MediaUnreadable
from pipeline.files import one_line, path_error
from pipeline.metadata.frames import read_blocks, read_stored
from pipeline.metadata.picture import extensions
from pipeline.metadata.slice_end import SIDE, Probe, probe
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

_MATROSKA = "V_MPEGH/ISO/HEVC"
_AT_ONCE = 16 * 1024 * 1024  # bytes of the recording
_MOST_AT_ONCE = 1000
_MOST_SLICES = 8  # of a picture, beside its last one
_SMALL = 128  # bytes of a slice: in fewer, other last bytes often mean the same picture
_LARGE = 2048  # from here on hardly ever
_WAYS = 4  # of altering an end at once
_ROUNDS = 8
_COLUMNS = 6  # of what ffmpeg tells of a picture; its hash or sum is the last
_NOTHING = "0x00000000"  # the sum of memory that nobody wrote to
_MANY = 8  # pictures: if it is most of so many, their encoder ends them otherwise


@dataclass(frozen=True, slots=True)
class _Coded:
    """The pictures of a recording: how many bytes say how long a unit is, the sets known first, where they lie."""

    size: int
    sets: tuple[bytes, ...]
    places: tuple[tuple[int, int, int], ...]


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
        lines = self._told(
            _laid((each.sets, row) for each, row in zip(pictures, rows, strict=True)),
            ["-fps_mode", "passthrough", "-f", "framehash", "-hash", "murmur3"],
        )
        return [line[-1] for line in lines]

    def ends(self, probes: Sequence[Probe]) -> list[bool]:
        """Of each probe that comes out, all of one layout, whether its code ends where it has to."""
        places = probes[0].full, probes[0].empty
        crops = [f"crop={SIDE}:{SIDE}:{left}:{top}" for left, top in places]
        lines = self._told(
            _laid((each.sets, [alone([each.slice_])]) for each in probes),
            [
                "-filter_complex", f"split[a][b];[a]{crops[0]}[full];[b]{crops[1]}[empty]",
                "-map", "[full]", "-map", "[empty]", "-fps_mode", "passthrough", "-f", "framecrc",
            ],
        )  # fmt: skip
        full, empty = ([line[-1] == _NOTHING for line in lines if line[0] == stream] for stream in "01")
        return [nothing and not lost for lost, nothing in zip(full, empty, strict=False)]

    def _told(self, stream: Iterable[bytes], asked: Sequence[str]) -> list[list[str]]:
        """What ffmpeg tells of the pictures of a stream, line by line."""
        with scratch() as folder:
            written, told = folder / "row.hevc", folder / "told"
            try:
                with written.open("wb") as out:
                    out.writelines(stream)
            except OSError as error:
                raise path_error(error, folder) from error
            arguments = [
                "-loglevel", "fatal", "-max_error_rate", "1", "-flags", "+output_corrupt",
                "-threads", "1", "-skip_loop_filter", "all",
                "-f", "hevc", "-i", f"file:{written}", *asked, f"file:{told}",
            ]  # fmt: skip
            terms = Terms(self.subject, paused=self.paused, formats="hevc")
            with suppress(MediaUnreadable):  # then none came out
                run_ffmpeg(self.ffmpeg, arguments, cancelled=self.cancelled, terms=terms)
            lines = told.read_text().splitlines()
        columns = [[each.strip() for each in line.split(",")] for line in lines if not line.startswith("#")]
        return [found for found in columns if len(found) == _COLUMNS]


def _laid(rows: Iterable[tuple[tuple[bytes, ...], Iterable[bytes]]]) -> Iterator[bytes]:
    """A stream of rows of pictures, each behind the sets that it needs."""
    known: tuple[bytes, ...] | None = None
    for sets, row in rows:
        if sets != known:
            yield opening(sets)
        yield from row
        known = sets


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
    coded = _coded(source)
    if coded is None:
        return ()
    decoder = _Decoder(ffmpeg, one_line(source.name), cancelled, paused)
    found: set[int] = set()
    for pictures in _batches(source, coded):
        found |= _damaged(decoder, _suspects(decoder, pictures))
        for unit in (unit for each in pictures for unit in each.units):
            heard(memoryview(unit))
    most = len(coded.places) >= _MANY and 2 * len(found) > len(coded.places)
    return () if most else tuple(sorted(found))


def _coded(source: Path) -> _Coded | None:
    """The pictures of a QuickTime, MP4 or Matroska file whose codec is HEVC."""
    stored = read_stored(source)
    blocks = None if stored else read_blocks(source)
    if stored and stored.one_kind:
        record, places = dict(extensions(stored.entry)).get(b"hvcC", b""), stored.places
    elif blocks and blocks.codec == _MATROSKA and blocks.private[:1] == b"\1":  # else they lie there with start codes
        record, places = blocks.private, blocks.places
    else:
        return None
    size = size_bytes(record)
    return None if size is None else _Coded(size, parameter_sets(record), places)


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


def _batches(source: Path, coded: _Coded) -> Iterator[list[_Picture]]:
    """The pictures in the order in which they lie, so many at a time as fit into memory."""
    sets, size = coded.sets, coded.size
    batch: list[tuple[int, int, int]] = []
    left = _AT_ONCE
    for place in sorted(coded.places):
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


def _suspects(decoder: _Decoder, pictures: Sequence[_Picture]) -> list[_Picture]:
    """The pictures whose code is not seen to end where it has to, and those of which one decoding tells nothing."""
    found = []
    alike: dict[tuple[tuple[int, int], ...], list[tuple[_Picture, Probe]]] = {}
    for each in pictures:
        its = probe(known_sets(each.sets, each.units), each.units)
        if its:
            alike.setdefault((its.full, its.empty), []).append((each, its))
        else:
            found.append(each)
    for group in alike.values():
        ends = decoder.ends([its for _, its in group])
        clear = ends if len(ends) == len(group) else [False] * len(group)
        found += [each for (each, _), whole in zip(group, clear, strict=True) if not whole]
    return found


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
