"""Timeline files as a film reads them: what a list that states no frame rate is counted at."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from pipeline.editorial.imports.known import Known, file_keys, name_keys
from pipeline.editorial.imports.reading import ReadTimeline
from pipeline.editorial.imports.registry import IMPORTS
from pipeline.errors import TimelineUnreadable
from pipeline.film import Film
from pipeline.ingest.anywhere import read_timeline
from pipeline.timecode import Rate

_UNRATED = frozenset(each.format for each in IMPORTS if each.read_at)


def read_in_film(
    film: Film, file: Path, known: Callable[[], Sequence[Known]], *, asked: str = "", like: Rate | None = None
) -> tuple[ReadTimeline, str]:
    """The timeline in a file, and where its rate came from; empty where the file states one.

    Else it is the one `asked` for, that of the cut that it should be `like`, the film's setting, that of the clips.
    Raises PathMissing, PathRefused, TimelineUnreadable and ValueRefused.
    """
    setting = film.settings.timeline.rate
    told = (
        (Rate.parse(asked).of_timeline() if asked else None, "as asked for"),
        (like, "as the cut that it is compared with"),
        (Rate.parse(setting).of_timeline() if setting else None, "the film's setting"),
    )
    rate, came = next(((rate, came) for rate, came in told if rate), (None, ""))
    timeline = read_timeline(file, rate)
    if timeline.format not in _UNRATED or not timeline.events or dict(timeline.facts).get("rate"):
        return timeline, ""
    if rate is None:
        rate, came = _rate_of_clips(timeline, known())
        timeline = read_timeline(file, rate)
    return timeline, came


def _rate_of_clips(timeline: ReadTimeline, known: Sequence[Known]) -> tuple[Rate, str]:
    """The rate of the clips that a list names, else the commonest; and which. Raises TimelineUnreadable for none."""
    called = {key for event in timeline.events for name in (event.name, event.file) for key in file_keys(name)}
    named = Counter(each.rate for each in known if each.rate and called & set(name_keys(each.name)))
    rates = named or Counter(each.rate for each in known if each.rate)
    if not rates:
        raise TimelineUnreadable("The list states no frame rate, and nothing in the log has one; give it with --rate.")
    return rates.most_common(1)[0][0], "that of the clips it names" if named else "the commonest of the log"
