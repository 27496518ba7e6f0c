"""Bundles, opened by OTIO's own reader."""

import os
import zipfile

import opentimelineio as otio
import pytest
from editorial_clips import logged, settings

from pipeline.editorial.assembly import assemble
from pipeline.editorial.exports import otioz
from pipeline.editorial.exports.registry import EXPORTS
from pipeline.editorial.exports.written import ExportOptions
from pipeline.editorial.shots import Media, MediaPart
from pipeline.errors import ExportRefused


@pytest.fixture
def film(tmp_path):
    """Two cards that both hold a C0001.MP4, a name with spaces and accents, and sound without a proxy."""
    clips = [
        logged("C0001.MP4", card="K1", start="01:00:00:00"),
        logged("C0001.MP4", card="K2", start="02:00:00:00"),
        logged("Läufer im Wald.MP4", card="K2", start="03:00:00:00"),
        logged("mix.wav", card="SR", kind="sound", start="04:00:00:00"),
    ]
    files = {}
    for clip in clips:
        original = tmp_path / "cards" / clip.clip.card / clip.clip.name
        proxy = tmp_path / "proxies" / clip.clip.card / clip.clip.name.replace("MP4", "mov")
        for path, content in ((original, b"original "), (proxy, b"proxy ")):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content + clip.clip.id.encode())
        seen = clip.clip.kind == "picture"
        part = MediaPart(clip.clip.name, str(original), clip.clip.frames)
        files[clip.clip.id] = Media((part,), str(proxy) if seen else None)
    return clips, files, tmp_path


def bundle(film, media=None):
    clips, files, folder = film
    cut = assemble("stringout", clips, files, settings())
    before = cut.timeline.to_json_string()
    written = otioz.write(cut.timeline, ExportOptions(folder, media))
    assert cut.timeline.to_json_string() == before
    (file,) = written.files
    return file.content, written.losses


def unpacked(path, folder):
    (folder / "out").mkdir()
    timeline = otio.adapters.read_from_file(str(path), extract_to_directory=str(folder / "out"))
    root = folder / "out"
    return timeline, {
        (clip.metadata["rushes"]["clip"], (root / clip.media_reference.target_url).read_bytes())
        for clip in timeline.find_clips()
    }


def test_a_bundle_holds_each_clips_proxy_and_the_original_of_sound(film):
    path, losses = bundle(film)
    timeline, found = unpacked(path, film[2])
    assert found == {
        ("id:K1/C0001.MP4", b"proxy id:K1/C0001.MP4"),
        ("id:K2/C0001.MP4", b"proxy id:K2/C0001.MP4"),
        ("id:K2/L?ufer im Wald.MP4", b"proxy id:K2/L?ufer im Wald.MP4"),
        ("id:SR/mix.wav", b"original id:SR/mix.wav"),
    }
    assert losses == ("The bundle holds no originals; it names them without a path.",)
    assert [clip.name for clip in timeline.video_tracks()[0].find_clips()] == [
        "C0001.MP4", "C0001.MP4", "Läufer im Wald.MP4",
    ]  # fmt: skip


def test_a_bundle_says_nothing_of_this_machine(film):
    path, _ = bundle(film)
    with zipfile.ZipFile(path) as packed:
        assert str(film[2]) not in packed.read("content.otio").decode()
        assert packed.read("version.txt") == b"1.0.0"
        assert sorted(packed.namelist()) == [
            "content.otio", "media/C0001-2.mov", "media/C0001.mov", "media/L_ufer_im_Wald.mov", "media/mix.wav",
            "version.txt",
        ]  # fmt: skip
        assert {info.compress_type for info in packed.infolist() if "media/" in info.filename} == {zipfile.ZIP_STORED}


def test_a_file_dated_1970_goes_into_a_bundle(film):
    os.utime(film[2] / "proxies" / "K1" / "C0001.mov", (0, 0))
    assert bundle(film)[0].exists()


def test_a_bundle_of_originals_holds_originals(film):
    path, losses = bundle(film, "original")
    _, found = unpacked(path, film[2])
    assert all(content == b"original " + clip.encode() for clip, content in found)
    assert "proxies" in losses[0]


def test_a_clip_without_a_proxy_is_named(film):
    clips, files, folder = film
    files[clips[1].clip.id] = Media(files[clips[1].clip.id].parts)
    with pytest.raises(ExportRefused, match=r"C0001\.MP4 has no proxy"):
        bundle((clips, files, folder))


def test_a_file_that_is_gone_is_named_and_nothing_is_left(film):
    (film[2] / "proxies" / "K2" / "C0001.mov").unlink()
    with pytest.raises(ExportRefused, match=r"C0001\.MP4 is missing at .*K2"):
        bundle(film)
    assert not list(film[2].glob("*.otioz"))


def test_every_export_writes_at_least_one_file_with_its_suffix(film):
    clips, files, folder = film
    cut = assemble("stringout", clips, files, settings())
    for export in EXPORTS:
        wanted = ".25fps.ale" if export.suffix == ".ale" else export.suffix
        assert [file.suffix for file in export.write(cut.timeline, ExportOptions(folder)).files] == [wanted]
