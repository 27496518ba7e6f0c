"""rushes.toml: the shipped table, and refusals that name file, line and key."""

import re

import pytest

from pipeline.errors import SettingsError
from pipeline.settings import Settings, parse_settings, read_settings, shipped


def test_the_shipped_table_shows_the_values_that_code_ships():
    assert parse_settings(shipped("default.toml"), "default.toml") == Settings()


def test_the_commented_examples_of_the_shipped_table_are_valid():
    text = shipped("default.toml")
    examples = text[text.index("# [[place]]") :]
    settings = parse_settings(re.sub(r"(?m)^# ", "", examples), "examples")
    assert settings.place[0].name == "Kaptagat"
    assert settings.camera[0].letter == "A"
    assert settings.keyword[0].subject
    assert settings.look[0].cube


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[ingest]\nsettel = 3", "line 2, ingest.settel: this key is unknown"),
        ('\n[ingest]\n\nsettle = "soon"', "line 4, ingest.settle: expected a number, got text"),
        ('[[place]]\nname = "x"\nlatitude = "a"\nlongitude = 1.0', "line 3, place.latitude"),
        ('[[camera]]\nletter = "A"\n[[camera]]\nletter = 3', "line 4, camera.letter"),
        ('[[camera]]\nletter = "A"\n[[camera]]\nleter = "B"', "line 4, camera.leter"),
        ('zone = "Mars/Olympus"', "line 1: 'Mars/Olympus' is no time zone"),
        ('[names]\ntemplates = ["{colour}"]', "line 2: '{colour}' is no name a template knows"),
        ('[names]\npatterns = ["(?P<subject>"]', "line 2: '(?P<subject>' is no regular expression"),
        ('[names]\npatterns = ["abc"]', "line 2: 'abc' needs named groups"),
        ('[timeline]\nrate = "29.5"', "line 2"),
        ('[timeline]\nrate = "1000000"', "line 2: No timeline runs at 1000000 frames per second"),
        ("settle = = 3", "line 1"),
        ("[proxies]\njobs = -1", "line 2, proxies.jobs"),
        ('[timeline]\nsize = "big"', "line 2: 'big' is no picture size"),
        ('[timeline]\nrate = "25"\nstart = "99:99:99:99"', "line 3: '99:99:99:99' does not exist"),
        ('[[place]]\nname = "x"\nlatitude = 500.0\nlongitude = 0.0', "line 3, place.latitude"),
        ('[[look]]\nmodel = "FX6"', "line 1, look.cube: this key is missing"),
        ('[[look]]\nmodel = "FX6"\ncube = "a.cube"\n[[look]]\ncube = "b.cube"', "line 5: a look for every clip"),
        ("[[place]]\nlatitude = 1.0\nlongitude = 1.0", "line 1, place.name"),
    ],
)
def test_a_broken_file_is_refused_with_file_line_and_key(tmp_path, text, says):
    file = tmp_path / "rushes.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as refusal:
        read_settings(file)
    assert str(file) in refusal.value.sentence
    assert says in refusal.value.sentence
    assert "\n" not in refusal.value.sentence


def test_a_missing_file_means_the_shipped_values(tmp_path):
    assert read_settings(tmp_path / "rushes.toml") == Settings()


@pytest.mark.parametrize("text", ["a = " + "[" * 2000, "a = " + "9" * 5000, "a = 1979-13-40"])
def test_toml_that_would_break_its_reader_is_refused(text):
    with pytest.raises(SettingsError, match=r"rushes.toml is no valid TOML"):
        parse_settings(text, "rushes.toml")


def test_a_zone_of_a_thousand_parts_is_none():
    with pytest.raises(SettingsError, match="zone"):
        parse_settings(
            "[[place]]\nname = 'A'\nlatitude = 1\nlongitude = 1\nzone = '" + "a/" * 1000 + "b'", "rushes.toml"
        )
