"""Every value that is shown says where it was read; what is not there says who looked."""

import json
from pathlib import Path

from pipeline.clip import Facts, Source
from pipeline.errors import NotMedia, RushesError
from pipeline.metadata.assembly import assemble, span_facts
from pipeline.metadata.facts import read_facts, sidecar_facts
from pipeline.metadata.findings import Finding, Moment
from pipeline.metadata.plain import facts_json
from pipeline.processes.reader import ReaderProcess
from pipeline.timecode import Rate, Timecode

KINDS = ("camera", "containers", "sound", "sidecars", "hostile")


def facts_of(path: Path, mediainfo: ReaderProcess) -> dict:
    try:
        return facts_json(read_facts(path, mediainfo=mediainfo))
    except NotMedia:
        return facts_json(sidecar_facts(path))


def test_every_key_shown_of_every_sample_has_its_source(samples: Path, mediainfo: ReaderProcess) -> None:
    looked = 0
    for name, entry in json.loads((samples / "truth.json").read_text()).items():
        if entry["kind"] not in KINDS:
            continue
        try:
            facts = facts_of(samples / name, mediainfo)
        except RushesError:
            continue
        looked += 1
        sources = facts.pop("sources")
        assert set(facts) == set(sources), name
        assert all(source["where"] for source in sources.values()), name
        assert all(source["why"] for source in sources.values() if "others" in source), name
    assert looked > 90


def told(*findings: Finding) -> dict:
    return facts_json(assemble(findings))


def test_what_follows_from_a_timecode_or_a_date_was_read_where_that_was() -> None:
    start = Timecode.parse("10:00:00;00", Rate(30000, 1001))
    found = told(
        Finding("timecode_rate", Rate(25), "ixml", "iXML TIMECODE_RATE"),
        Finding("start_timecode", start, "tmcd", "tmcd sample"),
        Finding("recorded_at", Moment("2019-10-12T06:15:00Z", "utc"), "mvhd", "mvhd"),
    )
    assert found["drop_frame"] is True
    assert found["sources"]["drop_frame"]["where"] == "tmcd sample"
    assert found["sources"]["recorded_at_zone"]["where"] == "mvhd"
    rate = found["sources"]["timecode_rate"]
    assert rate["where"] == "tmcd sample"
    assert rate["others"] == [{"where": "iXML TIMECODE_RATE", "said": "25/1"}]


def test_what_was_looked_for_and_is_not_there_is_null_with_its_source() -> None:
    found = told(Finding("gps", None, "gpmf", "gpmd track", "no fix"))
    assert found["gps"] is None
    assert found["sources"]["gps"] == {"where": "gpmd track", "why": "no fix"}


def test_the_frames_of_a_file_that_is_cut_off_are_unknown_and_what_its_header_says_is_told() -> None:
    found = told(
        Finding("frames", 300, "structure", "stsz"), Finding("cut_off", True, "structure", "chunk offsets")
    )  # fmt: skip
    assert found["frames"] is None
    assert found["sources"]["frames"]["where"] == "chunk offsets"
    assert "stsz says 300" in found["sources"]["frames"]["why"]


def test_a_variable_rate_is_no_constant_rate_whatever_a_sidecar_says() -> None:
    found = told(
        Finding("vfr", True, "structure", "stts"),
        Finding("average_rate", Rate(2997, 100), "structure", "stts"),
        Finding("rate", Rate(30), "xmp", "clip.xmp: FrameRate"),
    )
    assert found["rate"] is None
    assert found["average_rate"] == "2997/100"
    assert found["sources"]["rate"]["where"] == "stts"


def test_warnings_name_where_the_reader_stood() -> None:
    found = told(Finding("warnings", "odd", "structure", "udta"), Finding("warnings", "odder", "structure", "moov"))
    assert found["sources"]["warnings"]["where"] == "udta; moov"


def test_counts_of_chapters_say_that_they_are_sums() -> None:
    first = Facts(samples=100, sources=(Source("samples", "data"), Source("reel", "tmcd")))
    second = Facts(samples=50, warnings=("odd",), sources=(Source("warnings", "udta"),))
    both = {source.key: source for source in span_facts([first, second]).sources}
    assert both["samples"].why == "the sum of 2 chapters"
    assert both["reel"] == Source("reel", "tmcd")
    assert both["warnings"].where == "udta"


def test_one_place_does_not_disagree_with_itself() -> None:
    said = (("A001", "tmcd", "payload"), ("A002", "tmcd", "payload"), ("A003", "nrtm", "XML"), ("A004", "nrtm", "XML"))
    found = told(*(Finding("reel", value, origin, where) for value, origin, where in said))
    assert found["reel"] == "A001"
    assert found["sources"]["reel"]["others"] == [{"where": "XML", "said": "A003"}]
