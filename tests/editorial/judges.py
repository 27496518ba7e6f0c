"""Kdenlive and melt as judges, and the numbered recordings that they play. Both come from Debian's packages."""

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from pipeline.processes.ffmpeg import find_ffmpeg

sys.path.insert(0, str(Path(__file__).parents[2] / "sample_media"))
from frame_numbers import draw_number, read_number

SIZE = (256, 144)
SOUND_RATE = 48000
STEP = 40  # between the sound levels of two frames
needs_melt = pytest.mark.skipif(shutil.which("melt") is None, reason="melt is not installed (Debian: melt)")
needs_kdenlive = pytest.mark.skipif(
    not all(map(shutil.which, ("kdenlive", "xvfb-run", "xauth", "dbus-run-session", "gdbus"))),
    reason="Kdenlive and Xvfb are not installed (Debian: kdenlive xvfb xauth dbus-daemon libglib2.0-bin)",
)


def shoot(path: Path, clip: int, rate: Fraction, frames: int, *, streams: tuple[int, ...] = (2,)) -> Path:
    """A recording whose every picture says its clip and number, and whose sound is as loud as its frame's number.

    Each channel is off by a level from the one before it, streams count on.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    sounds = []
    for number, channels in enumerate(streams):
        raw = path.with_suffix(f".{number}.raw")
        raw.write_bytes(levels(frames, rate, range(sum(streams[:number]), sum(streams[: number + 1]))).tobytes())
        sounds += ["-f", "s16le", "-ar", str(SOUND_RATE), "-ac", str(channels), "-i", raw]
    shown = ["-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{SIZE[0]}x{SIZE[1]}", "-r", str(rate), "-i", "-"]
    maps = [word for number in range(len(streams) + 1) for word in ("-map", str(number))]
    codec = ["-c:v", "libx264", "-preset", "ultrafast", "-bf", "2", "-g", "24", "-crf", "12", "-pix_fmt", "yuv420p"]
    command = [find_ffmpeg(), "-v", "error", "-y", *shown, *sounds, *maps, *codec, "-c:a", "pcm_s16le", path]
    subprocess.run(list(map(str, command)), input=pictures(clip, frames), check=True)
    return path


def pictures(clip: int, frames: int) -> bytes:
    drawn = np.full((frames, SIZE[1], SIZE[0]), 110, np.uint8)
    for frame, luma in enumerate(drawn):
        draw_number(luma, clip=clip, frame=frame)
    return drawn.tobytes()


def levels(frames: int, rate: Fraction, channels: range) -> np.ndarray:
    samples = np.arange(int(frames / rate * SOUND_RATE))
    frame = samples * rate.numerator // (rate.denominator * SOUND_RATE)
    return np.stack([(frame + 1) * STEP + channel for channel in channels], axis=1).astype("<i2")


def play(project: Path, rate: Fraction, *, channels: int = 2) -> tuple[list[tuple[int, int] | None], np.ndarray]:
    """What melt makes of a project: the numbers of each picture, and the level of each channel in the middle of it."""
    profile = project.with_suffix(".profile")
    profile.write_text(
        f"description=x\nframe_rate_num={rate.numerator}\nframe_rate_den={rate.denominator}\nwidth={SIZE[0]}\n"
        f"height={SIZE[1]}\nprogressive=1\nsample_aspect_num=1\nsample_aspect_den=1\ndisplay_aspect_num=16\n"
        "display_aspect_den=9\ncolorspace=601\n"
    )
    made = project.with_suffix(".nut")
    target = [f"avformat:{made}", "vcodec=rawvideo", "pix_fmt=gray", "acodec=pcm_s16le", f"channels={channels}"]
    command = ["melt", "-silent", "-profile", profile, project, "-consumer", *target, "real_time=-1"]
    for _ in range(4):  # on a busy machine melt at times hangs, or ends well with nothing but the beginning of a file
        with suppress(subprocess.TimeoutExpired):
            subprocess.run(list(map(str, command)), check=True, capture_output=True, timeout=25)
            if made.stat().st_size > SIZE[0] * SIZE[1]:
                break
    raw = np.frombuffer(_raw(made, "-f", "rawvideo", "-pix_fmt", "gray"), np.uint8).reshape(-1, SIZE[1], SIZE[0])
    sound = np.frombuffer(_raw(made, "-f", "s16le"), "<i2").reshape(-1, channels)
    middles = [int((number + Fraction(1, 2)) / rate * SOUND_RATE) for number in range(len(raw))]
    return [read_number(picture) for picture in raw], sound[middles]


def _raw(path: Path, *options: str) -> bytes:
    command = [find_ffmpeg(), "-v", "error", "-i", path, "-fps_mode", "passthrough", *options, "-"]
    done = subprocess.run(list(map(str, command)), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


# Kdenlive is ready once its title names the project; a dialog in the way keeps it from that. What it is asked stands in
# its own words (KMainWindow's D-Bus interface); it is ended hard, as nothing of its own is wanted.
_SESSION = r"""
kdenlive "$1" > "$2/kdenlive.log" 2>&1 &
pid=$!
asked() { gdbus call --session --dest "org.kde.kdenlive-$pid" --object-path /kdenlive/MainWindow_1 --method "$@"; }
for _ in $(seq 300); do
  title=$(asked org.freedesktop.DBus.Properties.Get org.qtproject.Qt.QWidget windowTitle 2>&1)
  case "$title" in *"'$3 "*) ready=1; break;; esac
  sleep 0.2
done
test -z "$ready" || asked org.kde.KMainWindow.activateAction file_save
kill -9 $pid
test -n "$ready"
"""


def save_again(project: Path) -> bytes:
    """What Kdenlive saves of a copy of `project`, in a home of its own under Xvfb."""
    with TemporaryDirectory(prefix="kd") as scratch:  # a short name: a socket's path has 108 letters at most
        home, before = Path(scratch), project.read_bytes()
        for folder in ("config", "data", "cache", "tmp", "runtime"):
            (home / folder).mkdir(mode=0o700)
        (home / "config" / "kdenliverc").write_text("[version]\nversion=22.12.3\n")  # else it shows its wizard
        copy = project.with_name("again.kdenlive")  # beside it, for the sake of relative paths
        copy.write_bytes(before)
        own = {f"XDG_{name.upper()}_HOME": str(home / name) for name in ("config", "data", "cache")}
        own |= {"HOME": scratch, "TMPDIR": str(home / "tmp"), "XDG_RUNTIME_DIR": str(home / "runtime")}
        command = ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24", "dbus-run-session", "--", "bash", "-c", _SESSION]
        arguments = ["kdenlive", str(copy), scratch, copy.stem]
        done = subprocess.run(
            [*command, *arguments], env={**os.environ, **own}, capture_output=True, timeout=110, check=False
        )
        after = copy.read_bytes()
        assert after != before, (done.stderr.decode(), (home / "kdenlive.log").read_text()[-2000:])
        return after
