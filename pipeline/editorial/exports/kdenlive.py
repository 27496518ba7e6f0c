"""A Kdenlive project: the cut with its bin, proxies, markers and log, for Kdenlive 22.12 and newer.

The format is MLT XML with Kdenlive's own properties (dev-docs/fileformat.md of its sources) in document version 1.04,
which newer ones take over as they open it; `melt` plays it as it stands.

- Every position counts frames of the timeline, in clips of other rates too: MLT shows what of them is nearest to that
  moment. `out` is the last frame shown.
- A sound stream is known by its number among all streams of its file, the picture first.
- Filters of a clip count as it does, from the head of its file.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2s
from math import gcd
from xml.sax.saxutils import escape

from opentimelineio.schema import Timeline

from pipeline.editorial.bulk import unswept
from pipeline.editorial.exports.events import NORMAL, Sheet, sheet_of
from pipeline.editorial.exports.kdenlive_bin import (
    SURROUND,
    Bin,
    bin_of,
    bin_playlist,
    bin_producers,
    json_text,
    markers,
    note_losses,
    properties,
)
from pipeline.editorial.exports.kdenlive_tracks import Entry, LaidTrack, Mix, laid_tracks
from pipeline.editorial.exports.written import ExportOptions, Losses, Written, WrittenFile, encoded

_UNSTATED_SIZE = (1920, 1080)
_OWN = {"internal_added": "237", "always_active": "1"}  # by these Kdenlive knows what it planted itself
_SEEN = properties({"set.test_audio": "1", "set.test_image": "0"})
_HEARD = properties({"set.test_audio": "0", "set.test_image": "1"})


@unswept()
def write(timeline: Timeline, options: ExportOptions) -> Written:
    """`.kdenlive`: proxies play and originals are rendered, or, with originals asked for, those alone are linked."""
    sheet = sheet_of(timeline)
    proxies = options.media != "original"
    content, lost = bin_of(sheet, proxies=proxies), Losses()
    note_losses(content, sheet, lost, proxies=proxies)
    tracks = list(laid_tracks(sheet, content, lost))
    losses = (*sheet.losses, *lost.sentences(), *_always_lost(sheet))
    text = encoded(_document(sheet, content, tracks, losses))
    return Written((WrittenFile(".kdenlive", text),), losses)


def _always_lost(sheet: Sheet) -> Iterator[str]:
    if sheet.size is None:
        yield f"The timeline states no picture size; the project is written as {'x'.join(map(str, _UNSTATED_SIZE))}."
    yield f"Kdenlive counts every timeline from zero: its start, {sheet.start}, stands in the project's notes."


def _document(sheet: Sheet, content: Bin, tracks: Sequence[LaidTrack], losses: Iterable[str]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="utf-8"?>'
    yield '<mlt LC_NUMERIC="C" producer="main_bin" version="7.12.0">'
    yield _profile(sheet)
    yield from bin_producers(content, sheet)
    yield from bin_playlist(content, _settings(sheet, content, tracks, losses))
    end = max((entry.end for track in tracks for entry in track.entries), default=1)
    black = {"length": str(end), "eof": "continue", "resource": "black", "mlt_service": "color"}
    black |= {"mlt_image_format": "rgba", "set.test_audio": "0"}
    yield f'<producer id="black_track" in="0" out="{end - 1}">\n{properties(black)}</producer>'
    for track in tracks:
        yield from _track(track)
    yield f'<tractor id="tractor{len(tracks)}" in="0" out="{end - 1}">\n<track producer="black_track"/>'
    for track in tracks:
        yield f'<track producer="tractor{track.number}"/>'
    for track in tracks:
        if track.sound:
            mix = {"a_track": "0", "b_track": str(track.number + 1), "mlt_service": "mix", "kdenlive_id": "mix", **_OWN}
            yield f"<transition>\n{properties({**mix, 'accepts_blanks': '1', 'sum': '1'})}</transition>"
    yield "</tractor>\n</mlt>"


def _profile(sheet: Sheet) -> str:
    rate, (width, height) = sheet.start.rate, sheet.size or _UNSTATED_SIZE
    common = gcd(width, height)
    return (
        f'<profile description="{width}x{height} {rate.label()} fps" width="{width}" height="{height}" progressive="1" '
        f'sample_aspect_num="1" sample_aspect_den="1" display_aspect_num="{width // common}" '
        f'display_aspect_den="{height // common}" frame_rate_num="{rate.numerator}" '
        f'frame_rate_den="{rate.denominator}" colorspace="{709 if height >= 720 else 601}"/>'
    )


def _settings(sheet: Sheet, content: Bin, tracks: Sequence[LaidTrack], losses: Iterable[str]) -> dict[str, str]:
    """What Kdenlive keeps of a project beside its clips; the id tells its folder of temporary files."""
    number = blake2s(sheet.name.encode("utf-8", "replace"), digest_size=5).digest()
    channels = max((max(clip.streams, default=0) for clip in content.clips.values()), default=0)
    noted = [f"{sheet.name}, written by Rushes. Start of the timeline: {sheet.start}.", "Not carried:", *losses]
    said = {
        "audioChannels": str(next((each for each in SURROUND if channels <= each), SURROUND[-1])),
        "documentid": str(1_000_000_000_000 + int.from_bytes(number, "big")),
        "enableproxy": "1" if content.proxied else "0",
        "generateproxy": "0",
        "groups": _groups(tracks),
        "guides": markers((mark.record.start, mark) for mark in sheet.marks),
        "kdenliveversion": "22.12.3",
        "version": "1.04",
    }
    return {f"kdenlive:docproperties.{name}": value for name, value in said.items()} | {
        "kdenlive:documentnotes": "".join([f"<p>{escape(line)}</p>" for line in noted])  # Kdenlive reads HTML here
    }


def _groups(tracks: Sequence[LaidTrack]) -> str:
    """Picture and sound that were recorded together and lie together, as groups by track and place."""
    together: dict[tuple[object, ...], list[tuple[int, int, bool]]] = defaultdict(list)
    for track in tracks:
        for entry in track.entries:
            key = (entry.clip, entry.event.record, entry.event.source_in)
            together[key].append((track.number, entry.start, track.sound))
    groups = [
        {
            "children": [{"data": f"{number}:{start}", "leaf": "clip", "type": "Leaf"} for number, start, _ in group],
            "type": "AVSplit" if len({sound for *_, sound in group}) == len(group) else "Normal",
        }
        for group in together.values()
        if len(group) > 1
    ]
    return json_text(groups) if groups else ""


def _track(track: LaidTrack) -> Iterator[str]:
    for side in (0, 1):
        yield from _playlist(track, side)
    hide, kind = ("video", {"kdenlive:audio_track": "1"}) if track.sound else ("audio", {})
    yield f'<tractor id="tractor{track.number}">\n{properties({**kind, "kdenlive:track_name": track.name})}'
    for side in (0, 1):
        yield f'<track hide="{hide}" producer="playlist{track.playlist(side)}"/>'
    yield from (_mix(mix, sound=track.sound) for mix in track.mixes)
    yield "</tractor>"


def _playlist(track: LaidTrack, side: int) -> Iterator[str]:
    """Producers of its own, so that no two tracks move one reader of a file about, and the clips in order."""
    producers: dict[tuple[object, ...], str] = {}
    lines, end = [], 0
    for entry in track.entries:
        if entry.playlist != side:
            continue
        key = entry.clip, entry.event.stream, entry.speed.as_integer_ratio()
        if key not in producers:
            producers[key] = f"p{track.playlist(side)}_{len(producers)}"
            yield _played(producers[key], entry, sound=track.sound)
        if entry.start > end:
            lines.append(f'<blank length="{entry.start - end}"/>')
        end = entry.end
        effects = _effects(entry, sound=track.sound) if entry.changed else ""
        lines.append(
            f'<entry producer="{producers[key]}" in="{entry.into}" out="{entry.out}">'
            f'<property name="kdenlive:id">{entry.clip.number}</property>{effects}</entry>'
        )
    kind = properties({"kdenlive:audio_track": "1"}) if track.sound else ""
    yield f'<playlist id="playlist{track.playlist(side)}">\n{kind}' + "\n".join([*lines, "</playlist>"])


def _played(name: str, entry: Entry, *, sound: bool) -> str:
    """A clip as one track plays it: its pictures or one stream of its sound, at one speed."""
    clip, speed = entry.clip, entry.speed
    only = _SEEN
    if sound:
        only = f'{_HEARD}<property name="audio_index">{entry.event.stream - (not clip.picture)}</property>\n'
    if speed is NORMAL or speed == 1:
        return clip.producer(name, only)
    return clip.warped(name, only, length=entry.length, speed=speed)


def _effects(entry: Entry, *, sound: bool) -> str:
    """What Kdenlive calls effects: a held frame, and fades from and to black or silence."""
    made = []
    if entry.hold is not None and not sound:
        frame = str(entry.hold - entry.into)
        made.append(_effect("freeze", "freeze", (entry.into, entry.out), {"frame": frame}))
    for name, seen, span, levels in (
        ("fadein", "fade_from_black", (entry.into, entry.into + entry.fade_in - 1), ("0", "1")),
        ("fadeout", "fade_to_black", (entry.out - entry.fade_out + 1, entry.out), ("1", "0")),
    ):
        if span[1] >= span[0]:
            first, last = levels
            if sound:
                made.append(_effect(name, "volume", span, {"gain": first, "end": last}))
            else:
                made.append(_effect(seen, "brightness", span, {"level": f"0={first};-1={last}", "alpha": "1"}))
    return "".join(made)


def _effect(name: str, service: str, span: tuple[int, int], values: dict[str, str]) -> str:
    told = properties({"mlt_service": service, "kdenlive_id": name, **values})
    return f'\n<filter in="{span[0]}" out="{span[1]}">\n{told}</filter>'


def _mix(mix: Mix, *, sound: bool) -> str:
    service = {"mlt_service": "mix", "kdenlive_id": "mix", "start": "-1", "accepts_blanks": "1"}
    if not sound:
        service = {"mlt_service": "luma", "kdenlive_id": "luma", "factory": "loader", "softness": "0"}
        service |= {"alpha_over": "1", "invert": "0"}
    tracks = {"a_track": "0", "b_track": "1", "kdenlive:mixcut": str(mix.after), "reverse": str(int(mix.backwards))}
    return f'<transition in="{mix.start}" out="{mix.end}">\n{properties({**tracks, **service})}</transition>'
