"""Facts of real timelines against a table of what is true about them; the score is printed per key (-s)."""

import json
import os
from collections import Counter
from pathlib import Path

import pytest

from pipeline.errors import RushesError
from pipeline.ingest.anywhere import facts_of, format_of, read_timeline
from pipeline.processes.reader import ReaderProcess

REPOSITORY = Path(__file__).resolve().parents[2]
NO_FACTS = ("kind", "why")


@pytest.fixture(scope="module")
def samples() -> Path:
    folder = Path(os.environ.get("RUSHES_SAMPLES", REPOSITORY.parent / "shared" / "samples"))
    if not (folder / "truth.json").is_file():
        pytest.skip(f"no sample media in {folder}: set RUSHES_SAMPLES")
    return folder


@pytest.fixture(scope="module")
def truth(samples: Path) -> dict[str, dict]:
    entries = json.loads((samples / "truth.json").read_text())
    return {name: entry for name, entry in entries.items() if entry["kind"] == "timelines"}


def test_every_fact_of_the_sample_timelines_is_right(samples: Path, truth: dict[str, dict]) -> None:
    score: dict[str, Counter[str]] = {}
    faults = []
    with ReaderProcess("pipeline.metadata.mediainfo_child") as mediainfo:
        for name, entry in truth.items():
            facts = found_in(samples / name, mediainfo)
            for key, wanted in entry.items():
                if key in NO_FACTS or key.endswith("_accept"):
                    continue
                found = facts.get(key)
                right = found in (wanted, *entry.get(f"{key}_accept", ()))
                verdict = "right" if right else "missing" if found is None else "wrong"
                score.setdefault(f"{entry['format']} {key}", Counter())[verdict] += 1
                if not right:
                    faults.append(f"{name}: {key} is {found!r}, not {wanted!r}")
    for key, counter in sorted(score.items()):
        print(f"{key:40} {counter['right']:4} right {counter['wrong']:4} wrong {counter['missing']:4} missing")  # noqa: T201
    assert not faults, "\n".join(faults)


def found_in(path: Path, mediainfo: ReaderProcess) -> dict[str, object]:
    try:
        return facts_of(path, mediainfo, ())
    except RushesError:
        return {}


def test_every_event_of_a_sample_has_its_line_and_something_to_find_its_clip_by(
    samples: Path, truth: dict[str, dict]
) -> None:
    for name, entry in truth.items():
        timeline = read_timeline(samples / name)
        for event in timeline.events:
            assert event.name or event.file or event.reel or event.id, (name, event)
            assert event.line or entry["format"] in ("aaf", "ale", "otio"), name


def test_bytes_and_not_names_say_what_a_timeline_is(samples: Path, truth: dict[str, dict]) -> None:
    for name, entry in truth.items():
        found = format_of(samples / name)
        assert found is not None, name
        assert found.format == entry["format"], name


@pytest.mark.parametrize("kind", ["sidecars", "mhl", "camera", "sound", "containers"])
def test_no_other_sample_is_taken_for_a_timeline(samples: Path, kind: str) -> None:
    entries = json.loads((samples / "truth.json").read_text())
    for name, entry in entries.items():
        if entry["kind"] == kind:
            assert format_of(samples / name) is None, name
