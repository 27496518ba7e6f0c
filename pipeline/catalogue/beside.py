"""Sound recordings and the pictures they run with, as whole clips, for pages and cuts."""

from collections.abc import Sequence

from pipeline.catalogue.reading import read_logged
from pipeline.catalogue.sounds import around, pictures_on, sounds_on
from pipeline.catalogue.store import Catalogue
from pipeline.clip import LoggedClip
from pipeline.editorial.sync import Offer, offers, recording, sounds_of


def sounds_near(catalogue: Catalogue, clips: Sequence[LoggedClip]) -> list[LoggedClip]:
    """The sound recordings that may run with any of these pictures, certain or not."""
    pictures = [each for clip in clips if clip.clip.kind == "picture" and (each := recording(clip))]
    days = {picture.day for picture in pictures}
    with catalogue.reading() as db:
        # What has no day may be of any; and any may be of the day of a picture that has none.
        found = sounds_on(db, None) if None in days else [*sounds_on(db, around(days)), *sounds_on(db, [None])]
        heard = sounds_of(each for _, each in found)
        wanted = {offer.sound.id for picture in pictures for offer in offers(picture, heard)} if found else set()
        return read_logged(db, [n for n, each in found if each.id in wanted])


def running_with(catalogue: Catalogue, logged: LoggedClip) -> list[tuple[LoggedClip, Offer]]:
    """What runs with a clip by timecode: the sound of a picture, or the pictures of a sound, each with its offer."""
    pictures = [logged] if logged.clip.kind == "picture" else pictures_near(catalogue, logged)
    sounds = {sound.clip.id: sound for sound in sounds_near(catalogue, pictures)}
    heard = sounds_of(each for sound in sounds.values() if (each := recording(sound)))
    found = [(picture, offer) for picture in pictures if (each := recording(picture)) for offer in offers(each, heard)]
    if logged.clip.kind == "picture":
        return [(sounds[offer.sound.id], offer) for _, offer in found]
    return [(picture, offer) for picture, offer in found if offer.sound.id == logged.clip.id]


def pictures_near(catalogue: Catalogue, sound: LoggedClip) -> list[LoggedClip]:
    """The pictures that a sound recording may run with, of its day and those beside it."""
    heard, day = recording(sound), sound.values.get("shoot_day")
    if heard is None or day is None:
        return []
    alone = sounds_of([heard])
    with catalogue.reading() as db:
        found = pictures_on(db, around([str(day)]))
        return read_logged(db, [n for n, _, picture in found if picture and offers(picture, alone)])
