"""Cuts made, made again, and as they were saved; export.py writes them."""

import os
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import asdict, dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Literal

from pipeline.catalogue.beside import sounds_near
from pipeline.catalogue.cuts import (
    SavedCut,
    clips_in,
    clips_of_cut,
    cut,
    cuts,
    logged_by_id,
    name_and_version,
    newest_cut,
    save_cut,
)
from pipeline.catalogue.handles import clip_called
from pipeline.catalogue.listing import logged_clips
from pipeline.catalogue.store import Catalogue
from pipeline.clip import LoggedClip
from pipeline.delivery.versions import Compared, compared, edit_lists
from pipeline.editorial.arrange import CutSettings, kind_named, parted, settings_for
from pipeline.editorial.assembly import Cut, assemble, timeline_of
from pipeline.editorial.beside import Beside
from pipeline.editorial.beside import beside as what_runs_beside
from pipeline.editorial.diff import EditList
from pipeline.editorial.edits import events_in
from pipeline.editorial.imports.kept import Kept, kept_of
from pipeline.editorial.paper import read_paper, shots_of, written_paper
from pipeline.editorial.relaid import relaid
from pipeline.editorial.returned import returned_shots
from pipeline.editorial.shots import Media, Shot, media_of, named
from pipeline.editorial.shots import media_for as files_of
from pipeline.errors import ExportRefused, NotFound, PathMissing, RushesError, ValueRefused, command
from pipeline.fields import BY_NAME
from pipeline.film import Film
from pipeline.ingest.look import grounds
from pipeline.shotlog.query import parse
from pipeline.timecode import Rate, frames_per_day

TITLE = Fraction(2)  # seconds of black before a section that has a title


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a cut is made by; empty texts mean the film's setting, else the commonest of the clips.

    `handles` and `gap` are frames of the timeline; `sort` holds field names, `-` before one turns it. `sound` is
    camera, recorder or both; `titles` asks for one before each section, of the values of `by` where that is given.
    `paper` is the text of a paper edit, by ids, which is then cut instead of a search.
    """

    query: str
    kind: str = "stringout"
    by: str = ""
    sort: str = ""
    rate: str = ""
    start: str = ""
    size: str = ""
    handles: int = 0
    gap: int = 0
    sound: Literal["camera", "recorder", "both"] = "both"
    titles: bool = False
    paper: str = ""


@dataclass(frozen=True, slots=True)
class MadeCut:
    """A cut as timelines, by what their names have behind that of the cut; most cuts are one, with nothing behind it.

    `clips` in the order of the search, and `sounds`, the recordings that may lie under them besides; `used` are those
    of both with events. `new` are clips in use that the version before lacked, `gone` those that only it used, names by
    id; `since`: what changed in its edits, which `lists` holds. `rates`: that version's and this one's, if they differ.
    `kept` is the timeline of an editor, of which the cut holds the events that were found.
    """

    name: str
    version: int
    recipe: Recipe
    cuts: dict[str, Cut]
    clips: tuple[LoggedClip, ...]
    sounds: tuple[LoggedClip, ...] = ()
    used: tuple[LoggedClip, ...] = ()
    new: tuple[LoggedClip, ...] = ()
    gone: Mapping[str, str] = field(default_factory=dict)
    rates: tuple[Rate, ...] = ()
    since: tuple[Compared, ...] = ()
    kept: Kept | None = None
    lists: tuple[EditList, ...] = ()

    @property
    def cut(self) -> Cut:
        """The one timeline. Raises ValueRefused where there are several."""
        if len(self.cuts) > 1:
            names = named(f"'{self.name}{extra}'" for extra in self.cuts)
            raise ValueRefused(f"'{self.name}' is {len(self.cuts)} timelines; name one: {names}.")
        return next(iter(self.cuts.values()))

    @property
    def events(self) -> int:
        """How many it was made of, as they are counted everywhere."""
        return events_in(self.lists or edit_lists(self.cuts))

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person has to know; of several timelines each under its name."""
        return tuple(f"{self.of(extra)}{note}" for extra, cut in self.cuts.items() for note in cut.notes)

    def of(self, extra: str) -> str:
        """What stands before a sentence about one of several timelines."""
        return f"{self.name}{extra}: " if len(self.cuts) > 1 else ""

    @property
    def duration(self) -> Fraction:
        """Seconds of all timelines."""
        lengths = [cut.timeline.duration() for cut in self.cuts.values()]
        return sum((Fraction(each.value) / Fraction(each.rate).limit_denominator(1001) for each in lengths), Fraction())


def make_cut(film: Film, catalogue: Catalogue, name: str, recipe: Recipe) -> MadeCut:
    """Cut what a search finds, or a paper edit, and save the cut as the next version of its name.

    A paper edit made again leaves out the clips that are in the log no more, as a search does.
    Raises NotFound where nothing is found, QueryError, ValueRefused.
    """
    before = newest_cut(catalogue, name)
    if recipe.paper:
        again = before is not None and before.spec.get("paper") == recipe.paper
        made = _from_paper(film, catalogue, name, recipe, _still_there(catalogue, recipe) if again else None)
    else:
        clips = logged_clips(catalogue, parse(recipe.query))
        if not clips:
            raise NotFound(f"Nothing in the log fits '{recipe.query}'; 'rushes log' shows what there is.")
        made = _assembled(film, catalogue, name, recipe, clips)
    lists = tuple(edit_lists(made.cuts))
    version = save_cut(catalogue, name, asdict(made.recipe), [logged.clip.id for logged in made.clips], lists)
    old, names = (before.lists if before else ()), clips_in(lists)
    everything = {logged.clip.id: logged for logged in (*made.sounds, *made.clips)}
    used = tuple(logged for key, logged in everything.items() if key in names)
    was = _used_before(before) if before else names
    rates = tuple(dict.fromkeys(each.start.rate for each in (*old, *lists)))
    return replace(
        made,
        version=version,
        used=used,
        new=tuple(logged for logged in used if logged.clip.id not in was),
        gone={key: called for key, called in was.items() if key not in names},
        since=compared(old, lists) if old and len(rates) == 1 else (),
        rates=rates if len(rates) > 1 else (),
        lists=lists,
    )


def saved_recipe(catalogue: Catalogue, name: str) -> Recipe:
    """What a saved cut is made by: make_cut with it takes in what has come since. Raises NotFound."""
    plain, version = name_and_version(catalogue, name)
    if version is not None:
        raise ValueRefused(
            f"'{name}' is a version, which stays as it was made; {command('cut', plain)} makes the next."
        )
    return _recipe(cut(catalogue, name))


def looks_like_a_file(text: str) -> bool:
    """Whether what may name a cut or a file was meant as a file: it has a folder or an ending."""
    return os.sep in text or bool(Path(text).suffix)


def absent(text: str) -> PathMissing:
    """The refusal of what is neither a file nor a cut."""
    return PathMissing(
        f"{text} is no file that is there, and no saved cut; check the name: 'rushes cuts' lists the cuts."
    )


def saved_cut(film: Film, catalogue: Catalogue, name: str) -> MadeCut:
    """A cut as it was saved: the same clips, with what the log says of them now.

    `name` may say a version, "coach@2", and may be that of one timeline of several: "reels 2019-10-12". What is made
    of a version that was asked for bears its number. Raises NotFound.
    """
    plain, version = name_and_version(catalogue, name)
    saved, extra = _saved(catalogue, plain, version)
    base = f"{saved.name}@{version}" if version else saved.name
    kept = kept_of(saved.spec)
    clips = clips_of_cut(catalogue, saved)
    if not clips:
        anew = command("cut", name, "QUERY")
        raise NotFound(f"No clip of the cut '{name}' is in the log any more; {anew} makes it anew.")
    if kept:
        made = _returned(film, catalogue, base, kept, clips)
    elif (recipe := _recipe(saved)).paper:
        made = _from_paper(film, catalogue, base, recipe, {logged.clip.id: logged for logged in clips})
    else:
        made = _assembled(film, catalogue, base, recipe, clips)
    cuts = made.cuts
    if extra:
        if extra not in cuts:
            raise NotFound(f"'{saved.name}' has no timeline '{plain}'; {command('cut', saved.name)} makes it again.")
        cuts = {"": cuts[extra]}
    if lost := _lost(catalogue, saved, made):
        several = f"{lost:,} clips of this cut were taken out of the log and are left out."
        note = "1 clip of this cut was taken out of the log and is left out." if lost == 1 else several
        cuts = {key: replace(each, notes=(note, *each.notes)) for key, each in cuts.items()}
    return replace(made, name=base + extra, version=saved.version, cuts=cuts)


def _used_before(saved: SavedCut) -> dict[str, str]:
    """The clips that a version uses, with the names they have in it (or the beginning of their ids)."""
    return clips_in(saved.lists) or {each: each[:8] for each in saved.used}


def _lost(catalogue: Catalogue, saved: SavedCut, made: MadeCut) -> int:
    """How many clips that a saved cut uses are in the log no more."""
    missing = set(saved.used) - {logged.clip.id for logged in (*made.clips, *made.sounds)}
    return len(missing) - len(logged_by_id(catalogue, missing))


def _recipe(saved: SavedCut) -> Recipe:
    """What a cut is made by. Raises ValueRefused for a timeline that an editor sent back."""
    if kept_of(saved.spec) is not None:
        paper = command("paper", saved.name)
        raise ValueRefused(
            f"'{saved.name}' came from an editor and is made by no search; {paper} writes its shots as a text, and "
            "'rushes cut NAME --paper FILE' cuts them."
        )
    return Recipe(**saved.spec)


def _saved(catalogue: Catalogue, name: str, version: int | None) -> tuple[SavedCut, str]:
    """A saved cut by its name, or by that of one of its timelines, and what that has behind the cut's."""
    try:
        return cut(catalogue, name, version=version), ""
    except NotFound:
        for known in sorted((each.name for each in cuts(catalogue)), key=len, reverse=True):
            if name.startswith(f"{known} "):
                return cut(catalogue, known, version=version), name.removeprefix(known)
        raise


def _assembled(film: Film, catalogue: Catalogue, name: str, recipe: Recipe, clips: Sequence[LoggedClip]) -> MadeCut:
    """A cut of clips, not saved; its timelines are all at one rate."""
    kind, settings = kind_named(recipe.kind), _settings(film, name, recipe, clips)
    sounds, media, beside = _beside(film, catalogue, recipe, clips, settings)
    made: dict[str, Cut] = {}
    for extra, part in parted(kind, clips).items():
        with suppress(ExportRefused) if kind.split else nullcontext():
            made[extra] = assemble(kind.name, part, media, replace(settings, name=f"{name}{extra}"), beside)
    if not made:
        raise ExportRefused("No clip of this search has a length and a file that a timeline could hold.")
    return MadeCut(name, 0, recipe, made, tuple(clips), sounds)


def _from_paper(
    film: Film, catalogue: Catalogue, name: str, recipe: Recipe, known: Mapping[str, LoggedClip] | None = None
) -> MadeCut:
    """A cut of a paper edit, not saved, its recipe by the ids of its clips; of `known` clips those alone."""
    lines = read_paper(recipe.paper)
    if known is not None:
        lines = [line for line in lines if _id_in(line.handle) in known]
    found = {line.handle: known[_id_in(line.handle)] if known else _called(catalogue, line.handle) for line in lines}
    clips = list({each.clip.id: each for each in found.values() if isinstance(each, LoggedClip)}.values())
    settings = replace(_settings(film, name, recipe, clips), sections=())
    shots = shots_of(lines, found, settings.rate)
    if not shots:
        raise NotFound("This paper edit names no clip; write one a line: its id or name, then the range.")
    sounds, media, beside = _beside(film, catalogue, recipe, clips, settings)
    timeline = timeline_of(_with_files(shots, media), settings, beside)
    if known is not None:
        return MadeCut(name, 0, recipe, {"": timeline}, tuple(clips), sounds)
    by_id = replace(recipe, query="", kind="stringout", paper=written_paper(name, shots))
    return MadeCut(name, 0, by_id, {"": timeline}, tuple(clips), sounds)


def _still_there(catalogue: Catalogue, recipe: Recipe) -> dict[str, LoggedClip]:
    """The clips of a paper edit by ids that are in the log."""
    ids = dict.fromkeys(_id_in(line.handle) for line in read_paper(recipe.paper))
    return {logged.clip.id: logged for logged in logged_by_id(catalogue, ids)}


def _returned(
    film: Film, catalogue: Catalogue, name: str, kept: Kept, clips: Sequence[LoggedClip]
) -> MadeCut:  # fmt: skip
    """An editor's timeline with its events that were found in the log at their places."""
    recipe = Recipe("", rate=kept.rate or "", start=kept.start or "", sound="camera")
    settings = replace(_settings(film, name, recipe, clips), sections=())
    by_id = {logged.clip.id: logged for logged in clips}
    shots = returned_shots(kept, by_id, settings.rate)
    if not shots:
        raise NotFound(f"No event of '{name}' has frames of a clip in the log; 'rushes import' says what it was.")
    media = media_for(film, catalogue, clips)
    timeline = relaid(kept, by_id, media, _with_files(shots, media), settings=settings)
    return MadeCut(name, 0, recipe, {"": timeline}, tuple(clips), kept=kept)


def _with_files(shots: Sequence[Shot], media: Mapping[str, Media]) -> list[Shot]:
    return [replace(shot, media=files_of(shot.logged, media)) for shot in shots]


def _id_in(handle: str) -> str:
    return handle.partition(":")[0]


def _called(catalogue: Catalogue, handle: str) -> LoggedClip | RushesError:
    try:
        return clip_called(catalogue, handle)
    except RushesError as error:
        return error


def _settings(film: Film, name: str, recipe: Recipe, clips: Sequence[LoggedClip]) -> CutSettings:
    if recipe.by and recipe.by not in BY_NAME:
        raise ValueRefused(f"'{recipe.by}' is no field; try --by location, subject or view.")
    timeline = film.settings.timeline
    start, size = recipe.start or timeline.start, recipe.size or timeline.size
    settings = settings_for(clips, name, rate=recipe.rate or timeline.rate, start=start, size=size)
    if max(recipe.handles, recipe.gap) > frames_per_day(settings.rate, drop_frame=settings.start.drop_frame):
        raise ValueRefused("Handles and gaps last a day at most; give fewer frames.")
    return replace(
        settings, handles=recipe.handles, gap=recipe.gap, by=recipe.by if recipe.kind == "intercut" else "",
        sort=tuple(field for field in recipe.sort.split(",") if field), sound=recipe.sound,
        titles=settings.rate.frames(TITLE) if recipe.titles else 0,
        sections=(recipe.by,) if recipe.by else kind_named(recipe.kind).sections,
    )  # fmt: skip


def _beside(
    film: Film, catalogue: Catalogue, recipe: Recipe, clips: Sequence[LoggedClip], settings: CutSettings
) -> tuple[tuple[LoggedClip, ...], dict[str, Media], Beside]:
    """The sound recordings that may run with these pictures, the files of all, and which runs with which."""
    sounds = sounds_near(catalogue, clips) if recipe.sound != "camera" else []
    media = media_for(film, catalogue, [*clips, *sounds])
    return tuple(sounds), media, what_runs_beside(clips, sounds, media, settings.rate)


def media_for(film: Film, catalogue: Catalogue, clips: Sequence[LoggedClip]) -> dict[str, Media]:
    """Where originals and edit proxies lie now, by clip id."""
    places = {number: root.place for number, root in grounds(film, catalogue).items()}
    preset = film.settings.proxies.presets[0] if film.settings.proxies.presets else ""
    media = {}
    for logged in clips:
        proxy = next((each for each in logged.products if each.kind == "proxy" and each.preset == preset), None)
        path = str(film.folder / os.fsdecode(proxy.path)) if proxy else None
        media[logged.clip.id] = media_of(logged.clip, places, proxy=path)
    return media
