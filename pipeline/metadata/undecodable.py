"""Raw camera formats that no free decoder reads: recognised and logged, never failed."""

from collections.abc import Iterator

from pipeline.metadata.findings import Finding
from pipeline.metadata.source import ByteSource


def recognises(head: bytes) -> bool:
    """R3D begins with a RED1 or RED2 block, ARRIRAW with ARRI; BRAW is QuickTime and read there."""
    return head[4:8] in (b"RED1", b"RED2") or head[:4] in (b"ARRI", b"IRRA")


def read(source: ByteSource) -> Iterator[Finding]:
    red = source.read(4, 3) == b"RED"
    yield Finding("container", "r3d" if red else "arriraw", "structure", "file header")
    yield Finding("camera_make", "RED" if red else "ARRI", "structure", "file header")
    yield Finding("decoder", False, "structure", "file header")
    yield Finding("audio", (), "structure", "file header")
