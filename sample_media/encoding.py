"""Raw pictures and sound of a recording through ffmpeg, the same bytes every time.

One thread and no optimised float arithmetic (-cpuflags 0), no clock and no version in the file (+bitexact).
"""

import contextlib
import subprocess
import tempfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from drawing import SAMPLE_RATE, planes, tone
from shoot import VFR_CLOCK, Recording, SoundRecording, sound_samples

EXACT = ("-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact", "-flags:a", "+bitexact")
COLOUR = "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709"
ENCODERS = {
    "h264": ("-c:v", "libx264", "-preset", "slow", "-crf", "27", "-threads", "1"),
    "hevc": ("-c:v", "libx265", "-preset", "fast", "-crf", "28", "-tag:v", "hvc1",
             "-x265-params", "pools=none:frame-threads=1:log-level=error:info=0"),
    "prores": ("-c:v", "prores", "-profile:v", "0", "-vendor", "apl0", "-threads", "1"),
    "mjpeg": ("-c:v", "mjpeg", "-q:v", "7", "-strict", "unofficial", "-threads", "1"),
}  # fmt: skip
PIXELS = {"h264": "yuv420p", "hevc": "yuv420p", "prores": "yuv422p10le", "mjpeg": "yuv420p"}


def encode(
    recording: Recording, part: int, *, size: tuple[int, int] | None = None, container: str = "", reel: str = ""
) -> bytes:
    """One file of a recording as ffmpeg writes it; another `size` makes a silent small copy, as cameras do."""
    codec = "h264" if size else recording.codec
    with tempfile.TemporaryDirectory(prefix="rushes-sample-") as scratch:
        out = Path(scratch) / f"made.{container or recording.container}"
        sound = [] if size else list(_sound_files(recording, part, Path(scratch)))
        command = [*_picture_input(recording, size or recording.size, codec), *_sound_input(recording, sound)]
        command += [*EXACT, *ENCODERS[codec], *_sound_output(recording, sound), *_timing(recording)]
        if recording.pixel_aspect != 1:
            shown = Fraction(*recording.size) * recording.pixel_aspect
            command += ["-aspect", f"{shown.numerator}:{shown.denominator}"]
        if recording.timecodes and not size:
            command += ["-timecode", recording.timecodes[part]]
        if reel:
            command += ["-metadata:s:v:0", f"reel_name={reel}"]
        if recording.created:
            command += ["-metadata", f"creation_time={recording.created}"]
        run([*command, str(out)], pictures(recording, part, size or recording.size, codec))
        return out.read_bytes()


def still(recording: Recording, size: tuple[int, int], *, part: int = 0) -> bytes:
    """The first picture of a file as JPEG."""
    with tempfile.TemporaryDirectory(prefix="rushes-sample-") as scratch:
        out = Path(scratch) / "made.jpg"
        shown = Recording(recording.number, recording.files, recording.scene, size, recording.rate, "mjpeg")
        command = [*_picture_input(shown, size, "mjpeg"), *EXACT, *ENCODERS["mjpeg"], "-frames:v", "1"]
        run([*command, "-f", "mjpeg", str(out)], iter([next(pictures(shown, part, size, "mjpeg"))]))
        return out.read_bytes()


def pictures(recording: Recording, part: int, size: tuple[int, int], codec: str) -> Iterator[bytes]:
    """The raw pictures of one file, numbered on from the chapters before it, lying as they are stored."""
    begin = sum(frames for _, frames in recording.files[:part])
    upright = (size[1], size[0]) if recording.rotation else size
    wide = int(upright[0] * recording.pixel_aspect)
    for frame in range(begin, begin + recording.files[part][1]):
        # A motif moves with time, not with frames: 50 frames a second move no faster than 25.
        moment = int(frame * 25 / recording.rate) + 17 * recording.number
        drawn = planes(recording.scene, size=upright, shown_width=wide, number=(recording.number, frame), moment=moment)
        y, cb, cr = (np.rot90(plane) if recording.rotation else plane for plane in drawn)
        if PIXELS[codec] == "yuv420p":
            yield b"".join((y.tobytes(), _halved(cb, rows=True), _halved(cr, rows=True)))
        else:
            yield b"".join(((y.astype("<u2") << 2).tobytes(), _halved(cb, rows=False), _halved(cr, rows=False)))


def run(arguments: list[str], pictures: Iterator[bytes]) -> None:
    """Feed pictures to ffmpeg; raises RuntimeError with what it said."""
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", "-nostdin", "-y", "-cpuflags", "0", *arguments]
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=said)
        assert process.stdin
        with contextlib.suppress(BrokenPipeError):  # ffmpeg has given up, and says why
            for picture in pictures:
                process.stdin.write(picture)
            process.stdin.close()
        if process.wait():
            said.seek(0)
            raise RuntimeError(f"{' '.join(command)}: {said.read().decode()}")


def _picture_input(recording: Recording, size: tuple[int, int], codec: str) -> list[str]:
    shape = ["-s", f"{size[0]}x{size[1]}", "-r", str(recording.rate)]
    return ["-f", "rawvideo", "-pix_fmt", PIXELS[codec], *shape, "-i", "pipe:"]


def _sound_files(recording: Recording, part: int, scratch: Path) -> Iterator[Path]:
    """One raw file per sound track; the tone goes on over chapters."""
    if recording.sound is None:
        return
    counts = sound_samples(recording)
    begin, count = sum(counts[:part]), counts[part]
    for track in range(recording.sound.tracks):
        channels = [
            tone(pitch(recording, track * recording.sound.channels + channel), count, begin=begin)
            for channel in range(recording.sound.channels)
        ]
        path = scratch / f"track{track}.raw"
        path.write_bytes(np.stack(channels, axis=1).astype("<i2").tobytes())
        yield path


def _sound_input(recording: Recording, files: list[Path]) -> list[str]:
    if recording.sound is None:
        return []
    shape = ["-f", "s16le", "-ar", str(SAMPLE_RATE), "-ac", str(recording.sound.channels)]
    return [word for file in files for word in (*shape, "-i", str(file))]


def _sound_output(recording: Recording, files: list[Path]) -> list[str]:
    maps = [word for number in range(len(files) + 1) for word in ("-map", f"{number}:0")]
    if recording.sound is None or not files:
        return [*maps[:2], "-an"]
    return [*maps, "-c:a", recording.sound.codec, *(("-b:a", "64k") if recording.sound.codec == "aac" else ())]


def _timing(recording: Recording) -> list[str]:
    """Colour, and ticks of the picture track; the phone's frames are spread unevenly over them."""
    if not recording.gaps:
        ticks = recording.rate.numerator * (1000 if recording.rate.denominator == 1 else 1)
        return ["-vf", COLOUR, "-video_track_timescale", str(ticks)]
    usual = recording.gaps[0]
    late = "".join(f"+{gap - usual}*gt(N,{frame})" for frame, gap in enumerate(recording.gaps) if gap != usual)
    spread = f"settb=1/{VFR_CLOCK},setpts='N*{usual}{late}',{COLOUR}"
    clock = ["-enc_time_base:v", f"1:{VFR_CLOCK}", "-video_track_timescale", str(VFR_CLOCK)]
    return ["-vf", spread, "-fps_mode", "passthrough", "-bf", "0", *clock]


def pitch(recording: Recording | SoundRecording, track: int) -> int:
    return 180 + 35 * recording.number + 60 * track


def _halved(plane: np.ndarray, *, rows: bool) -> bytes:
    """Chroma at half the width (10 bit), or at half width and height (8 bit)."""
    wide = plane.astype(np.uint16)
    pairs = wide[:, 0::2] + wide[:, 1::2]
    if rows:
        return ((pairs[0::2] + pairs[1::2] + 2) // 4).astype(np.uint8).tobytes()
    return (pairs * 2).astype("<u2").tobytes()
