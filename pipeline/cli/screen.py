"""What rich draws: its own movements and colours pass, signs in names and notes are written out."""

from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment

from pipeline.cli.streams import plain


class Screen(Console):
    """A console on which no text is obeyed: only what rich itself adds to it is."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=plain(segment.text))
