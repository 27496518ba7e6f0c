"""What must be read out of a card, told from the table of intentions alone: `<card>.expected.json`.

`facts` has the keys of `rushes facts --json`, `log` those of `rushes log --json`; a key that is absent is
not settled by the media, `<key>_accept` lists further right answers. `sidecars` are the files that
state facts of a clip, `reports` camera reports, `others` all that is neither a clip nor such a file.
"""

from fractions import Fraction

from drawing import samples
from shoot import NTSC, VFR_CLOCK, Card, Recording, SoundRecording, sound_samples

PIXELS = {"prores": ("yuv422p10le", 10), "h264": ("yuv420p", 8), "hevc": ("yuv420p", 8)}


def expected_json(card: Card, files: list[str]) -> dict[str, object]:
    """`files` are all paths on the card."""
    clips: dict[str, object] = {}
    known = set(card.reports)
    for recording in card.recordings:
        paths = [path for path, _ in recording.files]
        clips[_name(paths[0])] = {
            "parts": len(paths),
            "sidecars": list(recording.sidecars),
            "facts": _picture_facts(recording) | _edges(recording) | card.device | recording.facts,
            "log": _log(card, recording.facts) | _picture_log(recording) | recording.log | {"name": _name(paths[0])},
        }
        known |= {*paths, *recording.sidecars}
    for sound in card.sounds:
        clips[_name(sound.path)] = {
            "parts": 1,
            "sidecars": [],
            "facts": _sound_facts(sound) | card.device,
            "log": _log(card, {}) | _sound_log(sound) | {"name": _name(sound.path)},
        }
        known.add(sound.path)
    about = {"name": card.name, "structure": card.structure, "clips": len(clips), "complete": True}
    reports = list(card.reports)
    return {"card": about, "clips": clips, "reports": reports, "others": [path for path in files if path not in known]}


def _picture_facts(recording: Recording) -> dict[str, object]:
    pixels, depth = PIXELS[recording.codec]
    sound = recording.sound
    streams: list[dict[str, object]] = []
    if sound:
        stream = {"codec": sound.codec, "channels": sound.channels, "sample_rate": 48000}
        streams = [stream | {"samples": sum(sound_samples(recording))}] * sound.tracks
    facts: dict[str, object] = {
        "container": recording.container, "video_codec": recording.codec, "pixel_format": pixels, "bit_depth": depth,
        "color_transfer": "bt709", "color_primaries": "bt709", "width": recording.size[0], "height": recording.size[1],
        "rotation": recording.rotation, "interlaced": False, "rate": _fraction(recording.rate), "vfr": False,
        "frames": recording.frames, "audio": streams,
    }  # fmt: skip
    if recording.codec != "prores":
        facts["color_range"] = "tv"
    if recording.pixel_aspect != 1:
        facts |= {"pixel_aspect": _fraction(recording.pixel_aspect), "pixel_aspect_accept": ["2"]}
    if recording.gaps:
        average = Fraction(recording.frames * VFR_CLOCK, sum(recording.gaps))
        facts |= {"rate": None, "vfr": True, "average_rate": _fraction(average)}
    return facts


def _edges(recording: Recording) -> dict[str, object]:
    """Where the recording begins: timecode, and the zone of its moment where it states an offset."""
    facts: dict[str, object] = {}
    label = recording.timecodes[0] if recording.timecodes else recording.facts.get("start_timecode")
    if label:
        facts |= {"start_timecode": label, "drop_frame": ";" in str(label)}
    if "+" in str(recording.facts.get("recorded_at", "")):
        facts["recorded_at_zone"] = "offset"
    if not recording.created:
        facts["recorded_at"] = None
    return facts


def _picture_log(recording: Recording) -> dict[str, object]:
    rate, frames = recording.rate, recording.frames
    if recording.gaps:  # edited at the standard rate that is nearest to its average
        rate = NTSC
        frames = round(Fraction(sum(recording.gaps), VFR_CLOCK) * rate)
    label = recording.timecodes[0] if recording.timecodes else recording.facts.get("start_timecode")
    return {"start_timecode": label, **_length(rate, frames)}


def _sound_facts(sound: SoundRecording) -> dict[str, object]:
    take, channels, count = sound.take, len(sound.take.tracks), samples(sound.frames, NTSC)
    stream = {"codec": "pcm_s24le", "channels": channels, "sample_rate": 48000, "samples": count}
    return {
        "container": "wav", "bit_depth": 24, "samples": count, "channels": channels,
        "sample_rate": 48000, "audio": [stream],
        "scene": take.scene, "take": take.take, "tape": take.tape, "track_names": list(take.tracks),
        "time_reference": take.time_reference, "timecode_rate": _fraction(NTSC), "start_timecode": sound.start_timecode,
        "drop_frame": True, "recorded_at": "T".join(take.recorded), "recorded_at_zone": "local-unknown",
    }  # fmt: skip


def _sound_log(sound: SoundRecording) -> dict[str, object]:
    moment = "T".join(sound.take.recorded)
    return {
        "recorded_at": f"{moment}+02:00", "recorded_at_accept": [moment], "scene": sound.take.scene,
        "take": sound.take.take, "start_timecode": sound.start_timecode, **_length(NTSC, sound.frames),
    }  # fmt: skip


def _log(card: Card, facts: dict[str, object]) -> dict[str, object]:
    return {
        "camera": card.camera, "camera_model": card.device.get("camera_model"), "unit": card.unit,
        "location": card.location,
        "subject": sorted(card.subjects), "shoot_day": card.shoot_day,
        "recorded_at": facts.get("recorded_at") or card.shoot_day,
    }  # fmt: skip


def _length(rate: Fraction, frames: int) -> dict[str, object]:
    return {"rate": _fraction(rate), "frames": frames, "duration": float(round(frames / rate, 3))}


def _fraction(value: Fraction) -> str:
    return f"{value.numerator}/{value.denominator}"


def _name(path: str) -> str:
    return path.rsplit("/", 1)[-1]
