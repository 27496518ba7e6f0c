"""Drop-frame: flags, labels and arithmetic between labels, one answer of all places, conflicts said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.metadata.assembly import assemble
from pipeline.metadata.dropframe import counted, drops, one_count
from pipeline.metadata.findings import Finding
from pipeline.metadata.sony import read
from pipeline.timecode import Rate, Timecode

R25, R2997, R5994 = Rate(25), Rate(30000, 1001), Rate(60000, 1001)


@pytest.mark.parametrize(
    ("rate", "flag", "answer"),
    [
        (R2997, True, True), (R2997, False, False), (R5994, True, True),
        (R25, True, False), (Rate(24000, 1001), True, False), (Rate(30), True, False),
    ],
)  # fmt: skip
def test_a_flag_counts_where_there_is_drop_frame(rate, flag, answer):
    assert drops(rate, flag=flag) == answer


def start(origin, label, rate=R2997):
    return Finding("start_timecode", Timecode.parse(label, rate), origin, f"the {origin}")


@pytest.mark.parametrize(
    ("places", "label", "conflict"),
    [
        # One place, with a flag or with a label alone.
        ([start("tmcd", "10:00:00;00")], "10:00:00;00", False),
        ([start("tmcd", "10:00:00:00")], "10:00:00:00", False),
        ([start("mediainfo", "10:00:00;00")], "10:00:00;00", False),
        ([start("udta", "10:00:00:00")], "10:00:00:00", False),
        # All agree.
        ([start("tmcd", "10:00:00;00"), start("nrtm", "10:00:00;00")], "10:00:00;00", False),
        # Flags that differ: the better place is believed, and the clip carries a warning.
        ([start("tmcd", "10:00:00:00"), start("nrtm", "10:00:00;00")], "10:00:00:00", True),
        ([start("nrtm", "10:00:00;00"), start("tmcd", "10:00:00:00")], "10:00:00:00", True),
        ([start("ixml", "10:00:00;00"), start("bext", "10:00:00:00")], "10:00:00;00", True),
        # A colon says nothing: the flag of a lesser place decides how the better one's label counts.
        ([start("bext", "10:00:00;00"), start("udta", "10:00:00:00")], "10:00:00;00", False),
        ([start("udta", "10:00:00:00"), start("mediainfo", "10:00:00;00")], "10:00:00;00", False),
        # A semicolon is a word.
        ([start("tmcd", "10:00:00:00"), start("mediainfo", "10:00:00;00")], "10:00:00:00", True),
        # Where there is no drop-frame nobody can disagree.
        ([start("tmcd", "10:00:00:00", R25), start("nrtm", "10:00:00;00")], "10:00:00:00", False),
        # Two clocks of one file: the tape's own timecode may count in its own way.
        ([start("mxf-material", "01:00:00:00"), start("mxf-tape", "10:11:12;13")], "01:00:00:00", False),
        ([start("mxf-material", "10:00:00:00"), start("mxf-tape", "10:00:00;00")], "10:00:00:00", True),
        # 29.97 and 59.94 of one clip count in the same way.
        ([start("tmcd", "10:00:00;00", R5994), start("nrtm", "10:00:00:00")], "10:00:00;00", True),
    ],
)  # fmt: skip
def test_all_places_together_give_one_answer(places, label, conflict):
    facts = assemble(places)
    assert facts.start_timecode == label
    assert facts.drop_frame == (";" in label)
    assert [warning for warning in facts.warnings if "Drop-frame is contradicted" in warning] == list(facts.warnings)
    assert bool(facts.warnings) == conflict


def test_a_conflict_names_both_places_and_what_they_say():
    (warning,) = assemble([start("tmcd", "10:00:00:00"), start("nrtm", "10:00:00;00")]).warnings
    assert warning == (
        "Drop-frame is contradicted: the tmcd counts non-drop (10:00:00:00), the nrtm counts drop-frame (10:00:00;00);"
        " the first is believed."
    )


@given(st.lists(st.tuples(st.sampled_from(["tmcd", "nrtm", "ixml", "bext", "udta", "mediainfo"]), st.booleans())))
def test_the_order_of_reading_decides_nothing_between_places(said):
    places = [start(origin, "10:00:00;00" if drop else "10:00:00:00") for origin, drop in dict(said).items()]
    forward, back = assemble(one_count(places)), assemble(one_count(places[::-1]))
    assert (forward.start_timecode, forward.warnings) == (back.start_timecode, back.warnings)


@pytest.mark.parametrize(
    ("first", "last", "frames", "answer"),
    [
        ("10:00:59:29", "10:01:00:02", 1, True),
        ("10:00:59:29", "10:01:00:00", 1, False),
        ("10:00:00:00", "10:00:10:00", 300, None),  # no minute between: both count so
        ("10:09:59:29", "10:10:00:00", 1, None),  # the tenth minute leaves nothing out
        ("10:00:00:00", "10:00:10:00", 7, None),  # nobody counts so
    ],
)
def test_labels_on_either_side_of_a_minute_show_how_they_count(first, last, frames, answer):
    assert counted(first, last, frames, R2997) is answer


def sony_table(first, last, frames):
    return (
        '<NonRealTimeMeta xmlns="urn:schemas-professionalDisc:nonRealTimeMeta:ver.2.00"><LtcChangeTable tcFps="30">'
        f'<LtcChange frameCount="0" value="{first}" status="increment"/>'
        f'<LtcChange frameCount="{frames}" value="{last}" status="end"/></LtcChangeTable>'
        '<VideoFormat><VideoFrame formatFps="29.97p"/></VideoFormat></NonRealTimeMeta>'
    ).encode()


@pytest.mark.parametrize(
    ("first", "last", "frames", "label"),
    [
        ("29590010", "02000110", 1, "10:00:59;29"),  # counts drop-frame, flag unset
        ("29590010", "00000110", 1, "10:00:59:29"),
        ("69590010", "42000110", 1, "10:00:59;29"),  # flag set, and so it counts
        ("29590010", "28590010", 1, "10:00:59:29"),  # a table that makes no sense decides nothing
    ],
)
def test_a_sony_table_that_counts_drop_frame_is_believed_before_its_flag(first, last, frames, label):
    found = {finding.key: finding.value for finding in read(sony_table(first, last, frames), "C0001M01.XML")}
    assert str(found["start_timecode"]) == label
