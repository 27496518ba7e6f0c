"""What reads untrusted input, with real input to damage: readers, sidecars, card indexes, reports, queries..."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

sys.path.extend(
    str(Path(__file__).parents[1] / room) for room in ("metadata", "cards", "editorial")
)  # the builders of their tests
from card_listings import SONY, SONY_TEXTS, cards_of, clip_information, p2_xml, playlist
from damaged_cards import take_in
from editorial_clips import logged
from good_timelines import good
from test_clip_documents import p2
from test_stills import tiff

from pipeline.clip import Facts
from pipeline.editorial.checks.case import case_of
from pipeline.editorial.checks.judge import judge
from pipeline.editorial.imports.registry import IMPORTS, Import
from pipeline.editorial.paper import read_paper, shots_of, written_paper
from pipeline.errors import RushesError
from pipeline.manifests.brought import lists_of
from pipeline.manifests.facts import list_facts
from pipeline.manifests.sums import read_listing
from pipeline.metadata import gpx
from pipeline.metadata.assembly import assemble, span_facts
from pipeline.metadata.editing import editing_time
from pipeline.metadata.facts import read_facts, read_sidecar, sidecar_facts
from pipeline.metadata.plain import facts_json
from pipeline.metadata.readers import HEAD, LISTS, READERS, SIDECARS, STILLS, frame_counter
from pipeline.metadata.source import ByteSource
from pipeline.metadata.whole import is_whole
from pipeline.processes.ffmpeg import find_ffmpeg
from pipeline.proxies.luts import clean_cube
from pipeline.proxies.presets import load_presets
from pipeline.proxies.rules import EDITORS
from pipeline.settings import parse_settings, shipped
from pipeline.shotlog.query import explain, parse
from pipeline.shotlog.reports import read_report
from pipeline.timecode import Rate

ROOT = Path(__file__).parents[2]
SAMPLES = Path(os.environ.get("RUSHES_SAMPLES", ROOT.parent / "shared" / "samples"))
KINDS = ("camera", "containers", "sound", "sidecars", "hostile")
LARGEST_SEED = 6 << 20
KEPT = 192 << 10  # bytes of a seed: a larger one is cut out of where its reader looks
REPORT = (
    b"Clip,Reel,Scene,Take,Circled,Rating,Comments,Start TC\nA001C001,A001,12A,3,yes,***,wide; lovely,10:00:00:00\n"
)
GPX = b"""<?xml version="1.0"?><gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1"><trk><trkseg>
<trkpt lat="48.2050" lon="16.4150"><ele>160</ele><time>2019-10-12T06:00:00Z</time></trkpt>
<trkpt lat="48.2060" lon="16.4050"><time>2019-10-12T08:01:00.5+02:00</time></trkpt></trkseg></trk></gpx>"""
_P2 = tuple(
    f"P/CONTENTS/{name}" for clip in ("0001AB", "0002CD")
    for name in (f"VIDEO/{clip}.MXF", f"AUDIO/{clip}00.MXF", f"AUDIO/{clip}01.MXF", f"CLIP/{clip}.XML")
)  # fmt: skip
_AVCHD = tuple(f"V/PRIVATE/AVCHD/BDMV/STREAM/{number}.MTS" for number in ("00000", "00001"))
_LIST = (
    b'<?xml version="1.0"?><hashlist version="2.0" xmlns="urn:ASC:MHL:v2.0"><hashes><hash><path size="9">a.mov</path>'
    b'<xxh64 action="original">0ea03b369a463d9d</xxh64></hash></hashes></hashlist>'
)
# Small files that tell what is on a card: the names on the card, and the texts of those that are read.
CARDS: dict[str, tuple[tuple[str, ...], dict[str, bytes]]] = {
    "MEDIAPRO.XML": (SONY, {"MEDIAPRO.XML": next(iter(SONY_TEXTS.values()))}),
    "0001AB.XML": (
        (*_P2, "P/LASTCLIP.TXT"),
        {
            "0001AB.XML": p2_xml("A", following="B"),
            "0002CD.XML": p2_xml("B", previous="A"),
            "LASTCLIP.TXT": b"0002CD\r\n1.0\r\n1\r\n",
        },
    ),
    "LASTCLIP.TXT": (
        (*_P2, "P/LASTCLIP.TXT"),
        {"LASTCLIP.TXT": b"0002CD\r\n1.0\r\n1\r\n", "0001AB.XML": p2_xml("A"), "0002CD.XML": p2_xml("B")},
    ),
    "00000.MPL": (
        (*_AVCHD, "V/PRIVATE/AVCHD/BDMV/PLAYLIST/00000.MPL"),
        {"00000.MPL": playlist(("00000", 1), ("00001", 6))},
    ),
    "00000.CPI": ((*_AVCHD, "V/PRIVATE/AVCHD/BDMV/CLIPINF/00000.CPI"), {"00000.CPI": clip_information(0)}),
    "0001_A.mhl": (
        ("A/a.mov", "A/ascmhl/0001_A.mhl", "A/ascmhl/ascmhl_chain.xml"),
        {
            "0001_A.mhl": _LIST,
            "ascmhl_chain.xml": b"<ascmhldirectory><hashlist><path>0001_A.mhl</path></hashlist></ascmhldirectory>",
        },
    ),
    "ascmhl_chain.xml": (
        ("A/a.mov", "A/ascmhl/0001_A.mhl", "A/ascmhl/ascmhl_chain.xml"),
        {
            "ascmhl_chain.xml": b"<ascmhldirectory><hashlist><path>0001_A.mhl</path></hashlist></ascmhldirectory>",
            "0001_A.mhl": _LIST,
        },
    ),
}
QUERIES = (
    "subject:coach location:vienna -camera:B", "rating:>=4 or (has:note -tag:archive)",
    'note:"first light" at:06:00..07:30', "shoot_day:2019-10 duration:10s..5m rate:25",
    "name:C0001* (lens:50 or lens:85) status:ready start_timecode:10:00:00:00",
)  # fmt: skip


SUMS = (
    b"d41d8cd98f00b204e9800998ecf8427e *CLIP/C0001.MP4\n\\d41d8cd98f00b204e9800998ecf8427e  a\\nb.mov\n",
    b"MD5 (C0001.MP4) = d41d8cd98f00b204e9800998ecf8427e\n", b"d41d8cd98f00b204e9800998ecf8427e\n",
)  # fmt: skip
PAPERS = (
    '# for Monday\n[Morning]\nA001C001 10:00:00:10 10:00:01:00 | up\n"A001/C001"  0:01 - 0:02.5\nA001C001 12 48\n',
    "A001C001 start 2s\nA001C001 1:02:03.5 - end | \u00e9\n",
)
CHECKED = ("edl", "ale", "xmeml", "fcpxml", "otio", "kdenlive")
CUBE = b"TITLE x\nLUT_3D_SIZE 2\nDOMAIN_MIN 0 0 0\nDOMAIN_MAX 1 1 1\n" + b"0 0.5 1\n" * 8


@dataclass(frozen=True)
class Seed:
    """Real input; `read` are the ranges that its reader looks at."""

    data: bytes
    read: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Target:
    """`run` takes input and returns, or raises RushesError; everything else is a fault."""

    name: str
    run: Callable[[bytes], object]
    seeds: tuple[Seed, ...]


def targets() -> list[Target]:
    """All of them, in the order of their tuples."""
    files = [*(path.read_bytes() for path in _files()), *made()]
    readers = [Target(each.name, _recording, tuple(_seeds(each.recognises, files))) for each in READERS]
    beside = (*STILLS, *SIDECARS, *LISTS)
    sidecars = [Target(each.name, _sidecar, tuple(_seeds(each.recognises, files))) for each in beside]
    tables = [
        Seed(data[:KEPT]) for data in files if data[:HEAD].isascii() and b"\n" in data[:HEAD] and data[:1] != b"<"
    ]
    return [
        *readers,
        *sidecars,
        Target("whole files", _whole, tuple(Seed(data[:KEPT]) for data in files)),
        *_cards(),
        *(Target(f"timeline {each.format}", _timeline(each), _timelines(each)) for each in IMPORTS),
        *(Target(f"check {name}", _check, _checked(name)) for name in CHECKED),
        Target("hash lists", _hash_list, tuple(_hash_lists())),
        Target("lists of sums", _sums, tuple(Seed(text) for text in SUMS)),
        Target("paper edits", _paper, tuple(Seed(text.encode()) for text in PAPERS)),
        Target("cubes", clean_cube, (Seed(CUBE),)),
        Target("whole cards", lambda data: take_in(data, MEMORY), tuple(Seed(b"recipe %d" % n) for n in range(16))),
        Target("reports", read_report, (Seed(REPORT), Seed(REPORT.replace(b",", b"\t")), *tables)),
        Target("GPX", lambda data: gpx.read(data, "walk.gpx"), (Seed(GPX),)),
        Target("search language", _query, tuple(Seed(query.encode()) for query in QUERIES)),
        Target(
            "settings", _settings, tuple(Seed(shipped(name).encode()) for name in ("default.toml", "documentary.toml"))
        ),
        Target("presets", _presets, (Seed(shipped("proxies.toml").encode()),)),
    ]


def _cards() -> Iterator[Target]:
    """The small files that tell what is on a card, each damaged while the others on the card are as they were."""
    for index, (names, texts) in CARDS.items():
        yield Target(f"card index {index}", partial(_card, index, names, texts), (Seed(texts[index]),))


def made() -> Iterator[bytes]:
    """Input for readers whose format no sample has."""
    yield b"ARRI" + bytes(4092)
    yield p2().encode()
    yield b'<VideoClip xmlns="http://www.canon.com/ns/VideoClip"><CreationDate>2019-10-12T08:15:00</CreationDate></VideoClip>'
    yield from (tiff(order) for order in "<>")
    with tempfile.TemporaryDirectory() as scratch:
        clip = Path(scratch, "clip.mkv")
        pictures = (
            "-f",
            "lavfi",
            "-i",
            "testsrc2=s=64x48:r=25:d=1",
            "-f",
            "lavfi",
            "-i",
            "sine=d=1",
            "-c:v",
            "libx264",
        )
        exact = ("-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact", "-threads", "1")
        subprocess.run([find_ffmpeg(), "-v", "error", *pictures, *exact, clip], check=True, stdin=subprocess.DEVNULL)
        yield clip.read_bytes()


def _files() -> Iterator[Path]:
    for folder in (ROOT / "sample_media", *(SAMPLES / kind for kind in KINDS)):
        yield from sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size <= LARGEST_SEED)


def _seeds(recognises: Callable[[bytes], bool], files: list[bytes]) -> Iterator[Seed]:
    for data in files:
        if data and recognises(data[:HEAD]):
            yield seed_of(data)


def seed_of(data: bytes) -> Seed:
    """What a reader looks at in this file; media between that is left out of large ones where it stands at the end."""
    looked: list[tuple[int, int]] = []
    fetch = ByteSource._fetch

    def noted(source: ByteSource, offset: int, length: int) -> bytes:
        if source.size == len(data):
            looked.append((offset, length))
        return fetch(source, offset, length)

    ByteSource._fetch = noted
    try:
        _attempt(data)
    finally:
        ByteSource._fetch = fetch
    end = max((start + length for start, length in looked), default=0)
    return Seed(data[: max(KEPT, end)], tuple(dict.fromkeys(looked)))


def _attempt(data: bytes) -> None:
    for run in (_recording, _sidecar):
        try:
            run(data)
        except RushesError:
            continue
        else:
            return


# --- the doors, as the program uses them ----------------------------------------------------------


def _recording(data: bytes) -> None:
    with _file(data) as path:
        counter = frame_counter(path)
        facts = read_facts(path)
    if counter is not None:  # as hashing feeds it
        for at in range(0, len(data), 100_001):
            counter.feed(data[at : at + 100_001])
        counter.frames  # noqa: B018
    _used(facts)


def _sidecar(data: bytes) -> None:
    with _file(data) as path:
        beside = assemble(read_sidecar(path, "A001C001_191012_R1AB.mov"))
        _used(sidecar_facts(path))
    _used(beside)


def _used(facts: Facts) -> None:
    """What the program does with facts, whoever reads them."""
    facts_json(facts)
    editing_time(facts)
    facts.timecode  # noqa: B018
    facts_json(span_facts([facts, facts]))


def _whole(data: bytes) -> None:
    with _file(data) as path:
        is_whole(path)


def _card(index: str, names: Sequence[str], texts: Mapping[str, bytes], data: bytes) -> None:
    for card in cards_of(*names, texts={**texts, index: data}):
        card.clips  # noqa: B018


def _timelines(each: Import) -> tuple[Seed, ...]:
    files = (path.read_bytes() for path in sorted((SAMPLES / "timelines").rglob("*")) if path.is_file())
    most = LARGEST_SEED if each.format == "aaf" else KEPT  # the beginning of an AAF leads all over it
    return tuple(Seed(data[:most]) for data in files if each.recognises(data[: 64 << 10]))


def _timeline(each: Import) -> Callable[[bytes], object]:
    """Reads as the program does: at the rate that the file states, and at one that it is told."""

    def run(data: bytes) -> None:
        each.recognises(data)
        each.read(data)
        if each.read_at is not None:
            each.read_at(data, Rate(30000, 1001))

    return run


def _checked(form: str) -> tuple[Seed, ...]:
    """Other programs' timelines of a format, and one of ours."""
    return (*(seed for each in IMPORTS if each.format == form for seed in _timelines(each)), Seed(good(form)))


def _check(data: bytes) -> None:
    """As `rushes check` does: what each suite would refuse or lose of the file."""
    case = case_of(data)
    for editor in EDITORS:
        judge([case], editor)


def _hash_lists() -> Iterator[Seed]:
    yield Seed(_LIST)
    for path in sorted((SAMPLES / "mhl").rglob("*")):
        if path.is_file() and path.suffix in (".mhl", ".xml", ".txt"):
            yield Seed(path.read_bytes()[:KEPT])


def _hash_list(data: bytes) -> None:
    """A list, or the chain of a history, in a folder of its own: read, and checked against what lies there."""
    with tempfile.TemporaryDirectory(dir=MEMORY, prefix="rushes-fuzz-") as folder:
        inner = Path(folder, "A001", "ascmhl")
        inner.mkdir(parents=True)
        Path(folder, "A001", "a.mov").write_bytes(b"as listed")
        for place in (inner.parent / "A001.mhl", inner / "0001_A.mhl", inner / "ascmhl_chain.xml"):
            place.write_bytes(data)
            lists_of(inner.parent)
            list_facts(place)


def _sums(data: bytes) -> None:
    for name in ("A001.md5", "C0001.MP4.md5"):
        for entry in read_listing(name, data).entries:
            entry.parts  # noqa: B018


def _paper(data: bytes) -> None:
    clip = logged("A001C001.mov", frames=100)
    lines = read_paper(data.decode("utf-8", "surrogateescape"))
    written_paper("cut", shots_of(lines, {line.handle: clip for line in lines}, Rate(25)))


def _query(data: bytes) -> None:
    explain(parse(data.decode("utf-8", "surrogateescape")))


def _settings(data: bytes) -> None:
    parse_settings(data.decode("utf-8", "replace"), "rushes.toml")


def _presets(data: bytes) -> None:
    load_presets(shipped("proxies.toml"), data.decode("utf-8", "replace"))


class _file:  # noqa: N801 - reads like open()
    """A file of these bytes in memory, for as long as the block runs."""

    def __init__(self, data: bytes) -> None:
        self._file = tempfile.NamedTemporaryFile(dir=MEMORY, prefix="rushes-fuzz-", suffix=".bin")  # noqa: SIM115
        self._file.write(data)
        self._file.flush()

    def __enter__(self) -> Path:
        return Path(self._file.name)

    def __exit__(self, *_: object) -> None:
        self._file.close()


MEMORY = "/dev/shm" if sys.platform == "linux" and os.access("/dev/shm", os.W_OK) else None
