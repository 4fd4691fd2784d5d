"""Kill senders, let them start again, and look at what is left: nothing lost, nothing sent twice in silence."""

from __future__ import annotations

import os
import random
import shutil
import signal
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from app.demo import DemoLimits, DemoServer
from tests.torture.evidence import Evidence
from tests.torture.nursery import KILLED, Nursery
from tests.torture.sender import SIZES, Job, capture_bytes, dropped_file, is_dropped
from tests.torture.tracing import Tracer, killing, most_by_thread
from tests.torture.vigil import Hangs

CALLS = (
    *("write", "pwrite64", "fsync", "fdatasync", "rename", "renameat", "renameat2", "unlink", "unlinkat", "openat"),
    *("sendto", "sendmsg", "recvfrom", "ftruncate", "flock", "fcntl", "close", "mkdir", "mkdirat", "connect"),
)
"""Where senders are killed; the ones that a platform does not have are never seen in the first run."""
SHARE_AT_CALLS = 0.7
SHARE_IN_RECOVERY = 0.1
CASES_PER_QUIET_ONE = 25
KILLS_PER_SERVER = 250
"""Afterwards the server begins anew, so that it stays as quick as at the start."""
UNLIMITED = DemoLimits(requests_per_minute=10**9, uploads_per_hour=10**9, storage_bytes_verified=10**15)


@dataclass
class Tally:
    """What has happened so far. Changed under `lock` only."""

    cases: int = 0
    kills_at: Counter[str] = field(default_factory=Counter)
    """How many senders were killed at each system call, or `random time`."""
    kills_in_recovery: int = 0
    quiet_cases: int = 0
    """Cases without any kill: in them nothing may be uncertain."""
    acknowledged: int = 0
    uncertain: int = 0
    disclosed_duplicates: int = 0
    """Images that are there twice, as was said might happen when the person sent them again."""
    found: int = 0
    """Files that no row told of, given back to the person."""
    problems: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def kills(self) -> int:
        """In all."""
        return self.kills_at.total()

    def add(self, evidence: Evidence, *, is_quiet: bool) -> None:
        """Count a case that is over."""
        with self.lock:
            self.cases += 1
            self.quiet_cases += is_quiet
            self.acknowledged += len(evidence.acknowledged)
            self.uncertain += len(evidence.shown_uncertain)
            self.disclosed_duplicates += evidence.duplicates
            self.found += evidence.found
            self.problems += evidence.problems()

    def summary(self) -> str:
        """One line with the counts."""
        at_calls = self.kills - self.kills_at["random time"]
        return (
            f"{self.kills} kills ({at_calls} at system calls, {self.kills_at['random time']} at random times, "
            f"{self.kills_in_recovery} of all during recovery) in {self.cases} cases, {self.quiet_cases} without: "
            f"{self.acknowledged} acknowledged, {self.uncertain} shown as uncertain, {self.found} found without a row, "
            f"{self.disclosed_duplicates} duplicates that were announced; {len(self.problems)} broken promises"
        )


class Campaign:
    """So many kills, by as many lanes at once, against one server after the other."""

    def __init__(
        self, kills: int, *, seed: int, lanes: int, on_progress: Callable[[Tally], None] | None = None
    ) -> None:
        self.tally = Tally()
        self._kills = kills
        self._seed = seed
        self._lanes = lanes
        self._on_progress = on_progress
        self._numbers = count()
        self._target = 0

    def run(self) -> Tally:
        """Do all of it, or stop at the first broken promise."""
        with tempfile.TemporaryDirectory(prefix="imglink-torture-") as folder:
            while self.tally.kills < self._kills and not self.tally.problems:
                self._target = min(self._kills, self.tally.kills + KILLS_PER_SERVER)
                with DemoServer(limits=UNLIMITED) as server, ThreadPoolExecutor(self._lanes) as pool:
                    for lane in [pool.submit(self._lane, Path(folder), server) for _ in range(self._lanes)]:
                        lane.result()
        return self.tally

    def _lane(self, folder: Path, server: DemoServer) -> None:
        with Nursery() as nursery:
            with _case_folder(folder) as case:
                habits = Habits.observe(nursery, case, server)
            while self.tally.kills < self._target and not self.tally.problems:
                number = next(self._numbers)
                seed = self._seed + number
                try:
                    with _case_folder(folder) as case:
                        Case(nursery, case, server, habits, self.tally, seed).run(
                            is_quiet=number % CASES_PER_QUIET_ONE == 0
                        )
                except Hangs as error:
                    with self.tally.lock:
                        self.tally.problems.append(f"case {seed}: {error}")
                if self._on_progress is not None:
                    self._on_progress(self.tally)


@contextmanager
def _case_folder(parent: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(dir=parent))
    yield folder
    # Kept when something went wrong on the way: there is something to see in it.
    shutil.rmtree(folder)


@dataclass(frozen=True, slots=True)
class Habits:
    """What a sender does when nobody disturbs it: so that the kills hit."""

    duration_s: float
    session: dict[str, int]
    """The calls of a session with captures, each with the most that one thread makes of it."""
    recovery: dict[str, int]

    @classmethod
    def observe(cls, nursery: Nursery, folder: Path, server: DemoServer) -> Habits:
        """Look at one session and at one start after it."""
        job = _job(folder, server, seed=-random.getrandbits(32))
        _drop_files(job)
        seen = [_observed(nursery, job, folder), _observed(nursery, _again(job), folder)]
        began_s = time.monotonic()
        nursery.start(_job(folder, server, seed=-random.getrandbits(32), captures=1))
        if nursery.finish() != 0:
            raise RuntimeError("a sender that was left alone has failed")
        return cls(1.5 * (time.monotonic() - began_s), *seen)


def _observed(nursery: Nursery, job: Job, folder: Path) -> dict[str, int]:
    output = folder / "calls"
    pid = nursery.start(job, is_held=True)
    tracer = Tracer(pid, "trace=%desc,%file,%network", output=output)
    os.kill(pid, signal.SIGCONT)
    if nursery.finish() != 0:
        raise RuntimeError("a sender that was only watched has failed")
    tracer.wait()
    return most_by_thread(output, CALLS)


class Case:
    """One outbox: a session that is killed, perhaps a recovery that is killed, and a recovery that is not."""

    def __init__(
        self, nursery: Nursery, folder: Path, server: DemoServer, habits: Habits, tally: Tally, seed: int
    ) -> None:
        self._nursery = nursery
        self._server = server
        self._habits = habits
        self._tally = tally
        self._random = random.Random(seed)
        self._job = _job(folder, server, seed)

    def run(self, *, is_quiet: bool) -> None:
        """All of it, and look at the evidence."""
        _drop_files(self._job)
        again = _again(self._job, resolves=self._random.random() < 0.5)
        if is_quiet:
            self._undisturbed(self._job)
        else:
            self._killed(self._job, self._habits.session)
            if self._random.random() < SHARE_IN_RECOVERY:
                killed = self._killed(again, self._habits.recovery)
                with self._tally.lock:
                    self._tally.kills_in_recovery += killed
        self._undisturbed(again)
        evidence = Evidence.gather(self._job, self._server, is_resolved=again.resolves and not is_quiet)
        if is_quiet and evidence.shown_uncertain:
            self._tally.problems.append("something was uncertain though nothing had happened")
        self._tally.add(evidence, is_quiet=is_quiet)

    def _undisturbed(self, job: Job) -> None:
        self._nursery.start(job)
        if (status := self._nursery.finish()) != 0:
            told = Path(job.log).read_text() if Path(job.log).exists() else ""
            self._tally.problems.append(f"case {self._job.seed}: the sender ended with {status}, having said: {told!r}")

    def _killed(self, job: Job, calls: dict[str, int]) -> bool:
        """Kill a sender; False when it had ended before."""
        if self._random.random() < SHARE_AT_CALLS:
            place = self._random.choice(sorted(calls))
            status = self._killed_at(job, place, self._random.randint(1, calls[place]))
        else:
            place = "random time"
            status = self._killed_after(job, self._random.uniform(0, self._habits.duration_s))
        with self._tally.lock:
            if status == KILLED:
                self._tally.kills_at[place] += 1
            elif status != 0:
                self._tally.problems.append(f"case {self._job.seed}: at {place} the sender ended with {status}")
        return status == KILLED

    def _killed_at(self, job: Job, call: str, nth: int) -> int:
        pid = self._nursery.start(job, is_held=True)
        tracer = Tracer(pid, *killing(call, nth))
        os.kill(pid, signal.SIGCONT)
        status = self._nursery.finish()
        tracer.wait()
        return status

    def _killed_after(self, job: Job, seconds: float) -> int:
        pid = self._nursery.start(job)
        if not self._nursery.has_ended(seconds):
            os.kill(pid, signal.SIGKILL)
        return self._nursery.finish()


def _job(folder: Path, server: DemoServer, seed: int, captures: int = len(SIZES)) -> Job:
    return Job(str(folder), str(folder / "log"), server.base_url, seed, captures)


def _again(job: Job, *, resolves: bool = False) -> Job:
    """The same sender, started anew with nothing to capture."""
    return Job(job.folder, job.log, job.base_url, job.seed, 0, resolves)


def _drop_files(job: Job) -> None:
    for number in range(job.captures):
        if is_dropped(number):
            dropped_file(job.folder, number).write_bytes(capture_bytes(job.seed, number))
