"""A folder that directly holds media, laid out by people: each recording is a clip.

The last structure asked: it claims every folder with media that no camera's layout explains. Takes of
a recorder that names its folders by day lie here, too: theirs are the only numbers that are missed.
"""

from collections.abc import Sequence

from pipeline.cards.numbering import gaps
from pipeline.cards.sound import NUMBER, only_sound
from pipeline.cards.structure import Folder, Found, Read, Structure, clips_everywhere


def _clips(folders: Sequence[Folder], _read: Read) -> Found:
    found = Found(clips_everywhere(folders))
    recorders = [folder for folder in folders if only_sound(folder)]
    found.warnings.extend(sentence for folder in recorders for sentence in gaps(folder.files, NUMBER))
    return found


PLAIN = Structure("plain", lambda _folder: None, _clips)
