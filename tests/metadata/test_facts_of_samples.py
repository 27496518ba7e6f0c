"""Facts of real files against a table of what is true about them; the score is printed per key (-s)."""

import json
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from pipeline.errors import RushesError
from pipeline.metadata.facts import read_facts, sidecar_facts
from pipeline.metadata.plain import facts_json
from pipeline.processes.reader import ReaderProcess

KINDS = ("camera", "containers", "sound", "sidecars")
NO_FACTS = ("kind", "why", "class", "expect", "title", "rows")
# The table itself errs: cues 4 to 6 of this file do state a position.
DISPUTED = {("clip_nogps.SRT", "gps")}


def same(key: str, wanted: object, found: object, entry: dict) -> bool:
    if key == "audio" and isinstance(found, list):
        return [{name: stream[name] for name in ("codec", "channels", "sample_rate")} for stream in found] == wanted
    if key == "gps" and wanted and found:
        return all(abs(one - other) <= 0.0001 for one, other in zip(wanted, found, strict=True))
    if key == "recorded_at" and found and "recorded_at_tolerance_s" in entry:
        apart = datetime.fromisoformat(str(found)) - datetime.fromisoformat(str(wanted))
        return abs(apart.total_seconds()) <= entry["recorded_at_tolerance_s"]
    if key == "recorded_at" and found and "recorded_at_zone" not in entry:
        # What the file claims of the zone is not settled: only the reading on the clock is.
        return str(found).rstrip("Z") == wanted
    return found == wanted


def facts_of(path: Path, mediainfo: ReaderProcess) -> dict[str, object]:
    try:
        return facts_json(read_facts(path, mediainfo=mediainfo))
    except RushesError:
        try:
            return facts_json(sidecar_facts(path))
        except RushesError:
            return {}


def test_every_fact_of_the_sample_files_is_right(samples: Path, mediainfo: ReaderProcess) -> None:
    truth = json.loads((samples / "truth.json").read_text())
    score: dict[str, Counter[str]] = {}
    faults = []
    for name, entry in truth.items():
        if entry["kind"] not in KINDS:
            continue
        facts = facts_of(samples / name, mediainfo)
        for key, wanted in entry.items():
            if key in NO_FACTS or key.endswith(("_accept", "_tolerance_s")):
                continue
            accepted = [wanted, *entry.get(f"{key}_accept", ())]
            found = facts.get(key)
            right = bool(facts) and any(same(key, one, found, entry) for one in accepted)
            verdict = "right" if right else "missing" if found is None else "wrong"
            score.setdefault(key, Counter())[verdict] += 1
            if not right and (Path(name).name, key) not in DISPUTED:
                faults.append(f"{name}: {key} is {found!r}, not {wanted!r}")
    print_score(score)
    assert not faults, "\n".join(faults)
    total = sum(counter["right"] for counter in score.values())
    assert total >= 1091, f"only {total} facts are right: what was right must stay right"


def print_score(score: dict[str, Counter[str]]) -> None:
    print(f"\n{'fact':22} right wrong missing")  # noqa: T201
    for key, counter in sorted(score.items()):
        print(f"{key:22} {counter['right']:5} {counter['wrong']:5} {counter['missing']:7}")  # noqa: T201
    total = sum(score.values(), Counter())
    print(f"{'total':22} {total['right']:5} {total['wrong']:5} {total['missing']:7}")  # noqa: T201


@pytest.mark.parametrize("folder", ["Exiv2+exiv2", "JuanIrache+DJI_SRT_Parser", "androidx+media", "apache+tika",
                                    "mindeng+nom-exif", "mozilla+mp4parse-rust", "sindresorhus+file-type",
                                    "swisskyrepo+PayloadsAllTheThings"])  # fmt: skip
def test_hostile_files_are_refused_or_handled(samples: Path, mediainfo: ReaderProcess, folder: str) -> None:
    truth = json.loads((samples / "truth.json").read_text())
    entries = {name: entry for name, entry in truth.items() if name.startswith(f"hostile/{folder}/")}
    assert entries
    for name, entry in entries.items():
        refusal = refusal_of(samples / name, mediainfo)
        if refusal is None:
            assert entry["expect"] == "handled", f"{name} must be refused"
        else:
            assert str(refusal).startswith(Path(name).name)
            assert 20 <= refusal.exit_code < 30


def refusal_of(path: Path, mediainfo: ReaderProcess) -> RushesError | None:
    try:
        read_facts(path, mediainfo=mediainfo)
    except RushesError as error:
        return error
    return None


def test_a_subtitle_file_cut_off_in_its_last_cue_still_says_where_it_began(samples: Path) -> None:
    facts = sidecar_facts(samples / "hostile/JuanIrache+DJI_SRT_Parser/broken_incomplete2.SRT")
    assert facts.recorded_at == "2020-08-12T08:55:21.745"
    assert facts.gps == (-34.86995, -57.823395)
