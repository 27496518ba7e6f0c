"""What a person has to know of a cut, one sentence for each kind of thing."""

from collections.abc import Iterable, Iterator, Sequence

from pipeline.clip import shown
from pipeline.editorial.arrange import CutSettings
from pipeline.editorial.beside import Beside
from pipeline.editorial.pieces import Laid
from pipeline.editorial.shots import named


def notes(lots: Sequence[Laid], settings: CutSettings, sound: Beside) -> tuple[str, ...]:
    """What was left out, conformed, is out of reach or not certain."""
    return (*_of_clips(lots, settings), *_of_sound(lots, sound))


def _of_clips(lots: Sequence[Laid], settings: CutSettings) -> Iterator[str]:
    empty = [lot.shot.logged.clip for lot in lots if not lot.pieces]
    used = [piece for lot in lots for piece in lot.pieces]
    untimed = [piece.shot.logged.clip for piece in used if piece.shot.logged.clip.start is None]
    conformed = [piece.shot.logged.clip for piece in used if piece.rate != settings.rate]
    lost = [piece.shot.logged.clip for piece in used if piece.part.path is None]
    by = settings.by
    valueless = [lot.shot.logged.clip for lot in lots if by and lot.shot.logged.values.get(by) in (None, "", ())]
    for clips, sentence in (
        (valueless, f"without {by}: laid at the end"),
        (empty, "left out, for want of a length, a frame rate or a file"),
        (untimed, "without timecode: counted from 00:00:00:00"),
        (conformed, f"at another frame rate: conformed to {settings.rate.label()} in real time"),
        (lost, "without a path (volume offline, or a name that is no UTF-8): relink by name"),
    ):
        names = {clip.id: clip.name for clip in clips}
        if names:
            yield f"{_counted(len(names), 'clip')} {sentence}: {_names(names.values())}."


def _of_sound(lots: Sequence[Laid], sound: Beside) -> Iterator[str]:
    """What lies under pictures, and what may belong to them but is not laid, with the reason."""
    pictures = {lot.shot.logged.clip.id: lot.shot.logged.clip for lot in lots}
    under = {each.shot.logged.clip.id: each.shot.logged.clip.name for lot in lots for each in lot.under}
    if under:
        yield f"{_counted(len(under), 'sound recording')} laid under pictures by timecode: {_names(under.values())}."
    doubted: dict[str, list[str]] = {}
    by_label = []
    for clip in pictures.values():
        for offer in sound.offers.get(clip.id, ()):
            if offer.doubt:
                doubted.setdefault(offer.doubt, []).append(f"{offer.sound.name} for {clip.name}")
            elif offer.by_label and offer.sound.id in under:
                by_label.append(f"{offer.sound.name} for {clip.name}")
    for doubt, pairs in doubted.items():
        yield f"{_counted(len(pairs), 'sound recording')} not laid, because {doubt}: {_names(pairs)}."
    if by_label:
        yield (
            "Sound laid by the labels of timecode, which picture and sound count differently (one of them without "
            f"drop-frame at an NTSC rate); check that it is in sync: {_names(by_label)}."
        )


def _counted(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def _names(names: Iterable[str]) -> str:
    return shown(named(names))
