"""The footage that benchmarks work on: 10 s of UHD 25p H.264 High, CABAC, above 100 Mbit/s, moving and noisy.

Made once into benchmarks/.cache/ (about a minute); made by hand it can be replaced by real footage of
the same kind.
"""

import subprocess
from pathlib import Path

from pipeline.processes.ffmpeg import find_ffmpeg

CACHE = Path(__file__).parent / ".cache"
SECONDS, RATE, SIZE, LEAST_MBITS = 10, 25, "3840:2160", 100
# A zoom into detail that never repeats, under grain that changes in every frame.
PICTURE = f"mandelbrot=s=1920x1080:r={RATE}:maxiter=200,scale={SIZE},noise=alls=14:allf=t,format=yuv420p"
SOUND = "anoisesrc=c=pink:r=48000:a=0.3"


def bench_source() -> Path:
    """The source clip, made if it is not there yet."""
    final = CACHE / "uhd25.mp4"
    if not final.is_file():
        CACHE.mkdir(exist_ok=True)
        part = CACHE / "uhd25.part.mp4"
        command = [
            str(find_ffmpeg()), "-v", "error", "-nostdin", "-y", "-f", "lavfi", "-i", PICTURE,
            "-f", "lavfi", "-i", SOUND, "-t", str(SECONDS),
            "-c:v", "libx264", "-preset", "veryfast", "-profile:v", "high", "-coder", "1", "-g", "12",
            "-b:v", "120M", "-maxrate", "140M", "-bufsize", "140M", "-timecode", "10:00:00:00",
            "-color_primaries", "bt709", "-color_trc", "bt709", "-colorspace", "bt709",
            "-c:a", "aac", "-b:a", "256k", "-ac", "2", str(part),
        ]  # fmt: skip
        subprocess.run(command, check=True)
        part.rename(final)
    mbits = final.stat().st_size * 8 / SECONDS / 1e6
    assert mbits >= LEAST_MBITS, f"{final} has only {mbits:.0f} Mbit/s; delete it, so that it is made again."
    return final


def hd_source() -> Path:
    """The same pictures as ProRes 422 in HD, with two tracks of PCM."""
    final = CACHE / "hd25.mov"
    if not final.is_file():
        part = CACHE / "hd25.part.mov"
        command = [
            str(find_ffmpeg()), "-v", "error", "-nostdin", "-y", "-i", str(bench_source()),
            "-map", "0:v", "-map", "0:a", "-map", "0:a", "-vf", "scale=1920:1080",
            "-c:v", "prores", "-profile:v", "2", "-c:a", "pcm_s24le", str(part),
        ]  # fmt: skip
        subprocess.run(command, check=True)
        part.rename(final)
    return final


if __name__ == "__main__":
    source = bench_source()
    print(source, f"{source.stat().st_size * 8 / SECONDS / 1e6:.0f} Mbit/s")
