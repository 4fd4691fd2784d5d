"""Commands handed over to the running application, beside starting Python for nothing."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from PIL import Image

from app.demo import DEMO_API_KEY, DemoServer
from benches.frame import Race, benchmark
from tests.desktop.running import PROGRAM, READY, program_environment
from tests.desktop.session import desktop_session

NOTHING = [sys.executable, "-c", "pass"]
READY_S = 30


@benchmark("imglink queue, handed over", gate=4.0, rounds=15)
def queue() -> Iterator[Race]:
    """What the way to the application and back costs: whole processes, from start to exit."""
    yield from _beside_application("queue")


@benchmark("imglink upload --no-wait, 280 kB, handed over", gate=4.0, rounds=15)
def upload() -> Iterator[Race]:
    """The same, and when it ends the file is safe on the disk."""
    with tempfile.TemporaryDirectory(prefix="imglink-bench-") as folder:
        path = Path(folder) / "a.png"
        Image.frombytes("L", (530, 528), random.Random(1).randbytes(530 * 528)).save(path)
        yield from _beside_application("upload", "--no-wait", str(path))


@benchmark("imglink capture --no-wait, 640 × 400, handed over", gate=4.0, rounds=15)
def capture() -> Iterator[Race]:
    """The same with a picture of the screen."""
    yield from _beside_application("capture", "--geometry", "10,10,640,400", "--no-wait")


def _beside_application(*words: str) -> Iterator[Race]:
    with DemoServer() as server, desktop_session() as session:
        environ = {**session.env, **program_environment(server), "IMGLINK_API_KEY": DEMO_API_KEY}
        # Made for tests; it has Python load `warnings`, for nothing too.
        del environ["PYTHONWARNINGS"]

        def run(command: list[str]) -> None:
            # Without a time-out: to keep one, `subprocess` looks for the end ever more seldom.
            subprocess.run(command, env=environ, cwd=session.home, check=True, stdout=subprocess.DEVNULL)

        session.spawn(PROGRAM, env=environ).wait_for_output(READY, READY_S)
        # What is queued stays there: its sending would share the processor with the next round.
        run([*PROGRAM, "pause"])
        yield Race(
            ours=lambda: run([*PROGRAM, *words]),
            peers={"python3 -c pass": lambda: run(NOTHING)},
            note="The words go over as they are: no argument parser, no dataclasses, no asyncio is loaded.",
        )
