"""A cut of many clips, made and written as OTIO and EDL: `python benchmarks/timeline.py [CLIPS]`.

The limit for 10,000 clips is 2 seconds in all, the import of OTIO included. Clips are synthetic: two
rates, one stereo stream, a proxy, a marker on each, and a filled log.

Then each text format is checked as `rushes check` does: at most 2 seconds (CPU) for 10,000 events.
"""

import sys
import time
from pathlib import Path

from pipeline.clip import AudioStream, Clip, Facts, LoggedClip, Marker, Part, Stamp, VideoStream
from pipeline.editorial.arrange import settings_for
from pipeline.editorial.shots import Media, MediaPart
from pipeline.timecode import Rate, Timecode, TimeRange

LIMIT = 2.0
CHECKED = {".otio": "resolve", ".xml": "premiere", ".fcpxml": "fcp", ".edl": "avid", ".kdenlive": "kdenlive"}


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
    slowest = max(check(export.write(cut.timeline, ExportOptions(Path())).files[0].content, editor)
                  for export in EXPORTS if (editor := CHECKED.get(export.suffix)))  # fmt: skip
    return 0 if count != 10_000 or (total <= LIMIT and slowest <= LIMIT) else 1


def check(content: bytes | Path, editor: str) -> float:
    """CPU seconds that the check of a file takes for 10,000 events: clips on tracks, one for each channel of sound."""
    from pipeline.editorial.checks.case import case_of
    from pipeline.editorial.checks.judge import judge

    assert isinstance(content, bytes)
    began = time.process_time()
    case = case_of(content)
    judge([case], editor)
    seconds = time.process_time() - began
    events = len(case.timeline.events) or content.count(b"<entry ")
    each = seconds * 10_000 / events
    print(f"{'check':>16}  {seconds:6.2f} s CPU for {events:,} events of {case.format}: {each:.2f} s for 10,000")
    return each


if __name__ == "__main__":
    sys.exit(main())
