"""What is mounted where, and by which name a volume is known again wherever it is mounted.

The mount table is Linux's; other systems get the plain answer.
"""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from pipeline.errors import PathMissing
from pipeline.files import one_line

_MOUNTS = Path("/proc/self/mountinfo")
_NETWORK_TYPES = re.compile(
    r"nfs|cifs|smb|afs|ceph|gluster|lustre|gpfs|9p|davfs|fuse\.(sshfs|rclone|s3fs|davfs|curlftpfs|glusterfs)"
)
_PLACES = (("Volumes",), ("mnt",), ("run", "media", "*"), ("media", "*"), ("media",))  # above disks; *: the user


@dataclass(frozen=True, slots=True)
class Volume:
    """A mounted filesystem: `id` names it wherever it is mounted."""

    id: str
    place: Path
    type: str

    @property
    def network(self) -> bool:
        return bool(_NETWORK_TYPES.match(self.type))


def refuse_unmounted(folder: Path, top: Path = Path("/")) -> None:
    """Raise PathMissing where a folder lies on a disk that is not mounted: what is made there lands on another one.

    Disks are the folders right below /Volumes, /mnt and /media, or below the user's own in /media and /run/media.
    """
    names = folder.absolute().parts[len(top.parts) :]
    for place in _PLACES:
        here = tuple(os.environ.get("USER") if part == "*" else part for part in place)
        above = top.joinpath(*names[: len(here)])
        if names[: len(here)] == here and len(names) > len(here) and not above.is_mount():
            disk = above / names[len(here)]
            if not disk.exists():
                raise PathMissing(f"{one_line(disk)} is not there; mount that disk, or make the folder if you mean it.")
            return


def volume_of(path: Path) -> Volume:
    """The filesystem that holds `path`, or will hold it where it does not exist yet."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    path = path.resolve()
    mounted = {volume.place: volume for volume in volumes()}
    for folder in (path, *path.parents):
        if folder in mounted:
            return mounted[folder]
    while not path.is_mount():
        path = path.parent
    return Volume(f"path:{path}", path, "")


def volumes() -> tuple[Volume, ...]:
    """What is mounted now; empty where the system has no mount table (then paths name volumes)."""
    if not _MOUNTS.exists():
        return ()
    names = _uuids()
    found: list[Volume] = []
    for line in _MOUNTS.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        before, _, after = line.partition(" - ")
        place = re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), before.split()[4])
        kind, source = after.split()[:2]
        within = before.split()[3]  # subvolumes and bind mounts show a folder of the filesystem
        identity = names.get(os.path.realpath(source)) if source.startswith("/") else None
        name = f"uuid:{identity}" if identity else f"{kind}:{source}" if ":" in source else f"path:{place}"
        if within != "/":
            name += within
        found.append(Volume(name, Path(place), kind))
    return tuple(found)


def _uuids() -> dict[str, str]:
    folder = Path("/dev/disk/by-uuid")
    if not folder.is_dir():
        return {}
    return {os.path.realpath(link): link.name for link in folder.iterdir()}
