"""A secret must be nowhere but in the keyring: a full run with a unique key, and then everything is searched for it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core.geometry import Point
from app.demo import DemoServer
from tests.desktop.processes import Process, processes_with_environment
from tests.desktop.running import PROGRAM, program_environment, running_program
from tests.desktop.session import DesktopSession


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


def test_the_key_is_nowhere_but_in_the_keyring(
    full_desktop: DesktopSession, server: DemoServer, tmp_path: Path
) -> None:
    environ = {
        # The worst that can be installed and set beside us.
        "PYTHON_KEYRING_BACKEND": "keyrings.alt.file.PlaintextKeyring",
        "PYTHONASYNCIODEBUG": "1",
        "PYTHONFAULTHANDLER": "1",
    }
    # Debugging, asyncio says what took long: on a busy machine, much does.
    with running_program(full_desktop, server, environ=environ, is_quiet=False) as program:
        program.capture_region(Point(101, 203), Point(220, 292))
        program.wait_for_link()
        commands = [
            ["account", "status"],
            ["account", "key", "check"],
            ["info", server.images()[-1].id],
            ["upload", str(tmp_path / "missing.png")],
            ["delete", server.images()[-1].id],
            ["doctor"],
        ]
        ran = [_command(full_desktop, server, environ, words) for words in commands]
        # A refused key, an answer that repeats it, and a redirect: none may put it into a message.
        server.revoke_key(program.key)
        ran.append(_command(full_desktop, server, environ, ["account", "key", "check"]))
        needles = _forms(program.key)
        for pid in processes_with_environment(f"XDG_RUNTIME_DIR={full_desktop.runtime_dir}"):
            for name in ("cmdline", "environ"):
                _assert_absent(needles, _read(Path(f"/proc/{pid}/{name}")), f"/proc/{pid}/{name}")
    assert sum(needles[0] in str(request).encode() for request in server.requests) >= 3
    for process in (*ran, program.process):
        _assert_absent(needles, (process.stdout + process.stderr).encode(), " ".join(process.command))
    searched = 0
    for path in full_desktop.folder.rglob("*"):
        # What the test itself fed to standard input is the one place where it has to be.
        if path.is_file() and path.suffix != ".stdin":
            _assert_absent(needles, _read(path), str(path))
            searched += 1
    assert searched > 10


def _command(desktop: DesktopSession, server: DemoServer, environ: dict[str, str], words: list[str]) -> Process:
    process = desktop.spawn([*PROGRAM, *words], env={**program_environment(server), **environ})
    process.wait()
    assert "Traceback" not in process.stderr, process.describe()
    return process


def _forms(secret: str) -> list[bytes]:
    raw = secret.encode()
    return [raw, base64.b64encode(raw).rstrip(b"="), raw.hex().encode(), secret.encode("utf-16-le"), raw[::-1]]


def _assert_absent(needles: list[bytes], data: bytes, where: str) -> None:
    assert not any(needle in data for needle in needles), f"the key is in {where}"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
