"""The disk: looked at and hashed. Originals are only ever opened for reading."""

import errno
import fnmatch
import io
import os
import re
import shutil
import stat
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

import xxhash

from pipeline.clip import SeenFile, Stamp
from pipeline.errors import (
    Cancelled,
    ChangedWhileRead,
    DiskFull,
    MediaUnreadable,
    PathMissing,
    PathRefused,
)

CHUNK = 4 << 20
_SAMPLE = 64 << 10  # bytes of head, middle and tail in a quick identity
_name = attrgetter("name")
_LATEST = 2**63 - 1  # nanoseconds since 1970 that a catalogue holds: a file of the year 2300 counts as one of 2262


# --- looking --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Scan:
    """All regular files below a folder; `skipped` says of links and the like why they were left out.

    `unreadable` are folders that could not be looked into, with the reason. `fingerprint` stands for
    all of it: where it is as it was, nobody has to ask for the files.
    """

    found: tuple[tuple[bytes, int, int, int, int], ...]  # path, then a stamp: plain, for there are 100,000
    skipped: tuple[tuple[bytes, str], ...]
    unreadable: tuple[tuple[bytes, str], ...]
    fingerprint: str

    def files(self) -> tuple[SeenFile, ...]:
        return tuple(SeenFile(path, Stamp(*stamp)) for path, *stamp in self.found)


def scan(root: Path, below: bytes, ignore: tuple[str, ...]) -> Scan:
    """Look at every file in the folder `below` the root; paths come back relative to the root.

    Links are never followed. Raises PathMissing where the folder is gone. The order is the same each time.
    """
    ignored = re.compile(b"|".join(fnmatch.translate(pattern).encode() for pattern in ignore) or rb"(?!)").match
    found: list[tuple[bytes, int, int, int, int]] = []
    skipped: list[tuple[bytes, str]] = []
    unreadable: list[tuple[bytes, str]] = []
    digest = xxhash.xxh128()
    pending = [below]
    base = os.fsencode(root)
    while pending:
        folder = pending.pop()
        try:
            entries = sorted(os.scandir(os.path.join(base, folder)), key=_name)
        except OSError as error:
            if folder == below:
                raise path_error(error, root / os.fsdecode(below)) from error
            unreadable.append((folder, path_error(error, root / os.fsdecode(folder)).sentence))
            continue
        prefix = folder + b"/" if folder else b""
        for entry in entries:
            name = entry.name
            if ignored(name):
                continue
            try:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(prefix + name)
                    continue
                seen = entry.stat(follow_symlinks=False)
            except OSError:
                continue  # gone between listing and look: the next look tells
            if stat.S_ISREG(seen.st_mode):
                file = (prefix + name, seen.st_dev, seen.st_ino, seen.st_size, min(seen.st_mtime_ns, _LATEST))
                found.append(file)
                digest.update(b"%b\0%d %d %d %d\0" % file)
            elif stat.S_ISLNK(seen.st_mode):
                skipped.append((prefix + name, "it is a link and links are not followed; copy in what it points to"))
            else:
                skipped.append((prefix + name, "it is no regular file; remove it from the card"))
    return Scan(tuple(found), tuple(skipped), tuple(unreadable), digest.hexdigest())


def stamp_of(path: Path) -> Stamp:
    """The stamp of a regular file now; raises PathMissing or PathRefused."""
    try:
        seen = path.stat(follow_symlinks=False)
    except OSError as error:
        raise path_error(error, path) from error
    if not stat.S_ISREG(seen.st_mode):
        raise PathRefused(f"{one_line(path)} is a link or a device, not a file; name the file itself.")
    return Stamp(seen.st_dev, seen.st_ino, seen.st_size, min(seen.st_mtime_ns, _LATEST))


def fingerprint(files: Iterable[SeenFile]) -> str:
    """One hash that changes when any file below a card changes, comes or goes.

    Device numbers are left out: they change with every mount and say nothing of a file.
    """
    digest = xxhash.xxh128()
    for path, stamp in files:
        digest.update(b"%b\0%d %d %d\0" % (path, stamp.inode, stamp.size, stamp.mtime_ns))
    return digest.hexdigest()


def one_line(path: Path | bytes | str) -> str:
    """A path as one printable line: what is no UTF-8 or would break the line is escaped."""
    text = os.fsdecode(path)
    return "".join(
        letter if letter.isprintable() and not 0xDC80 <= ord(letter) <= 0xDCFF
        else letter.encode("utf-8", "surrogateescape").decode("latin-1").encode("unicode_escape").decode()
        for letter in text
    )  # fmt: skip


# --- hashing --------------------------------------------------------------------------------------


def quick_identity(path: Path) -> str:
    """xxh128 (hex) of size, head, middle and tail: the whole file where it is smaller than these."""
    try:
        with path.open("rb", buffering=0) as file:
            size = os.fstat(file.fileno()).st_size
            if size == 0:
                raise MediaUnreadable(f"{one_line(path.name)} is empty (0 bytes); copy it again from the card.")
            digest = xxhash.xxh128(size.to_bytes(8, "little"))
            if size <= 3 * _SAMPLE:
                digest.update(_read_exactly(file.fileno(), 0, size))
            else:
                for offset in (0, (size - _SAMPLE) // 2, size - _SAMPLE):
                    digest.update(_read_exactly(file.fileno(), offset, _SAMPLE))
            return digest.hexdigest()
    except OSError as error:
        raise path_error(error, path) from error


def clip_id(size: int, quick: str) -> str:
    """The id of a recording from its first part: the same bytes have it in every catalogue."""
    return xxhash.xxh128(f"{size}:{quick}".encode()).hexdigest()


def full_hash(path: Path, heard: Callable[[memoryview], None], cancelled: Callable[[], bool]) -> str:
    """xxh128 (hex) of the whole file; `heard` gets each chunk, whose bytes are gone with the next.

    Raises ChangedWhileRead when the file changed meanwhile, PathMissing when it went away, Cancelled.
    """
    before = stamp_of(path)
    digest = xxhash.xxh128()
    buffer = memoryview(bytearray(CHUNK))
    try:
        with path.open("rb", buffering=0) as file:
            while count := file.readinto(buffer):
                digest.update(buffer[:count])
                heard(buffer[:count])
                if cancelled():
                    raise Cancelled(f"The hash of {one_line(path.name)} was called off; it is taken at the next run.")
    except OSError as error:
        raise path_error(error, path) from error
    if stamp_of(path) != before:
        raise ChangedWhileRead(f"{one_line(path.name)} changed while it was read; it is taken again when it rests.")
    return digest.hexdigest()


def read_small(path: Path, limit: int = 4 << 20) -> bytes:
    """The bytes of a sidecar or report, at most `limit` of them; raises PathMissing or PathRefused."""
    try:
        with path.open("rb") as file:
            return file.read(limit)
    except OSError as error:
        raise path_error(error, path) from error


def open_below(root: Path, parts: Sequence[str]) -> io.FileIO:
    """A regular file below a folder, opened for reading; no link is followed on the way.

    A name that is not there is looked for as other systems compose its letters (NFC, NFD). Raises PathMissing where it
    is not there, PathRefused for a link, a device, or a folder where a file should be.
    """
    here = root.joinpath(*parts)
    try:
        folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
        try:
            for name in parts[:-1]:
                inner = _open_in(folder, name, os.O_DIRECTORY)
                os.close(folder)
                folder = inner
            file = _open_in(folder, parts[-1], os.O_NONBLOCK)  # a pipe is refused, not waited for
        finally:
            os.close(folder)
    except OSError as error:
        # os.path and not pathlib: a name that no disk can hold is no link.
        if any(os.path.islink(root.joinpath(*parts[:depth])) for depth in range(1, len(parts) + 1)):  # noqa: PTH114
            raise PathRefused(f"{one_line(here)} is a link and is not followed; put the file itself there.") from error
        raise path_error(error, here) from error
    if not stat.S_ISREG(os.fstat(file).st_mode):
        os.close(file)
        raise PathRefused(f"{one_line(here)} is no regular file; put the file itself there.")
    return io.FileIO(file, "rb")


def _open_in(folder: int, name: str, flags: int) -> int:
    flags |= os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(name, flags, dir_fd=folder)
    except FileNotFoundError:
        wanted = unicodedata.normalize("NFC", name)
        for other in os.listdir(folder):
            if unicodedata.normalize("NFC", other) == wanted:
                return os.open(other, flags, dir_fd=folder)
        raise


def _read_exactly(descriptor: int, offset: int, length: int) -> bytes:
    data = os.pread(descriptor, length, offset)
    while len(data) < length:
        more = os.pread(descriptor, length - len(data), offset + len(data))
        if not more:
            raise OSError(errno.EIO, "the file is shorter than it says")
        data += more
    return data


# --- room and refusals ----------------------------------------------------------------------------


def free_bytes(folder: Path) -> int:
    """Free space of the disk that holds `folder`, in bytes."""
    return _usage(folder)[1]


def keep_free(folder: Path, kept: int) -> None:
    """Raise DiskFull where the disk of `folder` has less free than `kept` bytes, of a small disk a hundredth."""
    total, free = _usage(folder)
    least = min(kept, total // 100)
    if free < least:
        raise DiskFull(
            f"The disk of {one_line(folder)} has {free / 1e6:,.1f} MB free and keeps {least / 1e6:,.1f} MB "
            "(storage.keep_free); free some space, then ingest again."
        )


def _usage(folder: Path) -> tuple[int, int]:
    """Bytes of the disk that holds `folder`, or will hold it: in all, and free."""
    while not folder.exists():
        folder = folder.parent
    usage = shutil.disk_usage(folder)
    return usage.total, usage.free


def path_error(error: OSError, path: Path) -> PathMissing | PathRefused | DiskFull:
    """The refusal that fits an error of the system: what happened and what to do."""
    name = one_line(path)
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull(f"The disk is full at {name}; free some space and run the same command again.")
    if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENODEV, errno.ESTALE, errno.ENXIO):
        return PathMissing(f"{name} is not there; check the name, or mount the volume it lies on.")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return PathRefused(f"{name} may not be used ({error.strerror}); grant access to it.")
    return PathRefused(f"{name} cannot be used: {error.strerror}; check the disk or card reader.")
