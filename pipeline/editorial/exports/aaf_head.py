"""The head of an AAF as pyaaf2 writes it: classes, types, and the definitions that our mobs refer to.

Nothing in it depends on time or chance, so that the same cut is the same file.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from pipeline.editorial.aaf_model import (
    LEVEL,
    LINEAR,
    MARKER_ATTRIBUTES,
    MARKER_COLOR,
    MARKER_USER,
    SOUND_DISSOLVE,
    SPEED_CONTROL,
    SPEED_OFFSET_MAP,
    SPEED_RATIO,
    VIDEO_DISSOLVE,
    Pid,
)
from pipeline.editorial.exports.compound import Content, Folder
from pipeline.editorial.imports.aaf_objects import AafFile
from pipeline.editorial.imports.compound import Compound, Entry, class_of, is_storage

ANY_DAY = datetime(2000, 1, 1)  # noqa: DTZ001 # AAF's stamps know no zone, and pyaaf2 none either
_PRODUCT = "5a1c3f52-0b0e-4b6e-9a55-d1f0a6b50c11"
_CONTENT = "Content"


@dataclass(frozen=True, slots=True)
class Head:
    """All of a file but its mobs: `folder` without them, and the numbers by which mobs refer to it."""

    root: Folder
    data: int
    operations: int
    interpolations: int
    attributes: int
    color: int
    user: int

    def with_content(self, content: Folder) -> Folder:
        """The whole file with its mobs."""
        return Folder(self.root.class_id, [(name, _replaced(name, held, content)) for name, held in self.root.entries])


def _replaced(name: str, held: Content, content: Folder) -> Content:
    if not isinstance(held, Folder) or not name.startswith("Header"):
        return held
    return Folder(
        held.class_id, [(inner, content if inner.startswith(_CONTENT) else each) for inner, each in held.entries]
    )


@cache
def head() -> Head:
    import aaf2  # takes 40 ms, for this only

    file = aaf2.open()
    _define(file)
    _sign(file)
    dictionary = (Pid.HEADER, Pid.DICTIONARY)
    tables = [
        file.weakref_index([*dictionary, pid]) for pid in (Pid.DATA_DEFINITIONS, Pid.OPERATIONS, Pid.INTERPOLATIONS)
    ]
    file.save()
    file.manager.remove_temp()
    file.cfb.close()
    compound = Compound(file.f.getvalue())
    written = AafFile(compound)
    extensions = [written.pid(each) for each in (MARKER_ATTRIBUTES, MARKER_COLOR, MARKER_USER)]
    root = _folder(compound, compound.entry(0))
    return Head(root, *tables, *extensions)


def _define(file: Any) -> None:
    """The effects and parameters that cuts use; numbers of inputs by the AAF Object Specification."""
    for key, name in ((LEVEL, "Level"), (SPEED_RATIO, "SpeedRatio"), (SPEED_OFFSET_MAP, "PARAM_SPEED_OFFSET_MAP_U")):
        file.dictionary.register_def(file.create.ParameterDef(_uuid(key), name, "", "Rational"))
    linear = file.create.InterpolationDef(_uuid(LINEAR), "LinearInterp", "")
    file.dictionary.register_def(linear)
    effects = (
        (VIDEO_DISSOLVE, "Video Dissolve", "picture", 2, (LEVEL,)),
        (SOUND_DISSOLVE, "Audio Dissolve", "sound", 2, (LEVEL,)),
        (SPEED_CONTROL, "Motion Control", "picture", 1, (SPEED_RATIO, SPEED_OFFSET_MAP)),
    )
    for key, name, kind, inputs, parameters in effects:
        effect = file.create.OperationDef(_uuid(key), name, "")
        file.dictionary.register_def(effect)
        effect.media_kind = kind
        effect["IsTimeWarp"].value = key == SPEED_CONTROL
        effect["NumberInputs"].value = inputs
        effect["OperationCategory"].value = "OperationCategory_Effect"
        effect["ParametersDefined"].extend([file.dictionary.lookup_parameterdef(_uuid(each)) for each in parameters])


def _sign(file: Any) -> None:
    [signature] = file.header["IdentificationList"].value
    for name, value in (
        ("ProductName", "Rushes"), ("CompanyName", "Rushes"), ("ProductVersionString", "1"), ("Platform", "any"),
        ("Date", ANY_DAY), ("ProductID", _auid(_PRODUCT)), ("GenerationAUID", _auid(_PRODUCT)),
    ):  # fmt: skip
        signature[name].value = value
    file.header["LastModified"].value = ANY_DAY


def _uuid(key: bytes) -> Any:
    return _auid(str(uuid.UUID(bytes_le=key)))


def _auid(text: str) -> Any:
    from aaf2.auid import AUID

    return AUID(text)


def _folder(compound: Compound, entry: Entry) -> Folder:
    """A folder of pyaaf2's file with all that it holds."""
    held = compound.held_in(entry).items()
    entries = [(name, _folder(compound, each) if is_storage(each) else compound.read(each)) for name, each in held]
    return Folder(class_of(entry), entries)
