"""Names and notes on a real terminal: it shows them and obeys none, whichever way they come to it."""

import os
from pathlib import Path

import pytest
from filming import LEAN, empty_film, footage, log, on_a_terminal, rushes

# Clear the screen, title, colours, 8-bit CSI and OSC (UTF-8 and alone), the order of letters, a line of one's own.
OBEYED = (
    b"\x1b[2J", b"\x1b]0;owned\x07", b"\x1b[7;5m", b"\x1bc", "\x9b31m".encode(), "\x9d0;owned\x9c".encode(),
    "\u202e".encode(), "\u2067".encode(), b"\x07", b"\b\b", b"\x9b5m", b"\nmade    ",
)  # fmt: skip
NAME = b"".join(OBEYED)
NOTE = NAME.replace(b"\x9b5m", b"", 1).decode("utf-8", "ignore")
CARD = b"A001" + NAME


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """A film whose folders, clips, sidecar, log, cut and offloaded copy are full of it."""
    film = empty_film(tmp_path_factory.mktemp("terminal") / "film", LEAN)
    card = Path(os.fsdecode(os.fsencode(film / "ingest") + b"/day" + NAME + b"/" + CARD))
    footage(os.fsencode(card) + b"/C0001" + NAME + b".MP4", 1)
    footage(os.fsencode(card) + b"/C0002.MP4", 2)
    Path(os.fsdecode(os.fsencode(card) + b"/empty" + NAME + b".MP4")).write_bytes(b"")
    Path(os.fsdecode(os.fsencode(card) + b"/torn" + NAME + b".MP4")).write_bytes(bytes(5000))
    return film, card


def obeyed(shown: bytes) -> list[bytes]:
    """What of the names and notes came to the terminal as it is; a lone byte may be a part of a letter."""
    found = [each for each in OBEYED if each in shown and each not in (b"\x9b5m", b"\nmade    ")]
    if b"\x9b5m" in shown.replace("\x9b5m".encode(), b""):
        found.append(b"\x9b5m")
    return found


def test_no_way_to_a_terminal_lets_names_or_notes_be_obeyed(film, tmp_path):
    film, card = film
    wrong, seen = {}, b""

    def show(*words, until=b"", code=(0, 1)):
        nonlocal seen
        ended, shown = on_a_terminal(*words, cwd=film, until=until)
        seen += shown
        if leaked := obeyed(shown):
            wrong[" ".join(map(repr, words))] = leaked, shown[max(0, shown.find(leaked[0]) - 80) :][:200]
        assert until or ended in code, (words, ended, shown[-500:])

    show("watch", until=b"empty")
    show("ingest")
    clip = next(row["id"] for row in log(film).values() if row["path"].endswith("C0002.MP4"))
    fields = [f"{field}={NOTE}" for field in ("note", "title", "location", "scene")]
    show("set", clip, *fields, f"subject+={NOTE}", code=(0, 14))
    show("set", clip, f"note={NOTE}", code=(0, 14))
    assert rushes("cut", "all", "", cwd=film).code == 0
    for words in (
        ["log"], ["log", "--columns", "name,card,path,note,title,location,warnings"],
        ["log", f'note:"{NOTE}"', "--explain"], ["show", clip], ["cards"], ["status"], ["proxies"], ["verify"],
        ["cut", f"a{NOTE}", ""], ["cuts"], ["export", "all", "--for", "all"],
        ["check", *sorted((film / "timelines").rglob("*.edl")), "--for", "resolve"], ["facts", card],
        ["facts", *sorted(card.iterdir())], ["offload", card, "--to", tmp_path / "to"],
        ["pull", "all", "--to", tmp_path / "pull"], ["ingest", "--retry"],
        ["show", NOTE], ["facts", f"no{NOTE}"], [NOTE], ["log", "--sort", NOTE], ["--film", f"no{NOTE}", "log"],
    ):  # fmt: skip
        show(*words, code=range(60))
    assert wrong == {}
    assert rb"\x1b[2J" in seen
    assert rb"\u202e" in seen
