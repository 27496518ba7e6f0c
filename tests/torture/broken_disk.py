"""A disk that fails when it is told to: a file system of the kernel's FUSE protocol over a folder, as a program.

    python broken_disk.py FOLDER MOUNTPOINT

A line of JSON on its stdin is the list of failures from now on, each {"op", "name", "by", "after", "error"}: READ,
WRITE, FSYNC, FLUSH or another operation, globs of file name and of the name of the asking program, the offset of a
read or write from which on it fails, the name of the error. It answers with a line when they are in force. Only root
can mount it, and only tests want it: the protocol is spoken here (linux/fuse.h) so that no library is needed.
"""

import ctypes
import errno
import json
import os
import select
import stat
import struct
import sys
from collections.abc import Callable
from fnmatch import fnmatch
from pathlib import Path

_WRITE = 128 << 10  # bytes of one write at most
_HEAD = struct.Struct("<IIQQIIIHH")  # length, operation, unique, node, uid, gid, pid, two of no interest
_SECOND = 10**9


class Broken:
    """The file system: nodes by number, what they are asked for by operation."""

    def __init__(self, folder: str) -> None:
        self.rules: list[dict[str, object]] = []
        self._folder = folder
        self._nodes = {1: ""}
        self._next = 2

    def path(self, node: int, name: bytes = b"") -> str:
        if node not in self._nodes:
            raise OSError(errno.ESTALE, "")
        below = self._nodes[node]
        below = os.path.join(below, os.fsdecode(name)) if name else below
        return os.path.join(self._folder, below) if below else self._folder

    def fail(self, op: str, node: int, offset: int, pid: int) -> None:
        """Raise what the rules say of this request."""
        for rule in self.rules:
            if (
                rule["op"] == op
                and fnmatch(os.path.basename(self._nodes.get(node, "")), str(rule.get("name", "*")))
                and offset >= int(str(rule.get("after", 0)))
                and fnmatch(_program(pid), str(rule.get("by", "*")))
            ):
                raise OSError(getattr(errno, str(rule["error"])), "as told")

    def answer(self, op: int, node: int, pid: int, body: bytes) -> bytes | None:
        """The answer to a request; None where none is wanted. Raises OSError as the disk does."""
        if op not in _OPERATIONS:
            raise OSError(errno.ENOSYS, "")
        name, deed = _OPERATIONS[op]
        offset = struct.unpack_from("<Q", body, 8)[0] if name in ("READ", "WRITE") else 0
        size = struct.unpack_from("<I", body, 16)[0] if name in ("READ", "WRITE") else 0
        self.fail(name, node, offset + size, pid)
        return deed(self, node, body)

    def entry(self, node: int, name: bytes) -> bytes:
        seen = os.lstat(self.path(node, name))
        below = os.path.relpath(self.path(node, name), self._folder)
        number = next((number for number, path in self._nodes.items() if path == below), None)
        if number is None:
            number, self._next = self._next, self._next + 1
            self._nodes[number] = below
        return struct.pack("<QQQQII", number, 0, 0, 0, 0, 0) + _attributes(number, seen)

    def forget(self, path: str, renamed: str = "") -> None:
        """A name is gone, or another now."""
        old = os.path.relpath(path, self._folder)
        new = os.path.relpath(renamed, self._folder) if renamed else ""
        for number, below in list(self._nodes.items()):
            if renamed and below == new:
                self._nodes[number] = f"{below}\0gone"
        for number, below in list(self._nodes.items()):
            if below == old or below.startswith(old + "/"):
                self._nodes[number] = new + below[len(old) :] if renamed else f"{below}\0gone"

    def rename(self, node: int, folder: int, names: bytes) -> bytes:
        old, new = names.split(b"\0")[:2]
        source, target = self.path(node, old), self.path(folder, new)
        os.rename(source, target)
        self.forget(source, target)
        return b""

    def attributes(self, node: int, file: int | None) -> bytes:
        try:
            seen = os.lstat(self.path(node))
        except (OSError, ValueError):
            if file is None:
                raise OSError(errno.ENOENT, "") from None
            seen = os.fstat(file)
        return struct.pack("<QII", 0, 0, 0) + _attributes(node, seen)


def _program(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def _attributes(number: int, seen: os.stat_result) -> bytes:
    times = [seen.st_atime_ns, seen.st_mtime_ns, seen.st_ctime_ns]
    return struct.pack(
        "<6Q10I", number, seen.st_size, seen.st_blocks, *(time // _SECOND for time in times),
        *(time % _SECOND for time in times), seen.st_mode, seen.st_nlink, seen.st_uid, seen.st_gid, 0, 4096, 0,
    )  # fmt: skip


# --- operations -----------------------------------------------------------------------------------


def _lookup(disk: Broken, node: int, body: bytes) -> bytes:
    return disk.entry(node, body.rstrip(b"\0"))


def _getattr(disk: Broken, node: int, body: bytes) -> bytes:
    asked, _, file = struct.unpack_from("<IIQ", body)
    return disk.attributes(node, file if asked & 1 else None)


def _setattr(disk: Broken, node: int, body: bytes) -> bytes:
    valid, _, file, size, _, atime, mtime, _, atime_ns, mtime_ns, _, mode, _, uid, gid, _ = struct.unpack_from(
        "<IIQQQQQQIIIIIIII", body
    )
    place: str | int = file if valid & 1 << 6 else disk.path(node)
    if valid & 1:
        os.chmod(place, stat.S_IMODE(mode))
    if valid & 6:
        os.chown(place, uid if valid & 2 else -1, gid if valid & 4 else -1)
    if valid & 8:
        os.truncate(place, size)
    if valid & 0x1B0:  # times, or now
        seen = os.stat(place)
        times = [seen.st_atime_ns, seen.st_mtime_ns]
        now = seen.st_ctime_ns
        times[0] = atime * _SECOND + atime_ns if valid & 16 else times[0]
        times[1] = mtime * _SECOND + mtime_ns if valid & 32 else times[1]
        os.utime(place, ns=(now if valid & 128 else times[0], now if valid & 256 else times[1]))
    return disk.attributes(node, file if valid & 1 << 6 else None)


def _mkdir(disk: Broken, node: int, body: bytes) -> bytes:
    mode, _ = struct.unpack_from("<II", body)
    os.mkdir(disk.path(node, body[8:].rstrip(b"\0")), mode)
    return disk.entry(node, body[8:].rstrip(b"\0"))


def _unlink(disk: Broken, node: int, body: bytes) -> bytes:
    path = disk.path(node, body.rstrip(b"\0"))
    os.unlink(path)
    disk.forget(path)
    return b""


def _rmdir(disk: Broken, node: int, body: bytes) -> bytes:
    path = disk.path(node, body.rstrip(b"\0"))
    os.rmdir(path)
    disk.forget(path)
    return b""


def _open(disk: Broken, node: int, body: bytes) -> bytes:
    (flags,) = struct.unpack_from("<I", body)
    return struct.pack("<QII", os.open(disk.path(node), flags & ~os.O_NOFOLLOW), 0, 0)


def _create(disk: Broken, node: int, body: bytes) -> bytes:
    flags, mode = struct.unpack_from("<II", body)
    name = body[16:].rstrip(b"\0")
    file = os.open(disk.path(node, name), flags | os.O_CREAT, mode)
    return disk.entry(node, name) + struct.pack("<QII", file, 0, 0)


def _read(_: Broken, _node: int, body: bytes) -> bytes:
    file, offset, size = struct.unpack_from("<QQI", body)
    return os.pread(file, size, offset)


def _write(_: Broken, _node: int, body: bytes) -> bytes:
    file, offset, size = struct.unpack_from("<QQI", body)
    return struct.pack("<II", os.pwrite(file, body[40 : 40 + size], offset), 0)


def _statfs(disk: Broken, _node: int, _body: bytes) -> bytes:
    seen = os.statvfs(disk.path(1))
    counts = (seen.f_blocks, seen.f_bfree, seen.f_bavail, seen.f_files, seen.f_ffree)
    return struct.pack("<5Q4I24x", *counts, seen.f_bsize, 255, seen.f_frsize, 0)


def _release(_: Broken, _node: int, body: bytes) -> bytes:
    os.close(struct.unpack_from("<Q", body)[0])
    return b""


def _fsync(_: Broken, _node: int, body: bytes) -> bytes:
    os.fsync(struct.unpack_from("<Q", body)[0])
    return b""


def _readdir(disk: Broken, node: int, body: bytes) -> bytes:
    _, offset, size = struct.unpack_from("<QQI", body)
    listed = b""
    for at, name in enumerate(sorted(os.listdir(os.fsencode(disk.path(node))))):
        entry = struct.pack("<QQII", 1000 + at, at + 1, len(name), 0) + name
        entry += bytes(-len(entry) % 8)
        if at < offset:
            continue
        if len(listed) + len(entry) > size:
            break
        listed += entry
    return listed


def _rename(disk: Broken, node: int, body: bytes) -> bytes:
    return disk.rename(node, struct.unpack_from("<Q", body)[0], body[8:])


def _rename2(disk: Broken, node: int, body: bytes) -> bytes:
    folder, flags = struct.unpack_from("<QI", body)
    if flags:
        raise OSError(errno.EINVAL, "")
    return disk.rename(node, folder, body[16:])


def _init(_: Broken, _node: int, _body: bytes) -> bytes:
    big_writes = 1 << 5
    return struct.pack("<IIIIHHIIHHI28x", 7, 31, _WRITE, big_writes, 16, 12, _WRITE, 1, 0, 0, 0)


def _nothing(_: Broken, _node: int, _body: bytes) -> bytes:
    return b""


def _unanswered(_: Broken, _node: int, _body: bytes) -> None:
    return None


_OPERATIONS: dict[int, tuple[str, Callable[[Broken, int, bytes], bytes | None]]] = {
    1: ("LOOKUP", _lookup), 2: ("FORGET", _unanswered), 3: ("GETATTR", _getattr), 4: ("SETATTR", _setattr),
    9: ("MKDIR", _mkdir), 10: ("UNLINK", _unlink), 11: ("RMDIR", _rmdir), 12: ("RENAME", _rename), 14: ("OPEN", _open),
    15: ("READ", _read), 16: ("WRITE", _write), 17: ("STATFS", _statfs), 18: ("RELEASE", _release),
    20: ("FSYNC", _fsync), 25: ("FLUSH", _nothing), 26: ("INIT", _init), 27: ("OPENDIR", _open),
    28: ("READDIR", _readdir), 29: ("RELEASEDIR", _release), 30: ("FSYNCDIR", _fsync), 35: ("CREATE", _create),
    36: ("INTERRUPT", _unanswered), 38: ("DESTROY", _nothing), 42: ("BATCH_FORGET", _unanswered),
    45: ("RENAME2", _rename2),
}  # fmt: skip


# --- speaking with the kernel ---------------------------------------------------------------------


def serve(device: int, disk: Broken) -> None:
    """Answer the kernel until it unmounts, and heed what stdin says."""
    while True:
        ready, _, _ = select.select([device, 0], [], [])
        if 0 in ready:
            line = sys.stdin.readline()
            if not line:
                return
            disk.rules = json.loads(line)
            print("in force", flush=True)  # noqa: T201 - the answer that the test waits for
        if device in ready and not _one(device, disk):
            return


def _one(device: int, disk: Broken) -> bool:
    try:
        request = os.read(device, _WRITE + 4096)
    except OSError as error:
        return error.errno in (errno.ENOENT, errno.EINTR, errno.EAGAIN)  # else it was unmounted
    _, op, unique, node, _, _, pid, _, _ = _HEAD.unpack_from(request)
    try:
        said, code = disk.answer(op, node, pid, request[_HEAD.size :]), 0
    except OSError as error:
        said, code = b"", error.errno or errno.EIO
    except ValueError:  # a node whose name is gone
        said, code = b"", errno.ENOENT
    if said is not None:
        try:
            os.write(device, struct.pack("<IiQ", 16 + len(said), -code, unique) + said)
        except OSError:
            return True  # whoever asked is gone
    return True


def main() -> int:
    folder, mountpoint = sys.argv[1:]
    device = os.open("/dev/fuse", os.O_RDWR)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other,default_permissions"
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(b"broken", os.fsencode(mountpoint), b"fuse", 6, options.encode()):
        return ctypes.get_errno()
    print("mounted", flush=True)  # noqa: T201
    serve(device, Broken(folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
