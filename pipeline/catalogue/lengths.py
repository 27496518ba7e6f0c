"""How long clips are that do not say it themselves: counted when their files were read, and kept from then on."""

from pipeline.catalogue.current import flicks_of, leave_group, refresh
from pipeline.catalogue.packing import pack_facts
from pipeline.catalogue.reading import read_clips
from pipeline.catalogue.store import Catalogue, Connection
from pipeline.clip import Clip
from pipeline.metadata.editing import counted


def record_count(catalogue: Catalogue, root: int, path: bytes, frames: int) -> None:
    """Note how many frames of editing a file has, for the clip that it belongs to by now."""
    with catalogue.atomic() as db:
        row = db.execute("SELECT clip_n, part FROM places WHERE root = ? AND path = ?", (root, path)).fetchone()
        if row is None:
            return
        n, part = row
        db.execute("UPDATE parts SET frames = ? WHERE clip_n = ? AND part = ? AND frames IS NULL", (frames, n, part))
        clip = counted(read_clips(db, [n])[n], {})
        if clip.frames is None:
            return
        leave_group(db, n)
        sql = "UPDATE clips SET frames = ?, flicks = ? WHERE n = ?"
        db.execute(sql, (clip.frames, flicks_of(clip.duration), n))
        db.execute("UPDATE facts SET facts = ? WHERE clip_n = ?", (pack_facts(clip.facts), n))
        refresh(db, [n])


def with_count(db: Connection, n: int, clip: Clip) -> Clip:
    """A clip as read again, with the length that was counted of the same files before."""
    if clip.frames is not None:
        return clip
    lengths = dict(db.execute("SELECT quick, frames FROM parts WHERE clip_n = ?", (n,)).fetchall())
    return counted(clip, lengths)
