"""strace at work: which system calls a process makes, and one of them answered by a kill or an error."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from tests.torture.vigil import watch

_CALL = re.compile(r"^(\d+) +([a-z0-9_]+)\(", re.MULTILINE)


class Tracer:
    """strace, attached to a process (or, with `is_thread`, to one of its threads), until that ends."""

    def __init__(self, pid: int, *expressions: str, output: Path | None = None, is_thread: bool = False) -> None:
        arguments = [part for expression in expressions for part in ("-e", expression)]
        follow = [] if is_thread else ["-f"]
        command = ["strace", *follow, "-o", str(output or os.devnull), *arguments, "-p", str(pid)]
        self._process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self._process.stderr is not None
        words = self._process.stderr.readline()
        if "attached" not in words:
            self._process.kill()
            self._process.communicate()
            raise RuntimeError(f"strace cannot attach: {words.strip()}")

    def wait(self) -> None:
        """Until the process has ended. Raises Hangs."""
        watch(self._process.pid, self._has_ended)
        self._process.communicate()

    def _has_ended(self, within_s: float) -> bool:
        try:
            self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            return False
        return True


def killing(call: str, nth: int) -> tuple[str, str]:
    """Expressions for SIGKILL in place of the `nth` such call of any one thread."""
    return f"trace={call}", f"inject={call}:signal=SIGKILL:when={nth}"


def failing(call: str, error: str, when: str) -> tuple[str, str]:
    """Expressions for an error in place of such calls; `when` is strace's: `3` is the third, `3+` all from there."""
    return f"trace={call}", f"inject={call}:error={error}:when={when}"


def calls_by_thread(output: Path, among: Iterable[str]) -> Counter[tuple[int, str]]:
    """How often each thread made each call, as strace has written it down."""
    wanted = frozenset(among)
    found = ((int(match[1]), match[2]) for match in _CALL.finditer(output.read_text()))
    return Counter((thread, call) for thread, call in found if call in wanted)


def most_by_thread(output: Path, among: Iterable[str]) -> dict[str, int]:
    """The calls that were made, each with the most that a single thread made of it: strace counts by thread."""
    most: dict[str, int] = {}
    for (_thread, call), count in calls_by_thread(output, among).items():
        most[call] = max(most.get(call, 0), count)
    return most
