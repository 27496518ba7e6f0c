"""What a hash list says and whether its files are as it says, as `rushes facts` shows it."""

from pathlib import Path
from typing import Any

from pipeline.errors import RushesError
from pipeline.files import one_line, read_small
from pipeline.manifests.lists import is_chain, is_list, read_list
from pipeline.manifests.verify import Outcome, check_history, check_list, listed_folder, whole_list

_HEAD = 4096


def list_facts(path: Path) -> dict[str, Any] | None:
    """The facts of a hash list or of the history that a chain file stands for; None for what is neither.

    Reads the files below the list's folder. Raises MediaUnreadable for a damaged list.
    """
    try:
        if not is_list(read_small(path, _HEAD)):
            return None
    except RushesError:
        return None  # whoever asks for its facts is told why
    data = whole_list(path)
    return _of_history(path) if is_chain(data) else _of_list(path, data)


def _of_list(path: Path, data: bytes) -> dict[str, Any]:
    listed = read_list(data)
    facts: dict[str, Any] = {
        "format": "mhl",
        "mhl_version": listed.version,
        "entries": len(listed.entries),
        "hash_formats": list(listed.formats),
    }
    if listed.failed:
        facts["failed_entries"] = list(listed.failed)
    where = dict.fromkeys(facts, "hash elements") | {"format": "hashlist", "mhl_version": "hashlist version"}
    return _with(facts, where, path, check_list(listed, listed_folder(path)))


def _of_history(path: Path) -> dict[str, Any]:
    checked = check_history(path)
    facts = {"format": "ascmhl-chain", "generations": checked.generations, "chain": checked.chain}
    where = {
        "format": "ascmhldirectory",
        "generations": "hashlist elements",
        "chain": "C4 of each generation's list, computed again",
    }
    return _with(facts, where, path, checked.outcome)


def _with(facts: dict[str, Any], where: dict[str, str], path: Path, outcome: Outcome) -> dict[str, Any]:
    below = f"the files below {one_line(listed_folder(path).name)}, read and hashed"
    found = {
        "verify": outcome.word,
        "mismatch": list(outcome.mismatch),
        "missing": list(outcome.missing),
        "refused": [f"{name}: {why}" for name, why in outcome.refused],
    }
    facts |= {key: value for key, value in found.items() if value}
    sources = {key: {"where": where.get(key, below)} for key in facts}
    return facts | {"sources": sources}
