"""Findings of all sources as one set of Facts, and the facts of chapters as those of one recording."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from pipeline.clip import Facts, Source, VideoStream
from pipeline.metadata.cameras import dated
from pipeline.metadata.dropframe import one_count
from pipeline.metadata.findings import Finding, Label, parsed
from pipeline.metadata.track import joined
from pipeline.metadata.trust import resolve, with_derived
from pipeline.timecode import Rate

VIDEO_KEYS = frozenset(VideoStream.__dataclass_fields__)
TOLD = (frozenset(Facts.__dataclass_fields__) | VIDEO_KEYS) - {"video", "sources", "warnings"}
_FACT_KEYS = TOLD - VIDEO_KEYS - {"start_timecode", "recorded_at", "gps_time"}


def assemble(findings: Iterable[Finding]) -> Facts:
    """Findings of all sources as Facts."""
    findings = one_count(_counted(list(_standing(list(findings)))))
    warned = [finding for finding in findings if finding.key == "warnings"]
    warnings = tuple(dict.fromkeys(str(finding.value) for finding in warned))
    values, sources = resolve(finding for finding in findings if finding.key in TOLD)
    values, sources = dated(values, sources)
    picture = {key: value for key, value in values.items() if key in VIDEO_KEYS}
    known = {key: value for key, value in values.items() if key in _FACT_KEYS}
    start, recorded = values.get("start_timecode"), values.get("recorded_at")
    if start is not None:
        counted = None if isinstance(start, Label) else start.rate
        known |= {"start_timecode": str(start), "drop_frame": start.drop_frame, "timecode_rate": counted}
    if recorded is not None:
        known |= {"recorded_at": recorded.iso, "recorded_at_zone": recorded.zone}
    if began := values.get("gps_time"):
        known["gps_time"] = began.strftime("%Y-%m-%dT%H:%M:%S") + f".{began.microsecond // 1000:03}Z"
    sources = with_derived(sources, values, known)
    if warned:
        sources.append(Source("warnings", "; ".join(dict.fromkeys(finding.where for finding in warned))))
    return Facts(video=VideoStream(**picture) if picture else None, warnings=warnings, sources=tuple(sources), **known)


def _standing(findings: Sequence[Finding]) -> Iterator[Finding]:
    """What can be true together: no length of a file that is cut off, no constant rate of a variable one."""
    cut = next((finding for finding in findings if finding.key == "cut_off"), None)
    vfr = next((finding for finding in findings if finding.key == "vfr" and finding.value is not None), None)
    for finding in findings:
        if cut and finding.key in ("frames", "samples"):
            # What a header or sidecar counts is not there where the file is cut off.
            yield replace(
                finding, value=None, where=cut.where, why=f"it is cut off; {finding.where} says {finding.value}"
            )
        elif vfr and vfr.value and finding.key == "rate":
            yield replace(finding, value=None, where=vfr.where, why="it varies: average_rate is the middle")
        else:
            yield finding


def _counted(findings: Sequence[Finding]) -> list[Finding]:
    """Labels without a rate counted at that of the picture, where one is known; an impossible one is none."""
    if not any(isinstance(finding.value, Label) for finding in findings):
        return list(findings)
    rate = resolve(finding for finding in findings if finding.key == "rate")[0].get("rate")
    return [_at(finding, rate) if rate and isinstance(finding.value, Label) else finding for finding in findings]


def _at(finding: Finding, rate: Rate) -> Finding:
    return replace(finding, value=parsed(finding.value.text, rate, drop_frame=finding.value.drop_frame))


def with_sounds(facts: Facts, sounds: Mapping[str, Facts | None]) -> Facts:
    """The facts of a picture whose sound lies in files beside it, by name: the first track of each.

    One that could not be read (None), or holds no sound, is named and left out.
    """
    heard = {name: one for name, one in sounds.items() if one and one.audio}
    warnings = [f"{name}, its sound, cannot be read; copy it again." for name in sounds if name not in heard]
    warnings += [f"{name}: {warning}" for name, one in heard.items() for warning in one.warnings]
    told = [
        source
        for source in facts.sources
        if source.key not in ("audio" if sounds else "", "warnings" if warnings else "")
    ]
    if sounds:
        told.append(Source("audio", ", ".join(sounds)))
    if warnings:
        told.append(Source("warnings", ", ".join(sounds)))
    return replace(
        facts,
        audio=(*facts.audio, *(replace(one.audio[0], file=name) for name, one in heard.items())),
        warnings=tuple(dict.fromkeys((*facts.warnings, *warnings))),
        sources=tuple(told),
    )


def span_facts(parts: Sequence[Facts]) -> Facts:
    """Chapters in order as one recording: starts as the first, lasts as long as all together."""
    first = parts[0]
    video = first.video
    if video is not None:
        video = replace(video, frames=_summed([part.video.frames if part.video else None for part in parts]))
    audio = tuple(
        replace(
            stream, samples=_summed([part.audio[index].samples if index < len(part.audio) else None for part in parts])
        )
        for index, stream in enumerate(first.audio)
    )
    warnings = tuple(dict.fromkeys(warning for part in parts for warning in part.warnings))
    return replace(
        first,
        video=video,
        audio=audio,
        samples=_summed([part.samples for part in parts]),
        track=joined((part.track, _seconds(part)) for part in parts),
        warnings=warnings,
        sources=tuple(_span_sources(parts)),
    )


def _span_sources(parts: Sequence[Facts]) -> Iterator[Source]:
    """Those of the first chapter, counts told to be sums; warnings are those of all chapters."""
    for source in parts[0].sources:
        if source.key in ("frames", "samples", "audio"):
            yield replace(source, why="; ".join(filter(None, (source.why, f"the sum of {len(parts)} chapters"))))
        elif source.key != "warnings":
            yield source
    warned = dict.fromkeys(source.where for part in parts for source in part.sources if source.key == "warnings")
    if warned:
        yield Source("warnings", "; ".join(warned))


def _seconds(part: Facts) -> float | None:
    """How long a chapter is."""
    if part.video and part.video.frames and part.video.rate:
        return float(part.video.rate.seconds(part.video.frames))
    return None


def _summed(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if len(known) == len(counts) else None
