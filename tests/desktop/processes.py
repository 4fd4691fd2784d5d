"""Child processes that cannot outlive a test: own process groups, output in files, and a sweep by environment."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

POLL_INTERVAL_S = 0.005


def wait_until(predicate: Callable[[], T], timeout_s: float, what: Callable[[], str]) -> T:
    """Poll `predicate` until it returns something truthy, and return that; raises TimeoutError that says `what()`."""
    deadline = time.monotonic() + timeout_s
    while not (result := predicate()):
        if time.monotonic() > deadline:
            raise TimeoutError(f"after {timeout_s:g} s: {what()}")
        time.sleep(POLL_INTERVAL_S)
    return result


class Process:
    """A running program with its own process group; what it prints is read from files, so no pipe can fill up."""

    def __init__(
        self,
        command: Sequence[str | os.PathLike[str]],
        *,
        env: Mapping[str, str],
        log_stem: Path,
        cwd: Path | None = None,
        stdin: bytes = b"",
        pass_fds: Sequence[int] = (),
    ) -> None:
        self.command = tuple(os.fspath(part) for part in command)
        self._stdout_path = log_stem.with_name(log_stem.name + ".stdout")
        self._stderr_path = log_stem.with_name(log_stem.name + ".stderr")
        input_path = log_stem.with_name(log_stem.name + ".stdin")
        input_path.write_bytes(stdin)
        with (
            input_path.open("rb") as source,
            self._stdout_path.open("wb") as out,
            self._stderr_path.open("wb") as err,
        ):
            self._popen = subprocess.Popen(
                self.command,
                env=dict(env),
                cwd=cwd,
                stdin=source,
                stdout=out,
                stderr=err,
                pass_fds=pass_fds,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        """Process id, also the id of its process group."""
        return self._popen.pid

    @property
    def returncode(self) -> int | None:
        """Exit status, negative for a signal; None while it runs."""
        return self._popen.poll()

    @property
    def is_running(self) -> bool:
        """True until it has ended."""
        return self._popen.poll() is None

    @property
    def stdout(self) -> str:
        """Everything it has printed so far."""
        return self._stdout_path.read_text(encoding="utf-8", errors="replace")

    @property
    def stderr(self) -> str:
        """Everything it has complained about so far."""
        return self._stderr_path.read_text(encoding="utf-8", errors="replace")

    def wait(self, timeout_s: float = 60) -> int:
        """Wait for its end and return the exit status; raises TimeoutError with its output."""
        try:
            return self._popen.wait(timeout_s)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"still running after {timeout_s:g} s: {self.describe()}") from None

    def wait_for_output(self, text: str, timeout_s: float = 60) -> str:
        """Wait for `text` in what it printed (stdout or stderr), and return that line; fail early when it ends."""

        def line() -> str:
            has_ended = not self.is_running
            for candidate in (self.stdout + "\n" + self.stderr).splitlines():
                if text in candidate:
                    return candidate
            if has_ended:
                raise AssertionError(f"ended without printing {text!r}: {self.describe()}")
            return ""

        return wait_until(line, timeout_s, lambda: f"waited for {text!r} from {self.describe()}")

    def send_signal(self, number: signal.Signals) -> None:
        """Signal the process and its whole group."""
        # The leader may be gone while a child of the group still runs, so its own exit does not matter here.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, number)

    def stop(self, timeout_s: float = 3) -> int:
        """End it (terminate, then kill what does not go) and return the exit status."""
        stop_all([self], timeout_s)
        return self._popen.wait()

    def describe(self) -> str:
        """Command, state and output, for the message of a failure."""
        state = "running" if self.is_running else f"exit status {self.returncode}"
        parts = [f"{' '.join(self.command)} ({state})"]
        parts += [
            f"{name}:\n{text.rstrip()}" for name, text in (("stdout", self.stdout), ("stderr", self.stderr)) if text
        ]
        return "\n".join(parts)


def stop_all(processes: Iterable[Process], timeout_s: float = 3) -> None:
    """Terminate all at once, wait for all, then kill the groups of those that did not go."""
    remaining = [process for process in processes if process.is_running]
    for process in remaining:
        process.send_signal(signal.SIGTERM)
        process.send_signal(signal.SIGCONT)
    deadline = time.monotonic() + timeout_s
    while any(process.is_running for process in remaining) and time.monotonic() < deadline:
        time.sleep(POLL_INTERVAL_S)
    for process in remaining:
        process.send_signal(signal.SIGKILL)
        process.wait()


def dies_with_parent(command: Sequence[str]) -> list[str]:
    """Have the kernel end a service when the test run itself is killed and cannot clean up any more."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM", *command] if setpriv else list(command)


def processes_with_environment(entry: str) -> list[int]:
    """Ids of all processes that were started with `NAME=value` in their environment."""
    needle = b"\0" + os.fsencode(entry) + b"\0"
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and int(folder.name) != os.getpid():
            # Processes come and go while we look, and other people's are none of our business.
            with contextlib.suppress(OSError):
                if needle in b"\0" + (folder / "environ").read_bytes():
                    found.append(int(folder.name))
    return found


def kill_with_environment(entry: str, timeout_s: float = 5) -> None:
    """Kill every process that carries `NAME=value`, also those that left their process group (daemons)."""

    def none_left() -> bool:
        for pid in (pids := processes_with_environment(entry)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not pids

    wait_until(none_left, timeout_s, lambda: f"could not kill everything with {entry}")
