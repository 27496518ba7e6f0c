"""Paths as the editor's machine has them: mapped once, before the writers, and in the form that each format wants."""

import json
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from editorial_clips import logged, media, settings
from hypothesis import given
from hypothesis import strategies as st

from pipeline.editorial.assembly import assemble
from pipeline.editorial.exports import ale, edl, fcpxml, otio_json, xmeml
from pipeline.editorial.exports.paths import beside, elsewhere, mapped, read_map
from pipeline.editorial.exports.written import ExportOptions
from pipeline.editorial.exports.xml_text import path_url
from pipeline.errors import ValueRefused

NAMES = ("A 1#50%.mov", "Wien Ä.mov", "%20.mov")


def cut(*names, clips=()):
    found = [*clips, *(logged(name, start=f"1{n}:00:00:00") for n, name in enumerate(names))]
    return assemble("stringout", found, media(*found), settings()).timeline


@pytest.mark.parametrize(
    ("path", "maps", "there"),
    [
        ("/films/x/a.mov", {"/films": "/Volumes/RAID"}, "/Volumes/RAID/x/a.mov"),
        ("/films/x/a.mov", {"/films/": "/Volumes/RAID/"}, "/Volumes/RAID/x/a.mov"),
        ("/films2/a.mov", {"/films": "/Volumes/RAID"}, "/films2/a.mov"),
        ("/films/x/a.mov", {"/films": "/one", "/films/x": "/two"}, "/two/a.mov"),
        ("/films/x/a.mov", {"/films": "D:\\"}, "D:\\x\\a.mov"),
        ("/films/x/a.mov", {"/films": "D:/rushes"}, "D:\\rushes\\x\\a.mov"),
        ("/films/x/a.mov", {"/films": "D:"}, "D:\\x\\a.mov"),
        ("/films/x/a.mov", {"/films": "\\\\nas\\films"}, "\\\\nas\\films\\x\\a.mov"),
        ("/films/x/a.mov", {"/films": "//nas/films"}, "\\\\nas\\films\\x\\a.mov"),
        ("/films/x/a.mov", {"/": "/Volumes/disk"}, "/Volumes/disk/films/x/a.mov"),
        ("/films/x/a.mov", {"/films": "/"}, "/x/a.mov"),
    ],
)
def test_the_longest_beginning_that_fits_is_replaced(path, maps, there):
    assert mapped(path, maps) == there


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("/films=/Volumes/RAID", ("/films", "/Volumes/RAID")),
        ("/a=b/c=/d", ("/a=b/c", "/d")),
        ("/a=/b=c", ("/a", "/b=c")),
        ("/films=D:\\films", ("/films", "D:\\films")),
        ("/films=\\\\nas\\films", ("/films", "\\\\nas\\films")),
    ],
)
def test_a_map_is_parted_before_a_whole_path(text, pair):
    assert read_map(text) == pair


@pytest.mark.parametrize("text", ["", "/films", "/films=", "films=/x", "/films=x", "=/x"])
def test_a_map_without_whole_paths_is_refused(text):
    with pytest.raises(ValueRefused, match="whole path"):
        read_map(text)


@pytest.mark.parametrize(
    ("there", "bare", "url"),
    [
        ("/Volumes/RAID 1", "/Volumes/RAID 1/A001/", "file:///Volumes/RAID%201/A001/"),
        ("D:\\film", "D:\\film\\A001\\", "file:///D:/film/A001/"),
        ("\\\\nas\\film", "\\\\nas\\film\\A001\\", "file://nas/film/A001/"),
    ],
)
def test_each_format_has_the_path_in_its_own_form(there, bare, url):
    timeline = elsewhere(cut(*NAMES), {"/film": there}).timeline
    options = ExportOptions(Path(), editor="resolve")
    otio = json.loads(otio_json.write(timeline, options).files[0].content)
    clips = otio["tracks"]["children"][0]["children"]
    paths = [clip["media_references"]["DEFAULT_MEDIA"]["target_url"] for clip in clips]
    assert paths == [bare + name for name in NAMES]
    quoted = [url + name for name in ("A%201%2350%25.mov", "Wien%20%C3%84.mov", "%2520.mov")]
    text = fcpxml.write(timeline, options).files[0].content.decode()
    assert all(f'kind="original-media" src="{each}"' in text for each in quoted)
    text = xmeml.write(timeline, options).files[0].content.decode()
    host = each if (each := urlsplit(url).netloc) else "localhost"
    assert all(
        f"<pathurl>{each.replace(url, f'file://{host}{urlsplit(url).path}')}</pathurl>" in text for each in quoted
    )
    text = edl.write(timeline, options).files[0].content.decode()
    assert all(f"FILE {bare}{name}\n" in text for name in NAMES)
    text = ale.write(timeline, options).files[0].content.decode()
    assert all(f"\t{name}\t{bare}{name}\t" in text for name in NAMES)


def test_a_reel_keeps_its_name_when_paths_are_mapped():
    """Two clips of one reel without timecode get codes; these must not depend on the machine."""
    timeline = cut(clips=(logged("a.mov", start=None), logged("b.mov", start=None)))
    lists = [edl.write(each, ExportOptions(Path())).files[0].content.decode()
             for each in (timeline, elsewhere(timeline, {"/film": "D:\\"}).timeline)]  # fmt: skip
    reels = [[line.split()[1] for line in text.splitlines() if line[:3].isdecimal()] for text in lists]
    assert reels[0] == reels[1]
    assert len(set(reels[0])) == 2


def test_what_no_map_reaches_and_what_windows_cannot_hold_is_said():
    placed = elsewhere(cut("a.mov", "what?.mov", "aux.mov"), {"/film/A001": "D:\\"})
    assert placed.sentences == (
        "Media outside the mapped folders keep their paths: a.mov, what?.mov, aux.mov.",  # the proxies
        "Names that Windows cannot hold, so these files have others there: what?.mov, aux.mov.",
    )


def test_the_timeline_itself_keeps_its_paths():
    timeline = cut("a.mov")
    before = timeline.to_json_string()
    elsewhere(timeline, {"/film": "/x"})
    beside(timeline, "/film", "/film/timelines")
    assert timeline.to_json_string() == before
    assert elsewhere(timeline, {}).timeline is timeline


def test_relative_paths_lead_from_the_folder_of_the_timeline_to_the_media():
    placed = beside(cut("a.mov"), "/film", "/film/timelines/for-resolve")
    clip = placed.timeline.tracks[0][0]
    assert clip.media_reference.target_url == "../../A001/a.mov"
    assert clip.media_references()["proxy"].target_url == "../../proxies/A001/a.mov"
    assert placed.sentences == ()


def test_media_outside_the_film_keep_absolute_paths_and_are_named():
    placed = beside(cut("a.mov"), "/film/proxies", "/film/proxies/x")
    assert placed.timeline.tracks[0][0].media_reference.target_url == "/film/A001/a.mov"
    assert placed.sentences == ("Media outside the film folder keep absolute paths: a.mov.",)
    (sentence,) = beside(cut("a.mov"), "/film", "/elsewhere").sentences
    assert sentence.startswith("Paths stay absolute")


@given(st.text(st.characters(exclude_characters="/\\\0", exclude_categories=("Cs",)), min_size=1))
def test_a_url_leads_back_to_the_very_path(name):
    for path in (f"/x/{name}", f"D:\\x\\{name}", f"\\\\nas\\x\\{name}"):
        url = urlsplit(path_url(path, ""))
        back = unquote(url.path)
        if path.startswith("/"):
            assert back == path
        elif path.startswith("D"):
            assert back == "/" + path.replace("\\", "/")
        else:
            assert url.netloc + back == path[2:].replace("\\", "/")
