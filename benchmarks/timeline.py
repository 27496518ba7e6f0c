"""A cut of many clips, made, written in every format, checked and read back: `python benchmarks/timeline.py [CLIPS]`.

The limit for 10,000 clips is 2 seconds in all for OTIO and EDL, the import of OTIO included. Then, for 10,000 events
(a picture and two channels of each clip), in seconds of CPU: 1 for each text format by itself, 10 for the AAF, 2 to
check the files of a suite, and 5 to read a file back; in brackets the same of all clips, which are three times as many
events. Each is the median of three. Beside them stands what OTIO's own adapters take to write the 10,000 events, or
why they write none. Clips are synthetic: two rates, one stereo stream, a proxy, a marker on each, and a filled log.
"""

import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from pipeline.clip import AudioStream, Clip, Facts, LoggedClip, Marker, Part, Stamp, VideoStream
from pipeline.editorial.arrange import settings_for
from pipeline.editorial.shots import Media, MediaPart
from pipeline.timecode import Rate, Timecode, TimeRange

LIMIT = 2.0
LIMIT_OF_ONE = 1.0  # seconds of CPU
LIMIT_OF_AAF = 10.0
LIMIT_OF_CHECK = 2.0
LIMIT_OF_READING = 5.0  # matching with the log included, which returning.py measures
TIMES = 3
EVENTS_OF_ONE = 3  # of a clip: its picture, and two channels of sound
STOCK = {".otio": "otio_json", ".xml": "fcp_xml", ".edl": "cmx_3600", ".ale": "ale", ".aaf": "AAF"}
SUITES = {
    ".otio": "resolve",
    ".xml": "premiere",
    ".fcpxml": "fcp",
    ".edl": "avid",
    ".ale": "avid",
    ".kdenlive": "kdenlive",
}


def logged_clip(number: int) -> LoggedClip:
    """A clip as the catalogue gives it; every tenth runs at 25 in a cut at 29.97."""
    rate = Rate(25) if number % 10 == 0 else Rate(30000, 1001)
    name = f"A{number // 500:03}C{number % 500:03}_191012_R1AB.mov"
    video = VideoStream(video_codec="prores", width=3840, height=2160, rate=rate, frames=900)
    facts = Facts(video=video, audio=(AudioStream("pcm_s24le", 2, 48000),), reel=name.removesuffix(".mov"))
    part = Part(1, f"ingest/A{number // 500:03}/{name}".encode(), Stamp(1, number, 1, 1), f"{number:032x}", 900)
    clip = Clip(
        f"{number:032x}", name, f"A{number // 500:03}", "picture", (part,), facts, rate, 900,
        Timecode(number * 900, rate, rate.can_drop),
    )  # fmt: skip
    values: dict[str, str | int | tuple[str, ...] | None] = {
        "shoot_day": f"2019-10-{1 + number // 900:02}", "at": f"{6 + number // 1000:02}:{number % 60:02}:00",
        "location": "Vienna" if number % 2 else "Kaptagat", "camera": "AB"[number % 2], "unit": "main",
        "subject": ("Coach", "Marathon"), "note": "Walks to the track, talks of breathing.", "rating": number % 6,
    }  # fmt: skip
    return LoggedClip(clip, "ready", values, (Marker(TimeRange(100, 200), "good line", "Coach"),))


def main() -> int:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    clips = [logged_clip(number) for number in range(count)]
    media = {
        clip.clip.id: Media(
            (MediaPart(clip.clip.name, f"/film/{clip.clip.name}", 900),), f"/film/proxies/{clip.clip.name}"
        )
        for clip in clips
    }
    began = time.perf_counter()
    from pipeline.editorial.assembly import assemble  # its cost is part of the measure
    from pipeline.editorial.exports.registry import EXPORTS
    from pipeline.editorial.exports.written import ExportOptions

    steps = [("import", time.perf_counter() - began)]
    total = steps[0][1]
    began = time.perf_counter()
    cut = assemble("stringout", clips, media, settings_for(clips, "bench"))
    steps.append(("assemble", time.perf_counter() - began))
    for export in EXPORTS:
        if export.suffix in {".otio", ".edl"}:
            began = time.perf_counter()
            written = export.write(cut.timeline, ExportOptions(Path()))
            size = sum(len(file.content) for file in written.files if isinstance(file.content, bytes))
            steps.append((f"{export.suffix} ({size / 1e6:.0f} MB)", time.perf_counter() - began))
    total = sum(seconds for _, seconds in steps)
    for name, seconds in steps:
        print(f"{name:>16}  {seconds:6.2f} s")
    print(f"{'in all':>16}  {total:6.2f} s for {count:,} clips (at most {LIMIT} s for 10,000)")
    part = clips[: -(-count // EVENTS_OF_ONE)]
    events = assemble("stringout", part, media, settings_for(part, "bench")).timeline
    print(f"{'':>16}  each alone, for {EVENTS_OF_ONE * len(part):,} events (and for {EVENTS_OF_ONE * count:,})")
    within = [_alone(export, events, cut.timeline) for export in EXPORTS if export.suffix != ".otioz"]
    return 0 if count != 10_000 or (total <= LIMIT and all(within)) else 1


def _alone(export: Any, events: Any, clips: Any) -> bool:
    """Whether one format is written, checked and read within its limits, of the timeline that has these."""
    took, more = _took(export, events), _took(export, clips)
    said = ", ".join(
        f"{what} in {seconds:.2f} s (at most {limit:g}; {more[what][0]:.2f})" for what, (seconds, limit) in took.items()
    )
    print(f"{export.suffix:>16}  {said}{_stock(export.suffix, events)}", flush=True)
    return all(seconds <= limit for seconds, limit in took.values())


def _took(export: Any, timeline: Any) -> dict[str, tuple[float, float]]:
    """Seconds that each use of a format takes, with its limit."""
    from pipeline.editorial.checks.case import case_of
    from pipeline.editorial.checks.judge import judge
    from pipeline.editorial.exports.written import ExportOptions
    from pipeline.editorial.imports.registry import IMPORTS

    suite = SUITES.get(export.suffix, "")
    options = ExportOptions(Path(), editor=suite)
    files = [file.content for file in export.write(timeline, options).files]
    took = {"written": (_cpu(lambda: export.write(timeline, options)), _limit(export.suffix))}
    if suite:
        took[f"checked for {suite}"] = (_cpu(lambda: judge([case_of(each) for each in files], suite)), LIMIT_OF_CHECK)
    reader = next((each for each in IMPORTS if each.recognises(files[0][:4096])), None)
    if reader is not None:
        took["read"] = (_cpu(lambda: reader.read(files[0])), LIMIT_OF_READING)
    return took


def _limit(suffix: str) -> float:
    return LIMIT_OF_AAF if suffix == ".aaf" else LIMIT_OF_ONE


def _stock(suffix: str, timeline: Any) -> str:
    """What OTIO's own adapter takes, or that it writes no such timeline."""
    import opentimelineio as otio

    if suffix not in STOCK:
        return ""
    began = time.process_time()
    try:
        with tempfile.TemporaryDirectory() as folder:
            more = {"use_empty_mob_ids": True} if suffix == ".aaf" else {}
            otio.adapters.write_to_file(timeline, f"{folder}/x{suffix}", adapter_name=STOCK[suffix], **more)
    except Exception as error:  # noqa: BLE001  # whatever an adapter raises: it wrote nothing
        return f"; {STOCK[suffix]}: none ({type(error).__name__})"
    return f"; {STOCK[suffix]}: {time.process_time() - began:.2f} s"


def _cpu(work: Callable[[], object]) -> float:
    """Seconds of CPU, the median of three."""
    found = []
    for _ in range(TIMES):
        began = time.process_time()
        work()
        found.append(time.process_time() - began)
    return median(found)


if __name__ == "__main__":
    sys.exit(main())
