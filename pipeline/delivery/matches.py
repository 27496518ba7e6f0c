"""What the events of a timeline are, by the whole log."""

from collections.abc import Sequence

from pipeline.catalogue.known import known_hashes, known_places
from pipeline.catalogue.store import Catalogue
from pipeline.editorial.imports.known import Known, path_parts
from pipeline.editorial.imports.matching import Match, index_of, matched
from pipeline.editorial.imports.reading import ReadTimeline
from pipeline.film import Film


def matches_of(film: Film, catalogue: Catalogue, timeline: ReadTimeline, known: Sequence[Known]) -> list[Match]:
    """A match for each event, in order; `known` are the clips of the log."""
    called = {parts[-1] for event in timeline.events if (parts := path_parts(event.file))}
    called |= {event.name.strip().casefold() for event in timeline.events}
    places = known_places(catalogue, str(film.folder), frozenset(called))
    hashes = known_hashes(catalogue, {event.hash for event in timeline.events if event.hash})
    return matched(timeline.events, index_of(known, places, hashes, timeline.events))
