"""Which files of a listing are proxies beside their originals, whoever made them: they are never taken for footage."""

from collections.abc import Collection

from pipeline.cards.media import MEDIA_SUFFIXES

FOLDER = b"Proxy"  # where Resolve looks for them, and where ours lie that are to lie beside originals
ENDING_SIGNS = "_-"  # what follows the original's name begins so, as Premiere's `_Proxy`
_CUT = 200  # bytes: of a name grown too long at least so many are those of its original


def proxies_beside(paths: Collection[bytes]) -> frozenset[bytes]:
    """The files at any depth below a folder Proxy that bear the name of a recording which lies beside that folder.

    Presets and clips of equal names have folders of their own in it. Letter case makes no other name.
    """
    homes = {path: _homes(path) for path in paths if b"/proxy/" in b"/" + path.lower()}
    recordings: dict[bytes, set[bytes]] = {home: set() for each in homes.values() for home in each}
    for path in paths if recordings else ():
        folder, _, name = path.rpartition(b"/")
        stem, dot, suffix = name.upper().rpartition(b".")
        if folder in recordings and dot + suffix.lower() in MEDIA_SUFFIXES:
            recordings[folder].add(stem)
    return frozenset(
        path for path, beside in homes.items() if any(_is_of(_stem(path), recordings[home]) for home in beside)
    )


def _homes(path: bytes) -> list[bytes]:
    """The folders that hold the folders Proxy on the way to a file."""
    parts = path.split(b"/")
    return [b"/".join(parts[:at]) for at, part in enumerate(parts[:-1]) if part.upper() == FOLDER.upper()]


def _stem(path: bytes) -> bytes:
    name = path.rpartition(b"/")[2].upper()
    return name.rpartition(b".")[0] or name


def _is_of(stem: bytes, recordings: Collection[bytes]) -> bool:
    """Whether a name is that of a recording, or goes on from it with an ending."""
    begun = [stem, *(stem[:at] for at, sign in enumerate(stem) if chr(sign) in ENDING_SIGNS)]
    return any(
        each in recordings or (len(each) > _CUT and any(whole.startswith(each) for whole in recordings))
        for each in begun
    )
