"""The pages say what is so: all commands, options, fields and settings, and what they show is what comes out."""

import importlib.util
import json
import re
import shlex
import shutil
import tomllib
from pathlib import Path

import click
import msgspec
import pytest

from pipeline.cards.recognise import STRUCTURES
from pipeline.cli.main import COMMANDS, rushes
from pipeline.clip import LOG_SOURCES
from pipeline.delivery.export import EDITORS
from pipeline.editorial.arrange import KINDS
from pipeline.editorial.checks.rules import ALL_FORMATS
from pipeline.editorial.checks.rules import RULES as CHECKS
from pipeline.editorial.exports.registry import EXPORTS
from pipeline.fields import ALIASES, DEFAULT_COLUMNS, FIELDS
from pipeline.proxies.presets import ENCODERS, load_presets
from pipeline.proxies.rules import EDITORS as SUITES
from pipeline.proxies.rules import RULES, TITLES
from pipeline.settings import CameraRule, KeywordRule, LookRule, Place, Settings, UnitRule, read_settings, shipped
from pipeline.shotlog.query import parse
from pipeline.shotlog.reports import read_report

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
USER_PAGES = [page for page in PAGES if page.name not in ("CHANGELOG.md", "CONTRIBUTING.md")]
EVERYTHING = "\n".join(page.read_text(encoding="utf-8") for page in USER_PAGES)


def text_of(name):
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def rows_of(page, heading):
    """The first cells of the tables below a heading, up to the next heading of its level or above."""
    level = heading.split(" ")[0]
    body = page.split(f"\n{heading}\n", 1)[1]
    body = re.split(rf"\n#{{1,{len(level)}}} ", body)[0]
    lines = [line for line in body.splitlines() if line.startswith("|") and not set(line) <= set("|- ")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]


@pytest.fixture(scope="module")
def shown():
    """docs/real_output.py, which runs the commands of the pages."""
    spec = importlib.util.spec_from_file_location("real_output", ROOT / "docs" / "real_output.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def demo(shown, tmp_path_factory):
    return shown.demo_film(tmp_path_factory.mktemp("demo"))


@pytest.fixture
def film(demo, tmp_path):
    """A demo film of one's own; the path is what a page calls its place."""
    return Path(shutil.copytree(demo, tmp_path / "demo-film"))


# --- commands and options ---


def with_own_commands(name):
    """A command by its words, and the commands that it holds."""
    command = rushes.get_command(click.Context(rushes), name)
    yield name, command
    if isinstance(command, click.Group):
        yield from ((f"{name} {each}", inner) for each, inner in command.commands.items() if not inner.hidden)


@pytest.mark.parametrize("name", [name for name, _, _ in COMMANDS])
def test_every_command_and_each_of_its_options_is_documented(name):
    for words, command in with_own_commands(name):
        assert re.search(rf"rushes {words}\b", EVERYTHING)
        for option in (parameter for parameter in command.params if isinstance(parameter, click.Option)):
            written = [word for word in option.opts if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", EVERYTHING)]
            assert written, f"no page says what {option.opts} of rushes {words} does"


def test_every_option_that_the_pages_mention_exists():
    commands = [rushes, *(command for name, _, _ in COMMANDS for _, command in with_own_commands(name))]
    known = {"--help"} | {word for command in commands for option in command.params for word in option.opts}
    mentioned = set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", EVERYTHING))
    assert mentioned <= known


# --- tables that mirror a registry ---


def test_the_table_of_fields_is_that_of_the_code(shown):
    page = text_of("producer.md")
    assert shown.field_rows().count("\n") == len(FIELDS)
    assert shown.field_rows() in page, "python docs/real_output.py mends the page"
    assert shown.with_fields(page) == page


def test_the_default_columns_and_aliases_are_named():
    page = text_of("producer.md")
    assert ", ".join(f"`{name}`" for name in DEFAULT_COLUMNS) in page
    assert all(f"`{alias}`" in page for alias in ALIASES)


def test_the_table_of_editing_suites_is_that_of_the_code():
    rows = rows_of(text_of("editor.md"), "## For which editing suite")[1:]
    documented = {re.match(r"`(\w+)`", row[0])[1]: tuple(re.findall(r"`(\.[\w.]+)`", row[1])) for row in rows}
    assert documented == {editor.name: editor.suffixes for editor in EDITORS} | {"all": ()}


def test_every_kind_of_cut_and_every_format_has_its_row():
    page = text_of("editor.md")
    assert [row[0] for row in rows_of(page, "## Kinds of cut")][1:] == [f"`{kind.name}`" for kind in KINDS]
    timelines, lists = rows_of(page, "## What each file carries")[0][1:], rows_of(page, "### Lists")[1:]
    assert [*timelines, *(row[0] for row in lists)] == [f"`{export.suffix}`" for export in EXPORTS]


def test_every_card_structure_preset_and_encoder_is_named():
    page = text_of("assistant-editor.md")
    kinds = " ".join(row[0] for row in rows_of(page, "## Dropping cards"))
    assert all(f"`{structure.name}`" in kinds for structure in STRUCTURES)
    assert all(f"`{name}`" in page for name in load_presets(shipped("proxies.toml")))
    assert all(f"`{encoder.name}`" in page for encoder in ENCODERS)


def test_the_table_of_proxy_rules_is_that_of_the_code():
    rows = rows_of(text_of("assistant-editor.md"), "### Would it attach?")[1:]
    wanted = []
    for rule in RULES:
        who = "all" if rule.editors == SUITES else ", ".join(TITLES[editor] for editor in rule.editors) or "none"
        wanted.append([rule.name, rule.measures, f"{who}: {rule.outcome}" if rule.editors else who, rule.why])
    assert rows == wanted


def test_the_table_of_checks_is_that_of_the_code():
    rows = rows_of(text_of("editor.md"), "## The check")[1:]
    wanted = []
    for rule in CHECKS:
        who = "all" if rule.editors == SUITES else ", ".join(TITLES[editor] for editor in rule.editors)
        what = "all" if rule.formats == ALL_FORMATS else ", ".join(f"`{each}`" for each in rule.formats)
        wanted.append([rule.name, rule.refuses, what, who, rule.severity, rule.why])
    assert rows == wanted


def test_the_sources_of_a_value_stand_in_their_order():
    page = text_of("assistant-editor.md")
    sentence = re.search(r"best first: (.+?)\. `rushes show", page, re.DOTALL)[1]
    words = {"person": "person", "report": "camera report", "sidecar": "sidecar", "path": "the path", "rule": "a rule",
             "gps": "GPS", "inferred": "inferred"}  # fmt: skip
    places = [sentence.index(words[source]) for source in LOG_SOURCES if source in words]
    assert places == sorted(places)


def headings_of_reports():
    for row in rows_of(text_of("assistant-editor.md"), "### Camera reports")[1:]:
        yield from ((row[0].strip("`"), heading.strip()) for heading in row[1].split(","))


@pytest.mark.parametrize(("field", "heading"), list(headings_of_reports()))
def test_every_heading_of_a_camera_report_that_the_page_names_is_understood(field, heading):
    values = {"rating": "3", "circled": "x", "shoot_day": "2019-10-12"}
    columns = (
        {heading: "A001C001", "take": "1"} if field == "clip" else {"clip": "A001C001", heading: values.get(field, "A")}
    )
    if field == "card":
        columns["take"] = "1"
    (row,) = read_report(f"{','.join(columns)}\n{','.join(columns.values())}\n".encode())
    said = dict(row.values) | {"clip": row.clip, "card": row.card}
    assert said[field]


# --- settings ---


def keys_of(kind, before=""):
    for name in kind.__struct_fields__:
        default = getattr(kind(), name)
        if isinstance(default, msgspec.Struct):
            yield from keys_of(type(default), f"{name}.")
        elif not isinstance(default, tuple) or before or name not in ("place", "camera", "unit", "keyword", "look"):
            yield before + name


def test_every_setting_is_explained():
    page = text_of("assistant-editor.md")
    rows = " ".join(row[0] for row in rows_of(page, "## Every setting"))
    assert {key for key in keys_of(Settings) if f"`{key}`" not in rows} == set()
    assert all(f"`[[{table}]]`" in rows for table in ("place", "camera", "unit", "keyword", "look"))


def test_the_full_example_parses_and_shows_every_table_and_key():
    example = ROOT / "configs" / "documentary.toml"
    read_settings(example)
    written = tomllib.loads(example.read_text(encoding="utf-8"))
    assert set(written) == set(Settings.__struct_fields__)
    for table in ("ingest", "names", "timeline", "export", "proxies", "storage", "tools"):
        assert set(written[table]) == set(type(getattr(Settings(), table)).__struct_fields__), table
    kinds = {"place": Place, "camera": CameraRule, "unit": UnitRule, "keyword": KeywordRule, "look": LookRule}
    for table, kind in kinds.items():
        assert set().union(*written[table]) == set(kind.__struct_fields__), table


# --- links ---


def anchors_of(page):
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if link.startswith(("http:", "https:")):
            continue
        name, _, anchor = link.partition("#")
        target = (page.parent / name) if name else page
        assert target.exists(), f"{page.name} links {link}"
        assert not anchor or anchor in anchors_of(target.read_text(encoding="utf-8")), f"{page.name} links {link}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_of_the_house_that_a_page_names_exists(page):
    text = page.read_text(encoding="utf-8")
    for path in re.findall(r"`((?:configs|docs|pipeline|sample_media|benchmarks|tests)/[\w./-]+)`", text):
        assert (ROOT / path).exists(), path


# --- searches and commands ---

# Right, and about nothing that the demo film holds.
FINDS_NOTHING = {"at:22:00..02:00", "duration:1:30"}


def searches():
    for row in rows_of(text_of("producer.md"), "## Searching"):
        yield from (text for text in re.findall(r"`([^`]+)`", row[0]) if not text.startswith("-"))


@pytest.mark.parametrize("text", list(searches()))
def test_every_search_of_the_page_is_understood_and_finds_something_on_the_demo_film(text, demo):
    from pipeline.catalogue.listing import rows
    from pipeline.catalogue.store import open_catalogue

    with open_catalogue(demo / ".rushes" / "catalogue.db") as catalogue:
        found = rows(catalogue, parse(text), limit=0)
    assert bool(found.clips) == (text not in FINDS_NOTHING)


@pytest.mark.parametrize("name", ["producer.md", "editor.md"])
def test_commands_print_what_the_page_shows(name, shown, film):
    for command, on_page, is_shown in shown.commands_of(text_of(name)):
        said = shown.printed(command, film)
        if is_shown:
            while on_page and not on_page[-1]:
                on_page.pop()
            assert shown.shortened(said, on_page) == on_page, f"{command}: python docs/real_output.py mends the page"
        else:
            assert not any(line.startswith(("rushes:", "Usage:", "Error:")) for line in said), said


def test_the_day_of_the_readme_works(shown, tmp_path):
    block = re.search(r"## A day with it\n\n```\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    card = ROOT / "sample_media" / "2019-10-12_Vienna_Coach interview_C001"
    here, said = tmp_path, ""
    for line in block[1].splitlines():
        words = [str(card) if word == "/media/CARD" else word for word in shlex.split(line, comments=True)]
        match words:
            case ["cd", folder]:
                here = here / folder
            case ["mkdir", "-p", folder]:
                (here / folder).mkdir(parents=True)
            case ["cp", "-r", source, target]:
                shutil.copytree(source, here / target)
            case ["rushes", *arguments]:
                code, said = shown.rushes(arguments, here)
                assert code == 0, f"{line}\n{said}"
            case _:
                pytest.fail(f"the test cannot do: {line}")
    written = sorted(path.name for path in here.glob("timelines/for-resolve/*"))
    suffixes = (".README.txt", ".aaf", ".edl", ".fcpxml", ".metadata.csv", ".otio", ".xml")
    assert written == [f"two-places{suffix}" for suffix in suffixes]
    code, said = shown.rushes(
        ["log", "rating:5", "--columns", "name,shoot_day,location,subject,camera,note", "--json"], here
    )
    assert json.loads(said) == [{
        "name": "C0001.MP4", "shoot_day": "2019-10-12", "location": "Vienna", "subject": ["Coach interview"],
        "camera": "A", "note": "first light on the avenue",
    }]  # fmt: skip


# --- interfaces ---

CALLS = {
    "log": [["log", "id:d82ee6a1"], ["log", "--group-by", "location,subject"]],
    "cards": [["cards"]],
    "facts": [["facts", "ingest/2019-10-12_Vienna_Pacemakers_A001/A001C002_191012_R1AB.mov"]],
    "status": [["status"]],
    "ingest": [["ingest", "--quiet"]],
    "set, undo, forget": [["set", "camera:P", "rating=3"]],
    "clock": [["clock", "camera:P"]],
    "cut": [["cut", "best", "rating:>=4"]],
    "cuts": [["cuts"]],
    "diff": [["diff", "pace"]],
    "export": [["export", "coach-interview", "--for", "resolve"]],
    "check": [["check", "timelines/kaptagat-vienna.otio", "--for", "fcp"]],
    "pull": [["pull", "coach-interview", "--to", "grade"]],
    "conform": [["conform", "coach-interview"]],
    "doctor": [["doctor"]],
}


def shape(value):
    """Keys and types, without the values; of a list, of its first member."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return type(value).__name__


def first_value(text):
    return json.JSONDecoder().raw_decode(text[min(text.find(sign) % len(text) for sign in "[{") :])[0]


@pytest.mark.parametrize("section", CALLS)
def test_json_has_the_shape_that_the_page_shows(section, shown, film):
    body = text_of("interfaces.md").split(f"\n## {section}\n")[1].split("\n## ")[0]
    blocks = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", body, re.DOTALL)]
    if section == "clock":
        shown.rushes(["clock", "set", "camera:P", "-12s"], film)
    if section == "diff":
        shown.rushes(["cut", "pace", "subject:pacemakers", "--rate", "29.97"], film)
        shown.rushes(["cut", "pace", "subject:pacemakers location:vienna", "--rate", "29.97"], film)
    assert len(blocks) == len(CALLS[section])
    for block, arguments in zip(blocks, CALLS[section], strict=True):
        _, said = shown.rushes([*arguments, "--json"], film)
        value = first_value(said)
        if section == "facts":
            path = arguments[-1]
            assert (
                shape(block[path]).items() <= {**shape(value[path]), "sources": shape(block[path])["sources"]}.items()
            )
        else:
            assert shape(block) == shape(value)


def test_the_page_of_interfaces_names_every_key_of_show(shown, film):
    _, said = shown.rushes(["show", "d82ee6a1", "--json"], film)
    body = text_of("interfaces.md").split("\n## show\n")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| ((?:`\w+`(?:, )?)+)", body, re.MULTILINE))
    named = {word for row in rows_of(text_of("interfaces.md"), "## show") for word in re.findall(r"`(\w+)`", row[0])}
    value = json.loads(said)
    assert set(value) == named
    for key in ("parts", "history", "products"):
        assert all(f"`{name}`" in body for name in value[key][0]), key


# --- pictures ---


def test_the_pictures_of_the_readme_are_small_and_there():
    assert (ROOT / "docs" / "demo.svg").stat().st_size < 400_000
    stills = ROOT / "docs" / "stills.jpg"
    assert not stills.exists() or stills.stat().st_size <= 150_000
