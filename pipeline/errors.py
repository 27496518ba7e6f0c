"""Every refusal: one sentence that says what to do, and the exit code that goes with it.

The families are published in docs/exit-codes.md: 10-19 what was typed, 20-29 media, 30-39 disk,
40-49 catalogue, 70 a bug of ours. Only the command line prints or exits; everything else raises.
"""

import shlex
from typing import ClassVar


def command(*words: str) -> str:
    """A command as a sentence names it: every word as it is typed, in backquotes where a word needs quotes itself."""
    typed = shlex.join(("rushes", *words))
    return f"`{typed}`" if "'" in typed else f"'{typed}'"


class RushesError(Exception):
    """The root of all refusals; `str(error)` is the sentence a person reads."""

    exit_code: ClassVar[int] = 70

    @property
    def sentence(self) -> str:
        return str(self)


# 10-19: what was typed


class FilmNotFound(RushesError):
    """No rushes.toml here or above, or the folder named is no film."""

    exit_code = 10


class SettingsError(RushesError):
    """rushes.toml or a shipped table is broken; the sentence names file, line and key."""

    exit_code = 11


class QueryError(RushesError):
    """A search that cannot be understood; the sentence marks the place."""

    exit_code = 12


class NotFound(RushesError):
    """A clip, card, cut, preset or batch that does not exist."""

    exit_code = 13


class ValueRefused(RushesError):
    """A value that its field, timecode or rate cannot take."""

    exit_code = 14


class AlreadyThere(RushesError):
    """The name or folder is taken and would be overwritten."""

    exit_code = 15


# 20-29: media


class MediaUnreadable(RushesError):
    """A file that is damaged, cut off, empty or refused by its reader."""

    exit_code = 20


class NotMedia(RushesError):
    """A file that is no picture or sound recording."""

    exit_code = 21


class ToolMissing(RushesError):
    """ffmpeg or another program is missing, or lacks what is asked of it."""

    exit_code = 23


class ProxyRefused(RushesError):
    """What ffmpeg made is not what was asked for; it was not published."""

    exit_code = 24


class ExportRefused(RushesError):
    """A timeline that the format cannot carry without loss."""

    exit_code = 25


class TimelineUnreadable(RushesError):
    """A timeline file that is damaged, hostile or of no format that is read."""

    exit_code = 27


class ToolStopped(RushesError):
    """ffmpeg was killed or made no headway; what it made was thrown away and is tried again."""

    exit_code = 26


# 30-39: disk


class DiskFull(RushesError):
    exit_code = 30


class PathMissing(RushesError):
    """A file or folder that is not there, or a volume that is offline."""

    exit_code = 31


class PathRefused(RushesError):
    """No permission, or a path that must not be used (a link out of the folder)."""

    exit_code = 32


class ChangedWhileRead(RushesError):
    """A file changed between two looks; it is taken again when it rests."""

    exit_code = 33


# 40-49: catalogue


class CatalogueBusy(RushesError):
    """Another head runs on this production, or a writer holds the catalogue too long."""

    exit_code = 40


class CatalogueOnNetwork(RushesError):
    """SQLite's write-ahead log needs one host; a network filesystem is refused."""

    exit_code = 41


class CatalogueNewer(RushesError):
    """The catalogue was written by a newer release."""

    exit_code = 42


class CatalogueDamaged(RushesError):
    exit_code = 43


class CatalogueUnread(RushesError):
    """The disk of the catalogue does not give or take it: nothing is wrong with the catalogue, nor with any card."""

    exit_code = 44


# neither: somebody changed their mind


class Cancelled(RushesError):
    """The work was called off; nothing of it was kept, and it is taken up again at the next run."""

    exit_code = 130
