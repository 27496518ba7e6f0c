"""Timelines of real editors taken into a film that knows next to nothing of them."""

import json
import os
import sys
from pathlib import Path

import pytest

from pipeline.catalogue.cards import record_card
from pipeline.catalogue.roots import root
from pipeline.catalogue.store import open_catalogue
from pipeline.errors import TimelineUnreadable
from pipeline.film import init_film
from pipeline.returns import Asked, import_timeline

sys.path.insert(0, str(Path(__file__).parents[1] / "catalogue"))
from small_shoot import card, clip

REPOSITORY = Path(__file__).resolve().parents[2]
SAMPLES = Path(os.environ.get("RUSHES_SAMPLES", REPOSITORY.parent / "shared" / "samples"))
# Clips that some of the samples show, under names and reels of theirs.
KNOWN = (("A026C019_170724_R1BY.mov", "12:00:00:00"), ("ZZ100_501.mov", "01:00:00:00"), ("C0001.mov", "10:00:00:00"))


def test_every_event_of_every_sample_is_found_or_named(tmp_path):
    if not (SAMPLES / "truth.json").is_file():
        pytest.skip(f"no sample media in {SAMPLES}: set RUSHES_SAMPLES")
    truth = json.loads((SAMPLES / "truth.json").read_text())
    film = init_film(tmp_path / "film")
    with open_catalogue(film.catalogue, create=True) as catalogue:
        number = root(catalogue, "film", "film", place=None).id
        clips = [clip(number, f"A/{name}", start=start, rate="24", seconds=60) for name, start in KNOWN]
        record_card(catalogue, card(number, "A", *clips))
        refused, events = {}, 0
        for name, entry in truth.items():
            if entry["kind"] != "timelines":
                continue
            try:
                made = import_timeline(film, catalogue, SAMPLES / name, Asked(Path(name).name, "24", "tester"))
            except TimelineUnreadable as error:
                refused[name] = error.sentence
                continue
            assert len(made.matches) == len(made.timeline.events)
            for match in made.matches:
                assert match.sentence.endswith("."), name
                assert (match.clip is None) == (match.confidence == 0.0), name
            again = import_timeline(film, catalogue, SAMPLES / name, Asked(Path(name).name, "24", "tester"))
            assert again.unchanged, name
            events += len(made.matches)
    assert events > 3000
    assert all(sentence.endswith(".") for sentence in refused.values()), refused
    assert len(refused) < 15, refused
