"""A folder that directly holds media, laid out by people: each recording is a clip.

The last structure asked: it claims every folder with media that no camera's layout explains.
"""

from collections.abc import Sequence

from pipeline.cards.structure import Folder, Found, Read, Structure, clips_everywhere


def _clips(folders: Sequence[Folder], _read: Read) -> Found:
    return Found(clips_everywhere(folders))


PLAIN = Structure("plain", lambda _folder: None, _clips)
