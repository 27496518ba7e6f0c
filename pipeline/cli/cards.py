"""`rushes cards`."""

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction

import click

from pipeline.catalogue.listed import CheckedCard
from pipeline.catalogue.store import open_catalogue
from pipeline.catalogue.summary import CardRow, card_rows
from pipeline.cli.drawing import print_table
from pipeline.cli.options import chosen_film, film_option
from pipeline.cli.tables import Column, cell, plural, print_json, running_time, size
from pipeline.files import one_line

_COLUMNS: tuple[Column, ...] = (
    Column("Card", whole=False), Column("Kind", rank=4), Column("Camera", rank=2), Column("Unit", rank=5),
    Column("Shoot day", rank=1), Column("Clips", number=True), Column("Length", number=True),
    Column("Size", number=True, rank=3), Column("State"), Column("Ready", number=True), Column("Complete"),
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
    names = _labels(cards)
    rows = [_row(card, name) for card, name in zip(cards, names, strict=True)]
    print_table(_COLUMNS, rows)
    for card, name in zip(cards, names, strict=True):
        for complaint in _complaints(card):
            click.echo(f"  {name}: {complaint}")
    clips, length = sum(card.clips for card in cards), sum((card.duration for card in cards), Fraction(0))
    click.echo(f"{plural(len(cards), 'card')}, {plural(clips, 'clip')}, {running_time(length)}")


def _labels(cards: Sequence[CardRow]) -> list[str]:
    """Cards by name; where a name comes twice, by the path below ingest/."""
    times = Counter(card.name for card in cards)
    return [cell(card.name if times[card.name] == 1 else card.path.removeprefix("ingest/")) for card in cards]


def _row(card: CardRow, name: str) -> list[str]:
    return [
        name, card.structure, cell(card.camera), cell(card.unit), cell(card.shoot_day), str(card.clips),
        running_time(card.duration), size(card.size), card.state, f"{card.proxies_done}/{card.proxies_wanted}",
        _complete(card),
    ]  # fmt: skip


def _complete(card: CardRow) -> str:
    if _complaints(card):
        return "see below"
    return "as listed" if card.by_list and card.by_list.state == "checked" else "yes"


def _complaints(card: CardRow) -> tuple[str, ...]:
    """What is wrong with a card; a file that could not be read is named once."""
    unread = {path.rpartition("/")[2]: sentence for path, sentence in card.failed_files}
    warnings = [warning for warning in card.warnings if not any(name in warning for name in unread)]
    gone = (f"{card.offline} of {card.clips} clips are offline: their files are not there",) if card.offline else ()
    return (*warnings, *unread.values(), *gone)


def _data(card: CardRow) -> dict[str, object]:
    return {
        "name": card.name, "path": card.path, "structure": card.structure, "camera": card.camera, "unit": card.unit,
        "shoot_day": card.shoot_day, "clips": card.clips, "duration": round(float(card.duration), 3),
        "bytes": card.size, "state": card.state, "warnings": _complaints(card),
        "others": [one_line(path) for path in card.others],
        "proxies_done": card.proxies_done, "proxies_wanted": card.proxies_wanted,
        "hash_list": _by_list(card.by_list) if card.by_list else None,
    }  # fmt: skip


def _by_list(found: CheckedCard) -> dict[str, object]:
    return {
        "state": found.state, "verified": found.verified, "left": found.left, "differs": found.differs,
        "missing": found.missing, "refused": found.refused, "extra": found.extra,
    }  # fmt: skip
