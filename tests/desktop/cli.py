"""The command line on a private desktop, against a demo server."""

from __future__ import annotations

import io
import json
from typing import Any

from PIL import Image

from app.demo import DEMO_API_KEY, DemoServer
from tests.desktop.processes import Process
from tests.desktop.running import PROGRAM, program_environment
from tests.desktop.session import DesktopSession


def start(
    desktop: DesktopSession,
    server: DemoServer,
    *words: str,
    env: dict[str, str] | None = None,
    stdin: bytes = b"",
    key: str = DEMO_API_KEY,
) -> Process:
    """Start a command; an empty `key` leaves it to the keyring."""
    credential = {"IMGLINK_API_KEY": key} if key else {}
    return desktop.spawn(
        [*PROGRAM, *words], env={**program_environment(server), **credential, **(env or {})}, stdin=stdin
    )


def run(desktop: DesktopSession, server: DemoServer, *words: str, code: int = 0, **options: Any) -> Process:
    """Run a command to its end, which must be this one."""
    process = start(desktop, server, *words, **options)
    assert process.wait(40) == code, process.describe()
    assert "Traceback" not in process.stderr, process.describe()
    return process


def results(process: Process) -> Any:
    """What it printed as JSON."""
    return json.loads(process.stdout)


def uploaded(server: DemoServer, number: int = -1) -> Image.Image:
    """The pixels of an uploaded image, as the server holds them."""
    return Image.open(io.BytesIO(server.file_bytes(server.images()[number].id))).convert("RGB")
