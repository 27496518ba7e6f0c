"""Tables as they are drawn: whole on a terminal and in a pipe, one measure for each cell."""

import sys
import time

import pytest

from pipeline.cli.drawing import print_table
from pipeline.cli.tables import Column

_COLUMNS = (Column("Name", whole=False), Column("Clip"), Column("Frames", number=True), Column("Card", rank=1))


class _Terminal:
    """stdout that says it is a terminal of so many columns."""

    def __init__(self, width, monkeypatch, stream):
        self.stream = stream
        monkeypatch.setenv("COLUMNS", str(width))
        monkeypatch.setattr(sys, "stdout", self)

    def isatty(self):
        return True

    def __getattr__(self, name):
        return getattr(self.stream, name)


def test_numbers_stand_right_and_what_is_too_long_is_folded_or_cut(capsys, monkeypatch):
    _Terminal(40, monkeypatch, sys.stdout)
    rows = [["the coach at dawn in Kaptagat", "A001C001.mov", "5", "A001"], ["", "B.mov", "1,000", "B001"]]
    print_table(_COLUMNS, rows)
    assert capsys.readouterr().out.replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines() == [
        "Name          Clip          Frames  Card",
        "─" * 40,
        "the coach at  A001C001.mov       5  A001",
        "dawn in",
        "Kaptagat",
        "              B.mov          1,000  B001",
    ]


def test_a_name_that_is_never_broken_is_cut_where_nothing_else_gives_way(capsys, monkeypatch):
    _Terminal(20, monkeypatch, sys.stdout)
    print_table((Column("Clip"), Column("Frames", number=True)), [["A001C001_191012_R1AB.mov", "5"]])
    assert capsys.readouterr().out.splitlines()[-1] == "A001C001_19…       5"


@pytest.mark.parametrize("name", ["東京の朝の練習とインタビュー", "Édith läuft", "x" * 90, "🏃 " * 30])
def test_no_line_is_wider_than_the_terminal_whatever_the_letters(name, capsys, monkeypatch):
    from rich.cells import cell_len

    _Terminal(40, monkeypatch, sys.stdout)
    print_table(_COLUMNS, [[name, name, "5", "A001"]])
    lines = capsys.readouterr().out.replace("\x1b[1m", "").replace("\x1b[0m", "").splitlines()
    assert max(map(cell_len, lines)) <= 40
    told = "".join(line[:12] for line in lines[2:])
    assert len(told.replace(" ", "")) >= min(len(name.replace(" ", "")), 12)


def test_a_terminal_gets_so_many_rows_and_is_told_of_the_rest_while_a_pipe_gets_all(capsys, monkeypatch):
    rows = [[f"name {number}", "C0001.MP4", str(number), "A001"] for number in range(120)]
    print_table(_COLUMNS, rows, most=50)
    assert len(capsys.readouterr().out.splitlines()) == 122
    _Terminal(80, monkeypatch, sys.stdout)
    print_table(_COLUMNS, rows, most=50)
    lines = capsys.readouterr().out.splitlines()
    assert (len(lines), lines[-1]) == (53, "... and 70 more; --json has all")


def test_ten_thousand_rows_cost_less_than_a_second(capsys):
    rows = [
        [f"name {number}", f"C{number:04}.MP4", str(number), "2019-08-14_Kaptagat_A001"] for number in range(10_000)
    ]
    began = time.process_time()
    print_table(_COLUMNS, rows)
    assert time.process_time() - began < 1
    assert len(capsys.readouterr().out.splitlines()) == 10_002
