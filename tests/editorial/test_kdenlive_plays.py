"""Cuts of numbered recordings as melt plays them: the right frame and the right sound at every edit."""

from dataclasses import replace
from fractions import Fraction
from math import floor

import pytest
from editorial_clips import RATES, logged, settings
from judges import SIZE, STEP, needs_kdenlive, needs_melt, play, save_again, shoot
from read_kdenlive import read_kdenlive
from torture import Builder, schema, torture_timeline

from pipeline.editorial.assembly import assemble
from pipeline.editorial.exports import kdenlive
from pipeline.editorial.exports.events import sheet_of, shown_frame
from pipeline.editorial.exports.paths import beside
from pipeline.editorial.exports.written import ExportOptions
from pipeline.editorial.shots import Media, MediaPart
from pipeline.timecode import Rate

OTHER = {"25": "50", "50": "25", "24": "23.976", "23.976": "29.97", "29.97": "59.94", "59.94": "25", "30": "24"}
FRAMES = 70


@pytest.fixture
def film(tmp_path):
    """Two clips of a rate and one of another, with marked ranges; the first has a proxy, the second two streams."""

    def made(rate, other, *, selects=((11, 9), (40, 13)), streams=((2,), (2, 2), (2,))):
        clips, media = [], {}
        for number, (speed, each) in enumerate(zip((rate, rate, other), streams, strict=True), start=1):
            name = f"C{number:04}.mov"
            marks = tuple((at + number, length, f"range {at}", "") for at, length in selects)
            start = None if number == 3 else f"0{number}:59:59:10"
            clip = logged(name, speed, FRAMES, start=start, card=f"K{number}", audio=each, markers=marks)
            path = shoot(tmp_path / name, number, RATES[speed].fraction, FRAMES, streams=each)
            clips.append(clip)
            media[clip.clip.id] = Media((MediaPart(name, str(path), FRAMES),))
        proxy = tmp_path / "proxies" / clips[0].clip.name
        proxy.parent.mkdir(exist_ok=True)
        proxy.write_bytes(path.with_name(clips[0].clip.name).read_bytes())
        media[clips[0].clip.id] = Media(media[clips[0].clip.id].parts, str(proxy))
        return clips, media

    return made


def written(timeline, folder):
    (file,) = kdenlive.write(timeline, ExportOptions(folder)).files
    path = folder / f"cut{file.suffix}"
    path.write_bytes(file.content)
    return path


def wanted(timeline, rate: Rate):
    """What each frame of a track shows, first the pictures: (item, exact frame of its file, that file's rate)."""
    per_second = float(rate.fraction)
    end = round(timeline.duration().rescaled_to(per_second).value)
    for track in timeline.tracks:
        shown = [None] * end
        for item in track.find_clips():
            place, own = item.range_in_parent(), Rate.parse(item.metadata["rushes"]["rate"]).fraction
            first = round(item.source_range.start_time.value - item.available_range().start_time.value)
            begin = round(place.start_time.rescaled_to(per_second).value)
            for ahead in range(round(place.duration.rescaled_to(per_second).value)):
                shown[begin + ahead] = (item, first + ahead * own / rate.fraction, own)
        yield shown


def level(shown, rate: Rate, channel: int):
    """How loud a channel is where these sound together, and by how much it may be off at another rate."""
    loud = off = 0
    for item, exact, own in filter(None, shown):
        said = item.metadata["rushes"]
        before = 2 if said["stream"] > 1 else 0
        loud += (floor(exact) + 1) * STEP + before + min(channel, said["channels"] - 1)
        off += 1 if own == rate.fraction else STEP * max(1, own / rate.fraction) + 1
    return loud, off


@needs_melt
@pytest.mark.parametrize("rate", OTHER)
def test_melt_shows_and_sounds_the_right_frame_at_every_edit(tmp_path, film, rate):
    clips, media = film(rate, OTHER[rate])
    cut = assemble("selects", clips, media, settings(rate, gap=5, size=SIZE)).timeline
    speed = RATES[rate]
    pictures, sound = play(written(cut, tmp_path), speed.fraction)
    seen, *heard = wanted(cut, speed)
    assert len(pictures) == len(seen)
    for place, (found, right) in enumerate(zip(pictures, seen, strict=True)):
        if right is None:
            assert found is None, place
            continue
        item, exact, own = right
        assert found is not None, place
        assert found[0] == int(item.name[1:5]), place
        assert abs(found[1] - exact) <= (0 if own == speed.fraction else max(1, own / speed.fraction)), place
    for place, together in enumerate(zip(*heard, strict=True)):
        for channel in (0, 1):
            loud, off = level(together, speed, channel)
            assert abs(int(sound[place][channel]) - loud) <= off, (place, channel)


@needs_melt
def test_melt_follows_relative_paths_from_the_project_after_the_folder_was_moved(tmp_path, film):
    clips, media = film("25", "25")
    cut = assemble("selects", clips, media, settings("25", size=SIZE)).timeline
    (tmp_path / "timelines").mkdir()
    placed = beside(cut, str(tmp_path), str(tmp_path / "timelines"))
    written(placed.timeline, tmp_path / "timelines")
    moved = tmp_path.rename(tmp_path.with_name("moved away"))
    pictures, _ = play(moved / "timelines" / "cut.kdenlive", Fraction(25))
    assert pictures[:3] == [(1, 12), (1, 13), (1, 14)]
    assert None not in pictures


@needs_kdenlive
def test_kdenlive_opens_a_project_and_saves_the_same_cut(tmp_path, film):
    clips, media = film("25", "50")
    cut = assemble("selects", clips, media, settings("25", gap=5, size=SIZE)).timeline
    path = written(cut, tmp_path)
    ours, saved = read_kdenlive(path.read_bytes()), read_kdenlive(save_again(path))
    assert saved.clips == ours.clips
    assert saved == ours


def moved(tmp_path, rate="25"):
    """A cut with dissolves, fades, and clips at other speeds, backwards and held; every file is numbered."""
    make = Builder(RATES[rate], str(tmp_path))
    for number in range(1, 9):
        shoot(tmp_path / f"C{number:04}.mov", number, RATES[rate].fraction, 200)

    def clip(number, frames, **others):
        return make.clip(f"C{number:04}.mov", frames, media=200, **others)

    def mix(before, after):
        return make.transition(before, after)

    def sound(number, frames, **others):
        return clip(number, frames, sound=True, **others)

    made = schema.Timeline("moved", metadata={"rushes": {"rate": str(RATES[rate]), "size": f"{SIZE[0]}x{SIZE[1]}"}})
    made.tracks.extend([
        make.track(
            "Video 1", "Video", mix(0, 6), clip(1, 30), mix(5, 7), clip(2, 30), mix(4, 4), clip(1, 20, into=100),
            make.gap(7), clip(3, 20, speed=2), clip(4, 31, speed=Fraction(1, 2)), clip(5, 25, speed=-1, into=100),
            clip(6, 20, speed=0, into=33), mix(4, 4), clip(7, 20, speed=-2), clip(8, 12, speed=0, into=195),
            clip(8, 10), mix(6, 0),
        ),
        make.track("Video 2", "Video", make.gap(185), clip(3, 5), clip(3, 5, into=90)),
        make.track(
            "Audio 1", "Audio", sound(1, 30), make.gap(10), sound(2, 30), mix(5, 5), sound(3, 30, into=100),
            sound(4, 30, speed=2), mix(5, 0),
        ),
    ])  # fmt: skip
    return made


def mixed(track):
    """The frames of a track in which a transition shows two clips, or one and black."""
    return {frame for each in track.transitions for frame in range(each.at - each.before, each.at + each.after)}


@needs_melt
@pytest.mark.parametrize("rate", ["25", "29.97"])
def test_melt_shows_the_right_frame_beside_dissolves_and_at_every_speed(tmp_path, rate):
    cut, speed = moved(tmp_path, rate), RATES[rate]
    pictures, sound = play(written(cut, tmp_path), speed.fraction)
    seen, over, heard = sheet_of(cut).tracks
    hidden = {frame for event in over.events for frame in range(event.record.start, event.record.end)}
    for track, apart in ((seen, mixed(seen) | hidden), (over, set())):
        for event in track.events:
            for ahead in range(event.record.duration):
                place = event.record.start + ahead
                right = shown_frame(event, ahead, speed) - event.source.available.start
                if place not in apart:
                    clip, found = pictures[place]
                    assert clip == int(event.source.name[1:5])
                    assert abs(found - right) <= (event.speed not in {0, 1, -1}), (event, ahead)
    blended = mixed(heard) | {each.at + each.after for each in heard.transitions}  # Kdenlive's last one longer
    for event in heard.events:
        for ahead in set(range(event.record.duration)) - {each - event.record.start for each in blended}:
            right = shown_frame(event, ahead, speed) - event.source.available.start
            loud = int(sound[event.record.start + ahead][0])
            assert abs(loud - (right + 1) * STEP) <= (1 if event.speed == 1 else 2 * STEP), (event, ahead)
    first, second = heard.events[1:3]
    for frame in range(65, 75):
        ends = sorted(
            (shown_frame(event, frame - event.record.start, speed) - event.source.available.start + 1) * STEP
            for event in (first, second)
        )
        assert ends[0] - 1 <= sound[frame][0] <= ends[1] + 1
    assert sound[70][0] > sound[65][0] > ends[0] - STEP * 10


def torture(folder):
    """The torture timeline with a numbered file at every path."""
    made = torture_timeline(RATES["25"], folder=str(folder))
    film = shoot(folder / "film.mov", 1, RATES["25"].fraction, 400)
    for item in made.find_clips():
        path = folder / (item.media_reference.target_url if hasattr(item.media_reference, "target_url") else item.name)
        if not hasattr(item.media_reference, "target_url"):
            item.media_reference = schema.ExternalReference(str(path), item.available_range())
        path.unlink(missing_ok=True)
        path.symlink_to(film)
    return made


@needs_kdenlive
@pytest.mark.parametrize("make", [moved, torture])
def test_kdenlive_saves_dissolves_speeds_and_effects_as_they_were(tmp_path, make):
    path = written(make(tmp_path), tmp_path)
    ours, saved = read_kdenlive(path.read_bytes()), read_kdenlive(save_again(path))
    assert saved.clips == ours.clips
    assert saved.mixes == ours.mixes
    assert saved == ours


@needs_melt
@needs_kdenlive
def test_a_project_with_relative_paths_plays_and_opens_from_its_folder(tmp_path, film):
    clips, media = film("25", "50")
    cut = assemble("selects", clips, media, settings("25", gap=5, size=SIZE)).timeline
    beside = cut.clone()
    for item in beside.find_clips():
        item.media_reference.target_url = f"../{item.name}"
    folder = tmp_path / "timelines"
    folder.mkdir()
    path = written(beside, folder)
    pictures, _ = play(path, Fraction(25))
    assert pictures[0] == (1, 12)
    ours, saved = read_kdenlive(path.read_bytes()), read_kdenlive(save_again(path))
    here = {replace(clip, file=str(folder) + clip.file) for clip in ours.clips}
    assert {clip.file for clip in here} == {f"{folder}/../C000{number}.mov" for number in (1, 2, 3)}
    assert saved.clips == here


@needs_melt
def test_all_channels_of_a_stream_are_played(tmp_path):
    make = Builder(RATES["25"], str(tmp_path))
    shoot(tmp_path / "four.mov", 1, Fraction(25), 60, streams=(4,))
    made = schema.Timeline("cut")
    made.tracks.append(make.track("A", "Audio", make.clip("four.mov", 20, into=7, media=60, sound=True, channels=4)))
    path = written(made, tmp_path)
    channels = read_kdenlive(path.read_bytes()).channels
    assert channels == 4
    _, sound = play(path, Fraction(25), channels=channels)
    right = [[(7 + ahead + 1) * STEP + channel for channel in range(4)] for ahead in range(20)]
    assert abs(sound.astype(int) - right).max() <= 1


HOSTILE = (
    "a:b.mov", "what?.mov", "100 %d %.mov", "file:x.mov", "-n.mov", "a=b&c<d>\"e'.mov", " lead.mov", "#1.mov",
    "läufer 🏃.mov", "2:x.mov",
)  # fmt: skip


@needs_melt
@pytest.mark.parametrize("speed", [1, 2])
def test_names_of_all_kinds_are_played(tmp_path, speed):
    make = Builder(RATES["25"], str(tmp_path))
    made = schema.Timeline("cut")
    made.tracks.append(
        make.track("V", "Video", *(make.clip(name, 4, into=6, media=60, speed=speed) for name in HOSTILE))
    )
    for number, name in enumerate(HOSTILE, start=1):
        shoot(tmp_path / "shot.mov", number, Fraction(25), 60).rename(tmp_path / name)
    pictures, _ = play(written(made, tmp_path), Fraction(25))
    assert pictures == [(number, 6 + ahead * speed) for number in range(1, len(HOSTILE) + 1) for ahead in range(4)]
