"""Bytes of one file, read in bounded pieces: no reader sees more of the disk than this.

A reader asks for ranges; asking beyond the end, or for more in total than any index holds, is
refused. So a hostile size field costs nothing.
"""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

from pipeline.errors import MediaUnreadable, NotMedia, PathMissing, PathRefused
from pipeline.files import one_line

WINDOW = 8 * 1024
LARGEST_READ = 16 * 1024 * 1024
READ_BUDGET = 64 * 1024 * 1024
# Files of a format without an index are read to their end up to this size; larger ones only where that is asked for.
COUNTED_BELOW = 64 * 1024 * 1024
CHUNK = 4 * 1024 * 1024


class ByteSource:
    """A file of known size; `read` gives exactly what was asked for or refuses.

    `whole` says that a reader of a format without an index may go through all of it (`chunks`).
    """

    __slots__ = ("_budget", "_close", "_read_at", "_window", "_window_at", "size", "whole")

    def __init__(
        self,
        size: int,
        read_at: Callable[[int, int], bytes],
        close: Callable[[], None] = lambda: None,
        *,
        whole: bool = False,
    ) -> None:
        self.size = size
        self.whole = whole
        self._read_at = read_at
        self._close = close
        self._window = b""
        self._window_at = 0
        self._budget = READ_BUDGET

    @classmethod
    def of_bytes(cls, data: bytes, *, whole: bool = True) -> Self:
        return cls(len(data), lambda offset, length: data[offset : offset + length], whole=whole)

    @classmethod
    def open(cls, path: Path, *, whole: bool = False) -> Self:
        """Open read-only, without waiting for a pipe; raises PathMissing, PathRefused or NotMedia."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | getattr(os, "O_CLOEXEC", 0))
        except (FileNotFoundError, NotADirectoryError):
            raise PathMissing(f"{one_line(path)} is not there.") from None
        except OSError as error:
            raise PathRefused(f"{one_line(path)} cannot be read: {error.strerror}.") from None
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            os.close(descriptor)
            raise NotMedia(f"{one_line(path.name)} is no file; name the recording itself.")

        def read_at(offset: int, length: int) -> bytes:
            try:
                return os.pread(descriptor, length, offset)
            except OSError as error:  # no fault of the recording: it is read again when the disk is well
                sentence = f"{one_line(path)} cannot be read: {error.strerror}; check the disk or card reader."
                raise PathRefused(sentence) from None

        return cls(
            status.st_size,
            read_at,
            lambda: os.close(descriptor),
            whole=whole or status.st_size <= COUNTED_BELOW,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    @property
    def fetched(self) -> int:
        """Bytes read from the disk so far."""
        return READ_BUDGET - self._budget

    def read(self, offset: int, length: int) -> bytes:
        """Exactly `length` bytes from `offset`."""
        found = self.upto(offset, length)
        if len(found) != length:
            raise MediaUnreadable("it ends before its structure does: it is cut off.")
        return found

    def upto(self, offset: int, length: int) -> bytes:
        """At most `length` bytes from `offset`: fewer at the end of the file."""
        start = offset - self._window_at
        if start >= 0 and start + length <= len(self._window):
            return self._window[start : start + length]
        if offset < 0 or length < 0 or length > LARGEST_READ:
            raise MediaUnreadable("a size in it is impossible: it is damaged.")
        length = max(0, min(length, self.size - offset))
        if length <= WINDOW:
            self.look(offset, WINDOW)
            return self._window[:length]
        return self._fetch(offset, length)

    def peek(self, offset: int, length: int) -> bytes:
        """As `upto`, without reading around it: for headers that stand far from one another."""
        start = offset - self._window_at
        if start >= 0 and start + length <= len(self._window):
            return self._window[start : start + length]
        return self._fetch(offset, max(0, min(length, self.size - offset)))

    def read_whole(self, largest: int) -> bytes:
        """The whole file, if it is no larger than its kind ever is."""
        if self.size > largest:
            raise MediaUnreadable("it is larger than a file of its kind ever is.")
        return b"".join(self._fetch(at, min(LARGEST_READ, self.size - at)) for at in range(0, self.size, LARGEST_READ))

    def chunks(self) -> Iterator[bytes]:
        """All bytes in order, for a source that is `whole`; no budget bounds this, only the file's size."""
        for at in range(0, self.size, CHUNK):
            yield self._read_at(at, min(CHUNK, self.size - at))

    def look(self, offset: int, length: int) -> None:
        """Fetch a range at once, so that small reads inside it cost nothing."""
        self._window = self._fetch(offset, min(length, LARGEST_READ, max(0, self.size - offset)))
        self._window_at = offset

    def _fetch(self, offset: int, length: int) -> bytes:
        self._budget -= length
        if self._budget < 0:
            raise MediaUnreadable("its index is larger than that of any recording: it is damaged.")
        return self._read_at(offset, length)
