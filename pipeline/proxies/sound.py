"""The sound's way through the graph: each track stays a track, exactly as long as the picture; and the waveform."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import ffmpeg

from pipeline.clip import AudioStream
from pipeline.proxies.encoders import Sound
from pipeline.timecode import Rate

SUITE_RATE = 48_000  # samples a second that every suite and MXF take
WAVEFORM_SIZE = (1200, 120)
_WAVEFORM_COLOUR = "0x6FA8C8"
_WAVEFORM_RATE = 8000  # all its samples wait in memory for the end: 16 kB a second
_LEAST_SAMPLES = 2 * WAVEFORM_SIZE[0]  # fewer than one a column cannot be drawn
_DEEP = ("pcm_s24", "pcm_s32", "pcm_f32", "pcm_f64", "flac", "alac", "truehd")

Stream = Any  # ffmpeg-python has no types


def pcm_codec(track: AudioStream) -> str:
    """16 bits, or 24 where the original has more than 16; AAC and the like have no more to give."""
    return "pcm_s24le" if track.codec.startswith(_DEEP) else "pcm_s16le"


def tracks_asked(tracks: Sequence[AudioStream], how: Sound) -> tuple[AudioStream, ...]:
    """The sound tracks of a proxy: codec, channels and rate of each, lengths left open."""
    if how == "aac-mix":
        return (AudioStream("aac", 2, SUITE_RATE),) if tracks else ()
    return tuple(
        AudioStream(pcm_codec(track), track.channels, track.sample_rate if how == "pcm" else SUITE_RATE)
        for track in tracks
    )


def samples_of(first: int, frames: int, rate: Rate, sample_rate: int) -> int:
    """The samples that sound while `frames` are shown from frame `first` on; without drift over many parts."""
    return round(rate.seconds(first + frames) * sample_rate) - round(rate.seconds(first) * sample_rate)


def fitted_sound(stream: Stream, samples: int | None, *, late: Fraction) -> Stream:
    """A track that begins with the picture and lasts `samples`: silence before, within and after.

    `late` is how many seconds the picture begins after time 0; what sounds before it is cut.
    """
    if late:
        stream = stream.filter("asetpts", f"PTS-({late.numerator}/{late.denominator})/TB")
    stream = stream.filter("aresample", **{"async": 1, "first_pts": 0})
    if samples is None:
        return stream
    return exactly(stream, samples)


def as_asked(streams: Sequence[Stream], tracks: Sequence[AudioStream], how: Sound) -> list[Stream]:
    """Tracks brought to what `tracks_asked` promises; what they last is left to `exactly`."""
    if how == "pcm":
        return list(streams)
    if how == "pcm-48":
        return [
            stream if track.sample_rate == SUITE_RATE else stream.filter("aresample", SUITE_RATE)
            for stream, track in zip(streams, tracks, strict=True)
        ]
    sides = [_both_sides(stream, track) for stream, track in zip(streams, tracks, strict=True)]
    if len(sides) < 2:
        return sides
    return [ffmpeg.filter(sides, "amix", inputs=len(sides), normalize=0).filter("alimiter", level=0, latency=1)]


def exactly(stream: Stream, samples: int) -> Stream:
    """A track made `samples` long, with silence where it falls short."""
    return stream.filter("apad", whole_len=samples).filter("atrim", end_sample=samples)


def _both_sides(stream: Stream, track: AudioStream) -> Stream:
    """A track in stereo: two channels are left and right, any other number is heard in the middle."""
    if track.channels != 2:
        every = "+".join(f"c{channel}" for channel in range(track.channels))
        stream = stream.filter("pan", f"stereo|c0<{every}|c1<{every}")  # scaled, so that many do not clip
    return stream.filter("aresample", SUITE_RATE)


def waveform(streams: Sequence[Stream], tracks: Sequence[AudioStream]) -> Stream:
    """One picture of all tracks together, loud where any is loud."""
    mono = [_mono(stream, track) for stream, track in zip(streams, tracks, strict=True)]
    mixed = mono[0] if len(mono) == 1 else ffmpeg.filter(mono, "amix", inputs=len(mono), normalize=0)
    return mixed.filter("apad", whole_len=_LEAST_SAMPLES).filter(
        "showwavespic", size="x".join(map(str, WAVEFORM_SIZE)), colors=_WAVEFORM_COLOUR, scale="sqrt", filter="peak"
    )


def _mono(stream: Stream, track: AudioStream) -> Stream:
    if track.channels > 1:  # by number, because many channels have no named layout to mix down from
        stream = stream.filter("pan", "mono|c0<" + "+".join(f"c{channel}" for channel in range(track.channels)))
    return stream.filter("aresample", _WAVEFORM_RATE)
