"""What is written appears whole, under its name, safe on disk, or not at all."""

import contextlib
import errno
import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pipeline.errors import AlreadyThere, PathRefused
from pipeline.faults import reached
from pipeline.files import one_line, path_error

TEMPORARY = ".rushes-"  # hidden, so that no scan takes it for footage
_HELD = ".held"  # ends the names of what is locked as long as it is in use


def make_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing, each safe on disk: what is published there stays there."""
    missing = [folder] if not folder.is_dir() else []
    while missing and not missing[-1].parent.is_dir():
        missing.append(missing[-1].parent)
    try:
        for each in reversed(missing):
            reached("folder.make")
            each.mkdir(exist_ok=True)
            reached("folder.sync_above")
            sync(each.parent)
    except OSError as error:
        raise path_error(error, folder) from error


def temporary_beside(final: Path) -> Path:
    """A fresh hidden name in the folder of `final`, which is made where it is missing."""
    make_folder(final.parent)
    return final.with_name(f"{TEMPORARY}{os.urandom(8).hex()}.part")


def publish(temporary: Path, final: Path) -> None:
    """Make a finished file appear under its name, whole and safe on disk, or not at all."""
    publish_all(((temporary, final),))


def publish_all(finished: Sequence[tuple[Path, Path]]) -> None:
    """Make finished files, each with its name, appear together: none before all are safe on disk.

    What the disk did not take is thrown away: after a failed fsync, a second one would lie.
    """
    try:
        for temporary, _ in finished:
            reached("publish.sync")
            sync(temporary)
        for temporary, final in finished:
            reached("publish.rename")
            temporary.replace(final)
        for folder in {final.parent for _, final in finished}:
            reached("publish.sync_folder")
            sync(folder)
    except BaseException as error:  # an interrupt, too, leaves nothing half-made
        for temporary, _ in finished:
            temporary.unlink(missing_ok=True)
        if isinstance(error, OSError):
            raise path_error(error, finished[0][1]) from error
        raise


def publish_new(temporary: Path, final: Path) -> None:
    """Publish a finished file under a name that nothing bears. Raises AlreadyThere where something does.

    Where its name was not made safe it is taken away again: what is there counts as kept.
    """
    try:
        reached("new.sync")
        sync(temporary)
        reached("new.link")
        _name(temporary, final)
        try:
            reached("new.sync_folder")
            sync(final.parent)
        except OSError:
            final.unlink()
            raise
    except FileExistsError as error:
        raise AlreadyThere(f"{one_line(final)} is there already and is not overwritten; name another file.") from error
    except OSError as error:
        raise path_error(error, final) from error
    finally:
        temporary.unlink(missing_ok=True)


def _name(temporary: Path, final: Path) -> None:
    try:
        final.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError:  # a filesystem without links: nothing but a look keeps us from replacing
        if final.exists():
            raise FileExistsError(final) from None
        temporary.replace(final)


def link_whole(old: Path, now: Path) -> None:
    """Give a file a second name, safe on disk; where there are no links, a copy. Raises what the disk does."""
    try:
        reached("keep.link")
        now.hardlink_to(old)
    except OSError:
        temporary = temporary_beside(now)
        shutil.copy2(old, temporary)
        publish(temporary, now)
    reached("keep.sync")
    sync(now.parent)


def write_whole(final: Path, data: bytes) -> None:
    """Write a small file whole: readers see the old bytes or the new ones."""
    try:
        with _held(final.parent, _new_file) as (temporary, descriptor):
            try:
                reached("write.bytes")
                with open(descriptor, "wb", closefd=False) as file:
                    file.write(data)
                publish(temporary, final)
            finally:
                temporary.unlink(missing_ok=True)
    except OSError as error:
        raise path_error(error, final) from error


@contextlib.contextmanager
def workroom(folder: Path) -> Iterator[Path]:
    """A hidden folder in `folder` while the block runs, so that what is finished there only needs a rename."""
    with _held(folder, _new_folder) as (room, _):
        try:
            yield room
        finally:
            reached("room.leave")
            shutil.rmtree(room, ignore_errors=True)


def refuse_unwritable(folder: Path) -> None:
    """Try a folder, which is made where it is missing. Raises PathRefused, PathMissing and DiskFull, naming it."""
    try:
        with workroom(folder):
            pass
    except OSError as error:
        raise path_error(error, folder) from error


def scratch() -> contextlib.AbstractContextManager[Path]:
    """A hidden folder for what is needed for a moment."""
    from tempfile import gettempdir  # `rushes log` never needs it

    return workroom(Path(gettempdir()))


@contextlib.contextmanager
def _held(folder: Path, make: Callable[[Path], int]) -> Iterator[tuple[Path, int]]:
    """Something hidden in `folder`, which is made where it is missing, locked as long as it is in use.

    The system frees the locks of a process that dies: what nobody holds is left over from one, and goes first.
    """
    make_folder(folder)
    _sweep_unheld(folder)
    while True:
        place = folder / f"{TEMPORARY}{os.urandom(8).hex()}{_HELD}"
        try:
            descriptor = make(place)
        except FileNotFoundError:
            if not folder.exists():
                raise
            continue  # swept by another process before it could be locked
        with contextlib.suppress(OSError):  # a disk without locks: nobody sweeps there either
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        if place.exists():
            break
        os.close(descriptor)  # swept between the two
    try:
        yield place, descriptor
    finally:
        os.close(descriptor)


def _new_file(place: Path) -> int:
    return os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)


def _new_folder(place: Path) -> int:
    reached("room.make")
    place.mkdir(mode=0o700)
    return os.open(place, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)


def _sweep_unheld(folder: Path) -> None:
    for place in folder.glob(f"{TEMPORARY}*{_HELD}"):
        with contextlib.suppress(OSError):
            descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                reached("sweep.unheld")
                if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                    shutil.rmtree(place, ignore_errors=True)
                else:
                    place.unlink()
            finally:
                os.close(descriptor)


def publish_folder(temporary: Path, final: Path) -> None:
    """Make a finished folder, whose files are safe, appear under its name; never over one that holds anything.

    Where its name was not made safe it is hidden again: what is there counts as a copy.
    """
    try:
        for parent, _, _ in os.walk(temporary, topdown=False):
            reached("folder.sync")
            sync(Path(parent))
        reached("folder.rename")
        temporary.rename(final)
        try:
            reached("folder.sync_parent")
            sync(final.parent)
        except OSError:
            final.rename(temporary)
            raise
    except OSError as error:
        if error.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
            raise PathRefused(f"{one_line(final)} is there already and is not overwritten; name another.") from error
        raise path_error(error, final) from error


def sweep_temporaries(folder: Path, *, deep: bool = True) -> int:
    """Remove what a killed process left half-made in `folder` (and below it); returns how many files went."""
    swept = 0
    for parent, folders, names in os.walk(folder):
        if any(name.startswith(TEMPORARY) and name.endswith(_HELD) for name in (*folders, *names)):
            _sweep_unheld(Path(parent))
        if not deep:
            folders.clear()
        for name in names:
            if name.startswith(TEMPORARY) and not name.endswith(_HELD):
                with contextlib.suppress(OSError):
                    reached("sweep.remove")
                    Path(parent, name).unlink()
                    swept += 1
    return swept


def sync(path: Path) -> None:
    """Make a file, or the names in a folder, safe on disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
