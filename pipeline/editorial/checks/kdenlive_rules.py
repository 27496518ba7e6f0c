"""What is wrong with a Kdenlive project. Only what keeps its clips from playing is looked at."""

from collections.abc import Iterator

from pipeline.editorial.checks.case import Case, Found
from pipeline.editorial.imports.markup import Node, line_of, text_of

_HELD = ("producer", "chain", "playlist", "tractor")


def profile(case: Case) -> Iterator[Found]:
    shape = case.root.find("profile")
    if shape is None or not (shape.get("frame_rate_num") and shape.get("frame_rate_den")):
        yield Found(line_of(case.root), "The project has no profile with a frame rate; Kdenlive chooses one by itself.")


def references(case: Case) -> Iterator[Found]:
    held = {node.get("id") for node in case.document.of(*_HELD)}
    for node in case.document.of("entry", "track"):
        named = node.get("producer")
        if named is not None and named not in held:
            yield Found(line_of(node), f"A clip names '{named[:60]}', which is nowhere in the project.")


def ranges(case: Case) -> Iterator[Found]:
    lengths = {node.get("id"): _length(node) for node in case.document.of("producer", "chain")}
    for node in case.document.of("entry"):
        begin, end, length = node.get("in", ""), node.get("out", ""), lengths.get(node.get("producer"))
        if begin.isdecimal() and end.isdecimal() and (int(end) < int(begin) or (length and int(end) >= length)):
            yield Found(line_of(node), f"A clip takes frames {begin} to {end} of a file that has {length or 'others'}.")


def paths(case: Case) -> Iterator[tuple[str, int | None, str]]:
    folder = case.root.get("root", "").rstrip("/")
    for node in case.document.of("producer", "chain"):
        said = _properties(node)
        if said.get("mlt_service", "").startswith("avformat") and said.get("resource"):
            resource = said["resource"]
            yield resource if resource.startswith("/") else f"{folder}/{resource}", line_of(node), resource


def _length(node: Node) -> int | None:
    text = _properties(node).get("length", "")
    return int(text) if text.isdecimal() and len(text) < 13 else None


def _properties(node: Node) -> dict[str, str]:
    return {each.get("name", ""): text_of(each) for each in node.findall("property")}
