"""The recipes of CONTRIBUTING.md lead where they say, and what they promise happens."""

import importlib
import importlib.util
import re
import shutil
import tomllib
from pathlib import Path

import pytest

from pipeline.cards import recognise as cards
from pipeline.cards.structure import Found, Structure, clips_everywhere
from pipeline.catalogue.schema import MIGRATIONS
from pipeline.catalogue.store import open_catalogue
from pipeline.cli.main import COMMANDS
from pipeline.clip import SeenFile, Stamp
from pipeline.delivery.cuts import Recipe, make_cut
from pipeline.delivery.export import export_cut
from pipeline.editorial.exports.registry import EXPORTS, Export
from pipeline.editorial.exports.written import Written, WrittenFile
from pipeline.fields import FIELDS
from pipeline.film import open_film
from pipeline.metadata.facts import read_facts
from pipeline.metadata.readers import LISTS, READERS, SIDECARS

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
TABLE = re.findall(r"^\| an? .+\|$", TEXT.split("## Recipes")[1], re.MULTILINE)
PLACES = sorted({path for row in TABLE for path in re.findall(r"`([\w.-]+(?:/[\w.-]*)+)`", row)})
TUPLES = sorted({pair for row in TABLE for pair in re.findall(r"`([A-Z]+)`(?: or `[A-Z]+`)? \(`([\w/]+)\.py`\)", row)})


@pytest.fixture(scope="module")
def tools():
    spec = importlib.util.spec_from_file_location("real_output", ROOT / "docs" / "real_output.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def film(tools, tmp_path):
    """A film of one cinema card, not ingested yet."""
    tools.rushes(["init", "film"], tmp_path)
    shutil.copytree(ROOT / "sample_media" / "2019-10-12_Vienna_Pacemakers_A001", tmp_path / "film" / "ingest" / "A001")
    return tmp_path / "film"


def test_there_are_recipes():
    assert len(TABLE) >= 6
    assert len(TUPLES) >= 5


@pytest.mark.parametrize("place", PLACES)
def test_every_place_that_a_recipe_names_exists(place):
    assert (ROOT / place).exists() or (ROOT / "pipeline" / place).exists() or list(ROOT.glob(f"pipeline/*/{place}"))


@pytest.mark.parametrize(("name", "place"), TUPLES, ids=lambda value: value)
def test_every_tuple_that_a_recipe_names_is_where_it_says(name, place):
    path = place.removeprefix("pipeline/")
    (file,) = (ROOT / "pipeline").rglob(f"{path}.py") if "/" in path else [ROOT / "pipeline" / f"{path}.py"]
    module = importlib.import_module(".".join(file.relative_to(ROOT).with_suffix("").parts))
    assert isinstance(getattr(module, name), tuple)


def test_a_source_of_facts_is_a_file_and_a_line_and_a_card_has_its_expected_facts():
    for reader in (*READERS, *SIDECARS, *LISTS):
        assert reader.read.__module__.startswith("pipeline.metadata."), reader.name
    folders = {path.name for path in (ROOT / "sample_media").glob("20*") if path.is_dir()}
    expected = (ROOT / "sample_media").glob("*.expected.json")
    assert {path.name.removesuffix(".expected.json") for path in expected} == folders


def test_a_new_source_of_facts_needs_its_reader_and_a_line(monkeypatch, tmp_path):
    from pipeline.metadata import facts
    from pipeline.metadata.findings import Finding
    from pipeline.metadata.readers import SidecarReader

    def read(data, name):
        yield Finding("scene", data.split()[1].decode(), "slate", name)

    slate = SidecarReader("slate", lambda head: head.startswith(b"SLATE"), read, 1000)
    monkeypatch.setattr(facts, "SIDECARS", (*SIDECARS, slate))
    sidecar = tmp_path / "C0001.slate"
    sidecar.write_bytes(b"SLATE 12A")
    card = ROOT / "sample_media" / "2019-10-12_Vienna_Coach interview_C001"
    found = read_facts(next(card.rglob("CLIP/C0001.MP4")), (sidecar,))
    assert found.scene == "12A"


def test_a_new_card_structure_needs_its_value_and_a_name_in_structures(monkeypatch):
    tape = Structure(
        "tape", lambda folder: next((n + 1 for n, part in enumerate(folder.parts) if part.startswith(b"TAPE")), None),
        lambda folders, read: Found(clips_everywhere(folders)),
    )  # fmt: skip
    monkeypatch.setattr(cards, "STRUCTURES", (tape, *cards.STRUCTURES))
    stamp = Stamp(1, 1, 1, 1)
    listing = [SeenFile(b"ingest/TAPE07/SIDE1/0001.MOV", stamp), SeenFile(b"ingest/TAPE07/SIDE2/0001.MOV", stamp)]
    (card,) = cards.recognise(listing, lambda _: b"", lambda _: False, top=b"ingest")
    assert (card.structure, card.name, len(card.clips)) == ("tape", "TAPE07", 2)


def test_the_preset_of_the_recipe_makes_its_proxies(film, tools):
    table = re.search(r"### A proxy preset\n\n```toml\n(.*?)```", TEXT, re.DOTALL)[1]
    (film / "proxies.toml").write_text(table, encoding="utf-8")
    line = re.search(r"\[proxies\] (presets = \[.*?\])", TEXT)[1]
    with (film / "rushes.toml").open("a", encoding="utf-8") as settings:
        settings.write(f"\n[proxies]\n{line}\n")
    code, said = tools.rushes(["ingest"], film)
    assert code == 0, said
    preset = tomllib.loads(table)["laptop"]
    for name in ("A001C001_191012_R1AB.mov", "A001C002_191012_R1AB.mov"):
        made = read_facts(film / "proxies" / preset["folder"] / "A001" / name)
        assert made.video.video_codec == "h264"
        assert made.video.height <= preset["height"]
        assert (film / "proxies" / "A001" / name).is_file()


def test_a_new_export_format_needs_its_writer_and_a_line_in_exports(film, tools, monkeypatch):
    def names(timeline, options):
        listed = "\n".join(clip.name for clip in timeline.find_clips())
        return Written((WrittenFile(".txt", listed.encode()),), ("A list of names has no times.",))

    monkeypatch.setattr("pipeline.delivery.export.EXPORTS", (*EXPORTS, Export(".txt", "names", names)))
    assert tools.rushes(["ingest"], film)[0] == 0
    opened = open_film(film)
    with open_catalogue(opened.catalogue) as catalogue:
        delivered = export_cut(opened, make_cut(opened, catalogue, "everything", Recipe("")))
    assert "A001C001_191012_R1AB.mov" in (film / "timelines" / "everything.txt").read_text()
    assert "txt: A list of names has no times." in delivered.losses


def test_a_command_is_a_function_of_its_name_in_the_module_beside_it():
    for name, module, _ in COMMANDS:
        assert callable(getattr(importlib.import_module(f"pipeline.cli.{module}"), f"{name}_command")), name


def test_fields_and_migrations_are_what_their_recipe_takes_them_for():
    assert len({field.name for field in FIELDS}) == len(FIELDS)
    assert all(name and sql.strip().endswith(";") for name, sql in MIGRATIONS)
