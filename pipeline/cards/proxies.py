"""Which files of a listing are proxies beside their originals, whoever made them: they are never taken for footage."""

from collections.abc import Collection, Mapping

from pipeline.cards.media import MEDIA_SUFFIXES

FOLDER = b"Proxy"  # where Resolve looks for them, and where ours lie that are to lie beside originals
ENDING_SIGNS = "_-"  # what follows the original's name begins so, as Premiere's `_Proxy`
_CUT = 200  # bytes: of a name grown too long at least so many are those of its original
_Recordings = Mapping[bytes, Collection[bytes]]  # of one folder, by name without suffix, in capitals


def proxies_beside(paths: Collection[bytes]) -> dict[bytes, tuple[bytes, ...]]:
    """The files at any depth below a folder Proxy that bear the name of a recording which lies beside that folder.

    Each with the recordings of that name. Presets and clips of equal names have folders of their own in it. Letter
    case makes no other name.
    """
    homes = {path: _homes(path) for path in paths if in_proxy_folder(path)}
    recordings: dict[bytes, dict[bytes, list[bytes]]] = {home: {} for each in homes.values() for home in each}
    for path in paths if recordings else ():
        folder, _, name = path.rpartition(b"/")
        stem, dot, suffix = name.upper().rpartition(b".")
        if folder in recordings and dot + suffix.lower() in MEDIA_SUFFIXES:
            recordings[folder].setdefault(stem, []).append(path)
    found = {path: _originals(_stem(path), [recordings[home] for home in beside]) for path, beside in homes.items()}
    return {path: originals for path, originals in found.items() if originals}


def in_proxy_folder(path: bytes) -> bool:
    """Whether a file lies at any depth below a folder Proxy."""
    return b"/proxy/" in b"/" + path.lower()


def _homes(path: bytes) -> list[bytes]:
    """The folders that hold the folders Proxy on the way to a file."""
    parts = path.split(b"/")
    return [b"/".join(parts[:at]) for at, part in enumerate(parts[:-1]) if part.upper() == FOLDER.upper()]


def _stem(path: bytes) -> bytes:
    name = path.rpartition(b"/")[2].upper()
    return name.rpartition(b".")[0] or name


def _originals(stem: bytes, beside: Collection[_Recordings]) -> tuple[bytes, ...]:
    """The recordings of a name, or of the longest that it goes on from with an ending; the outermost folder's first."""
    begun = [stem, *(stem[:at] for at in range(len(stem) - 1, -1, -1) if chr(stem[at]) in ENDING_SIGNS)]
    for recordings in beside:
        for each in begun:
            if each in recordings:
                return tuple(recordings[each])
            cut = [whole for whole in recordings if len(each) > _CUT and whole.startswith(each)]
            if cut:
                return tuple(recordings[cut[0]])
    return ()
