"""A second reader of Kdenlive projects, ours and those that Kdenlive saves: what it says of each clip on each track."""

import json
import re
from dataclasses import dataclass
from fractions import Fraction
from html import unescape
from pathlib import PurePosixPath

from defusedxml import ElementTree


@dataclass(frozen=True)
class KdenClip:
    """A clip on a track; `into` counts frames of the timeline since the head of the file."""

    kind: str
    track: str
    start: int
    duration: int
    into: int
    file: str
    stream: int | None
    speed: float
    effects: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True)
class KdenMix:
    track: str
    start: int
    end: int
    after: int
    backwards: bool


@dataclass(frozen=True)
class KdenBinClip:
    name: str
    folder: str
    file: str
    proxy: str
    length: int
    description: str
    rating: int
    markers: tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class KdenProject:
    rate: Fraction
    size: tuple[int, int]
    channels: int
    notes: tuple[str, ...]
    clips: frozenset[KdenClip]
    mixes: frozenset[KdenMix]
    bin: frozenset[KdenBinClip]
    guides: tuple[tuple[int, str], ...]
    groups: frozenset[frozenset[str]]


def read_kdenlive(content: bytes) -> KdenProject:
    root = ElementTree.fromstring(content)
    profile = root.find("profile")
    rate = Fraction(int(profile.get("frame_rate_num")), int(profile.get("frame_rate_den")))
    by_id = {child.get("id"): child for child in root}
    told = properties(by_id["main_bin"])
    clips, mixes = set(), set()
    tracks = [by_id[track.get("producer")] for track in root.findall("tractor")[-1].findall("track")]
    for track in tracks:
        if track.get("id") != "black_track":
            clips.update(_clips(track, by_id, root.get("root") or "", rate))
            mixes.update(_mixes(track, rate))
    document = "kdenlive:docproperties."
    return KdenProject(
        rate, (int(profile.get("width")), int(profile.get("height"))), int(told[f"{document}audioChannels"]),
        _paragraphs(told["kdenlive:documentnotes"]), frozenset(clips), frozenset(mixes),
        frozenset(_bin(by_id["main_bin"], by_id, root.get("root") or "", rate)), marked(told.get(f"{document}guides")),
        frozenset(
            frozenset(leaf["data"] for leaf in group["children"])
            for group in json.loads(told.get(f"{document}groups") or "[]")
        ),
    )  # fmt: skip


def properties(element) -> dict[str, str]:
    return {child.get("name"): child.text or "" for child in element.findall("property")}


def marked(text: str | None) -> tuple[tuple[int, str], ...]:
    return tuple(sorted((each["pos"], each["comment"]) for each in json.loads(text or "[]")))


def frames(text: str, rate: Fraction) -> int:
    """Frames, or the clock time in milliseconds that Kdenlive writes."""
    if ":" not in text:
        return int(text)
    hours, minutes, seconds = text.split(":")
    return round((int(hours) * 3600 + int(minutes) * 60 + Fraction(seconds)) * rate)


def _paragraphs(html: str) -> tuple[str, ...]:
    return tuple(unescape(re.sub("<[^>]*>", "", line)) for line in re.findall("<p.*?</p>", html))


def _clips(track, by_id, folder, rate):
    for reference in track.findall("track"):
        place = 0
        for item in by_id[reference.get("producer")]:
            if item.tag == "blank":
                place += frames(item.get("length"), rate)
            elif item.tag == "entry":
                said = properties(by_id[item.get("producer")])
                into, out = (frames(item.get(side), rate) for side in ("in", "out"))
                hidden = reference.get("hide")
                assert (said["set.test_audio"], said["set.test_image"]) == (
                    ("0", "1") if hidden == "video" else ("1", "0")
                )
                stream = int(said["audio_index"]) if hidden == "video" else None
                speed = float(said.get("warp_speed", 1))
                yield KdenClip(
                    "sound" if hidden == "video" else "picture", properties(track)["kdenlive:track_name"], place,
                    out - into + 1, into, _file(said, folder), stream, speed,
                    tuple(_effects(item, rate)),
                )  # fmt: skip
                assert properties(item)["kdenlive:id"] == said["kdenlive:id"]
                place += out - into + 1


def _effects(entry, rate):
    for each in entry.findall("filter"):
        said = properties(each)
        yield said["kdenlive_id"], *(frames(each.get(side) or said[side], rate) for side in ("in", "out"))


def _mixes(track, rate):
    for item in track.findall("transition"):
        said, ends = properties(item), [frames(item.get(side), rate) for side in ("in", "out")]
        yield KdenMix(
            properties(track)["kdenlive:track_name"], *ends, int(said["kdenlive:mixcut"]), said["reverse"] == "1"
        )


def _bin(playlist, by_id, folder, rate):
    folders = {
        name.rpartition(".")[2]: value
        for name, value in properties(playlist).items()
        if name.startswith("kdenlive:folder.")
    }
    for entry in playlist.findall("entry"):
        said = properties(by_id[entry.get("producer")])
        proxy = said.get("kdenlive:proxy", "-")
        yield KdenBinClip(
            said["kdenlive:clipname"], folders.get(said["kdenlive:folderid"], ""), _file(said, folder),
            "" if len(proxy) < 2 else _absolute(proxy, folder), frames(said["length"], rate),
            said.get("kdenlive:description", ""), int(said.get("kdenlive:rating") or 0),
            marked(said.get("kdenlive:markers")),
        )  # fmt: skip


def _file(said, folder) -> str:
    """The original, whatever plays: a clip that runs at another speed names it once more."""
    return _absolute(said.get("kdenlive:originalurl") or said.get("warp_resource") or said["resource"], folder)


def _absolute(path: str, folder: str) -> str:
    return str(PurePosixPath(folder or "/") / path)
