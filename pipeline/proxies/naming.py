"""Where products lie, relative to the production folder (or the clip's root, for `beside`)."""

from typing import Literal

from pipeline.cards.proxies import FOLDER
from pipeline.clip import Clip
from pipeline.proxies.presets import Preset

_NAME_BYTES = 255
# Folders that cameras put between the card and its clips: they tell an editor nothing.
_STRUCTURE = frozenset({
    b"private", b"m4root", b"clip", b"clips", b"dcim", b"contents", b"video", b"avchd", b"bdmv", b"stream",
    b"xdroot", b"bpav", b"clpr",
})  # fmt: skip
_SUFFIXES = {"poster": b".poster.jpg", "filmstrip": b".filmstrip.jpg", "waveform": b".waveform.png"}


def proxy_path(clip: Clip, folder: bytes, preset: Preset, placement: Literal["mirror", "beside"]) -> bytes:
    """Where a proxy lies: the base name of the clip's first part, in a mirror of its card below proxies/.

    `folder` is the card's, relative to the same root as the clip's parts. `beside` is a folder Proxy/
    next to the original, where Resolve looks. A name grown too long ends in the clip's id instead.
    """
    where, _, name = clip.parts[0].path.rpartition(b"/")
    stem = name.rpartition(b".")[0] or name
    suffix = preset.ending.encode() + preset.codec.suffix
    if len(stem) + len(suffix) > _NAME_BYTES:
        tail = b"_" + clip.id[:8].encode()
        stem = _cut(stem, _NAME_BYTES - len(suffix) - len(tail)) + tail
    own = [preset.folder.encode()] if preset.folder else []
    if placement == "beside":
        return b"/".join([*_parts(where), FOLDER, *own, stem + suffix])
    return b"/".join([b"proxies", *own, *_mirrored(where, folder), stem + suffix])


def still_path(clip: Clip, kind: str) -> bytes:
    """Where a poster, filmstrip or waveform lies: by the clip's id, which no two clips share."""
    return b"stills/" + clip.id[:2].encode() + b"/" + clip.id.encode() + _SUFFIXES[kind]


def glances_path(clip_id: str) -> str:
    """Where the small pictures of a clip lie, by which conform knows it again: they are for no eyes."""
    return f".rushes/glances/{clip_id[:2]}/{clip_id}"


def _mirrored(where: bytes, folder: bytes) -> list[bytes]:
    """The folders of the card, then those inside it that say something; `ingest` itself says nothing."""
    outside = _parts(folder) if where == folder or where.startswith(folder + b"/") else []
    inside = _parts(where)[len(outside) :]
    if outside[:1] == [b"ingest"]:
        outside = outside[1:]
    elif not outside and inside[:1] == [b"ingest"]:
        inside = inside[1:]
    return [*outside, *(part for part in inside if part.lower() not in _STRUCTURE)]


def _parts(path: bytes) -> list[bytes]:
    return [part for part in path.split(b"/") if part]


def _cut(name: bytes, length: int) -> bytes:
    """The beginning of a name, never through a UTF-8 sign."""
    while length and length < len(name) and name[length] & 0xC0 == 0x80:
        length -= 1
    return name[:length]
