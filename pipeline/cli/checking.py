"""`rushes check`: would that editor open these timelines, and lose nothing?"""

import os
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.catalogue.store import open_catalogue
from pipeline.cli.drawing import ON_TERMINAL, print_table
from pipeline.cli.options import chosen_film, film_option
from pipeline.cli.tables import Column, cell, console, plural, print_json
from pipeline.errors import NotFound, RushesError
from pipeline.proxies.rules import EDITORS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pipeline.delivery.check import Checked

_COLUMNS = (
    Column("Line", number=True), Column("Severity", rank=1), Column("Rule", whole=False), Column("Finding", whole=False)
)  # fmt: skip


@click.command("check")
@click.argument("files", metavar="FILE...|NAME", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--for", "editor", type=click.Choice(EDITORS), required=True, help="The editing suite that shall open it."
)
@click.option(
    "--dtd", "dtd_folder", metavar="DIR", type=click.Path(path_type=Path), envvar="RUSHES_DTD", show_envvar=True,
    help="Apple's DTDs of FCPXML, which then judge it; lxml must be installed.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="A list of file, line, rule, severity and sentence.")
@film_option
def check_command(
    files: tuple[Path, ...], editor: str, dtd_folder: Path | None, *, as_json: bool, film: str | None
) -> int:
    """Say what an editing suite would refuse, drop or link wrongly of timelines, whoever wrote them.

    Several FILEs are taken for one set: they must not contradict each other. Ends with 1 for any error. NAME or
    NAME@2 instead is a saved cut, as it would be exported for that suite.
    """
    checked = _of_cut(files[0], editor, dtd_folder, film) if len(files) == 1 else None
    if checked is None:
        from pipeline.delivery.check import check_files

        checked = check_files(files, editor, dtd_folder)
    if as_json:
        print_json([
            {"file": str(each.file), "line": found.line, "rule": found.rule, "severity": found.severity,
             "sentence": found.sentence}
            for each in checked for found in each.findings
        ])  # fmt: skip
    else:
        for each in checked:
            _print_findings(each)
    _print_words(checked)
    return 1 if any(found.severity == "error" for each in checked for found in each.findings) else 0


def _of_cut(name: Path, editor: str, dtd_folder: Path | None, film: str | None) -> "Sequence[Checked] | None":
    """What is found of a saved cut; None for a file, and where there is no film. Raises PathMissing for neither."""
    if os.path.lexists(name):
        return None
    from pipeline.catalogue.cuts import name_and_version, newest_cut
    from pipeline.delivery.check_cut import check_cut
    from pipeline.delivery.cuts import absent, saved_cut

    try:
        found = chosen_film(film)
    except RushesError:
        return None
    with open_catalogue(found.catalogue) as catalogue:
        try:
            made = saved_cut(found, catalogue, str(name))
        except NotFound:
            if newest_cut(catalogue, name_and_version(catalogue, str(name))[0]) is None:
                raise absent(str(name)) from None
            raise  # there is the cut, and not that version
    return check_cut(found, made, editor, dtd_folder)


def _print_findings(each: "Checked") -> None:
    """A table for each file that has any; the errors first where not all find room."""
    if not each.findings:
        return
    shown = each.findings
    if console().is_terminal and len(shown) > ON_TERMINAL:
        worst = sorted(range(len(shown)), key=lambda number: shown[number].severity != "error")[:ON_TERMINAL]
        shown = tuple(shown[number] for number in sorted(worst))
    rows = [[str(found.line or ""), found.severity, found.rule, cell(found.sentence)] for found in shown]
    click.echo(cell(each.file))
    print_table(_COLUMNS, rows)
    if len(shown) < len(each.findings):
        click.echo(f"{len(shown)} of {plural(len(each.findings), 'finding')}; --json has all")


def _print_words(checked: "Sequence[Checked]") -> None:
    """A line for each file on stderr: what it comes to, and who judged the structure of an FCPXML."""
    for each in checked:
        counts = Counter(found.severity for found in each.findings)
        words = [plural(counts[word], word) for word in ("error", "warning") if counts[word]]
        if each.passed_over:
            click.echo(f"{cell(each.file.name)}: passed over, no timeline.", err=True)
            continue
        by = {None: "", True: " Judged by Apple's DTD.", False: " Judged by our own table of elements, not by a DTD."}
        click.echo(f"{cell(each.file.name)}: {', '.join(words) or 'nothing found'}.{by[each.by_definition]}", err=True)
