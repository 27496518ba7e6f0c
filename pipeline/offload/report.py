"""The report of an offload that a production files: the same values as text, JSON or one HTML page with stills."""

import base64
import html
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import Any

from pipeline.clip import Clip
from pipeline.errors import RushesError
from pipeline.files import one_line, scan, stamp_of
from pipeline.manifests.brought import lists_of
from pipeline.offload.naming import Card
from pipeline.offload.words import CopyDone, FileDone, Offloaded
from pipeline.processes.ffmpeg import Terms, find_ffmpeg, run_ffmpeg
from pipeline.publishing import scratch

_STILL = (240, 135)  # pixels of a still's box
_LISTED = {"": "", "verified": "as the card's list says", "failed": "NOT as the card's list says"}
_WORDS = {"copied": "verified copy", "known": "was there already", "failed": "FAILED"}
_BY_LIST = "Nothing was copied or read again: these hashes are those of the list in the copy that was there already."


def as_data(done: Offloaded, card: Card) -> dict[str, Any]:
    """The report as plain values."""
    by_list = _by_list(done)
    files = done.files or by_list or _there(done)
    return {
        "card": one_line(done.card),
        "began": done.began.isoformat(timespec="seconds"),
        "ended": done.ended.isoformat(timespec="seconds"),
        "bytes": sum(file.size for file in files),
        "copies": [_copy(copy) for copy in done.copies],
        "clips": [_clip(clip) for clip in _clips(card)],
        "files": [
            {"path": file.path, "size": file.size, "hashes": dict(file.hashes), "listed": file.listed} for file in files
        ],
        "files_by_list": bool(by_list),
        "warnings": [*done.warnings, *card.lacks(done.lost)],
    }


def _by_list(done: Offloaded) -> tuple[FileDone, ...]:
    """Where nothing was copied: the files of a copy that was there already, hashes as its own list states them."""
    known = [] if done.files else [copy.folder for copy in done.copies if copy.state == "known"]
    found: list[FileDone] = []
    for path, hashes in sorted(lists_of(known[0]).known.items()) if known else ():
        with suppress(RushesError):
            found.append(FileDone(one_line(path), stamp_of(known[0] / path).size, hashes))
    return tuple(found)


def _there(done: Offloaded) -> tuple[FileDone, ...]:
    """The files of a copy that was there already and has no list."""
    known = next((copy.folder for copy in done.copies if copy.state == "known"), None)
    found = scan(known, b"", ()).files() if known else ()
    return tuple(FileDone(one_line(path), stamp.size, {}) for path, stamp in sorted(found))


def _copy(copy: CopyDone) -> dict[str, Any]:
    failed = {"error": copy.sentence, "exit_code": copy.exit_code} if copy.state == "failed" else {}
    return {"folder": one_line(copy.folder), "state": copy.state, **failed}


def _clip(clip: Clip) -> dict[str, Any]:
    facts = clip.facts
    return {
        "name": one_line(clip.name),
        "start_timecode": str(clip.start) if clip.start else None,
        "frames": clip.frames,
        "rate": str(clip.rate) if clip.rate else None,
        "seconds": round(float(clip.duration), 3) if clip.duration else None,
        "camera": facts.camera_model,
        "reel": facts.reel,
    }


def _clips(card: Card) -> list[Clip]:
    return [each.clip for taken in card.taken for each in taken.clips]


def as_text(data: Mapping[str, Any]) -> str:
    """The report as lines."""
    lines = [f"Card     {data['card']}", f"Began    {data['began']}", f"Ended    {data['ended']}",
             f"Files    {len(data['files'])}, {data['bytes']:,} bytes", ""]  # fmt: skip
    lines += [
        f"{_WORDS[copy['state']]:26} {copy['folder']} {copy.get('error', '')}".rstrip() for copy in data["copies"]
    ]
    lines += ["", *(f"warning: {warning}" for warning in data["warnings"])]
    lines += [
        f"clip  {clip['name']}  {clip['start_timecode'] or 'no timecode'}  {_length(clip)}" for clip in data["clips"]
    ]
    lines += ["", *([_BY_LIST] if data["files_by_list"] else [])]
    for file in data["files"]:
        hashes = "  ".join(f"{name}:{value}" for name, value in file["hashes"].items())
        lines.append(f"{hashes}  {file['size']:>15,}  {file['path']}  {_LISTED[file['listed']]}".rstrip())
    return "\n".join(one_line(line) for line in lines) + "\n"


def _length(clip: Mapping[str, Any]) -> str:
    """In frames; of sound that states no rate of them in seconds."""
    return f"{clip['seconds']} s" if clip["seconds"] and not clip["frames"] else f"{clip['frames'] or '?'} frames"


def as_json(data: Mapping[str, Any]) -> str:
    return json.dumps(data, indent=2, ensure_ascii=False) + "\n"


def as_html(data: Mapping[str, Any], card: Card) -> str:
    """One page that needs no other file; every word from the card is data in it."""
    stills = [_still(card, clip) for clip in _clips(card)]
    copies = "".join(
        f"<tr class={_cell(copy['state'])}><td>{_cell(copy['folder'])}</td><td>{_cell(_WORDS[copy['state']])}</td>"
        f"<td>{_cell(copy.get('error', ''))}</td></tr>"
        for copy in data["copies"]
    )
    clips = "".join(
        f"<figure>{still}<figcaption><b>{_cell(clip['name'])}</b><br>"
        f"{_cell(clip['start_timecode'] or 'no timecode')}<br>{_cell(clip['seconds'] or '?')} s"
        f"{_cell(' ' + clip['camera'] if clip['camera'] else '')}</figcaption></figure>"
        for still, clip in zip(stills, data["clips"], strict=True)
    )
    files = "".join(
        f"<tr><td>{_cell(file['path'])}</td><td class=n>{file['size']:,}</td>"
        f"<td><code>{'<br>'.join(_cell(f'{name} {value}') for name, value in file['hashes'].items())}</code></td>"
        f"<td>{_LISTED[file['listed']]}</td></tr>"
        for file in data["files"]
    )
    warnings = "".join(f"<li>{_cell(warning)}</li>" for warning in data["warnings"])
    name = _cell(Path(data["card"]).name)
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Offload of {name}</title><style>{_STYLE}</style>'
        f"<h1>Offload of {name}</h1><p>{_cell(data['began'])} to {_cell(data['ended'])}: "
        f"{len(data['files'])} files, {data['bytes']:,} bytes, from {_cell(data['card'])}</p>"
        f"<h2>Copies</h2><table>{copies}</table>"
        + (f"<h2>Look at these</h2><ul>{warnings}</ul>" if warnings else "")
        + f"<h2>{len(data['clips'])} clips</h2><div class=clips>{clips}</div>"
        f"<h2>Files</h2>{f'<p>{_BY_LIST}</p>' if data['files_by_list'] else ''}<table>{files}</table></html>\n"
    )


_STYLE = (
    "body{font:14px/1.4 system-ui,sans-serif;margin:2em;max-width:70em;color:#222}table{border-collapse:collapse}"
    "td{border-top:1px solid #ddd;padding:.3em .8em .3em 0;vertical-align:top}.n{text-align:right}code{font-size:12px}"
    ".clips{display:flex;flex-wrap:wrap;gap:1em}figure{margin:0;width:240px}figure img,figure div{width:240px;"
    "height:135px;object-fit:contain;background:#181818;color:#bbb;overflow:hidden;font-size:12px}figcaption{font-size:12px;overflow-wrap:anywhere}"
    "tr.failed{color:#b00020}li{color:#b00020}"
)


def _cell(value: object) -> str:
    """Text for the page: markup and control characters from a card are shown, not obeyed."""
    return html.escape(one_line(str(value)))


def _still(card: Card, clip: Clip) -> str:
    """A picture from a third into the clip; a box that says why where there is none."""
    if not clip.facts.video:
        return _box("sound")
    if clip.facts.decoder is False:
        return _box("no free decoder reads it")
    part = clip.parts[0]
    length = clip.rate.seconds(part.frames or clip.frames or 0) if clip.rate else Fraction(0)
    source = card.folder.parent / os.fsdecode(part.path)
    width, height = _STILL
    fit = f"scale={width}:{height}:force_original_aspect_ratio=decrease:force_divisible_by=2"
    with scratch() as folder:
        picture = folder / "still.jpg"
        arguments = [
            "-ss", f"{float(length / 3):.3f}",
            "-i", f"file:{source}", "-map", "0:v:0", "-vf", fit, "-frames:v", "1", "-f", "image2", "-update", "1",
            "-q:v", "5", f"file:{picture}",
        ]  # fmt: skip
        try:
            run_ffmpeg(find_ffmpeg(), arguments, terms=Terms(subject=clip.name, total=60))
            encoded = base64.b64encode(picture.read_bytes()).decode()
        except (RushesError, OSError) as error:
            return _box(f"no picture of it can be decoded: {error}")
    return f'<img alt="" src="data:image/jpeg;base64,{encoded}">'


def _box(why: str) -> str:
    return f"<div>{_cell(why)}</div>"
