"""Waits for the end of a process, and tells one that hangs from one that is only slow: by what it does, not by a clock.

Whoever looks here is scheduled as the process is, and as the server is that it talks to. So on a machine that has no
time for them it has none either, and counts less.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

LOOK_EVERY_S = 0.5
MOST_STILL_LOOKS = 120
"""So many in a row at a process that sleeps and has not moved at all: it waits for what never comes."""
MOST_IDLE_LOOKS = 3600
"""So many at a process that sleeps, though it wakes up in between: it asks again and again."""
MOST_CPU_S = 300.0
"""More than a hundred senders need, one after the other: it goes round in circles."""


class Hangs(Exception):
    """A process does not come to its end; the text says what it is doing."""


@dataclass(frozen=True, slots=True)
class Thread:
    """One thread as the kernel sees it. `ticks` of the processor and `switches` away from it only grow."""

    name: str
    state: str
    ticks: int
    switches: int
    waits_in: str

    @property
    def is_busy(self) -> bool:
        """True when it runs, would run if it were let, or waits for the disk."""
        return self.state in ("R", "D")


@dataclass(slots=True)
class Vigil:
    """What was seen of a process, and of the one that traces it."""

    pid: int
    still_looks: int = 0
    idle_looks: int = 0
    _seen: dict[int, Thread] = field(default_factory=dict)

    def look(self) -> str:
        """Look once more; why it must be taken for one that hangs, "" as long as it may be slow."""
        before, self._seen = self._seen, dict(_threads(self.pid))
        has_moved = _steps(self._seen) != _steps(before)
        is_busy = any(thread.is_busy for thread in self._seen.values())
        self.still_looks = 0 if has_moved or is_busy else self.still_looks + 1
        self.idle_looks += not is_busy
        cpu_s = sum(thread.ticks for thread in self._seen.values()) / os.sysconf("SC_CLK_TCK")
        if self.still_looks >= MOST_STILL_LOOKS:
            return "it sleeps, and nothing wakes it"
        if self.idle_looks >= MOST_IDLE_LOOKS:
            return "it sleeps and wakes, and does not come to an end"
        return "it is busy without an end" if cpu_s >= MOST_CPU_S else ""

    def report(self) -> str:
        """The threads, as they were last seen."""
        return "\n".join(
            f"  thread {number} ({thread.name}): {thread.state}, in {thread.waits_in or 'its own code'}, "
            f"{thread.ticks} ticks, {thread.switches} switches"
            for number, thread in self._seen.items()
        )


def watch(pid: int, has_ended: Callable[[float], bool]) -> None:
    """Wait for the end of a process; `has_ended` waits so many seconds for it. Raises Hangs, and leaves it as it is."""
    vigil = Vigil(pid)
    while not has_ended(LOOK_EVERY_S):
        if why := vigil.look():
            raise Hangs(f"process {pid} hangs: {why}\n{vigil.report()}")


def _steps(threads: dict[int, Thread]) -> dict[int, tuple[int, int]]:
    return {number: (thread.ticks, thread.switches) for number, thread in threads.items()}


def _threads(pid: int) -> Iterator[tuple[int, Thread]]:
    """The threads of a process, then those of whoever traces it: it may be that one which is slow."""
    tracers = set[int]()
    for folder in _tasks(pid):
        try:
            status = dict(
                line.split(":\t", 1) for line in (folder / "status").read_text().splitlines() if ":\t" in line
            )
            stat = (folder / "stat").read_text().rpartition(")")[2].split()
            waits_in = (folder / "wchan").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue  # It has just ended.
        tracers.add(int(status["TracerPid"]))
        switches = int(status["voluntary_ctxt_switches"]) + int(status["nonvoluntary_ctxt_switches"])
        name = status["Name"]
        yield int(folder.name), Thread(name, stat[0], int(stat[11]) + int(stat[12]), switches, waits_in.strip("0"))
    for tracer in tracers - {0}:
        yield from _threads(tracer)


def _tasks(pid: int) -> list[Path]:
    try:
        return sorted(Path(f"/proc/{pid}/task").iterdir())
    except (FileNotFoundError, ProcessLookupError):
        return []
