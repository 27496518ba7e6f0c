"""What is wrong with Final Cut Pro XML for Final Cut Pro and DaVinci Resolve.

Sources: Apple's pages on FCPXML and its DTD; doza-assist issue 7 and pull requests 34, 35 ("Invalid edit with no
respective media"); Resolve 18.5's own words on versions (auto-editor issue 367), CommandPost issue 3370 (1.12) and 3424
(1.14); palmier-pro pull request 247 (names with extensions).
"""

import re
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

from pipeline.editorial.checks.case import Case, Found
from pipeline.editorial.checks.fcpxml_model import NEWEST, misplaced
from pipeline.editorial.imports.fcpxml_resources import seconds
from pipeline.editorial.imports.markup import Node, line_of, path_of

_VERSION = re.compile(r"(\d{1,2})\.(\d{1,3})")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{2,5}$")
_TIMES = frozenset({"offset", "start", "duration", "tcStart", "frameDuration", "audioStart", "audioDuration"})
_WHOLE = re.compile(r"-?\d{1,19}(/[1-9]\d{0,9})?s")
_BELOW = 2**31
_PLACED = frozenset(
    {"asset-clip", "clip", "video", "audio", "ref-clip", "sync-clip", "mc-clip", "audition", "gap", "title"}
)
_OLDEST, _WITH_MEDIA_REP = (1, 8), (1, 9)
_RESOLVE_OLDEST, _RESOLVE_ALL = (1, 3), (1, 10)
_REFERRED = {"asset-clip": "asset", "ref-clip": "media", "mc-clip": "media", "title": "effect"}
_FINAL_CUT_RATES = frozenset({"23.976", "24", "25", "29.97", "30", "50", "59.94", "60", "90", "100", "119.88", "120"})


def version(case: Case) -> Iterator[Found]:
    said = version_of(case.root)
    if said is None or said < (1, 0):
        yield Found(line_of(case.root), f"The version '{case.root.get('version', '')[:20]}' is none of FCPXML.")
    elif case.editor == "fcp" and said > NEWEST:
        yield Found(line_of(case.root), f"Version {_dotted(said)} is newer than any known one ({_dotted(NEWEST)}).")
    elif case.editor == "resolve" and not _RESOLVE_OLDEST <= said <= NEWEST:
        yield Found(
            line_of(case.root), f"Version {_dotted(said)} is none that Resolve reads; write 1.10, which all do."
        )


def new_version(case: Case) -> Iterator[Found]:
    said = version_of(case.root)
    if said and _RESOLVE_ALL < said <= NEWEST:
        yield Found(
            line_of(case.root), f"Version {_dotted(said)} is refused by Resolve up to 18.5, which ends at 1.10."
        )


def version_of(root: Node) -> tuple[int, int] | None:
    match = _VERSION.fullmatch(root.get("version", ""))
    return (int(match[1]), int(match[2])) if match else None


def _dotted(said: tuple[int, int]) -> str:
    return f"{said[0]}.{said[1]}"


def structure(case: Case) -> Iterator[Found]:
    """By our own table, unless the definition itself is at hand; older versions had elements that it does not know."""
    if case.dtd is None and has_table(case.root):
        for each in misplaced(case.root, media_rep=(version_of(case.root) or _OLDEST) >= _WITH_MEDIA_REP):
            yield Found(each.line, each.sentence)


def has_table(root: Node) -> bool:
    """Whether our table is about the version of a document."""
    return _OLDEST <= (version_of(root) or (0, 0)) <= NEWEST


def definition(case: Case) -> Iterator[Found]:
    """By the DTD that was given. It is read by lxml, without entities of the document and without a network."""
    if case.dtd is None:
        return
    from io import BytesIO

    from lxml import etree

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True)
    dtd = etree.DTD(BytesIO(case.dtd))
    if not dtd.validate(etree.fromstring(case.content, parser)):
        for error in dtd.error_log:
            yield Found(error.line, f"{error.message[:300].rstrip('.')} (DTD).")


def times(case: Case) -> Iterator[Found]:
    """Times that are no rational seconds: 64 bits above, 32 below, by the words of the DTD."""
    for node in case.root.iter():
        if _TIMES.isdisjoint(node.attrib):
            continue
        for name, text in node.items():
            if name not in _TIMES:
                continue
            match = _WHOLE.fullmatch(text)
            if match is None or int((match[1] or "/1")[1:]) >= _BELOW:
                yield Found(line_of(node), f"{_called(node)} says '{text[:40]}' for {name}, which is no rational time.")


def references(case: Case) -> Iterator[Found]:
    resources = {node.get("id", ""): node.tag for each in case.root.findall("resources") for node in each}
    for node in case.root.iter():
        ref, wanted = node.get("ref"), _REFERRED.get(node.tag)
        if ref is not None and node.tag != "text-style":
            if ref not in resources:
                yield Found(line_of(node), f"{_called(node)} refers to '{ref[:40]}', which is no resource of the file.")
            elif wanted and resources[ref] != wanted:
                yield Found(line_of(node), f"{_called(node)} refers to '{ref[:40]}', which is no {wanted}.")
        shape = node.get("format")
        if shape is not None and resources.get(shape) != "format":
            yield Found(line_of(node), f"{_called(node)} names the format '{shape[:40]}', which is none of the file.")


def grid(case: Case) -> Iterator[Found]:
    """Places and lengths within the primary storyline that are no whole frames of it."""
    for sequence in _sequences(case.root):
        frame = _frame(case.root, sequence)
        for spine in sequence.findall("spine") if frame else ():
            for node in spine:
                for name in ("offset", "duration"):
                    time = seconds(node.get(name))
                    if frame and time is not None and _within(time, frame) and node.tag in _PLACED:
                        yield Found(line_of(node), f"{_called(node)} has its {name} within a frame of the timeline.")


def _within(time: Fraction, frame: Fraction) -> bool:
    """Whether a time lies within a frame; in whole numbers for speed."""
    return time.numerator * frame.denominator % (time.denominator * frame.numerator) != 0


def spine(case: Case) -> Iterator[Found]:
    """Clips of a storyline that lie over one another, or leave a hole that no gap fills."""
    for sequence in _sequences(case.root):
        slack = (_frame(case.root, sequence) or Fraction(1, 25)) / 100  # some clocks count thousandths of a second
        for each in sequence.findall("spine"):
            items = [node for node in each if node.tag in _PLACED]
            for node, following in pairwise(items):
                begin, lasts, after = (
                    seconds(node.get("offset")), seconds(node.get("duration")), seconds(following.get("offset"))
                )  # fmt: skip
                if begin is None or lasts is None or after is None or begin + lasts == after:
                    continue
                if abs(begin + lasts - after) < slack:
                    continue
                what = "begins before" if after < begin + lasts else "leaves a hole behind"
                yield Found(line_of(following), f"{_called(following)} {what} the end of {_called(node)}.")


def project_rate(case: Case) -> Iterator[Found]:
    rate = case.timeline.rate
    if rate is not None and rate.label() not in _FINAL_CUT_RATES:
        line = dict(case.timeline.said).get("line")
        yield Found(line, f"Final Cut Pro has no projects at {rate.label()} frames a second ({rate}).")


def extension(case: Case) -> Iterator[Found]:
    for asset in _assets(case.root):
        name, path = asset.get("name", ""), next(_paths(asset), "")
        if _EXTENSION.search(path) and not _EXTENSION.search(name):
            sentence = "is called without its extension, by which Resolve looks for media that moved"
            yield Found(line_of(asset), f"The asset '{name[:80]}' {sentence}.")


def no_project(case: Case) -> Iterator[Found]:
    if next(_sequences(case.root), None) is None:
        yield Found(line_of(case.root), "There is no project in the file, so that no timeline comes of it.")


def problems(case: Case) -> Iterator[Found]:
    """What the reader found to contradict itself and has no rule of its own here."""
    told = (
        " of a file that has ",
        "which is no time",
        "within a frame",
        "refers to",
        "There is no project",
        "names the format",
    )
    for each in case.timeline.problems:
        if not any(words in each.sentence for words in told):
            yield Found(each.line, each.sentence)


def paths(case: Case) -> Iterator[tuple[str, int | None, str]]:
    for asset in _assets(case.root):
        yield from ((path, line_of(asset), asset.get("name", "")) for path in _paths(asset))


def _assets(root: Node) -> Iterator[Node]:
    for each in root.findall("resources"):
        yield from each.findall("asset")


def _paths(asset: Node) -> Iterator[str]:
    for node in (*asset.findall("media-rep"), asset):
        url = node.get("src", "")
        if url:
            yield path_of(url)


def _sequences(root: Node) -> Iterator[Node]:
    for project in root.iter("project"):
        yield from project.findall("sequence")


def _frame(root: Node, sequence: Node) -> Fraction | None:
    """How long a frame of a sequence lasts, where its format says so."""
    for each in root.findall("resources"):
        for shape in each.findall("format"):
            if shape.get("id") == sequence.get("format"):
                return seconds(shape.get("frameDuration")) or None
    return None


def _called(node: Node) -> str:
    name = node.get("name", "")
    return f"'{name[:80]}'" if name else f"<{node.tag}>"
