"""Which timelines came back from editors: what each was read as, and which batch of the log it made."""

from pipeline.catalogue.store import Catalogue, now
from pipeline.faults import reached


def import_batch(catalogue: Catalogue, name: str, content: str = "") -> str | None:
    """The batch that the last import of that name left standing in the log ("": it said nothing new).

    None where there is none, where it was undone, or where it read something other than `content`.
    """
    with catalogue.reading() as db:
        row = db.execute(
            "SELECT i.batch, i.content FROM imports i LEFT JOIN batches b ON b.id = i.batch"
            " WHERE i.name = ? AND (i.batch = '' OR NOT b.undone)",
            (name,),
        ).fetchone()
    return None if row is None or (content and row[1] != content) else str(row[0])


def note_import(catalogue: Catalogue, name: str, content: str, batch: str) -> None:
    """Remember what was imported under a name, instead of what was before."""
    with catalogue.atomic() as db:
        reached("import.note")
        db.execute("INSERT OR REPLACE INTO imports VALUES (?, ?, ?, ?)", (name, content, batch, now()))
