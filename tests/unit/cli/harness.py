"""The real program as a process of its own, against a demo server in this one."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import random
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from app.demo import DEMO_API_KEY, DemoServer

ROOT = Path(__file__).parents[3]
PROGRAM = (sys.executable, "-m", "app")
TIMEOUT_S = 60
UPLOAD = "/api/v1/upload"
NAMES = {"id", "url", "viewer", "thumbnail", "width", "height", "size", "mime", "file", "state", "error"}
"""What every object of `--json` has; scripts rely on these, and others may come."""

# As root, every file can be read and every folder written. Whoever is not root has nothing to drop.
_WITHOUT_PRIVILEGES = """
import ctypes, os, sys
PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
if os.geteuid() == 0:
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        assert libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0, os.strerror(ctypes.get_errno())
os.execv(sys.executable, [sys.executable, *sys.argv[1:]])
"""


@dataclass(frozen=True)
class Done:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """What stood on standard output."""
        return self.out.splitlines()

    @property
    def json(self) -> Any:
        """Standard output as the one JSON value that it must be."""
        return json.loads(self.out)

    @property
    def sentence(self) -> str:
        """Standard error, which must be one line, and no traceback."""
        assert "Traceback" not in self.err
        assert self.err.count("\n") == 1, self.err
        return self.err.rstrip("\n")

    @property
    def sentence_with_doctor(self) -> str:
        """The same where the doctor knows more, which stands in a line of its own."""
        sentence, way = self.err.splitlines()
        assert way == "See: imglink doctor"
        return sentence


class Cli:
    """Runs commands with a home of their own, in a folder of their own."""

    def __init__(self, server: DemoServer, folder: Path) -> None:
        self.server = server
        self.cwd = folder / "work"
        self.home = folder / "home"
        for made in (self.cwd, self.home):
            made.mkdir()
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": str(self.home),
            "PYTHONPATH": str(ROOT),
            "PYTHONWARNINGS": "default",
            "LANG": "C.UTF-8",
            "IMGLINK_BASE_URL": server.base_url,
            "IMGLINK_API_KEY": DEMO_API_KEY,
            # An address where nobody listens.
            "DBUS_SESSION_BUS_ADDRESS": f"unix:path={folder}/no-bus",
        }

    @property
    def data(self) -> Path:
        """Where the program keeps its data."""
        return self.home / ".local/share/imglink"

    def environ(self, changes: Mapping[str, str | None]) -> dict[str, str]:
        """The environment with `changes`; None takes a variable away."""
        return {name: value for name, value in (self.env | dict(changes)).items() if value is not None}

    def start(
        self,
        *words: str | bytes | Path,
        env: Mapping[str, str | None] | None = None,
        privileged: bool = True,
        **options: Any,
    ) -> subprocess.Popen[bytes]:
        """Start a command with its three streams piped, unless `options` say otherwise."""
        command = PROGRAM if privileged else (sys.executable, "-c", _WITHOUT_PRIVILEGES, *PROGRAM[1:])
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        settings: dict[str, Any] = pipes | options
        return subprocess.Popen([*command, *words], env=self.environ(env or {}), cwd=self.cwd, **settings)

    def run(
        self,
        *words: str | bytes | Path,
        stdin: bytes | None = None,
        env: Mapping[str, str | None] | None = None,
        **options: Any,
    ) -> Done:
        """Run a command to its end; `stdin` None gives it an empty one."""
        if stdin is not None:
            options["stdin"] = subprocess.PIPE
        with self.start(*words, env=env, **options) as process:
            return finished(process, stdin)

    def uploads(self) -> int:
        """How many upload requests the server has seen."""
        return sum(request.method == "POST" for request in self.server.requests)


def finished(process: subprocess.Popen[bytes], stdin: bytes | None = None) -> Done:
    """Wait for a command's end."""
    try:
        out, err = process.communicate(stdin, TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return Done(process.returncode, (out or b"").decode(errors="replace"), (err or b"").decode(errors="replace"))


def interrupt(process: subprocess.Popen[bytes], number: signal.Signals = signal.SIGINT) -> Done:
    """Send a signal, as Ctrl+C does, and wait for the end."""
    process.send_signal(number)
    return finished(process)


def until(condition: Callable[[], bool], what: str, timeout_s: float = 20) -> None:
    """Poll until it holds."""
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.005)


class Terminal:
    """A terminal's other end: what was shown, and what is typed."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self.shown = ""

    def read_until(self, text: str, timeout_s: float = TIMEOUT_S, *, after: str = "") -> None:
        """Read until `text` was shown, once more `after` something that was."""
        deadline = time.monotonic() + timeout_s
        while text not in (self.shown.partition(after)[2] if after else self.shown):
            assert time.monotonic() < deadline, f"{text!r} was not shown: {self.shown!r}"
            self._read(0.1)

    def read_to_end(self) -> str:
        """Read until every program has let go of the terminal, and return all that was shown."""
        while self._read(TIMEOUT_S):
            pass
        return self.shown

    def type(self, text: str) -> None:
        """Press keys."""
        os.write(self._fd, text.encode())

    def _read(self, timeout_s: float) -> bool:
        if not select.select([self._fd], [], [], timeout_s)[0]:
            return False
        try:
            data = os.read(self._fd, 65536)
        except OSError:  # How Linux says that the other end is closed.
            return False
        self.shown += data.decode(errors="replace")
        return bool(data)


@contextlib.contextmanager
def terminal() -> Iterator[tuple[Terminal, int]]:
    """A new terminal, and the descriptor of the end that a program gets; close that once the program has it."""
    ours, theirs = pty.openpty()
    try:
        yield Terminal(ours), theirs
    finally:
        os.close(ours)
        with contextlib.suppress(OSError):
            os.close(theirs)


@contextlib.contextmanager
def on_terminal(cli: Cli, *words: str, env: Mapping[str, str | None] | None = None) -> Iterator[tuple[int, Terminal]]:
    """A command with a controlling terminal for all its streams; yields its process id and the terminal."""
    child, fd = pty.fork()
    if child == 0:
        os.chdir(cli.cwd)
        os.execve(sys.executable, [*PROGRAM, *words], cli.environ(env or {}))
    try:
        yield child, Terminal(fd)
    finally:
        os.close(fd)


def wait_for_prompt(child: int) -> None:
    """Wait until a forked command sleeps, which after a prompt it does to be typed at.

    Between the prompt and that, Python may take note of Ctrl+C and still go to sleep; a person would press it again.
    Only Linux tells.
    """
    status = Path(f"/proc/{child}/stat")
    if status.exists():
        until(lambda: status.read_text().rpartition(")")[2].split()[0] == "S", "it does not wait for input")


def exit_code(child: int) -> int:
    """Wait for a forked command's end."""
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def sparse(path: Path, head: bytes, size: int) -> Path:
    """A file that is large and takes no room."""
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)
    return path


def noise(path: Path, side: int) -> Path:
    """A square picture that cannot be compressed: about 3 bytes a pixel."""
    pixels = random.Random(side).randbytes(side * side * 3)
    Image.frombytes("RGB", (side, side), pixels).save(path, compress_level=0)
    return path


def modules_of(done: Done) -> set[str]:
    """What a command that ran with PYTHONPROFILEIMPORTTIME has imported."""
    lines = [line for line in done.err.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip() for line in lines}


def assert_untouched(names: Sequence[str], loaded: set[str]) -> None:
    """None of these packages, nor anything in them, was imported."""
    assert loaded, "nothing was reported"
    assert {module for module in loaded if module.partition(".")[0] in names} == set()
