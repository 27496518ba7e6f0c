"""An export publishes all of its files or none: what a format refuses leaves the earlier export as it was."""

import os
from contextlib import suppress

import pytest
from filming import rushes

from pipeline.catalogue.store import open_catalogue
from pipeline.delivery.cuts import saved_cut
from pipeline.delivery.export import EDITORS, Order, export_sets
from pipeline.editorial.exports.registry import EXPORTS, Export
from pipeline.errors import ExportRefused
from pipeline.film import open_film


def published(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def cut(film, rate):
    run = rushes("cut", "day", "kind:picture", "--rate", rate, cwd=film)
    assert run.code == 0, run.err


@pytest.mark.parametrize("editor", ["premiere", "all"])
def test_a_rate_that_xml_refuses_publishes_nothing(film, editor):
    cut(film, "25/2")
    refused = rushes("export", "day", "--for", editor, cwd=film)
    assert (refused.code, refused.out) == (ExportRefused.exit_code, "")
    assert "12.5 frames per second" in refused.err
    assert published(film / "timelines") == {}


@pytest.mark.parametrize("editor", ["premiere", "all"])
def test_what_was_exported_before_stays_whole_where_a_format_refuses(film, editor):
    cut(film, "25")
    assert rushes("export", "day", "--for", "all", cwd=film).code == 0
    before = published(film / "timelines")
    assert {path.suffix for path in before} >= {".xml", ".otio", ".edl", ".fcpxml", ".ale", ".kdenlive", ".txt"}
    cut(film, "25/2")
    assert rushes("export", "day", "--for", editor, cwd=film).code == ExportRefused.exit_code
    assert published(film / "timelines") == before


@pytest.mark.parametrize("refusing", [export.suffix for export in EXPORTS if export.suffix != ".otioz"])
def test_no_suite_gets_its_files_where_a_format_of_any_refuses(film, refusing, monkeypatch):
    cut(film, "25")

    def refuse(timeline, options):
        raise ExportRefused("This format holds no such thing; leave it out.")

    exports = tuple(Export(refusing, "none", refuse) if each.suffix == refusing else each for each in EXPORTS)
    monkeypatch.setattr("pipeline.delivery.export.EXPORTS", exports)
    opened = open_film(film)
    with open_catalogue(opened.catalogue) as catalogue:
        made = saved_cut(opened, catalogue, "day")
    with pytest.raises(ExportRefused, match="no such thing"):
        export_sets(opened, made, [Order(editor.name, film / "timelines" / f"for-{editor.name}") for editor in EDITORS])
    assert published(film / "timelines") == {}
    assert not list((film / "timelines").rglob(".*")), "nor is anything half-made left"


def test_a_disk_that_fills_up_while_the_files_are_written_keeps_what_it_held(film, tmp_path, small_disk):
    folder = tmp_path / "stick"
    small_disk(folder, "1m")
    cut(film, "25")
    words = ("export", "day", "--for", "resolve", "--to", folder)
    assert rushes(*words, cwd=film).code == 0
    before = published(folder)
    with (folder / "rest").open("wb", buffering=0) as rest, suppress(OSError):
        while rest.write(bytes(4096)) == 4096:
            pass
    os.truncate(folder / "rest", (folder / "rest").stat().st_size - 8192)
    cut(film, "24")
    full = rushes(*words, cwd=film)
    assert 30 <= full.code < 40, full.err
    assert {path: data for path, data in published(folder).items() if path.name != "rest"} == before
