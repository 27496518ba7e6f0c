"""Events of timelines matched with clips of a log: each kind of evidence, what is ambiguous, what is nothing."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import settings as effort
from hypothesis import strategies as st
from msgspec import structs

from pipeline.editorial.exports.reels import may_be_short, short_names, short_stems
from pipeline.editorial.imports.known import Known, Place, range_in
from pipeline.editorial.imports.matching import index_of, match, matched
from pipeline.editorial.imports.reading import ReadEvent
from pipeline.timecode import Rate, Timecode, TimeRange

PAL, NTSC = Rate(25), Rate(30000, 1001)


def clip(number, name, card="A001", *, start="10:00:00:00", rate=PAL, frames=250, reel="", sound=False):
    return Known(f"{number:032x}", name, card, reel, sound, start or "", str(rate), rate, frames)


ONE = clip(1, "C0001.MP4", "2019-10-12_Vienna_A001")
TWO = clip(2, "C0001.MP4", "2019-10-13_Vienna_B001", start="11:00:00:00")
TWIN = clip(3, "C0001.MP4", "2019-10-14_Vienna_C001")
ALEXA = clip(4, "A003C005_191012_R1AB.mov", "A003", start="12:00:00:00", reel="A003R1AB")
PHONE = clip(5, "IMG_0007.MOV", "P001", start=None)
DROP = clip(6, "D001.mov", "D001", start="10:00:00;00", rate=NTSC)
RECORDER = clip(7, "T001.WAV", "S001", start="10:00:00:00", sound=True)
PLACES = (
    Place(ONE.id, "/film/ingest/2019-10-12_Vienna_A001/CLIP/C0001.MP4"),
    Place(TWO.id, "/film/ingest/2019-10-13_Vienna_B001/CLIP/C0001.MP4"),
    Place(PHONE.id, "/film/ingest/P001/IMG_0007.MOV"),
    Place(PHONE.id, "/film/ingest/P001/IMG_0008.MOV", 250),
)


def event(name="", *, start="", length=50, rate=PAL, drop=None, **others):
    source = TimeRange(Timecode.parse(start, rate, drop_frame=drop).frame, length) if start else None
    return structs.replace(
        ReadEvent("Video", 1, TimeRange(0, length), source=source, rate=rate, drop_frame=drop, name=name), **others
    )


def found(asked, *clips, places=PLACES, hashes=()):
    return match(
        asked, index_of(clips, [place for place in places if place.clip in {c.id for c in clips}], hashes, [asked])
    )


_TIMED = "name and timecode"
FOUND = {
    "id": (event("anything", id=ONE.id), (ONE, TWIN), ONE, "id"),
    "hash": (event("anything", hash="ABCD" * 8), (ONE, TWIN), TWIN, "hash"),
    "the whole path": (event("x", file=PLACES[0].path), (ONE, TWIN), ONE, "path"),
    "a path of another system": (
        event("x", file=r"R:\Two Courses\2019-10-13_Vienna_B001\CLIP\C0001.MP4"), (ONE, TWO), TWO, "path",
    ),
    "a file URL": (event("x", file="file:///Volumes/RAID/P001/IMG_0007.MOV"), (ONE, PHONE), PHONE, "path"),
    "the card as reel": (event(reel="b001", start="11:00:01:00"), (ONE, TWO), TWO, "reel and timecode"),
    "the reel that the file states": (
        event(reel="A003R1AB", start="12:00:01:00"), (ONE, ALEXA), ALEXA, "reel and timecode",
    ),
    "the clip's name as reel": (
        event("19A-1", reel="A003C005_191012_R1AB", start="12:00:01:00"), (ONE, ALEXA), ALEXA, "reel and timecode",
    ),
    "name and timecode of many": (event("C0001.MP4", start="11:00:01:00"), (ONE, TWO), TWO, "name and timecode"),
    "a name without its ending": (event("c0001", start="10:00:01:00"), (ONE, TWO), ONE, "name and timecode"),
    "Avid's number of a copy": (event("C0001.MP4.new.01", start="10:00:01:00"), (ONE, TWO), ONE, "name and timecode"),
    "the name of a clip without timecode": (event("IMG_0007.MOV", start="00:00:01:00"), (ONE, PHONE), PHONE, "name"),
    "the name of a later part": (event("IMG_0008.MOV"), (ONE, PHONE), PHONE, "name"),
    "a name counted from the file's head": (event(ALEXA.name, start="00:00:02:00"), (ALEXA,), ALEXA, "name"),
    "a list without drop-frame": (event("D001.mov", start="10:00:05:00", rate=NTSC), (DROP,), DROP, _TIMED),
    "a list at another rate": (event("C0001", start="10:00:05:20", rate=Rate(24)), (ONE, TWO), ONE, _TIMED),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "log", "wanted", "by"), FOUND.values(), ids=FOUND)
def test_an_event_is_found_by(asked, log, wanted, by):
    made = found(asked, *log, hashes=[("abcd" * 8, TWIN.id)])
    assert (made.clip, made.by) == (wanted, by), made.sentence
    assert 0.5 <= made.confidence <= 1
    assert made.candidates == ()


@pytest.mark.parametrize(("asked", "log", "wanted", "by"), FOUND.values(), ids=FOUND)
def test_an_index_of_everything_finds_the_same(asked, log, wanted, by):
    places = [place for place in PLACES if place.clip in {known.id for known in log}]
    made = match(asked, index_of(log, places, [("abcd" * 8, TWIN.id)]))
    assert (made.clip, made.by) == (wanted, by)


def test_better_evidence_is_surer():
    by_name = found(event("C0001.MP4"), ONE).confidence
    by_timecode = found(event("C0001.MP4", start="10:00:01:00"), ONE).confidence
    by_reel = found(event("C0001.MP4", start="10:00:01:00", reel="A001"), ONE).confidence
    by_path = found(event("C0001.MP4", file=PLACES[0].path), ONE).confidence
    assert by_name < by_timecode < by_reel < by_path


AMBIGUOUS = {
    "the same name and timecode on two cards": (event("C0001.MP4", start="10:00:01:00"), (ONE, TWIN)),
    "a name on two cards": (event("C0001.MP4"), (ONE, TWO)),
    "a reel that says one clip and a name that says another": (
        event("C0001.MP4", reel="D001", start="10:00:01:00", rate=PAL), (ONE, DROP),
    ),
    "the same folders on two cards": (
        event("C0001.MP4", file="/Volumes/CARD/CLIP/C0001.MP4"), (replace(ONE, label=""), replace(TWO, label="")),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "log"), AMBIGUOUS.values(), ids=AMBIGUOUS)
def test_what_fits_several_clips_is_named_with_them_and_never_chosen(asked, log):
    made = found(asked, *log)
    assert (made.clip, made.by, made.confidence, made.range) == (None, "", 0.0, None)
    assert {known.id for known in made.candidates} == {known.id for known in log}
    assert all(known.name in made.sentence for known in log)


def test_a_reel_tells_two_clips_of_one_name_and_timecode_apart():
    made = found(event("C0001.MP4", start="10:00:01:00", reel="C001"), ONE, TWIN)
    assert (made.clip, made.by) == (TWIN, "reel and timecode")


CONTRADICTED = {
    "an id and a timecode": (event("C0001.MP4", start="11:00:01:00", id=ONE.id), (ONE, TWO)),
    "a path and a reel with timecode": (
        event("cut", file=PLACES[0].path, reel="C001", start="10:00:01:00"), (ONE, TWIN),
    ),
    "a reel with timecode and the name of a clip that does not run then": (
        event("C0001.MP4", reel="A003R1AB", start="12:00:01:00"), (ALEXA, TWO),
    ),
    "a reel with timecode and such a name without its ending": (
        event(ALEXA.name[:-4], reel="B001", start="11:00:01:00"), (TWO, ALEXA),
    ),
    "a reel with timecode and the name of a later part": (
        event("IMG_0008.MOV", reel="A003R1AB", start="12:00:01:00"), (ALEXA, replace(PHONE, label="09:00:00:00")),
    ),
    "a path and a timecode": (event("C0001.MP4", file=PLACES[0].path, start="11:00:01:00"), (ONE, TWO)),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "log"), CONTRADICTED.values(), ids=CONTRADICTED)
def test_an_event_whose_words_name_two_clips_is_neither(asked, log):
    made = found(asked, *log)
    assert (made.clip, made.confidence) == (None, 0.0)
    assert set(made.candidates) == set(log)
    assert ", but by " in made.sentence


def test_a_name_that_no_clip_has_is_a_new_one_beside_reel_and_timecode():
    made = found(event("coach at dawn.mov", reel="A003R1AB", start="12:00:01:00"), ALEXA, TWO)
    assert (made.clip, made.by) == (ALEXA, "reel and timecode")


def test_a_clip_that_has_no_frames_at_the_timecode_is_doubted_whatever_says_its_id():
    made = found(event("C0001.MP4", start="15:00:01:00", id=ONE.id), ONE)
    assert (made.clip, made.confidence, made.doubted) == (ONE, 0.5, True)
    assert "no such timecode" in made.sentence


NOTHING = {
    "another name": (event("C0099.MP4", start="10:00:01:00"), ()),
    "the same name at another time": (event("C0001.MP4", start="15:00:01:00"), (ONE,)),
    "a picture of a clip that is sound": (event("T001.WAV", start="10:00:01:00"), ()),
    "no reel that counts": (event(reel="AX", start="10:00:01:00"), ()),
    "nothing at all": (event(), ()),
}


@pytest.mark.parametrize(("asked", "near"), NOTHING.values(), ids=NOTHING)
def test_what_fits_no_clip_is_nothing_and_says_what_was_looked_for(asked, near):
    made = found(asked, ONE, RECORDER)
    assert (made.clip, made.confidence) == (None, 0.0)
    assert made.candidates == near
    assert made.sentence.endswith(".")
    if asked.name:
        assert asked.name in made.sentence


def test_sound_is_found_in_sound():
    asked = structs.replace(event("T001.WAV", start="10:00:01:00"), kind="Audio")
    assert found(asked, ONE, RECORDER).clip == RECORDER


@pytest.mark.parametrize("length", [8, 32])
def test_the_short_reels_of_our_own_lists_lead_back(length):
    """Two cards whose names are cut to the same letters: each is told apart by its hash."""
    one = clip(1, "a.mov", "2019-10-12_Kaptagat_Morning run long")
    two = clip(2, "b.mov", "2019-10-12_Kaptagat_Morning run longer", start="13:00:00:00")
    for known in (one, two):
        for short in short_names(known.card, known.reel, known.id, known.name, ()):
            if len(short) <= length:
                began = str(known.start + 25)
                made = found(event("renamed", reel=short, start=began), one, two)
                assert (made.clip, made.by) == (known, "reel and timecode"), short


@given(st.text("aé_ 1.\u017f", max_size=40), st.text("Ab_ 1.", max_size=40), st.text("Ab_1.", min_size=1, max_size=40))
@effort(deadline=None)
def test_every_short_reel_of_a_clip_is_known_by_its_stem(card, reel, name):
    stems = short_stems(card, reel or card or name)
    for short in short_names(card, reel, "id", name, ("/film/a.mov",)):
        assert stems.intersection(may_be_short(short)), short


@pytest.mark.parametrize(
    ("asked", "known", "wanted"),
    [
        (event(start="10:00:02:00"), ONE, TimeRange(50, 50)),
        (event(start="10:00:02:00", rate=Rate(50), length=100), ONE, TimeRange(50, 50)),
        (event(start="10:00:02;00", rate=NTSC, drop=True), DROP, TimeRange(60, 50)),
        (event(start="10:00:02:00", rate=NTSC), DROP, TimeRange(60, 50)),
        (event(start="10:00:09:00", length=500), ONE, TimeRange(225, 25)),
        (event(start="00:00:02:00"), PHONE, TimeRange(50, 50)),
        (structs.replace(event(), media=TimeRange(30, 10)), ONE, TimeRange(30, 10)),
        (structs.replace(event(start="10:00:02:00"), media=TimeRange(30, 10)), ONE, TimeRange(30, 10)),
        (event("no source"), ONE, None),
        (event(start="00:00:01:00"), clip(1, "m", start="23:59:59:00"), TimeRange(50, 50)),
    ],
)
def test_what_an_event_takes_is_counted_from_the_first_frame_of_the_clip(asked, known, wanted):
    assert range_in(asked, known, 0) == wanted


def test_frames_of_a_later_file_are_counted_from_the_first_of_the_clip():
    asked = structs.replace(event("IMG_0008.MOV"), media=TimeRange(0, 10), rate=PAL)
    spanned = replace(PHONE, frames=500)
    assert found(asked, spanned).range == TimeRange(250, 10)


def test_a_clip_that_runs_over_midnight_is_found_on_both_sides():
    late = clip(1, "late.mov", start="23:59:58:00")
    assert found(event("late.mov", start="23:59:59:00"), late).by == "name and timecode"
    assert found(event("late.mov", start="00:00:03:00"), late).by == "name and timecode"


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), min_size=1, max_size=12),
    st.integers(0, 3),
    st.integers(0, 60),
)
@effort(deadline=None)
def test_a_clip_is_found_by_name_and_timecode_only_where_no_other_has_both(made, number, second):
    log = [
        clip(n, f"C{name:04}.MP4", f"CARD{n}", start=f"10:00:{begin:02}:00", frames=100)
        for n, (name, begin) in enumerate(made, start=1)
    ]
    fitting = [k for k in log if k.name == f"C{number:04}.MP4" and 0 <= second - int(str(k.start)[6:8]) < 4]
    asked = event(f"C{number:04}.MP4", start=f"10:{second // 60:02}:{second % 60:02}:12", length=1)
    result = found(asked, *log, places=())
    if len(fitting) == 1:
        assert result.clip == fitting[0]
    elif fitting:
        assert result.clip is None
        assert {known.id for known in result.candidates} == {known.id for known in fitting}
    else:
        assert result.by != "name and timecode"


def test_events_that_say_the_same_are_looked_up_once_and_all_answered():
    asked = [event("C0001.MP4", start="10:00:01:00")] * 3
    assert [made.clip for made in matched(asked, index_of([ONE], [], [], asked))] == [ONE] * 3
