"""JPEG and TIFF stills: what Exif and XMP say of camera, date and place."""

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.clip import Facts
from pipeline.errors import NotMedia
from pipeline.metadata.facts import read_facts, sidecar_facts

TEXT, SHORT, LONG, FRACTION = 2, 3, 4, 5


def directory(order: str, at: int, entries: dict[int, tuple[int, bytes, int]]) -> bytes:
    """A TIFF directory that lies at `at`, its long values behind it."""
    values = b""
    table = struct.pack(order + "H", len(entries))
    behind = at + 2 + 12 * len(entries) + 4
    for tag, (kind, raw, count) in entries.items():
        table += struct.pack(order + "HHI", tag, kind, count)
        if len(raw) <= 4:
            table += raw.ljust(4, b"\0")
        else:
            table += struct.pack(order + "I", behind + len(values))
            values += raw
    return table + struct.pack(order + "I", 0) + values


def ascii_(text: str) -> tuple[int, bytes, int]:
    return TEXT, text.encode() + b"\0", len(text) + 1


def fractions(order: str, *numbers: tuple[int, int]) -> tuple[int, bytes, int]:
    return FRACTION, b"".join(struct.pack(order + "II", *number) for number in numbers), len(numbers)


def tiff(
    order: str = "<",
    *,
    turned: int = 1,
    taken: str = "2019:10:12 08:15:00",
    offset: str = "+02:00",
    latitude: tuple[tuple[int, int], ...] = ((48, 1), (12, 1), (36, 1)),
    status: str = "A",
) -> bytes:
    number = struct.Struct(order + "H")
    longitude = ((16, 1), (25, 1), (12, 1))
    gps = {
        1: ascii_("N"), 2: fractions(order, *latitude), 3: ascii_("E"), 4: fractions(order, *longitude),
        9: ascii_(status),
    }  # fmt: skip
    exif = {0x9003: ascii_(taken), 0xA434: ascii_("24-70mm")} | ({0x9011: ascii_(offset)} if offset else {})
    gps_at, exif_at, main_at = 8, 512, 1024
    main = {
        0x010F: ascii_("Canon"), 0x0110: ascii_("EOS R5"), 0x0112: (SHORT, number.pack(turned), 1),
        0x8769: (LONG, struct.pack(order + "I", exif_at), 1), 0x8825: (LONG, struct.pack(order + "I", gps_at), 1),
    }  # fmt: skip
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, main_at)
    body = head + directory(order, gps_at, gps)
    body = body.ljust(exif_at, b"\0") + directory(order, exif_at, exif)
    return body.ljust(main_at, b"\0") + directory(order, main_at, main)


def jpeg(*segments: bytes, size: tuple[int, int] = (6000, 4000)) -> bytes:
    """Segments of APP1, then the header of a frame, then a scan."""
    made = b"".join(b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment for segment in segments)
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 8, 8, size[1], size[0], 3)
    return b"\xff\xd8" + made + frame + b"\xff\xda\0\2" + b"\0" * 64


def still(tmp_path: Path, data: bytes, name: str = "IMG_0001.JPG") -> Facts:
    path = tmp_path / name
    path.write_bytes(data)
    return sidecar_facts(path)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", ["jpeg", "tiff"])
def test_a_still_names_camera_lens_date_and_place(tmp_path: Path, order: str, kind: str) -> None:
    made = tiff(order)
    facts = still(tmp_path, jpeg(b"Exif\0\0" + made) if kind == "jpeg" else made)
    assert (facts.camera_make, facts.camera_model, facts.lens) == ("Canon", "EOS R5", "24-70mm")
    assert (facts.recorded_at, facts.recorded_at_zone) == ("2019-10-12T08:15:00+02:00", "offset")
    assert facts.gps == (48.21, 16.42)


def test_the_size_is_that_of_the_frame(tmp_path: Path) -> None:
    video = still(tmp_path, jpeg(size=(6000, 4000))).video
    assert video is not None
    assert (video.width, video.height) == (6000, 4000)


@pytest.mark.parametrize(
    ("turned", "rotation"), [(1, 0), (3, 180), (6, 90), (8, 270), (2, None), (5, None), (99, None)]
)
def test_a_still_that_lies_on_its_side_is_turned(tmp_path: Path, turned: int, rotation: int | None) -> None:
    video = still(tmp_path, jpeg(b"Exif\0\0" + tiff(turned=turned))).video
    assert video is not None
    assert video.rotation == rotation


def test_without_an_offset_the_zone_is_not_known(tmp_path: Path) -> None:
    facts = still(tmp_path, tiff(offset=""))
    assert (facts.recorded_at, facts.recorded_at_zone) == ("2019-10-12T08:15:00", "local-unknown")


@pytest.mark.parametrize("taken", ["0000:00:00 00:00:00", "    :  :     :  :  ", "2019:13:40 99:99:99"])
def test_an_unset_clock_is_no_date(tmp_path: Path, taken: str) -> None:
    assert still(tmp_path, tiff(taken=taken)).recorded_at is None


@pytest.mark.parametrize(
    ("latitude", "status"),
    [
        (((48, 1), (12, 1), (36, 1)), "V"),  # no fix
        (((48, 0), (12, 1), (36, 1)), "A"),
        (((4800, 1), (12, 1), (36, 1)), "A"),
        (((48, 1), (12, 1)), "A"),
    ],
)
def test_a_broken_or_void_position_is_none(tmp_path: Path, latitude: tuple[tuple[int, int], ...], status: str) -> None:
    assert still(tmp_path, tiff(latitude=latitude, status=status)).gps is None


XMP = (
    b'http://ns.adobe.com/xap/1.0/\0<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:exif="http://ns.adobe.com/exif/1.0/" '
    b'xmlns:tiff="http://ns.adobe.com/tiff/1.0/" tiff:Model="Other" exif:GPSLatitude="0,25.926S" '
    b'exif:GPSLongitude="35,16.188E"/></x:xmpmeta>'
)


def test_exif_is_believed_before_the_xmp_of_the_same_still(tmp_path: Path) -> None:
    facts = still(tmp_path, jpeg(b"Exif\0\0" + tiff(status="V"), XMP))
    assert (facts.camera_model, facts.gps) == ("EOS R5", (-0.4321, 35.2698))


def test_a_still_is_no_recording_whatever_its_name(tmp_path: Path) -> None:
    path = tmp_path / "C0001.MP4"
    path.write_bytes(jpeg(b"Exif\0\0" + tiff()))
    with pytest.raises(NotMedia, match="JPEG picture"):
        read_facts(path)


@given(st.integers(2, 1200), st.binary(min_size=1, max_size=12))
def test_damaged_directories_are_read_or_named(tmp_path_factory: pytest.TempPathFactory, at: int, new: bytes) -> None:
    data = bytearray(tiff())
    data[at : at + len(new)] = new
    facts = still(tmp_path_factory.getbasetemp(), jpeg(b"Exif\0\0" + bytes(data)), "damaged.jpg")
    assert facts.gps is None or -90 <= facts.gps[0] <= 90
