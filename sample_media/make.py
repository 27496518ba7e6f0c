"""Make the sample cards: python sample_media/make.py [FOLDER [CARD...]]

Writes every card of shoot.py, and beside it `<card>.expected.json`, into FOLDER (this folder unless
told otherwise). The same ffmpeg gives the same bytes every time.
"""

import json
import shutil
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import boxes
import numpy as np
from drawing import SAMPLE_RATE, samples, tone
from encoding import encode, pitch, still
from expected import expected_json
from hashlists import hash_chain, hash_list
from shoot import CARDS, NTSC, Card, Recording
from sidecars import SonyClip, broadcast_wave, camera_report, dji_subtitles, sony_index, sony_xml

REPORT_COLUMNS = {
    "Roll": "roll", "Clip Name": "clip", "Scene": "scene", "Take": "take", "Circled": "circled", "Rating": "rating",
    "Notes": "note",
}  # fmt: skip


def main(arguments: list[str]) -> None:
    here = Path(__file__).parent
    target = Path(arguments[0]) if arguments else here
    for card in CARDS:
        if card.name in arguments[1:] or not arguments[1:]:
            began = time.monotonic()
            make_card(card, target)
            print(f"{card.name}: {time.monotonic() - began:.1f} s", file=sys.stderr)


def make_card(card: Card, target: Path) -> None:
    """Write one card folder anew, and what must be read out of it."""
    folder = target / card.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    STRUCTURES[card.structure](card, folder)
    write_hash_list(card, folder)
    files = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file()]
    document = json.dumps(expected_json(card, files), indent=1, ensure_ascii=False)
    (target / f"{card.name}.expected.json").write_text(document + "\n", encoding="utf-8")


def write_hash_list(card: Card, folder: Path) -> None:
    """The ASC MHL that the copying station wrote on the evening of the shoot day, first generation."""
    files = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    name = f"0001_{card.name}_{card.shoot_day}_200000Z.mhl"
    manifest = hash_list(files, f"{card.shoot_day}T20:00:00+00:00")
    write(folder / "ascmhl" / name, manifest)
    write(folder / "ascmhl" / "ascmhl_chain.xml", hash_chain(name, manifest))


# --- one function per device ----------------------------------------------------------------------


def make_sony(card: Card, folder: Path) -> None:
    root = folder / "PRIVATE" / "M4ROOT"
    proxies = card.camera == "C"
    clips = []
    for recording in card.recordings:
        clip = _sony_clip(card, recording)
        clips.append(clip)
        media = encode(recording, 0, container="mov")
        media = boxes.brand(media, b"XAVC", 0x01001FFF, (b"XAVC", b"mp42", b"iso2"))
        write(root / "CLIP" / f"{clip.name}.MP4", media + boxes.sony_document(sony_xml(clip)))
        write(root / "CLIP" / f"{clip.name}M01.XML", sony_xml(clip))
        write(root / "THMBNL" / f"{clip.name}T01.JPG", still(recording, (160, 90)))
        if proxies:
            write(root / "SUB" / f"{clip.name}S03.MP4", encode(recording, 0, size=(160, 90)))
    write(root / "MEDIAPRO.XML", sony_index(clips, proxies=proxies))
    write(root / "STATUS.BIN", b"STAT" + bytes(60))
    write(folder / "AVF_INFO" / "AVIN0001.INP", b"AVIN" + bytes(28))


def make_mag(card: Card, folder: Path) -> None:
    for recording in card.recordings:
        name = Path(recording.files[0][0]).stem
        keys = {
            "com.apple.proapps.manufacturer": str(card.device["camera_make"]),
            "com.apple.proapps.modelname": str(card.device["camera_model"]),
            "com.apple.proapps.serialno": str(card.device["camera_serial"]),
            "com.apple.proapps.reel": str(card.device["reel"]),
            "com.apple.proapps.clipFileName": name,
        }
        media = encode(recording, 0, reel=str(card.device["reel"]))
        write(folder / f"{name}.mov", boxes.into_movie(media, boxes.apple_keys(keys)))
    for name in card.reports:
        write(folder / name, camera_report(list(REPORT_COLUMNS), [report_row(card, each) for each in card.recordings]))


def report_row(card: Card, recording: Recording) -> list[str]:
    """What the camera assistant noted: the words that the log must show."""
    noted = {"clip": Path(recording.files[0][0]).stem, "roll": card.device["reel"]} | recording.log
    return [str(noted.get(field, "")) for field in REPORT_COLUMNS.values()]


def make_gopro(card: Card, folder: Path) -> None:
    settings = boxes.gopro_settings(
        firmware="HD7.01.01.90.00", lens="LAJ8112712400243",
        model=str(card.device["camera_model"]), serial=str(card.device["camera_serial"]),
    )  # fmt: skip
    for recording in card.recordings:
        for part, (path, _) in enumerate(recording.files):
            media = boxes.into_movie(encode(recording, part), settings)
            write(folder / path, boxes.brand(media, b"mp41", 0x20131018, (b"mp41",)))
            write((folder / path).with_suffix(".THM"), still(recording, (160, 120), part=part))
            small = (folder / path).with_suffix(".LRV")
            write(small.with_name(small.name.replace("GX", "GL")), encode(recording, part, size=(160, 90)))
    version = {"info version": "2.0", "firmware version": "HD7.01.01.90.00", "camera type": card.device["camera_model"]}
    write(folder / "MISC" / "version.txt", json.dumps(version, indent=0).encode() + b"\n")


def make_dji(card: Card, folder: Path) -> None:
    for recording in card.recordings:
        path = folder / recording.files[0][0]
        place = 0.4372, 35.485
        texts = boxes.drone_texts(place="+0.4372+35.4850+2417.812/", model=str(card.device["camera_model"]))
        write(path, boxes.into_movie(encode(recording, 0), texts))
        clock = datetime.fromisoformat("2019-08-15T06:25:20.219")
        subtitles = dji_subtitles(begins=clock, frames=recording.frames, rate=recording.rate, place=place)
        write(path.with_suffix(".SRT"), subtitles)
        write(folder / "MISC" / "THM" / "100" / f"{path.stem}.THM", still(recording, (160, 90)))


def make_phone(card: Card, folder: Path) -> None:
    for recording in card.recordings:
        keys = {
            "com.apple.quicktime.location.accuracy.horizontal": "6.481",
            "com.apple.quicktime.location.ISO6709": "+48.2167+016.3967+160.500/",
            "com.apple.quicktime.make": str(card.device["camera_make"]),
            "com.apple.quicktime.model": str(card.device["camera_model"]),
            "com.apple.quicktime.software": "13.1.2",
            "com.apple.quicktime.creationdate": str(recording.facts["recorded_at"]).replace("+02:00", "+0200"),
        }
        media = boxes.into_movie(encode(recording, 0), boxes.apple_keys(keys))
        write(folder / recording.files[0][0], boxes.turn_upright(media, recording.size[1]))
        write(folder / "DCIM" / "100APPLE" / "IMG_0006.JPG", still(recording, (270, 480)))


def make_sound(card: Card, folder: Path) -> None:
    for recording in card.sounds:
        count = samples(recording.frames, NTSC)
        tracks = [tone(pitch(recording, track), count) for track in range(len(recording.take.tracks))]
        pcm = (np.stack(tracks, axis=1) << 8).astype("<i4").view(np.uint8).reshape(count, len(tracks), 4)
        wave = broadcast_wave(recording.take, pcm[..., :3].tobytes(), bits=24, sample_rate=SAMPLE_RATE)
        write(folder / recording.path, wave)


STRUCTURES: dict[str, Callable[[Card, Path], None]] = {
    "sony-xavc": make_sony,
    "mag": make_mag,
    "gopro": make_gopro,
    "dji": make_dji,
    "dcim": make_phone,
    "sound": make_sound,
}


def _sony_clip(card: Card, recording: Recording) -> SonyClip:
    begins, counted = str(recording.facts["start_timecode"]), recording.frames - 1
    if recording.rate > 30:  # half steps: timecode counts pairs of frames
        counted //= 2
    return SonyClip(
        name=Path(recording.files[0][0]).stem, frames=recording.frames, size=recording.size, rate=int(recording.rate),
        begins=begins, ends=_later(begins, counted), created=str(recording.facts["recorded_at"]),
        model=str(card.device["camera_model"]), serial=str(card.device["camera_serial"]), lens=str(card.device["lens"]),
    )  # fmt: skip


def _later(timecode: str, frames: int) -> str:
    """A timecode at 25, some frames on."""
    hours, minutes, seconds, rest = (int(part) for part in timecode.split(":"))
    total = ((hours * 60 + minutes) * 60 + seconds) * 25 + rest + frames
    return f"{total // 90000:02}:{total // 1500 % 60:02}:{total // 25 % 60:02}:{total % 25:02}"


def write(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


if __name__ == "__main__":
    main(sys.argv[1:])
