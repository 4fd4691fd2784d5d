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
from collections import deque
from dataclasses import asdict
from pathlib import Path
from types import TracebackType

from tests.torture.sender import Job
from tests.torture.vigil import Hangs, watch

ROOT = Path(__file__).resolve().parents[2]
KILLED = 128 + signal.SIGKILL
_ANSWER_S = 30.0
"""How long a sender that hangs gets to say where it is; it ends when it has."""


class Nursery:
    """The parent's side. One sender at a time."""

    def __init__(self, program: str = "sender") -> None:
        """`program` is the module of `tests.torture` whose `run(job, hold)` the children await."""
        command = [sys.executable, "-m", "tests.torture.nursery", program]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self._answers = Answers(self._process.stdout.fileno())
        self._pid: int | None = None
        """Of the sender that is not buried yet."""

    def __enter__(self) -> Nursery:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Its input ends, and so does it; but not before its sender has ended, which may be held or traced still.
        if self._pid is not None:
            os.kill(self._pid, signal.SIGKILL)
        self._process.communicate()

    def start(self, job: Job, *, is_held: bool = False) -> int:
        """Start a sender and return its process id, which stays valid until `finish`.

        `is_held` lets it stop where it says that it can be looked at, until SIGCONT.
        """
        self._where = Path(f"{job.log}.where")
        self._say(json.dumps({"job": asdict(job), "is_held": is_held, "where": str(self._where)}))
        self._pid = int(self._answers.next())
        return self._pid

    def has_ended(self, within_s: float) -> bool:
        """Wait so long for the sender to end."""
        return self._answers.has_one(within_s)

    def finish(self) -> int:
        """Wait for the end of the sender and bury it. Returns its exit status as a shell gives it.

        Raises Hangs, with where it was, when it does not end; it is killed for that.
        """
        assert self._pid is not None, "no sender was started"
        hanging: Hangs | None = None
        try:
            watch(self._pid, self.has_ended)
        except Hangs as error:
            hanging = error
            os.kill(self._pid, signal.SIGUSR1)
            self.has_ended(_ANSWER_S)
            os.kill(self._pid, signal.SIGKILL)
        status = int(self._answers.next())
        self._pid = None
        self._say("")
        if hanging is not None:
            told = self._where.read_text() if self._where.exists() else "it does not say where it is"
            raise Hangs(f"{hanging}\n{told}")
        return status

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        print(line, file=self._process.stdin, flush=True)


class Answers:
    """Lines from a pipe, which can be waited for.

    Python's own files read ahead: a line that came together with the one before it is in none of select's lists, and
    who waits for it there waits in vain.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._lines: deque[str] = deque()
        self._rest = b""

    def has_one(self, within_s: float) -> bool:
        """Wait so long for a line; it may end sooner when only a piece of one comes, or the other side goes."""
        if not self._lines and select.select([self._fd], [], [], within_s)[0]:
            self._read()
        return bool(self._lines)

    def next(self) -> str:
        """The next line. Raises EOFError when there is none and the other side has gone."""
        while not self._lines:
            if not self._read():
                raise EOFError("the nursery has ended")
        return self._lines.popleft()

    def _read(self) -> bytes:
        more = os.read(self._fd, 4096)
        *lines, self._rest = (self._rest + more).split(b"\n")
        self._lines += [line.decode() for line in lines]
        return more


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
                _tell_where_when_asked(order["where"])
                os.close(0)
                os.dup2(2, 1)
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


def _tell_where_when_asked(path: str) -> None:
    """On SIGUSR1, write down what every thread does, even in C code; then, if it can, every task; and end."""
    import asyncio
    import faulthandler

    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def tell_tasks(*_: object) -> None:
        with open(fd, "a", closefd=False) as file:
            for task in asyncio.all_tasks():
                task.print_stack(file=file)
        os._exit(1)

    signal.signal(signal.SIGUSR1, tell_tasks)
    faulthandler.register(signal.SIGUSR1, file=fd, all_threads=True, chain=True)


def hold() -> None:
    """Stop until SIGCONT, and let strace attach where only parents may (Yama's default, as on Ubuntu)."""
    import ctypes

    pr_set_ptracer, anybody = 0x59616D61, ctypes.c_ulong(-1)
    ctypes.CDLL(None).prctl(pr_set_ptracer, anybody, 0, 0, 0)
    os.kill(os.getpid(), signal.SIGSTOP)


if __name__ == "__main__":
    serve(sys.argv[1])
