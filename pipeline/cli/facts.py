"""`rushes facts`: what media say of themselves; needs no production."""

import os
from collections.abc import Iterator
from pathlib import Path

import click

from pipeline.cli.tables import cell, print_json, way
from pipeline.errors import NotMedia, RushesError

_WIDTH = 16


@click.command("facts")
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="One object, keyed by path as given.")
def facts_command(files: tuple[str, ...], as_json: bool) -> int:
    """What files say of themselves, and where each value was read. A folder means every recording in it."""
    found: dict[str, object] = {}
    failed = False
    for path, facts in _read(files):
        name = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
        found[name] = facts
        failed = failed or "error" in facts
        if not as_json:
            click.echo(_page(name, facts))
    if as_json:
        print_json(found)
    return 1 if failed else 0


def _read(files: tuple[str, ...]) -> Iterator[tuple[str, dict[str, object]]]:
    from pipeline.ingest.take import facts_of
    from pipeline.processes.reader import ReaderProcess

    with ReaderProcess("pipeline.metadata.mediainfo_child") as mediainfo:
        for name in files:
            for path in _below(name):
                try:
                    yield path, facts_of(Path(path).absolute(), mediainfo)
                except RushesError as error:
                    if path == name or not isinstance(error, NotMedia):
                        yield path, {"error": error.sentence}


def _below(name: str) -> Iterator[str]:
    """The file itself, or what a person sees in a folder."""
    if not Path(name).is_dir():
        yield name
        return
    for parent, folders, names in os.walk(name):
        folders[:] = sorted(folder for folder in folders if not folder.startswith("."))
        yield from (str(Path(parent, each)) for each in sorted(names) if not each.startswith("."))


def _page(path: str, facts: dict[str, object]) -> str:
    lines = [path]
    if "error" in facts:
        return f"{path}\n  {facts['error']}\n"
    sources = facts.get("sources") or {}
    for key, value in facts.items():
        if key == "sources" or value in (None, [], ()):
            continue
        where = sources.get(key, {}) if isinstance(sources, dict) else {}
        origin = where.get("where", "") if isinstance(where, dict) else ""
        shown = way(value) if key == "track" else _value(value)
        lines.append(f"  {key:{_WIDTH}}  {shown}" + (f"   [{origin}]" if origin else ""))
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return "; ".join(
            ", ".join(f"{name} {part}" for name, part in each.items() if part is not None) for each in value
        )
    return cell(value)
