"""Screening copies in a real browser: Debian's Chromium opens, seeks and shows them."""

import base64
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from shooting import PRESETS, log, order, program, run

from pipeline.proxies.make import make

CHROMIUM = shutil.which("chromium")
pytestmark = pytest.mark.skipif(
    CHROMIUM is None or "snap" in Path(CHROMIUM).resolve().parts[-1],  # a snap sees no folder of ours
    reason="Chromium is not installed (Debian: chromium)",
)
SECONDS = 60  # it takes 2 on a machine at rest
# What is seen is told on the console, in real time; a window that closes ends the program. A data URL taints no canvas.
PAGE = """<!doctype html><video muted preload="auto"></video><script>
const video = document.querySelector("video");
const tell = (colour) => {
  const failed = video.error !== null, size = [video.videoWidth, video.videoHeight];
  console.log("seen " + JSON.stringify({failed, size, seconds: video.duration, at: video.currentTime, colour}));
  window.close();
};
video.onerror = () => tell(null);
video.oncanplaythrough = () => { video.oncanplaythrough = null; video.currentTime = 3; };
video.onseeked = () => {
  const canvas = document.createElement("canvas"), pen = canvas.getContext("2d");
  pen.drawImage(video, 0, 0, canvas.width, canvas.height);
  tell([...pen.getImageData(canvas.width / 2, canvas.height / 4, 1, 1).data.slice(0, 3)]);
};
video.src = "data:video/mp4;base64,RECORDING";
</script>"""


def seen(recording: Path, folder: Path) -> dict:
    """What a page with this recording saw of it at its third second."""
    page = folder / "page.html"
    page.write_text(PAGE.replace("RECORDING", base64.b64encode(recording.read_bytes()).decode()))
    quiet = ("--disable-background-networking", "--disable-component-update", "--disable-gpu", "--no-first-run")
    command = [
        CHROMIUM, "--headless", *(["--no-sandbox"] if os.geteuid() == 0 else []), *quiet, "--disable-dev-shm-usage",
        "--enable-logging=stderr", f"--user-data-dir={folder / 'profile'}", page.as_uri(),
    ]  # fmt: skip
    with subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True,
        env={**os.environ, "HOME": str(folder)},
    ) as browser:  # fmt: skip
        try:
            _, said = browser.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(browser.pid, signal.SIGKILL)
            raise
    [line] = [line for line in said.splitlines() if '"seen {' in line]
    found, _ = json.JSONDecoder().raw_decode(line[line.index('"seen {') + len('"seen ') :])
    return found


def test_a_browser_shows_a_screening_copy_of_what_it_could_not_show(tmp_path):
    """Two seconds of red, then blue, as a camera records them: ten bits, 4:2:2, with sound as PCM."""
    source, each = tmp_path / "A.mov", "s=640x360:r=60000/1001:d=2.002"
    run(
        "-f", "lavfi", "-i", f"color=red:{each}", "-f", "lavfi", "-i", f"color=blue:{each}",
        "-f", "lavfi", "-i", "sine=r=48000:d=4.004", "-filter_complex", "[0][1]concat", "-c:v", "prores",
        "-c:a", "pcm_s24le", source,
    )  # fmt: skip
    make(order(log(source), tmp_path, source, presets=(PRESETS["screening"],), stills=False), program())
    assert seen(source, tmp_path)["size"] == [0, 0]
    found = seen(tmp_path / "screening.mp4", tmp_path)
    red, green, blue = found.pop("colour")
    assert (red < 40, green < 40, blue > 200) == (True, True, True)
    assert found == {"failed": False, "size": [640, 360], "seconds": pytest.approx(4.004, abs=0.05), "at": 3}
