"""Sound recorders: numbered folders of WAV files, poly files and mono splits alike.

Zoom recorders keep FOLDER01 (inside STEREO, 4CH or MTR on the older ones) and a folder per take
below it; the card is the folder above. A recorder that names its folders by day (19Y10M12) has no
layout to know it by: its folders are cards, or one card where a template fits above them. Each
file is a clip: splits of one take start together but are separate recordings.
"""

import re
from collections.abc import Sequence

from pipeline.cards.media import MEDIA_SUFFIXES, SOUND_SUFFIXES
from pipeline.cards.numbering import gaps
from pipeline.cards.structure import Folder, Found, Read, Structure, clips_everywhere

# Takes: 12-T001 (Sound Devices), 190814_001 (Zoom), STE-000 and 4CH000I (older Zooms).
NUMBER = re.compile(rb"(.*-T|\d{6}_|STE-|4CH)(\d{3})(?:I|M|_.*)?\Z", re.DOTALL)
_ROLL = re.compile(rb"FOLDER\d\d")
_MODES = frozenset({b"STEREO", b"4CH", b"MTR", b"MULTI"})


def only_sound(folder: Folder) -> bool:
    """Whether all recordings in the folder are sound."""
    suffixes = {file.suffix for file in folder.files} & MEDIA_SUFFIXES
    return bool(suffixes) and suffixes <= SOUND_SUFFIXES


def _root(folder: Folder) -> int | None:
    for depth in range(len(folder.parts) - 1, -1, -1):
        if _ROLL.fullmatch(folder.parts[depth]):
            if not only_sound(folder):
                return None
            return depth - 1 if depth and folder.parts[depth - 1] in _MODES else depth
    return None


def _clips(folders: Sequence[Folder], _read: Read) -> Found:
    found = Found(clips_everywhere(folders))
    found.warnings.extend(sentence for folder in folders for sentence in gaps(folder.files, NUMBER))
    return found


SOUND = Structure("sound", _root, _clips)
