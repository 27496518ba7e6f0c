"""An Avid Log Exchange as it stands: its heading, columns and rows with their lines."""

from dataclasses import dataclass

from pipeline.editorial.imports.text import decoded, lines_of
from pipeline.metadata.tables import fold


@dataclass(frozen=True, slots=True)
class AleText:
    """`heading` by folded names; `columns` as written, `folded` for comparing. Lines count from 1."""

    heading: dict[str, str]
    columns: tuple[str, ...]
    folded: tuple[str, ...]
    columns_line: int
    rows: tuple[tuple[int, list[str]], ...]

    @classmethod
    def of(cls, content: bytes) -> "AleText":
        numbered = [(number, text) for number, text in enumerate(lines_of(decoded(content)), start=1) if text.strip()]
        at = next((place for place, (_, text) in enumerate(numbered) if text.strip() == "Column"), len(numbered))
        cells = [cell.strip() for _, text in numbered[:at] for cell in text.split("\t") if cell.strip()]
        cells = cells[1:] if cells[:1] == ["Heading"] else cells
        line, text = numbered[at + 1] if at + 1 < len(numbered) else (1, "")
        columns = tuple(cell.strip() for cell in text.split("\t"))
        data = next((place for place, (_, text) in enumerate(numbered) if text.strip() == "Data"), len(numbered))
        return cls(
            dict(zip(map(fold, cells[::2]), cells[1::2], strict=False)),
            columns,
            tuple(map(fold, columns)),
            line,
            tuple((number, text.split("\t")) for number, text in numbered[data + 1 :]),
        )

    def cell(self, cells: list[str], column: str) -> str:
        """What a row says in a column, by its folded name."""
        at = self.folded.index(column) if column in self.folded else len(cells)
        return cells[at].strip() if at < len(cells) else ""
