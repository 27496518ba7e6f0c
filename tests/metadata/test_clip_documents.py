"""XML beside recordings: P2, Canon, the card lists of Sony, IMF packages, reports of DV tapes."""

from dataclasses import replace
from pathlib import Path

import pytest
from tinymovie import Movie

from pipeline.clip import Facts
from pipeline.errors import NotMedia
from pipeline.metadata.facts import read_facts, sidecar_facts
from pipeline.metadata.plain import facts_json


def told(tmp_path: Path, name: str, text: str) -> Facts:
    """What a document alone says."""
    path = tmp_path / name
    path.write_text(text)
    return sidecar_facts(path)


def p2(*, unit: str = "1/25", rate: str = "50i", flag: str = "", timecode: str = "10:00:00:00", about: str = "") -> str:
    return (
        '<P2Main xmlns="urn:schemas-Professional-Plug-in:P2:ClipMetadata:v3.1"><ClipContent>'
        f"<ClipName>0001AB</ClipName><GlobalClipID>060A</GlobalClipID><Duration>250</Duration><EditUnit>{unit}</EditUnit>"
        f"<EssenceList><Video><FrameRate{flag}>{rate}</FrameRate><StartTimecode>{timecode}</StartTimecode></Video>"
        f"</EssenceList><ClipMetadata>{about}</ClipMetadata></ClipContent></P2Main>"
    )


DROP, PLAIN = ' DropFrameFlag="true"', ' DropFrameFlag="false"'


@pytest.mark.parametrize(
    ("unit", "rate", "flag", "timecode", "rates", "start"),
    [
        ("1/25", "50i", "", "10:00:00:24", ("25/1", "25/1"), "10:00:00:24"),
        ("1001/30000", "59.94i", DROP, "10:00:00:02", ("30000/1001", "30000/1001"), "10:00:00;02"),
        ("1001/30000", "59.94i", PLAIN, "10:00:00:02", ("30000/1001", "30000/1001"), "10:00:00:02"),
        ("1001/30000", "23.98p", DROP, "10:00:00:29", ("30000/1001", "30000/1001"), "10:00:00;29"),
        ("1001/24000", "23.98p", PLAIN, "10:00:00:23", ("24000/1001", "24000/1001"), "10:00:00:23"),
        ("1001/60000", "59.94p", DROP, "10:00:00:29", ("60000/1001", "30000/1001"), "10:00:00;29"),
        ("1/50", "50p", "", "10:00:00:24", ("50/1", "25/1"), "10:00:00:24"),
        ("", "25p", "", "10:00:00:24", ("25/1", "25/1"), "10:00:00:24"),
        ("1/25", "50i", DROP, "10:00:00:02", ("25/1", "25/1"), "10:00:00:02"),  # there is no drop-frame at 25
        ("1/25", "50i", "", "10:00:00:31", ("25/1", None), None),
    ],
)
def test_a_p2_clip_counts_pairs_of_frames_above_thirty(
    tmp_path: Path, unit: str, rate: str, flag: str, timecode: str, rates: tuple[str, str | None], start: str | None
) -> None:
    facts = facts_json(told(tmp_path, "0001AB.XML", p2(unit=unit, rate=rate, flag=flag, timecode=timecode)))
    assert (facts["rate"], facts.get("timecode_rate")) == rates
    assert facts.get("start_timecode") == start
    assert facts["frames"] == 250


SHOT = (
    "<UserClipName>{name}</UserClipName><Access><CreationDate>2019-10-12T09:00:00+02:00</CreationDate></Access>"
    "<Device><Manufacturer>Panasonic</Manufacturer><SerialNo.>B0TST0001</SerialNo.><ModelName>AG-HPX</ModelName></Device>"
    "<Shoot><StartDate>2019-10-12T08:15:00+02:00</StartDate>"
    "<Location><Longitude>{longitude}</Longitude><Latitude>{latitude}</Latitude></Location></Shoot>"
    "<Scenario><SceneNo.>12</SceneNo.><TakeNo.>3</TakeNo.></Scenario>"
)


def test_a_p2_clip_names_camera_scene_time_and_place(tmp_path: Path) -> None:
    about = SHOT.format(name="Prater_001", latitude="N48.2100", longitude="E16.4200")
    facts = told(tmp_path, "0001AB.XML", p2(about=about))
    assert (facts.camera_make, facts.camera_model, facts.camera_serial) == ("Panasonic", "AG-HPX", "B0TST0001")
    assert (facts.clip_name, facts.scene, facts.take) == ("Prater_001", "12", "3")
    assert (facts.recorded_at, facts.recorded_at_zone) == ("2019-10-12T08:15:00+02:00", "offset")
    assert facts.gps == (48.21, 16.42)


@pytest.mark.parametrize(
    ("name", "latitude", "longitude", "clip", "gps"),
    [
        ("060A", "S00.4321", "W035.2698", "0001AB", (-0.4321, -35.2698)),  # no name set: the identity stands there
        ("", "N0.0", "E0.0", "0001AB", None),
        ("A", "48.21", "-16.42", "A", (48.21, -16.42)),
        ("A", "here", "E16.42", "A", None),
        ("A", "N148.21", "E16.42", "A", None),
    ],
)
def test_a_p2_clip_without_a_name_or_fix(
    tmp_path: Path, name: str, latitude: str, longitude: str, clip: str, gps: tuple[float, float] | None
) -> None:
    facts = told(tmp_path, "0001AB.XML", p2(about=SHOT.format(name=name, latitude=latitude, longitude=longitude)))
    assert (facts.clip_name, facts.gps) == (clip, gps)


def test_a_canon_clip_names_camera_time_and_place(tmp_path: Path) -> None:
    text = (
        '<VideoClip xmlns="http://www.canon.com/ns/VideoClip"><CreationDate>2019-10-12T08:15:00</CreationDate>'
        "<Device><Manufacturer>Canon</Manufacturer><ModelName>EOS C300</ModelName></Device>"
        "<Location><Latitude>48.21</Latitude><Longitude>16.42</Longitude></Location></VideoClip>"
    )
    facts = told(tmp_path, "A001C001_191012AB_CANON.XML", text)
    assert (facts.camera_make, facts.camera_model, facts.gps) == ("Canon", "EOS C300", (48.21, 16.42))
    assert (facts.recorded_at, facts.recorded_at_zone) == ("2019-10-12T08:15:00", "local-unknown")


MATERIAL = '<Material uri="./CLIP/{name}.MP4" type="MP4" videoType="{kind}" fps="{fps}" dur="{frames}" ch="2"/>'


def card_list(*materials: str) -> str:
    properties = '<Properties><System systemKind="ILME-FX6V ver.5.020"/></Properties>'
    contents = f"<Contents>{''.join(materials)}</Contents>"
    return (
        f'<MediaProfile xmlns="http://xmlns.sony.net/pro/metadata/mediaprofile">{properties}{contents}</MediaProfile>'
    )


FIRST = MATERIAL.format(name="C0001", kind="AVC_3840_2160_HP@L51", fps="25p", frames=100)
SECOND = MATERIAL.format(name="C0002", kind="AVC_1920_1080_HP@L42", fps="25p", frames=50)


def test_a_card_list_alone_says_what_all_its_clips_have_in_common(tmp_path: Path) -> None:
    facts = facts_json(told(tmp_path, "MEDIAPRO.XML", card_list(FIRST, SECOND)))
    assert (facts["format"], facts["camera_make"], facts["camera_model"]) == ("sony-mediapro", "Sony", "ILME-FX6V")
    assert (facts["rate"], facts["video_codec"]) == ("25/1", "h264")
    assert not {"frames", "width", "clip_name"} & set(facts)


def test_a_card_list_beside_a_clip_gives_that_clips_line(tmp_path: Path) -> None:
    clip, index = tmp_path / "C0002.MOV", tmp_path / "MEDIAPRO.XML"
    clip.write_bytes(Movie(durations=((40, 1),), clock=25).build())
    index.write_text(card_list(FIRST, SECOND))
    facts = facts_json(read_facts(clip, [index]))
    assert (facts["frames"], facts["camera_model"], facts.get("format")) == (40, "ILME-FX6V", None)
    sources = facts["sources"]
    assert isinstance(sources, dict)
    assert sources["frames"]["others"] == [{"where": "MEDIAPRO.XML: Material dur", "said": "50"}]


def test_a_disc_says_that_it_is_one(tmp_path: Path) -> None:
    facts = told(tmp_path, "DISCMETA.XML", '<DiscMeta xmlns="urn:x"><MainTitle usAscii="Day 1"/></DiscMeta>')
    assert facts.format == "sony-discmeta"


@pytest.mark.parametrize(
    ("root", "space", "kind"),
    [
        ("AssetMap", "http://www.smpte-ra.org/schemas/429-9/2007/AM", "imf-assetmap"),
        ("VolumeIndex", "http://www.smpte-ra.org/schemas/429-9/2007/AM", "imf-volindex"),
        ("PackingList", "http://www.smpte-ra.org/schemas/2067-2/2016/PKL", "imf-pkl"),
        ("OutputProfileList", "http://www.smpte-ra.org/schemas/2067-100/2014", "imf-opl"),
    ],
)
def test_the_documents_of_a_package_say_which_they_are(tmp_path: Path, root: str, space: str, kind: str) -> None:
    assert told(tmp_path, "x.xml", f'<?xml version="1.0"?><{root} xmlns="{space}"><Id>1</Id></{root}>').format == kind


@pytest.mark.parametrize(
    ("edit_rate", "count", "drop", "rates", "start"),
    [
        ("60000 1001", 60, "1", ("60000/1001", "60000/1001"), "01:00:00;04"),
        ("24000 1001", 24, "0", ("24000/1001", "24000/1001"), "01:00:00:04"),
        ("50 1", 25, "false", ("50/1", "25/1"), "01:00:00:04"),
        ("24 1", 24, "true", ("24/1", "24/1"), "01:00:00:04"),  # there is no drop-frame at 24
        ("0 1", 24, "0", (None, None), None),
    ],
)
def test_a_composition_counts_labels_at_its_own_rate(
    tmp_path: Path, edit_rate: str, count: int, drop: str, rates: tuple[str | None, str | None], start: str | None
) -> None:
    text = (
        '<CompositionPlaylist xmlns="http://www.smpte-ra.org/schemas/2067-3/2016"><CompositionTimecode>'
        f"<TimecodeDropFrame>{drop}</TimecodeDropFrame><TimecodeRate>{count}</TimecodeRate>"
        "<TimecodeStartAddress>01:00:00:04</TimecodeStartAddress></CompositionTimecode>"
        f"<EditRate>{edit_rate}</EditRate></CompositionPlaylist>"
    )
    facts = facts_json(told(tmp_path, "CPL.xml", text))
    assert (facts.get("rate"), facts.get("timecode_rate")) == rates
    assert (facts["format"], facts.get("start_timecode")) == ("imf-cpl", start)


RUN = (
    '<frames count="{count}" size="720x576" video_rate="{rate}">'
    '<frame n="0" tc="{timecode}" rdt="2010-07-26 19:03:15"/></frames>'
)


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([("100", "25/1", "00:00:01:24")], ("25/1", 100, "00:00:01:24")),
        ([("100", "30000/1001", "00:00:01;07")], ("30000/1001", 100, "00:00:01;07")),
        ([("100", "25/1", "00:00:01:24"), ("50", "25/1", "00:01:00:00")], ("25/1", 150, "00:00:01:24")),
        ([("100", "25/1", "00:00:01:24"), ("50", "30000/1001", "")], (None, 150, "00:00:01:24")),
        ([("100", "25/1", "00:00:01:24"), ("?", "25/1", "")], ("25/1", None, "00:00:01:24")),
        ([("100", "25/1", "00:00:01:27")], ("25/1", 100, None)),
    ],
)
def test_a_report_of_a_tape_adds_up_its_runs(
    tmp_path: Path, runs: list[tuple[str, str, str]], expected: tuple[object, ...]
) -> None:
    made = "".join(RUN.format(count=count, rate=rate, timecode=timecode) for count, rate, timecode in runs)
    text = f'<dvrescue xmlns="https://mediaarea.net/dvrescue"><media format="DV">{made}</media></dvrescue>'
    facts = facts_json(told(tmp_path, "tape.dv.xml", text))
    assert tuple(facts.get(key) for key in ("rate", "frames", "start_timecode")) == expected
    assert (facts["container"], facts["width"], facts["recorded_at"]) == ("dv", 720, "2010-07-26T19:03:15")


@pytest.mark.parametrize(
    "text",
    [
        "<P2Main><ClipContent>",
        '<VideoClip xmlns="http://www.canon.com/ns/VideoClip">',
        "<MediaProfile><Contents>",
        '<AssetMap xmlns="http://www.smpte-ra.org/schemas/429-9/2007/AM">',
        "<dvrescue><media>",
    ],
)
def test_a_document_that_is_cut_off_is_named_and_says_nothing(tmp_path: Path, text: str) -> None:
    facts = told(tmp_path, "cut.xml", text)
    assert replace(facts, sources=()) == Facts(warnings=("cut.xml is damaged and was not read.",))


@pytest.mark.parametrize("name", ["P2Main", "MediaProfile", "dvrescue", "VideoClip http://www.canon.com/ns/VideoClip"])
def test_a_document_inside_other_bytes_is_none(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.xml"
    path.write_bytes(b"\xff\0\1" + f"<{name}>".encode())
    with pytest.raises(NotMedia):
        sidecar_facts(path)
