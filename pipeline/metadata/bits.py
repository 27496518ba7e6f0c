"""Bits and Exp-Golomb numbers of a video header (ITU-T H.264 and H.265, clause 9)."""

import re


class Bits:
    """Reads bits in order; raises ValueError beyond the end."""

    __slots__ = ("_bits", "_left", "_size")

    def __init__(self, data: bytes) -> None:
        self._bits = int.from_bytes(data, "big")
        self._left = self._size = len(data) * 8

    @property
    def at(self) -> int:
        """How many bits were read."""
        return self._size - self._left

    def take(self, count: int) -> int:
        self._left -= count
        if self._left < 0:
            raise ValueError("header ends early")
        return (self._bits >> self._left) & ((1 << count) - 1)

    def flag(self) -> bool:
        return self.take(1) == 1

    def golomb(self) -> int:
        zeros = 0
        while not self.take(1):
            zeros += 1
            if zeros > 32:
                raise ValueError("number too long")
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        value = self.golomb()
        return (value + 1) // 2 if value % 2 else -(value // 2)


def unescaped(data: bytes) -> bytes:
    """A NAL unit without its emulation prevention bytes (00 00 03 -> 00 00)."""
    return data.replace(b"\0\0\3", b"\0\0")


def escaped(data: bytes) -> bytes:
    """The same with them; what ends in no zero can be put before anything."""
    return re.sub(rb"\0\0(?=[\0-\3])", b"\0\0\3", data)
