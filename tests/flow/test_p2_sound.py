"""P2 keeps each track of sound in a file of its own: the clip, its facts and its proxy have them all, in order."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from filming import empty_film, rushes

from pipeline.metadata.facts import read_facts

sys.path.insert(0, str(Path(__file__).parents[1] / "proxies"))
from shooting import frame_numbers, numbered, run, sound

FRAMES, RATE = 25, 48_000


def click(path: Path, at: int | None, *, samples: int = RATE) -> None:
    """A second of mono sound as OP-Atom, silent but for a click when frame `at` is shown."""
    data = np.zeros(samples, "<i2")
    if at is not None:
        data[at * RATE // FRAMES :][:20] = 20_000
    raw = ["-f", "s16le", "-ar", RATE, "-ac", "1", "-i", "-", "-c:a", "pcm_s16le"]
    run(*map(str, raw), "-mxf_audio_edit_rate", "25", "-f", "mxf_opatom", path, given=data.tobytes())


def picture(path: Path, first: int) -> None:
    shown = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", "320x180", "-r", str(FRAMES), "-i", "-"]
    made = ["-c:v", "dnxhd", "-profile:v", "dnxhr_lb", "-pix_fmt", "yuv422p", "-timecode", "10:00:00:00"]
    run(*shown, *made, "-f", "mxf_opatom", path, given=numbered(range(first, first + FRAMES)))


def p2_xml(own: str, *, previous: str = "", following: str = "", sounds: int = 2) -> str:
    links = "".join(
        f"<{link}><GlobalClipID>{other}</GlobalClipID></{link}>"
        for link, other in (("Previous", previous), ("Next", following)) if other
    )  # fmt: skip
    return (
        '<?xml version="1.0"?><P2Main xmlns="urn:schemas-Professional-Plug-in:P2:ClipMetadata:v3.1"><ClipContent>'
        f"<GlobalClipID>{own}</GlobalClipID><Relation><Connection>{links}</Connection></Relation>"
        f"<EssenceList><Video/>{'<Audio/>' * sounds}</EssenceList></ClipContent></P2Main>"
    )


@pytest.fixture(scope="module")
def made_card(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recording over two files with two tracks each: clicks at frames 10 and 20 of track 1, 30 of track 2."""
    contents = tmp_path_factory.mktemp("p2") / "CONTENTS"
    for name in ("VIDEO", "AUDIO", "CLIP"):
        (contents / name).mkdir(parents=True)
    picture(contents / "VIDEO" / "0001AB.MXF", 0)
    picture(contents / "VIDEO" / "0002CD.MXF", FRAMES)
    click(contents / "AUDIO" / "0001AB00.MXF", 10)
    click(contents / "AUDIO" / "0001AB01.MXF", None)
    click(contents / "AUDIO" / "0002CD00.MXF", 20)
    click(contents / "AUDIO" / "0002CD01.MXF", 5)
    (contents / "CLIP" / "0001AB.XML").write_text(p2_xml("A", following="B"))
    (contents / "CLIP" / "0002CD.XML").write_text(p2_xml("B", previous="A"))
    return contents


def filmed(tmp_path: Path, made_card: Path) -> tuple[Path, Path]:
    film = empty_film(tmp_path / "film")
    card = film / "ingest" / "2019-10-12_Vienna_Coach_A001"
    shutil.copytree(made_card, card / "CONTENTS")
    return film, card / "CONTENTS"


def clicks(path: Path, track: int) -> list[int]:
    """The frames at whose beginning a click sounds."""
    loud = np.flatnonzero(np.abs(sound(path, track)[:, 0].astype(int)) > 5000)
    starts = [at for at, before in zip(loud, [-RATE, *loud], strict=False) if at - before > 100]
    assert all(at % (RATE // FRAMES) == 0 for at in starts), starts
    return [int(at) * FRAMES // RATE for at in starts]


def test_every_track_beside_a_p2_picture_is_a_mono_track_of_its_proxy_in_sync_across_the_joint(tmp_path, made_card):
    film, _ = filmed(tmp_path, made_card)
    assert rushes("ingest", cwd=film).code == 0
    (row,) = rushes("proxies", "--json", cwd=film).json
    assert {rule for rules in row["verdict"].values() for rule in rules} & {"sound tracks", "sound sync"} == set()
    proxy = film / row["path"]
    assert [(track.channels, track.sample_rate) for track in read_facts(proxy).audio] == [(1, RATE)] * 2
    assert frame_numbers(proxy) == list(range(2 * FRAMES))
    assert (clicks(proxy, 0), clicks(proxy, 1)) == ([10, 45], [30])


def test_the_facts_of_the_clip_name_the_files_of_its_sound(tmp_path, made_card):
    film, _ = filmed(tmp_path, made_card)
    assert rushes("ingest", cwd=film).code == 0
    (row,) = rushes("log", "--json", cwd=film).json
    facts = rushes("show", row["id"], "--json", cwd=film).json["facts"]
    assert facts["audio"] == [
        {"codec": "pcm_s16le", "channels": 1, "sample_rate": RATE, "samples": 2 * RATE, "file": f"0001AB0{track}.MXF"}
        for track in (0, 1)
    ]
    assert facts["sources"]["audio"]["where"] == "0001AB00.MXF, 0001AB01.MXF"


def test_sound_that_comes_later_makes_the_proxy_again(tmp_path, made_card):
    film, contents = filmed(tmp_path, made_card)
    late = contents / "AUDIO" / "0001AB01.MXF"
    kept = late.read_bytes()
    late.unlink()
    assert rushes("ingest", cwd=film).code == 0
    (row,) = rushes("proxies", "--json", cwd=film).json
    assert len(read_facts(film / row["path"]).audio) == 1
    late.write_bytes(kept)
    assert rushes("ingest", cwd=film).code == 0
    assert len(read_facts(film / row["path"]).audio) == 2


@pytest.mark.parametrize("gone", ["missing", "cut off"])
def test_sound_that_a_later_file_lacks_is_not_passed_over(tmp_path, made_card, gone):
    film, contents = filmed(tmp_path, made_card)
    lost = contents / "AUDIO" / "0002CD01.MXF"
    if gone == "missing":
        lost.unlink()
    else:
        lost.write_bytes(lost.read_bytes()[:20_000])
    ran = rushes("ingest", cwd=film)
    assert ran.code == 1
    assert "Sound of 0001AB.MXF is missing, cut off or damaged; copy the card again, or make what there is" in ran.err
    assert rushes("proxies", "--json", cwd=film).json == []


def test_what_there_is_of_the_sound_is_made_where_a_person_asks_for_it(tmp_path, made_card):
    film, contents = filmed(tmp_path, made_card)
    (contents / "AUDIO" / "0002CD01.MXF").unlink()
    assert rushes("ingest", cwd=film).code == 1
    assert rushes("proxies", "--salvage", cwd=film).code == 0
    (row,) = rushes("proxies", "--json", cwd=film).json
    assert (clicks(film / row["path"], 0), clicks(film / row["path"], 1)) == ([10, 45], [])
