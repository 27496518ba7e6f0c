"""`rushes cards`."""

from fractions import Fraction

import click

from pipeline.catalogue.store import open_catalogue
from pipeline.catalogue.summary import CardRow, card_rows
from pipeline.cli.options import chosen_film, film_option
from pipeline.cli.tables import cell, console, plural, print_json, running_time, size, table
from pipeline.files import shown

_COLUMNS: tuple[tuple[str, bool], ...] = (
    ("Card", False), ("Kind", False), ("Camera", False), ("Unit", False), ("Shoot day", False), ("Clips", True),
    ("Length", True), ("Size", True), ("State", False), ("Ready", True), ("Complete", False),
)  # fmt: skip


@click.command("cards")
@click.option("--json", "as_json", is_flag=True, help="An array of objects.")
@film_option
def cards_command(as_json: bool, film: str | None) -> None:
    """What came in: complete or not, clips, hours, what is ready."""
    found = chosen_film(film)
    with open_catalogue(found.catalogue) as catalogue:
        cards = card_rows(catalogue)
    if as_json:
        print_json([_data(card) for card in cards])
        return
    if not cards:
        click.echo("No card has come in yet; drop cards into ingest/ and run 'rushes ingest'.", err=True)
        return
    made = table(_COLUMNS)
    for card in cards:
        made.add_row(
            cell(card.name), card.structure, cell(card.camera), cell(card.unit), cell(card.shoot_day), str(card.clips),
            running_time(card.duration), size(card.size), card.state, f"{card.proxies_done}/{card.proxies_wanted}",
            "see below" if _complaints(card) else "yes",
        )  # fmt: skip
    console().print(made)
    for card in cards:
        for complaint in _complaints(card):
            click.echo(f"  {cell(card.name)}: {complaint}")
    clips, length = sum(card.clips for card in cards), sum((card.duration for card in cards), Fraction(0))
    click.echo(f"{plural(len(cards), 'card')}, {plural(clips, 'clip')}, {running_time(length)}")


def _complaints(card: CardRow) -> tuple[str, ...]:
    return (*card.warnings, *(f"{path} could not be read" for path in card.failed_files))


def _data(card: CardRow) -> dict[str, object]:
    return {
        "name": card.name, "path": card.path, "structure": card.structure, "camera": card.camera, "unit": card.unit,
        "shoot_day": card.shoot_day, "clips": card.clips, "duration": round(float(card.duration), 3),
        "bytes": card.size, "state": card.state, "warnings": _complaints(card),
        "others": [shown(path) for path in card.others],
        "proxies_done": card.proxies_done, "proxies_wanted": card.proxies_wanted,
    }  # fmt: skip
