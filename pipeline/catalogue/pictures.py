"""Small grey pictures of single frames, kept so that comparing a cut again decodes nothing twice."""

from collections.abc import Iterable, Mapping

from pipeline.catalogue.store import Catalogue


def kept_pictures(catalogue: Catalogue, file: str, numbers: Iterable[int]) -> dict[int, bytes]:
    """What is kept of a file (its quick identity), by the number of the picture."""
    sql = "SELECT grey FROM pictures WHERE file = ? AND number = ?"
    with catalogue.reading() as db:
        rows = {number: db.execute(sql, (file, number)).fetchone() for number in numbers}
    return {number: bytes(row[0]) for number, row in rows.items() if row}


def keep_pictures(catalogue: Catalogue, file: str, pictures: Mapping[int, bytes]) -> None:
    with catalogue.atomic() as db:
        rows = [(file, number, grey) for number, grey in pictures.items()]
        db.executemany("INSERT OR REPLACE INTO pictures VALUES (?, ?, ?)", rows)
