"""ARRIRAW frames and clips: recognised and logged, never failed; no free decoder reads them."""

from collections.abc import Iterator

from pipeline.metadata.findings import Finding
from pipeline.metadata.source import ByteSource


def recognises(head: bytes) -> bool:
    """The magic word of the header, in either order of bytes."""
    return head[:4] in (b"ARRI", b"IRRA")


def read(source: ByteSource) -> Iterator[Finding]:  # noqa: ARG001 - nothing but the format is read
    yield Finding("container", "arriraw", "structure", "file header")
    yield Finding("camera_make", "ARRI", "structure", "file header")
    yield Finding("decoder", False, "structure", "file header")
