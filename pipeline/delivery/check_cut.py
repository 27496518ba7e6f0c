"""A saved cut before an editor, as it would be exported; apart from check.py, which needs nothing that makes cuts."""

from dataclasses import replace
from pathlib import Path

from pipeline.delivery.check import LISTS, Checked, check_files
from pipeline.delivery.cuts import MadeCut
from pipeline.delivery.export import Order, finished
from pipeline.film import Film


def check_cut(film: Film, made: MadeCut, editor: str, dtd_folder: Path | None = None) -> tuple[Checked, ...]:
    """What `editor` would refuse, drop or link wrongly of a saved cut, as it would be exported; nothing is."""
    with finished(film, made, Order(editor, film.folder / "timelines")) as written:
        files = {suffix: file for suffix, file in written.files.items() if Path(suffix).suffix not in LISTS}
        checked = check_files([*files.values()], editor, dtd_folder)
        return tuple(
            replace(each, file=Path(f"{made.name}{suffix}")) for suffix, each in zip(files, checked, strict=True)
        )
