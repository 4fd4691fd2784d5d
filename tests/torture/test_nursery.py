"""The harness itself: what is slow is never taken for hung, and what hangs is reported with where it hangs."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.torture import vigil
from tests.torture.nursery import KILLED, Answers, Nursery
from tests.torture.sender import Job
from tests.torture.vigil import Hangs, Vigil, watch

DEADLINE_S = 60


@pytest.fixture
def nursery() -> Iterator[Nursery]:
    with Nursery("restless") as made:
        yield made


def begun(nursery: Nursery, folder: Path) -> int:
    """A sender that has said that it begins."""
    job = Job(str(folder), str(folder / "log"), "")
    pid = nursery.start(job)
    deadline = time.monotonic() + DEADLINE_S
    while not Path(job.log).exists() or "begun" not in Path(job.log).read_text():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return pid


@contextmanager
def looks_at(program: str) -> Iterator[Iterator[str]]:
    """One look after the other at a program of Python's that has begun: each time why it is taken for hung, or ""."""

    def looks(pid: int) -> Iterator[str]:
        guard, deadline = Vigil(pid), time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            yield guard.look()
            time.sleep(0.002)

    with subprocess.Popen([sys.executable, "-c", f"print(flush=True)\n{program}"], stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            yield looks(process.pid)
        finally:
            process.kill()


def test_a_line_that_came_together_with_the_one_before_is_there() -> None:
    reading, writing = os.pipe()
    try:
        os.write(writing, b"4711\n0\n")
        answers = Answers(reading)
        assert answers.next() == "4711"
        assert answers.has_one(0)
        assert answers.next() == "0"
        assert not answers.has_one(0)
    finally:
        os.close(reading)
        os.close(writing)


def test_a_line_in_pieces_is_put_together_and_an_end_is_no_line() -> None:
    reading, writing = os.pipe()
    try:
        answers = Answers(reading)
        os.write(writing, b"47")
        assert not answers.has_one(0)
        os.write(writing, b"11\n")
        assert answers.next() == "4711"
    finally:
        os.close(writing)
    with pytest.raises(EOFError):
        answers.next()
    os.close(reading)


@pytest.mark.parametrize("program", ["while True: pass", "import time\nwhile True: time.sleep(0.001)"])
def test_what_computes_or_wakes_up_in_between_is_not_hung(program: str) -> None:
    with looks_at(program) as looks:
        assert set(itertools.islice(looks, 2 * vigil.MOST_STILL_LOOKS)) == {""}


def test_what_never_wakes_up_is_hung_after_many_looks() -> None:
    with looks_at("import time\ntime.sleep(1000)") as looks:
        patient = list(itertools.takewhile(lambda why: not why, looks))
        assert len(patient) >= vigil.MOST_STILL_LOOKS
        assert next(looks) == "it sleeps, and nothing wakes it"


def test_what_wakes_up_in_between_for_ever_is_hung(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vigil, "MOST_IDLE_LOOKS", 50)
    with looks_at("import time\nwhile True: time.sleep(0.01)") as looks:
        assert next(filter(None, looks)) == "it sleeps and wakes, and does not come to an end"


def test_what_computes_for_ever_is_hung(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vigil, "MOST_CPU_S", 0.1)
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as process:
        try:
            with pytest.raises(Hangs, match="it is busy without an end"):
                watch(process.pid, lambda _within_s: process.poll() is not None)
        finally:
            process.kill()


def test_a_sender_that_hangs_is_killed_and_says_where_it_was(
    nursery: Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vigil, "LOOK_EVERY_S", 0.01)
    pid = begun(nursery, tmp_path)
    with pytest.raises(Hangs) as caught:
        nursery.finish()
    assert f"process {pid} hangs: it sleeps, and nothing wakes it" in str(caught.value)
    assert "wait_for_what_never_comes" in str(caught.value)  # the task
    assert "run_until_complete" in str(caught.value)  # the thread
    begun(nursery, tmp_path)  # It is buried, and the next one can be born.


def test_a_sender_that_was_stopped_is_reported_too(
    nursery: Nursery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(vigil, "LOOK_EVERY_S", 0.01)
    monkeypatch.setattr("tests.torture.nursery._ANSWER_S", 0.1)
    os.kill(begun(nursery, tmp_path), signal.SIGSTOP)
    with pytest.raises(Hangs, match=": T, in "):
        nursery.finish()


def test_a_sender_that_was_killed_has_not_hung(nursery: Nursery, tmp_path: Path) -> None:
    os.kill(begun(nursery, tmp_path), signal.SIGKILL)
    assert nursery.finish() == KILLED


def test_a_nursery_that_is_left_takes_its_sender_with_it(tmp_path: Path) -> None:
    with Nursery("restless") as nursery:
        pid = begun(nursery, tmp_path)
        os.kill(pid, signal.SIGSTOP)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
