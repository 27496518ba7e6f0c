"""What is said of clips that turned out to be proxies of others."""

from collections.abc import Iterable, Iterator

from pipeline.catalogue.strays import Expelled, Stray
from pipeline.files import one_line

_SHOWN = 3  # clips that a sentence names
_ID = 8  # letters of an id that people see


def told(found: Expelled) -> Iterator[str]:
    """Which clips left the log, where people's words of them went, and which cuts have to be made again."""
    gone = [each for each in found.strays if not each.stays]
    if gone:
        what = (
            "1 clip is a proxy of another clip" if len(gone) == 1 else f"{len(gone):,} clips are proxies of other clips"
        )
        yield (
            f"{what} and no footage, so out of the log: {_names(map(_pair, gone))};"
            f" 'rushes undo {found.batch[:_ID]}' brings back what was."
        )
    if found.files:
        folders = sorted({path.rpartition(b"/")[0] for path in found.files})
        outer = [each for each in folders if not any(each.startswith(other + b"/") for other in folders)]
        many = (
            "1 proxy made of these is" if len(found.files) == 1 else f"{len(found.files):,} proxies made of these are"
        )
        yield f"{many} of no use and may be removed, from {_names(map(one_line, outer))}."
    for each in gone:
        if each.said:
            own = f", which keeps its own {', '.join(each.kept)}" if each.kept else ""
            said = ", ".join(each.said)
            yield f"What was said of the proxy {_name(each)} ({said}) is said of {_original(each)} now{own}."
    if cuts := list(dict.fromkeys(cut for each in gone for cut in each.cuts)):
        yield (
            f"These cuts use a proxy that is out of the log: {_names(map(one_line, cuts))}; 'rushes cut NAME' makes one"
            " again of what is in the log, 'rushes import FILE' an editor's timeline."
        )
    for each in found.strays:
        if each.stays:
            yield (
                f"{_name(each)} is a proxy of {_original(each)} of another length: for what was said of it"
                f" ({', '.join(each.said)}) it stays in the log; 'rushes forget {each.clip[:_ID]}' takes it out."
            )


def _names(names: Iterable[str]) -> str:
    every = list(names)
    more = f" and {len(every) - _SHOWN:,} more" if len(every) > _SHOWN else ""
    return f"{', '.join(every[:_SHOWN])}{more}"


def _pair(stray: Stray) -> str:
    return f"{_name(stray)} of {_original(stray)}"


def _name(stray: Stray) -> str:
    return f"{one_line(stray.name)} ({stray.clip[:_ID]})"


def _original(stray: Stray) -> str:
    return f"{one_line(stray.original_name)} ({stray.original[:_ID]})"
