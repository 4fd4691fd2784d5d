"""Starts senders in a few milliseconds: a process that has everything imported, and forks one for each job.

The process has no threads of its own, so that what it forks is as good as newly started.
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import traceback
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

from tests.torture.sender import Job

ROOT = Path(__file__).resolve().parents[2]
KILLED = 128 + signal.SIGKILL
DEADLINE_S = 30.0


class Nursery:
    """The parent's side. One sender at a time."""

    def __init__(self, program: str = "sender") -> None:
        """`program` is the module of `tests.torture` whose `run(job, hold)` the children await."""
        command = [sys.executable, "-m", "tests.torture.nursery", program]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def __enter__(self) -> Nursery:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Its input ends, and so does it.
        self._process.communicate(timeout=DEADLINE_S)

    def start(self, job: Job, *, is_held: bool = False) -> int:
        """Start a sender and return its process id, which stays valid until `finish`.

        `is_held` lets it stop where it says that it can be looked at, until SIGCONT.
        """
        self._say(json.dumps({"job": asdict(job), "is_held": is_held}))
        self._pid = int(self._hear())
        return self._pid

    def has_ended(self, within_s: float) -> bool:
        """Wait so long for the sender to end."""
        assert self._process.stdout is not None
        return bool(select.select([self._process.stdout], [], [], within_s)[0])

    def finish(self) -> int:
        """Wait for the end of the sender and bury it. Returns its exit status as a shell gives it.

        One that hangs is killed for that.
        """
        if not self.has_ended(DEADLINE_S):
            os.kill(self._pid, signal.SIGUSR1)  # It then says where it is.
            self.has_ended(1)
            os.kill(self._pid, signal.SIGKILL)
        status = int(self._hear())
        self._say("")
        return status

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        print(line, file=self._process.stdin, flush=True)

    def _hear(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def serve(program: str) -> None:
    """The nursery's side: fork for each line of input, tell the child's id, and later how it ended."""
    import asyncio
    import importlib

    # Everything that is otherwise imported late, so that it is paid for once.
    for name in ("httpx", "sqlite3", "ssl", "http.cookiejar", "email.utils"):
        importlib.import_module(name)
    run = importlib.import_module(f"tests.torture.{program}").run
    for line in sys.stdin:
        order = json.loads(line)
        pid = os.fork()
        if pid == 0:
            status = 1
            try:
                os.close(0)
                os.dup2(2, 1)
                signal.signal(signal.SIGUSR1, _tell_where)
                asyncio.run(run(Job(**order["job"]), hold if order["is_held"] else lambda: None))
                status = 0
            except BaseException:  # noqa: BLE001 - told, and it must not come back into the loop
                traceback.print_exc()
            finally:
                os._exit(status)
        if order["is_held"]:
            os.waitpid(pid, os.WUNTRACED)
        print(pid, flush=True)
        # Not yet buried: whoever is about to kill it must not hit another one that has got its id.
        ended = os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
        assert ended is not None
        print(ended.si_status if ended.si_code == os.CLD_EXITED else 128 + ended.si_status, flush=True)
        sys.stdin.readline()
        os.waitpid(pid, 0)


def _tell_where(*_: object) -> None:
    import asyncio

    traceback.print_stack()
    for task in asyncio.all_tasks():
        task.print_stack()


def hold() -> None:
    """Stop until SIGCONT, and let strace attach where only parents may (Yama's default, as on Ubuntu)."""
    import ctypes

    pr_set_ptracer, anybody = 0x59616D61, ctypes.c_ulong(-1)
    ctypes.CDLL(None).prctl(pr_set_ptracer, anybody, 0, 0, 0)
    os.kill(os.getpid(), signal.SIGSTOP)


if __name__ == "__main__":
    serve(sys.argv[1])
