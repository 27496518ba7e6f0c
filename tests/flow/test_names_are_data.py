"""Names and notes from cards are data in everything that is written or shown: never a command to whoever reads it.

One set of names and notes made to harm goes through all outputs; each output is judged by a reader of its kind.
"""

import csv
import html.parser
import io
import json
import re
import sys
import unicodedata
import zipfile
from xml.etree import ElementTree as ET

import pytest
from filming import LEAN, Run, empty_film, footage, log, rushes

from pipeline.cli.main import main
from pipeline.cli.streams import Shown, styled

# Formulas, terminal sequences (7 and 8 bits), lines of ours and of an EDL, directions of script, HTML, XML, shell.
NASTY = (
    "=cmd|' !A0", "+1+cmd|' '!A", "-2+3+cmd|' '!A", "@SUM(1+1)*cmd|' '!A", "\t=1+1",
    "esc\x1b[31mred\x1b]0;title\x07\x1b[2J", "csi\x9b31mred\x9d0;t\x9c", "line\nmade    X: fake (1 s in 1 s)",
    "back\rrushes: all is well.", "cut\n* FROM CLIP NAME: EVIL\nM2   AX   050.0", "\u202egnp.\u2066rtl\u2069",
    "<img src=x onerror=alert(1)>", '"><script>alert(1)<&amp;', "]]><!ENTITY x 'y'>&x;", "${HOME}`id`;$(id)|",
    "%s%n{0}{__class__}", "a|b\\`c,'d';[e]:%{n}", "bell\x07\x08\x0c\x0b\x7f", "\u2028sep\u2029\x85nel",
    "\ufeffbom\u200b\u200d",
)  # fmt: skip
FORBIDDEN_SIGNS = frozenset(chr(code) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x2028, 0x2029))


def obeyed(text: str) -> set[str]:
    """Signs in a text that a terminal would obey instead of showing them."""
    lines = text.replace("\r\n", "\n")
    return {
        sign for sign in lines if (unicodedata.category(sign) == "Cc" and sign not in "\n\t") or sign in FORBIDDEN_SIGNS
    }  # fmt: skip


def controls(text: str) -> set[str]:
    """The same in a file, where what turns the order of letters round is part of a name to be found again."""
    return obeyed(text) - FORBIDDEN_SIGNS | {sign for sign in text if sign in "\u2028\u2029"}


def named(text: str) -> str:
    return text.replace("/", "_") + ".MP4"


@pytest.fixture(scope="module")
def nasty(tmp_path_factory):
    """A film whose card, clips, camera report and log by hand are full of it."""
    film = empty_film(tmp_path_factory.mktemp("nasty") / "film", LEAN)
    card = film / "ingest" / "=card\x1b]2;x\x07\n<b>"
    report = io.StringIO()
    table = csv.writer(report)
    table.writerow(["Clip", "Reel", "Scene", "Take", "Comments"])
    for number, text in enumerate(NASTY):
        footage(card / named(text), number)
        table.writerow([named(text), text[:30], text, "1", text])
    (card / "report.csv").write_text(report.getvalue())
    (card / "bad\x1b[2J\n.MP4").write_bytes(b"")
    run = rushes("ingest", cwd=film)
    assert run.code == 1, run.err
    ids = {row["name"]: row["id"] for row in log(film).values()}
    for text in NASTY:
        clip = ids.get(named(text)) or next(iter(ids.values()))
        done = here(film, "set", clip, f"note={text}", f"title={text}", f"subject+={text}", f"location={text}")
        assert done.code in (0, 14), done.err
    one, other = list(ids.values())[:2]
    assert rushes("mark", one, 2, 9, "--note", NASTY[5], cwd=film).code == 0
    assert rushes("mark", other, 2, 9, "--note", NASTY[9], cwd=film).code == 0
    assert rushes("cut", "all", "", cwd=film).code == 0
    assert rushes("export", "all", "--for", "all", cwd=film).code in (0, 1)
    return film, run, ids


SHOWN = (
    ["log"], ["log", "--columns", "name,card,path,note,title,subject,location,warnings"], ["cards"], ["status"],
    ["log", "--group-by", "location,subject"], ["proxies"], ["verify"], ["clock"], ["paper", "all"], ["doctor"],
    ["pull", "all", "--list"], ["conform", "all"], ["diff", "all", "timelines/all.fcpxml"], ["ingest"],
    ["log", 'note:"\x1b[31m\u202e"', "--explain"], ["log", "note:\x1b[31m("], ["show", "\x1b[31m\u202e"],
    ["set", "\x1b]0;x\x07", "rating=9"], ["cut", "\x1b]0;x\x07", "name:nothing"], ["export", "\x1b]0;x\x07"],
    ["facts", "ingest"], ["facts", "no\x1b[2J\n\u202e.mov"], ["import", "no\x1b[2J\n\u202e.xml"],
    ["check", "no\x1b[2J\n\u202e.xml"], ["\x1b[31mno-such"], ["log", "--sort", "\x1b[2J"], ["ingest", "no\x1b[2J"],
    ["undo"], ["log", "--csv"], ["diff", "all", "timelines/all.fcpxml", "--csv"],
    ["diff", "all", "timelines/all.fcpxml", "--markdown"], ["set", "name:*", "note=\x1b[2J\u202e"],
    ["set", "name:nothing", "note=\x1b[2J"],
)  # fmt: skip


def here(film, *words):
    """A command in this process: there are many of them."""
    streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True) for _ in range(2)]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(film)
        patch.setattr(sys, "argv", ["rushes", *words])
        patch.setattr(sys, "stdout", streams[0])
        patch.setattr(sys, "stderr", streams[1])
        with pytest.raises(SystemExit) as ended:
            main()
    return Run(int(ended.value.code), *(stream.buffer.getvalue().decode() for stream in streams))


def test_a_terminal_shows_them_and_obeys_none(nasty):
    film, run, ids = nasty
    assert not obeyed(run.err + run.out)
    wrong = {}
    for words in (*SHOWN, *(["show", clip] for clip in list(ids.values())[:: max(1, len(ids) // 4)])):
        said = here(film, *words)
        if "Traceback" in said.err or said.code == 70 or obeyed(said.out + said.err):
            wrong[" ".join(words)] = (said.code, obeyed(said.out + said.err), said.out[-300:] + said.err[-300:])
    assert wrong == {}


def test_json_holds_them_as_they_are(nasty):
    film, _, ids = nasty
    for words in (
        ["log", "--json"],
        ["cards", "--json"],
        ["status", "--json"],
        ["show", next(iter(ids.values())), "--json"],
    ):
        said = rushes(*words, cwd=film)
        json.loads(said.out)
        assert not obeyed(said.out)


OURS = re.compile(
    r"TITLE: |FCM: |\*|\d{3,6}  |M2  |EFFECTS NAME IS|FINAL CUT|AUD|$|>>>|[^|]* \|C:ResolveColor\w+ \|M:[^|]* \|D:\d+$"
)
RUNS = re.compile(r"\s*(?:[=@]|[+\-](?!\d+(?:\.\d+)?$))")


def test_no_cell_of_any_table_is_a_formula(nasty, tmp_path):
    film, _, _ = nasty
    rushes("pull", "all", "--to", tmp_path / "pull", cwd=film)
    tables = [rushes(*words, "--csv", cwd=film).out for words in (
        ["log"], ["log", "--group-by", "location"], ["diff", "all", "timelines/all.fcpxml"])]  # fmt: skip
    tables += [path.read_text() for place in (film / "timelines", tmp_path) for path in place.rglob("*.csv")]
    assert len(tables) > 4
    for text in tables:
        for row in csv.reader(io.StringIO(text)):
            assert not [cell for cell in row if RUNS.match(cell)]
            assert not controls("".join(row))


def test_every_timeline_is_whole_and_holds_no_line_of_theirs(nasty):
    film, _, _ = nasty
    seen = set()
    for path in sorted((film / "timelines").rglob("*")):
        if not path.is_file():
            continue
        seen.add(path.suffix)
        if path.suffix in {".xml", ".fcpxml", ".kdenlive"}:
            ET.fromstring(path.read_bytes())
        elif path.suffix == ".edl":
            for line in path.read_text().splitlines():
                assert OURS.match(line), (path, line)
                assert not line.startswith("* FROM CLIP NAME: EVIL")
                assert not controls(line)
        elif path.suffix in {".otio", ".json"}:
            json.loads(path.read_bytes())
        elif path.suffix == ".ale":
            head, _, rows = path.read_text().partition("\nData\n")
            titles = path.read_text().partition("\nColumn\n")[2].splitlines()[0].rstrip("\t").split("\t")
            assert all(len(row.split("\t")) - len(titles) in (0, 1) for row in rows.splitlines() if row)
            assert "\nColumn\n" in head
        elif path.suffix in {".txt", ".md", ".srt", ".vtt", ".csv"}:
            assert not controls(path.read_text())
        elif path.suffix == ".otioz":
            assert all(".." not in name and not name.startswith("/") for name in zipfile.ZipFile(path).namelist())
    assert {".xml", ".fcpxml", ".edl", ".otio", ".ale", ".csv"} <= seen


class Tags(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen = set()

    def handle_starttag(self, tag, attrs):
        self.seen.add((tag, *sorted(name for name, _ in attrs)))


def test_the_report_of_an_offload_and_its_hash_list_hold_them_as_text(nasty, tmp_path):
    film, _, _ = nasty
    card = next((film / "ingest").iterdir())
    for suffix in (".html", ".txt", ".json"):
        run = rushes("offload", card, "--to", tmp_path / suffix[1:], "--report", tmp_path / f"r{suffix}", cwd=film)
        assert run.code in (0, 1), run.err
        assert not obeyed(run.err + run.out)
    page = Tags()
    page.feed((tmp_path / "r.html").read_text())
    assert {tag[0] for tag in page.seen} <= {
        "html", "meta", "title", "style", "h1", "h2", "p", "table", "tr", "td", "code", "br", "div", "figure",
        "figcaption", "img", "b", "ul", "li",
    }  # fmt: skip
    assert [tag for tag in page.seen if tag[0] == "img"] in ([], [("img", "alt", "src")])
    for suffix in (".html", ".txt"):
        assert not obeyed((tmp_path / f"r{suffix}").read_text())
    json.loads((tmp_path / "r.json").read_bytes())
    lists = list((tmp_path / "html").rglob("*.mhl"))
    assert lists
    for path in lists:
        ET.fromstring(path.read_bytes())


def test_nothing_was_run_or_written_elsewhere(nasty):
    film, _, _ = nasty
    assert {path.name for path in film.iterdir()} <= {
        "rushes.toml", "ingest", "proxies", "stills", "timelines", "reports", "log", ".rushes",
    }  # fmt: skip


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_on_a_terminal_our_own_colours_pass_and_nothing_else(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", Shown(terminal))
    Shown(terminal).write(styled("bold\x1b[2J", bold=True) + " \x1b[1m \x1b]0;title\x07 \x9b31m \u202eright \x1bc\n")
    ours = "\x1b[1mbold\\x1b[2J\x1b[0m"
    assert terminal.getvalue() == ours + " \\x1b[1m \\x1b]0;title\\x07 \\x9b31m \\u202eright \\x1bc\n"


def test_a_file_gets_neither_colours_nor_signs(monkeypatch):
    file = io.StringIO()
    monkeypatch.setattr(sys, "stdout", Shown(file))
    Shown(file).write(styled("bold\x1b[2J", bold=True) + "\r\n")
    assert file.getvalue() == "bold\\x1b[2J\r\n"
