"""`rushes cuts`: what is saved, taken away, brought back."""

from typing import TYPE_CHECKING, Any

import click

from pipeline.catalogue.store import open_catalogue
from pipeline.cli.drawing import print_table
from pipeline.cli.options import chosen_film, complete_cut, film_option
from pipeline.cli.tables import Column, cell, plural, print_json
from pipeline.cli.writing import changing
from pipeline.errors import command

if TYPE_CHECKING:
    from pipeline.catalogue.cuts import SavedCut

_COLUMNS = (
    Column("Cut", whole=False), Column("Version", number=True), Column("Kind", rank=1), Column("Made of", whole=False),
    Column("Events", number=True), Column("Clips", number=True), Column("Saved", rank=2),
)  # fmt: skip


@click.command("cuts")
@click.option("--remove", metavar="NAME", shell_complete=complete_cut, help="Take this cut away, all its versions.")
@click.option("--restore", metavar="NAME", help="Bring back a cut that was taken away.")
@click.option("--json", "as_json", is_flag=True, help="An array of objects.")
@film_option
def cuts_command(remove: str | None, restore: str | None, *, as_json: bool, film: str | None) -> None:
    """The saved cuts: what each is made of, and how much is in it. Exported files are never touched.

    \b
    rushes cuts --remove coach-test
    """
    from pipeline.catalogue.cuts import cuts, remove_cut, restore_cut

    if remove and restore:
        raise click.UsageError("One thing at a time: --remove or --restore.")
    found = chosen_film(film)
    with changing(found) if remove or restore else open_catalogue(found.catalogue) as catalogue:
        if remove:
            count, back = remove_cut(catalogue, remove), command("cuts", "--restore", remove)
            click.echo(f"'{remove}' is removed; {back} brings back its {plural(count, 'version')}.", err=True)
        if restore:
            click.echo(f"'{restore}' is back, version {restore_cut(catalogue, restore)}.", err=True)
        rows = [_data(each) for each in cuts(catalogue)]
    if as_json:
        print_json(rows)
    elif not rows:
        click.echo("No cut is saved; 'rushes cut NAME QUERY' makes one.", err=True)
    elif not (remove or restore):
        _print(rows)


def _data(saved: "SavedCut") -> dict[str, Any]:
    from pipeline.editorial.edits import events_in, found_in
    from pipeline.editorial.imports.kept import kept_of

    said: dict[str, Any] = {"name": saved.name, "version": saved.version, "saved": saved.moment}
    kept = kept_of(saved.spec)
    if kept:
        said |= {"kind": "import", "of": kept.file, "timelines": 1, "events": found_in(kept)[0]}
    else:
        paper = saved.spec.get("paper")
        counts = {"timelines": len(saved.lists), "events": events_in(saved.lists)} if saved.packed else {}
        said |= {
            "kind": "paper" if paper else saved.spec["kind"], "of": saved.spec["query"],
            "timelines": None, "events": None, **counts,
        }  # fmt: skip
    return {**said, "clips": len(saved.used)}


def _print(rows: list[dict[str, Any]]) -> None:
    cells = [
        [
            cell(row["name"]), str(row["version"]), row["kind"], cell(row["of"]),
            "" if row["events"] is None else str(row["events"]), str(row["clips"]), row["saved"][:16].replace("T", " "),
        ]
        for row in rows
    ]  # fmt: skip
    print_table(_COLUMNS, cells)
