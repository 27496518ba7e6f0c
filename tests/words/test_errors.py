"""Every refusal has a code of its own, and the table in the docs is complete."""

import re
from pathlib import Path

from pipeline import errors

DOCS = Path(__file__).parents[2] / "docs" / "exit-codes.md"
REFUSALS = {
    name: value.exit_code
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, errors.RushesError) and value is not errors.RushesError
}


def test_no_two_refusals_share_a_code():
    assert len(set(REFUSALS.values())) == len(REFUSALS)


def test_the_docs_list_exactly_the_refusals_there_are():
    rows = re.findall(r"^\| (\d+) \| (\w+) \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name: int(code) for code, name in rows} == REFUSALS
