"""WAV, Sony XML, DJI subtitles, GoPro telemetry; who is believed; the time of editing; chapters."""

import struct
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import pytest
from tinymovie import Movie, bext, box, wav

from pipeline.clip import AudioStream, Facts, VideoStream
from pipeline.metadata import dji, gopro, sony
from pipeline.metadata.assembly import span_facts
from pipeline.metadata.editing import editing_time
from pipeline.metadata.facts import read_facts, sidecar_facts
from pipeline.metadata.findings import moment
from pipeline.metadata.plain import facts_json
from pipeline.metadata.tags import iso6709
from pipeline.timecode import Rate

NTSC = Rate(30000, 1001)


def ixml(rate: str, flag: str = "NDF", *, more: str = "") -> bytes:
    speed = f"<SPEED><TIMECODE_RATE>{rate}</TIMECODE_RATE><TIMECODE_FLAG>{flag}</TIMECODE_FLAG></SPEED>"
    return f"<?xml version='1.0'?><BWFXML><SCENE>12</SCENE><TAKE>3</TAKE>{speed}{more}</BWFXML>".encode()


def wav_facts(tmp_path: Path, *chunks: tuple[bytes, bytes]) -> Facts:
    path = tmp_path / "T001.WAV"
    path.write_bytes(wav(chunks=chunks))
    return read_facts(path)


@pytest.mark.parametrize(
    ("samples", "rate", "flag", "label"),
    [
        (48000 * 3600, "25/1", "NDF", "01:00:00:00"),
        (48000 * 3600 + 1919, "25/1", "NDF", "01:00:00:00"),
        (48000 * 3600 - 1, "25/1", "NDF", "00:59:59:24"),
        (2190940753, "24000/1001", "NDF", "12:39:59:00"),
        (48048 * 3600, "30000/1001", "NDF", "01:00:00:00"),
        (48000 * 3600 + 48, "30000/1001", "DF", "01:00:00;00"),
        (48000 * 3600, "2997/100", "NDF", "00:59:56:12"),
    ],
)
def test_samples_since_midnight_are_timecode_rounded_down(
    tmp_path: Path, samples: int, rate: str, flag: str, label: str
) -> None:
    found = wav_facts(tmp_path, (b"bext", bext(samples)), (b"iXML", ixml(rate, flag)))
    assert found.start_timecode == label
    assert found.time_reference == samples


def test_without_a_rate_samples_are_no_timecode(tmp_path: Path) -> None:
    found = wav_facts(tmp_path, (b"bext", bext(48000 * 3600)))
    assert (found.start_timecode, found.time_reference) == (None, 48000 * 3600)


@pytest.mark.parametrize(
    ("speed", "label"), [(b"sSPEED=025.000-ND", "01:00:00:00"), (b"SPEED=25.000ND", "01:00:00:00")]
)
def test_a_recorder_without_ixml_states_its_rate_in_the_description(tmp_path: Path, speed: bytes, label: str) -> None:
    found = wav_facts(tmp_path, (b"bext", bext(48000 * 3600, description=speed + b"\r\nsTAKE=7\r\n")))
    assert (found.start_timecode, found.take) == (label, "7")


def test_the_zone_of_a_recorders_clock_is_not_known(tmp_path: Path) -> None:
    found = wav_facts(tmp_path, (b"bext", bext(0)))
    assert (found.recorded_at, found.recorded_at_zone) == ("2019-10-12T06:15:00", "local-unknown")


def test_track_names_come_in_the_order_of_the_channels(tmp_path: Path) -> None:
    tracks = "".join(
        f"<TRACK><INTERLEAVE_INDEX>{index}</INTERLEAVE_INDEX><NAME>{name}</NAME></TRACK>"
        for index, name in ((2, "Lav"), (1, "Boom"))
    )
    found = wav_facts(tmp_path, (b"iXML", ixml("25/1", more=f"<TRACK_LIST>{tracks}</TRACK_LIST>")))
    assert found.track_names == ("Boom", "Lav")
    assert (found.scene, found.take) == ("12", "3")


def test_sound_that_is_cut_off_has_no_length(tmp_path: Path) -> None:
    path = tmp_path / "T001.WAV"
    path.write_bytes(wav(4800)[:-1000])
    found = read_facts(path)
    assert (found.samples, found.audio[0].samples) == (None, None)
    assert any("cut off" in warning for warning in found.warnings)


def test_a_recording_beyond_four_gigabytes_has_its_length_in_ds64(tmp_path: Path) -> None:
    samples = 3 << 30
    plain = wav(0)
    wide = struct.pack("<4sIQQQI", b"ds64", 28, 0, samples * 2, samples, 0)
    data = struct.pack("<4sI", b"data", 0xFFFFFFFF)
    path = tmp_path / "T001.WAV"
    with path.open("wb") as file:
        head = b"RF64" + plain[4:12] + wide + plain[12:-8] + data
        file.write(head)
        file.truncate(len(head) + samples * 2)
    assert read_facts(path).samples == samples


@pytest.mark.parametrize(
    ("value", "rate", "label"),
    [
        ("19044716", Rate(24), "16:47:04:19"),
        ("00000010", Rate(25), "10:00:00:00"),
        ("40000010", NTSC, "10:00:00;00"),
        ("42000110", NTSC, "10:01:00;02"),
        ("40000110", NTSC, None),  # a label that drop-frame leaves out
        ("40000010", Rate(25), "10:00:00:00"),  # the flag bit means nothing at 25
        ("80000010", Rate(25), "10:00:00:00"),  # colour frame flag
        ("25000010", Rate(25), None),
        ("0A000010", Rate(25), None),
        ("0000001", Rate(25), None),
        ("zz000010", Rate(25), None),
    ],
)
def test_sony_timecode_is_reversed_bcd(value: str, rate: Rate, label: str | None) -> None:
    found = sony.ltc(value, rate)
    assert (str(found) if found else None) == label


def sony_xml(rate: str, count: int, value: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><NonRealTimeMeta xmlns="urn:nonRealTimeMeta">'
        f'<Duration value="10"/><LtcChangeTable tcFps="{count}">'
        f'<LtcChange frameCount="0" value="{value}" status="increment"/></LtcChangeTable>'
        '<CreationDate value="2019-10-12T08:15:00+02:00"/>'
        f'<VideoFormat><VideoFrame videoCodec="AVC" captureFps="{rate}" formatFps="{rate}"/></VideoFormat>'
        '<Device manufacturer="Sony" modelName="PXW-FS7" serialNo="0012345"/></NonRealTimeMeta>'
    ).encode()


@pytest.mark.parametrize(
    ("rate", "count", "value", "label", "timecode_rate"),
    [
        ("25p", 25, "00000010", "10:00:00:00", "25/1"),
        ("50p", 25, "00000010", "10:00:00:00", "25/1"),
        ("29.97p", 30, "40000010", "10:00:00;00", "30000/1001"),
        ("59.94p", 30, "40000010", "10:00:00;00", "30000/1001"),
        ("59.94i", 30, "00000010", "10:00:00:00", "30000/1001"),
        ("23.98p", 24, "00000010", "10:00:00:00", "24000/1001"),
        ("24p", 24, "00000010", "10:00:00:00", "24/1"),
    ],
)
def test_a_sony_sidecar_gives_timecode_at_the_rate_of_its_format(
    tmp_path: Path, rate: str, count: int, value: str, label: str, timecode_rate: str
) -> None:
    clip, sidecar = tmp_path / "C0001.MP4", tmp_path / "C0001M01.XML"
    clip.write_bytes(Movie(brand=b"mp42").build())
    sidecar.write_bytes(sony_xml(rate, count, value))
    found = read_facts(clip, [sidecar])
    assert (found.start_timecode, str(found.timecode_rate)) == (label, timecode_rate)
    assert (found.camera_model, found.camera_serial) == ("PXW-FS7", "0012345")
    assert (found.recorded_at, found.recorded_at_zone) == ("2019-10-12T08:15:00+02:00", "offset")
    assert found.clip_name == "C0001"


def test_a_timecode_track_is_believed_before_the_sidecar_and_both_are_told(tmp_path: Path) -> None:
    clip, sidecar = tmp_path / "C0001.MOV", tmp_path / "C0001M01.XML"
    clip.write_bytes(Movie(timecode=(90000, 0, 25, 1, 25)).build())
    sidecar.write_bytes(sony_xml("25p", 25, "00000010"))
    found = read_facts(clip, [sidecar])
    assert found.start_timecode == "01:00:00:00"
    source = next(source for source in found.sources if source.key == "start_timecode")
    assert (source.where, source.others) == ("tmcd sample", (("C0001M01.XML: LtcChangeTable", "10:00:00:00"),))


def test_a_sidecar_that_declares_entities_is_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("do not read")
    clip, sidecar = tmp_path / "C0001.MOV", tmp_path / "C0001M01.XML"
    clip.write_bytes(Movie().build())
    doctype = f'<!DOCTYPE a [<!ENTITY x SYSTEM "file://{secret}">]>'
    sidecar.write_text(f'{doctype}<NonRealTimeMeta><Device modelName="&x;"/></NonRealTimeMeta>')
    found = read_facts(clip, [sidecar])
    assert found.camera_model is None
    assert any("C0001M01.XML" in warning for warning in found.warnings)


def test_a_sidecar_that_is_gone_does_not_cost_the_clip(tmp_path: Path) -> None:
    clip = tmp_path / "C0001.MOV"
    clip.write_bytes(Movie().build())
    found = read_facts(clip, [tmp_path / "C0001M01.XML"])
    assert found.container == "mov"
    assert any("C0001M01.XML" in warning for warning in found.warnings)


def srt(line: str) -> bytes:
    return f"1\n00:00:00,000 --> 00:00:00,033\n{line}\n\n".encode()


@pytest.mark.parametrize(
    ("line", "gps"),
    [
        ("[iso: 100] [latitude: 48.210000] [longitude: 16.420000] [rel_alt: 1.0]", (48.21, 16.42)),
        ("[iso : 100] [latitude : 0.514200] [longtitude : 35.269800] [altitude: 2400.0]", (0.5142, 35.2698)),
        ("[fnum: 1.9], [latitude: 53.365080] [longitude: 6.460739] [rel_alt: 5.4]", (53.36508, 6.460739)),
        ("F/2.8, SS 30.15, ISO 260, EV -1.7, GPS (-121.7458, 48.0771, 17), D 221.21m", (48.0771, -121.7458)),
        ("HOME(149.0251,-20.2532) 2017.08.05 14:11:51\nGPS(149.0251,-20.2533,16) BAROMETER:1.9", (-20.2533, 149.0251)),
        ("GPS(39.906217,116.391305,69.800) BAROMETER(91.2)", (39.906217, 116.391305)),
        ("[iso: 100] [latitude: 0.000000] [longitude: 0.000000]", None),
        ("[iso: 100] [shutter: 1/50]", None),
    ],
)
def test_every_generation_of_drone_subtitles_says_where(line: str, gps: tuple[float, float] | None) -> None:
    data = srt(line)
    assert dji.recognises(data)
    assert next((finding.value for finding in dji.read(data, "DJI.SRT") if finding.key == "gps"), None) == gps


@pytest.mark.parametrize(
    ("line", "date"),
    [
        ("2020-04-02 15:19:58,720,764 [iso : 120]", "2020-04-02T15:19:58.720"),
        ("2026-05-27 13:10:00.015 [iso: 200]", "2026-05-27T13:10:00.015"),
        ("HOME(1.0,2.0) 2017.8.5 14:11:51", "2017-08-05T14:11:51"),
    ],
)
def test_drone_subtitles_give_the_clock_of_the_device(tmp_path: Path, line: str, date: str) -> None:
    path = tmp_path / "DJI_0001.SRT"
    path.write_bytes(srt(line))
    found = sidecar_facts(path)
    assert (found.recorded_at, found.recorded_at_zone, found.cues) == (date, "local-unknown", 1)


def klv(key: bytes, kind: str, size: int, *values: bytes) -> bytes:
    data = b"".join(values)
    count = len(data) // size
    return struct.pack(">4sBBH", key, ord(kind) if kind else 0, size, count) + data + bytes(-len(data) % 4)


@pytest.mark.parametrize(("fix", "precision", "gps"), [(3, 200, (48.21, 16.42)), (0, 200, None), (3, 9999, None)])
def test_a_position_counts_only_with_a_fix(fix: int, precision: int, gps: tuple[float, float] | None) -> None:
    stream = (
        klv(b"GPSF", "L", 4, struct.pack(">I", fix))
        + klv(b"GPSP", "S", 2, struct.pack(">H", precision))
        + klv(b"SCAL", "l", 4, struct.pack(">5i", 10**7, 10**7, 1000, 1000, 100))
        + klv(b"GPS5", "l", 20, struct.pack(">5i", 482100000, 164200000, 0, 0, 0))
    )
    inner = klv(b"STRM", "", 1, stream)
    found = list(gopro.read_payload(klv(b"DEVC", "", 1, klv(b"DVNM", "c", 1, b"HERO7 Black\0"), inner), "gpmd"))
    assert next((finding.value for finding in found if finding.key == "gps"), None) == gps
    assert next(finding.value for finding in found if finding.key == "camera_model") == "HERO7 Black"


def xmp_sidecar(attributes: str) -> bytes:
    spaces = "".join(
        f' xmlns:{prefix}="http://ns.adobe.com/{path}/"'
        for prefix, path in (("exif", "exif/1.0"), ("tiff", "tiff/1.0"), ("xap", "xap/1.0"))
    )
    description = f'<rdf:Description xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"{spaces} {attributes}/>'
    return f'<x:xmpmeta xmlns:x="adobe:ns:meta/">{description}</x:xmpmeta>'.encode()


def test_an_xmp_sidecar_adds_what_the_file_does_not_state(tmp_path: Path) -> None:
    clip, sidecar = tmp_path / "P001.MOV", tmp_path / "P001.MOV.xmp"
    clip.write_bytes(Movie(keys=((b"com.apple.quicktime.make", b"Apple"),)).build())
    sidecar.write_bytes(
        xmp_sidecar('tiff:Make="Other" tiff:Model="X100" exif:GPSLatitude="48,12.6N" exif:GPSLongitude="16,25,12.0E"')
    )
    found = read_facts(clip, [sidecar])
    assert (found.camera_make, found.camera_model) == ("Apple", "X100")
    assert found.gps == pytest.approx((48.21, 16.42))


DYNAMIC = 'xmlns:xmpDM="http://ns.adobe.com/xmp/1.0/DynamicMedia/"'


STRUCTURE = "<xmpDM:startTimecode{}</xmpDM:startTimecode>"
ATTRIBUTES = ' xmpDM:timeValue="{}" xmpDM:timeFormat="{}">'
INNER = "><xmpDM:timeFormat>{1}</xmpDM:timeFormat><xmpDM:timeValue>{0}</xmpDM:timeValue>"
DESCRIBED = '><rdf:Description xmpDM:timeFormat="{1}" xmpDM:timeValue="{0}"/>'


@pytest.mark.parametrize("written", [ATTRIBUTES, INNER, DESCRIBED])
@pytest.mark.parametrize(
    ("value", "rate", "start"),
    [
        ("10:00:00:24", "25Timecode", "10:00:00:24"),
        ("10;00;00;02", "2997DropTimecode", "10:00:00;02"),
        ("10:00:00:59", "5994NonDropTimecode", "10:00:00:59"),
        ("10:00:00:25", "25Timecode", None),
        ("10:00:00:00", "Other", None),
    ],
)
def test_an_xmp_sidecar_says_where_its_timecode_starts(
    tmp_path: Path, written: str, value: str, rate: str, start: str | None
) -> None:
    path = tmp_path / "A.mov.xmp"
    path.write_text(
        '<x:xmpmeta xmlns:x="adobe:ns:meta/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:RDF><rdf:Description {DYNAMIC} xmpDM:takeNumber="3">{STRUCTURE.format(written.format(value, rate))}'
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    )
    facts = sidecar_facts(path)
    assert (facts.start_timecode, facts.take) == (start, "3")
    assert facts.drop_frame == (None if start is None else ";" in start)


@pytest.mark.parametrize(
    "date", ["-9223372036854775807", "2012-02-2147483647", "2005-09-07415:07:40-07:00", "0000-00-00T00:00:00"]
)
def test_absurd_dates_of_a_sidecar_are_no_dates(tmp_path: Path, date: str) -> None:
    path = tmp_path / "P001.xmp"
    path.write_bytes(xmp_sidecar(f'xap:CreateDate="{date}"'))
    assert sidecar_facts(path).recorded_at is None


@pytest.mark.parametrize(
    ("header", "satellites", "began"),
    [
        ("2019-08-15T06:12:30", "2019-08-15T06:12:31", "2019-08-15T06:12:30Z"),
        ("2019-08-15T09:12:30", "2019-08-15T06:13:40", "2019-08-15T09:12:30+03:00"),
        ("2019-08-15T11:42:30", "2019-08-15T06:12:30", "2019-08-15T11:42:30+05:30"),
        ("2019-08-14T23:12:30", "2019-08-15T06:12:30", "2019-08-14T23:12:30-07:00"),
        ("2019-08-15T06:20:30", "2019-08-15T06:12:31", None),  # eight minutes off: a clock set wrong
        ("2016-01-01T00:00:12", "2019-08-15T06:12:31", None),
    ],
)
def test_the_satellites_clock_shows_the_zone_of_an_action_camera(
    header: str, satellites: str, began: str | None
) -> None:
    made, clock = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (header, satellites))
    found = gopro.started(made, clock)
    assert (found.iso if found else None) == began


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("+51.5334-000.1255+026.756/", (51.5334, -0.1255)),
        ("+51.5932-0.2431/", (51.5932, -0.2431)),
        ("+4812.60+01625.20/", (48.21, 16.42)),
        ("+481236+0162512/", (48.21, 16.42)),
        ("-00.4321+035.2698/", (-0.4321, 35.2698)),
        ("+00.0000+000.0000/", None),
        ("+99.0000+000.0000/", None),
        ("here", None),
    ],
)
def test_iso_6709(text: str, found: tuple[float, float] | None) -> None:
    assert iso6709(text) == (pytest.approx(found, abs=1e-6) if found else None)


@pytest.mark.parametrize(
    ("text", "iso", "zone"),
    [
        ("2019-10-12T08:15:00+0200", "2019-10-12T08:15:00+02:00", "offset"),
        ("2019-10-12T06:15:00Z", "2019-10-12T06:15:00Z", "utc"),
        ("2019:10:12 08:15:00", "2019-10-12T08:15:00", "local-unknown"),
        ("2019/10/12 08:15:00.5", "2019-10-12T08:15:00.500", "local-unknown"),
    ],
)
def test_a_date_keeps_what_it_claims_of_its_zone(text: str, iso: str, zone: str) -> None:
    found = moment(text)
    assert found is not None
    assert (found.iso, found.zone) == (iso, zone)


@pytest.mark.parametrize(
    "text", ["", "2019", "2019-10-12", "0000-00-00 00:00:00", "1904-01-01T00:00:00Z", "2019-13-40 99:99:99"]
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert moment(text) is None


VIDEO = VideoStream(rate=Rate(25), frames=100, vfr=False)


@pytest.mark.parametrize(
    ("facts", "time"),
    [
        (Facts(video=VIDEO), (Rate(25), 100)),
        (Facts(video=VideoStream(vfr=True, average_rate=Rate(855, 29), frames=57)), (NTSC, 58)),
        (Facts(video=VideoStream(vfr=True, average_rate=Rate(30), frames=90)), (Rate(30), 90)),
        (Facts(video=VideoStream(width=5120)), (None, None)),
        (Facts(audio=(AudioStream("pcm_s24le", 2, 48000, 96001),), timecode_rate=Rate(25)), (Rate(25), 51)),
        (Facts(audio=(AudioStream("pcm_s24le", 2, 48000, 96000),)), (None, None)),
    ],
)
def test_the_time_of_editing(facts: Facts, time: tuple[Rate | None, int | None]) -> None:
    assert editing_time(facts) == time


def test_chapters_are_one_recording_as_long_as_all_together() -> None:
    chapter = Facts(video=VIDEO, audio=(AudioStream("aac", 2, 48000, 192000),), start_timecode="01:00:00:00")
    second = replace(chapter, start_timecode="01:00:04:00", warnings=("Some of its tags are damaged.",))
    whole = span_facts([chapter, second])
    assert whole.video is not None
    assert (whole.video.frames, whole.audio[0].samples, whole.start_timecode) == (200, 384000, "01:00:00:00")
    assert whole.warnings == second.warnings
    unknown = span_facts([chapter, replace(chapter, video=replace(VIDEO, frames=None))])
    assert unknown.video is not None
    assert unknown.video.frames is None


def test_facts_as_plain_data_say_where_each_value_was_read(tmp_path: Path) -> None:
    path = tmp_path / "A001.mov"
    path.write_bytes(
        Movie(clock=30000, durations=((10, 1001),), boxes_of_picture=(box(b"pasp", struct.pack(">II", 2, 1)),)).build()
    )
    row = facts_json(read_facts(path))
    assert row["rate"] == "30000/1001"
    assert row["pixel_aspect"] == str(Fraction(2, 1)) + "/1"
    assert row["audio"] == []
    assert set(row["sources"]) >= {"rate", "frames", "container", "width"}  # type: ignore[call-overload]


def test_reading_facts_imports_nothing_heavy() -> None:
    code = "import sys; import pipeline.metadata.facts; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {
        "pymediainfo",
        "wavinfo",
        "defusedxml",
        "numpy",
        "rich",
        "xml.etree.ElementTree",
        "opentimelineio",
    } & set(loaded)
