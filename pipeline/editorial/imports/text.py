"""Text of unknown origin as lines: any encoding that editing suites write, any line ends."""

import re

_LINE_ENDS = re.compile(r"\r\n|\r|\n")
_MARKS: tuple[tuple[bytes, str], ...] = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)


def decoded(data: bytes, *, otherwise: str = "cp1252") -> str:
    """The text: by its byte order mark, as UTF-16 by its zeros, as UTF-8, else by the single-byte code `otherwise`."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, "replace")
    zeros = data[:512]
    if zeros.count(0) * 3 > len(zeros):
        return data.decode("utf-16-be" if zeros[:1] == b"\0" else "utf-16-le", "replace")
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        if error.start >= len(data) - 3 and error.reason == "unexpected end of data":
            return data[: error.start].decode()  # the beginning of a file, cut inside a letter
        return data.decode(otherwise, "replace")


def lines_of(text: str) -> list[str]:
    """The lines, also where several kinds of line ends are mixed; nothing else ends a line."""
    lines = _LINE_ENDS.split(text)
    return lines[:-1] if lines and not lines[-1] else lines
