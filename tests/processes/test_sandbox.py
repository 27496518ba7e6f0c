"""A program that a file has taken over gets at that file, at what it was to write, and at nothing else."""

import json
import os
import resource
import select
import shutil
import signal
import socket
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path

import pytest

from pipeline.errors import MediaUnreadable
from pipeline.processes import kernel, sandbox
from pipeline.processes.courtesy import _last_in_line
from pipeline.processes.ffmpeg import find_ffmpeg, run_ffmpeg
from pipeline.processes.reader import ReaderProcess
from pipeline.processes.sandbox import MEMORY, Reach, holder, protection

WAYS = ("bubblewrap", "kernel")
PYTHON = (Path(sys.prefix), Path(sys.base_prefix))
# Every deed and what came of it, told on stdout; `PLACE` holds what the test laid out.
DEEDS = r"""
import json, os, socket, sys

def attempt(deed):
    try:
        return str(deed())
    except BaseException as error:
        return type(error).__name__

def listen(family, address, kind=socket.SOCK_STREAM):
    with socket.socket(family, kind) as line:
        line.settimeout(2)
        line.connect(address)
        line.send(b"secret")
    return "sent"

place, port, parent = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
tcp, udp = socket.SOCK_STREAM, socket.SOCK_DGRAM
print(json.dumps({
    "read source": attempt(lambda: open(place + "/source").read()),
    "write product": attempt(lambda: open(place + "/product", "w").write("made")),
    "read canary": attempt(lambda: open(place + "/canary").read()),
    "read link": attempt(lambda: open(place + "/link").read()),
    "write source": attempt(lambda: open(place + "/source", "a").write("spoilt")),
    "write beside": attempt(lambda: open(place + "/beside", "w").write("x")),
    "remove canary": attempt(lambda: os.unlink(place + "/canary")),
    "list folder": attempt(lambda: sorted(set(os.listdir(place)) - {"source", "product"})),
    "read passwords": attempt(lambda: open("/etc/passwd").read()),
    "read our words": attempt(lambda: open(f"/proc/{parent}/environ").read()),
    "signal us": attempt(lambda: os.kill(parent, 0)),
    "tcp": attempt(lambda: listen(socket.AF_INET, ("127.0.0.1", port))),
    "udp": attempt(lambda: listen(socket.AF_INET, ("127.0.0.1", port), udp)),
    "unix": attempt(lambda: listen(socket.AF_UNIX, place + "/socket")),
    "abstract": attempt(lambda: listen(socket.AF_UNIX, "\0canary" + str(port))),
}))
"""
OWN = {"read source": "footage", "write product": "4"}
ALLOWED = {
    "kernel": OWN,
    # In a world of its own it may do as it likes: nothing of that gets out.
    "bubblewrap": OWN | {"write beside": "1", "list folder": "['beside']", "udp": "sent"},
}
REFUSED = {"PermissionError", "FileNotFoundError", "ProcessLookupError", "OSError", "ConnectionRefusedError"}
UDP, UNIX = (socket.AF_INET, socket.SOCK_DGRAM), (socket.AF_UNIX, socket.SOCK_STREAM)


@pytest.fixture
def place(tmp_path):
    (tmp_path / "source").write_text("footage")
    (tmp_path / "canary").write_text("secret")
    (tmp_path / "link").symlink_to("canary")
    (tmp_path / "product").touch()
    return tmp_path


@pytest.fixture
def canary(place):
    """The port of a server, and what asks it for all that it heard, by whatever kind of socket."""
    tcp = socket.create_server(("127.0.0.1", 0))
    port = tcp.getsockname()[1]
    lines = [tcp, *(socket.socket(family, kind) for family, kind in (UDP, UNIX, UNIX))]
    for line, address in zip(lines[1:], (("127.0.0.1", port), f"{place}/socket", f"\0canary{port}"), strict=True):
        line.bind(address)
    for line in lines[2:]:
        line.listen()

    def hear():
        return [line for line in lines if select.select([line], [], [], 0.2)[0]]

    yield port, hear
    for line in lines:
        line.close()


def possible(way):
    if way not in list(sandbox._possible()):
        pytest.skip(f"{way} cannot hold a program on this system")
    if way == "bubblewrap" and not sandbox._runs(way, Path(shutil.which("true"))):
        pytest.skip("bubblewrap is installed, but the system does not let it work")
    return way


def told(way, reach, *words):
    """How a program ended that is held in this way, and what it said."""
    with sandbox._held(way, [str(reach.program), *words], reach, 0) as process:
        out, err = process.communicate(timeout=60)
    return process.returncode, out.decode(), err.decode()


@pytest.mark.parametrize("way", [*WAYS, "nothing"])
def test_a_bad_program_gets_at_its_source_and_its_product_alone(way, place, canary):
    port, hear = canary
    reach = Reach(Path(sys.executable), (*PYTHON, place / "source"), (place / "product",))
    words = (str(place), str(port), str(os.getpid()))
    code, out, err = told(way if way == "nothing" else possible(way), reach, "-c", DEEDS, *words)
    assert code == 0, err
    done = json.loads(out)
    if way == "nothing":  # the deeds are possible: so much for the test itself
        assert {done[deed] for deed in ("tcp", "udp", "unix", "abstract")} == {"sent"}
        assert done["read canary"] == "secret"
        assert len(hear()) == 4
        return
    assert {deed: said for deed, said in done.items() if said not in REFUSED} == ALLOWED[way]
    assert hear() == []
    assert (place / "source").read_text() == "footage"
    assert (place / "canary").read_text() == "secret"
    assert not (place / "beside").exists()


@pytest.mark.parametrize("way", WAYS)
def test_hardware_keeps_its_files_and_has_no_network_all_the_same(way, place, canary):
    possible("kernel")
    port, hear = canary
    reach = Reach(Path(sys.executable), hardware=True)
    code, out, err = told(possible(way), reach, "-c", DEEDS, str(place), str(port), str(os.getpid()))
    assert code == 0, err
    assert json.loads(out)["read canary"] == "secret"
    assert hear() == []


def test_only_what_it_starts_is_held_not_we(place):
    possible("kernel")
    told("kernel", Reach(Path(sys.executable), PYTHON), "-c", "pass")
    socket.socket().close()
    assert (place / "canary").read_text() == "secret"
    assert subprocess.run(["cat", place / "canary"], capture_output=True, check=True).stdout == b"secret"
    assert not [thread for thread in threading.enumerate() if thread.name == "starter"]


@pytest.mark.parametrize("way", [*WAYS, "nothing"])
def test_memory_and_what_is_written_have_limits(way, place):
    if shutil.which("prlimit") is None:
        pytest.skip("prlimit is not installed")
    way = way if way == "nothing" else possible(way)
    reach = Reach(Path(sys.executable), PYTHON, (place / "product",), largest=1 << 20)
    code, _, err = told(way, reach, "-c", f"import mmap; mmap.mmap(-1, {MEMORY + (1 << 20)}, mmap.MAP_PRIVATE)")
    assert (code, "Cannot allocate memory" in err) == (1, True)
    flood = (
        f"import signal; signal.signal(signal.SIGXFSZ, signal.SIG_DFL)\n"
        f"open({str(place / 'product')!r}, 'wb').write(bytes(1 << 21))"
    )
    code, _, _ = told(way, reach, "-c", flood)
    assert code in (-signal.SIGXFSZ, 128 + signal.SIGXFSZ)
    assert (place / "product").stat().st_size == 1 << 20


def test_a_limit_that_we_run_under_ourselves_stays(place):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 16, hard))
    try:
        assert f"--fsize={1 << 16}" in sandbox._limits(1 << 20)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("way", WAYS)
def test_ffmpeg_makes_the_same_in_every_hold(way, place, monkeypatch):
    possible(way)
    ffmpeg = find_ffmpeg()
    monkeypatch.setattr(sandbox, "holder", lambda _: way)
    name = place / "it's a:clip,\n[\udcff]%d.mov"
    run_ffmpeg(ffmpeg, ["-f", "lavfi", "-i", "testsrc2=s=64x64:r=25:d=1", "-c:v", "mjpeg", f"file:{name}"])
    run_ffmpeg(ffmpeg, ["-i", f"file:{name}", "-f", "framemd5", f"file:{place / 'product'}"])
    assert sum(line.startswith("0,") for line in (place / "product").read_text().splitlines()) == 25
    with pytest.raises(MediaUnreadable):
        run_ffmpeg(ffmpeg, ["-i", f"file:{place / 'source'}", "-f", "null", "-"])


def test_a_program_that_no_hold_lets_run_runs_with_its_limits_and_doctor_says_so(place):
    wrapped = place / "ffmpeg"
    wrapped.write_text(f"#!/bin/sh\ncat {place}/canary >&2 || exit 3\n")  # needs a file that nobody told of
    wrapped.chmod(0o755)
    assert holder(wrapped) == "nothing"
    assert run_ffmpeg(wrapped, []).stderr_tail == ("secret",)
    held, advice = protection(wrapped)
    assert "limits" in held
    assert "bubblewrap" in advice


@pytest.mark.parametrize(
    ("landlock", "sockets", "way"), [(0, False, "nothing"), (0, True, "kernel"), (1, False, "kernel")]
)
def test_an_older_kernel_is_asked_for_less(monkeypatch, landlock, sockets, way):
    """As far as one kernel can stand for another."""
    possible("kernel")
    monkeypatch.setattr(kernel, "landlock", lambda: landlock)
    monkeypatch.setattr(kernel, "can_close_sockets", lambda: sockets)
    monkeypatch.setenv("PATH", "/nowhere")
    holder.cache_clear()
    _last_in_line.cache_clear()
    true = Path("/bin/true")
    try:
        assert holder(true) == way
        assert protection(true)[1], "there is something to be said for bubblewrap"
    finally:
        holder.cache_clear()
        _last_in_line.cache_clear()


def test_a_source_that_is_gone_is_told_by_the_program_itself(place):
    for way in WAYS:
        if way in list(sandbox._possible()):
            reach = Reach(Path(shutil.which("cat")), (place / "gone",))
            code, _, err = told(way, reach, str(place / "gone"))
            assert (code, "No such file" in err) == (1, True)


# --- the reader process ---------------------------------------------------------------------------

CHILD = """
import os, socket
from pathlib import Path
from pipeline.processes.reader import serve

def attempt(deed):
    try:
        return str(deed())
    except OSError as error:
        return type(error).__name__

def answer(request):
    if request.get("spin"):
        while True: pass
    return {
        "file": request["file"].read(100).decode() if "file" in request else None,
        "canary": attempt(lambda: Path(request["canary"]).read_text()),
        "write": attempt(lambda: Path(request["canary"] + "2").write_text("x")),
        "code": attempt(lambda: Path(os.__file__).read_bytes()),
        "run": attempt(lambda: os.posix_spawn("/bin/true", ["true"], {})),
        "socket": attempt(socket.socket),
        "pair": attempt(socket.socketpair),
        "nice": os.nice(0),
    }

if __name__ == "__main__":
    serve(answer)
"""


@pytest.fixture
def reader(tmp_path_factory, monkeypatch):
    folder = tmp_path_factory.mktemp("modules")
    (folder / "held_child.py").write_text(CHILD)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    with closing(ReaderProcess("held_child", timeout=10.0)) as process:
        yield process


def test_the_reader_is_read_the_file_in_question_and_gets_at_nothing_else(place, reader):
    possible("kernel")
    for _ in range(3):
        said = reader.ask({"canary": str(place / "canary")}, file=place / "source")
        assert said["file"] == "footage"
        assert [said[deed] for deed in ("canary", "write", "code", "run", "socket", "pair")] == ["PermissionError"] * 6
    assert said["nice"] >= 10
    assert not (place / "canary2").exists()


def test_where_nothing_is_left_to_open_no_file_is_even_without_landlock():
    possible("kernel")
    deeds = "from pipeline.processes import kernel\nkernel.landlock = lambda: 0\nkernel.give_up()\nopen('/dev/null')"
    done = subprocess.run([sys.executable, "-c", deeds], capture_output=True, text=True, check=False)
    assert "PermissionError" in done.stderr


def test_a_reader_amid_a_file_ends_when_we_are_killed(tmp_path):
    (tmp_path / "held_child.py").write_text(CHILD)
    script = (
        "import threading; from pipeline.processes.reader import ReaderProcess\n"
        "process = ReaderProcess('held_child'); process.ask({'canary': '/'})\n"
        "threading.Thread(target=process.ask, args=({'spin': 1},), daemon=True).start()\n"
        "print(process._process.pid, flush=True); input()"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    words = [sys.executable, "-c", script]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as head:
        assert head.stdout is not None
        pid = int(head.stdout.readline())
        head.kill()
    for _ in range(100):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return
        except FileNotFoundError:
            return
        threading.Event().wait(0.05)
    os.kill(pid, signal.SIGKILL)
    pytest.fail("it went on")
