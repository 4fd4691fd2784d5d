from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import time

import pytest

from app.core.errors import ErrorKind, UserFacingError
from app.core.imglink import CredentialKind
from app.core.ports import Probe
from app.secrets.guard import TIMEOUT_S, GuardedSecrets
from app.secrets.memory import MemoryStore

ORIGIN = "https://imglink.example"
KEY = CredentialKind.API_KEY


class SlowStore(MemoryStore):
    """A store that answers when it is let go, and counts how many ask it at a time."""

    name = "a slow keyring"

    def __init__(self) -> None:
        super().__init__()
        self.let_go = threading.Event()
        self.asked = 0
        self.most_at_a_time = 0
        self._at_a_time = 0

    def probe(self) -> Probe:
        self.get(ORIGIN, KEY)
        return Probe("slow", available=True)

    def get(self, origin: str, kind: CredentialKind) -> str | None:
        self.asked += 1
        self._at_a_time += 1
        self.most_at_a_time = max(self.most_at_a_time, self._at_a_time)
        self.let_go.wait(20)
        self._at_a_time -= 1
        return super().get(origin, kind)


def keyring_threads() -> int:
    return sum(thread.name == "keyring" for thread in threading.enumerate())


def test_passes_calls_on_to_the_store() -> None:
    async def run() -> None:
        secrets = GuardedSecrets(MemoryStore())
        assert not secrets.is_persistent
        assert "memory" in secrets.name
        await secrets.set(ORIGIN, KEY, "a")
        assert await secrets.get(ORIGIN, KEY) == "a"
        await secrets.delete(ORIGIN, KEY)
        assert await secrets.get(ORIGIN, KEY) is None
        assert (await secrets.probe()).available

    asyncio.run(run())


def test_a_store_that_hangs_fails_in_words_after_the_time_out() -> None:
    async def run() -> None:
        store = SlowStore()
        secrets = GuardedSecrets(store)
        begin = time.monotonic()
        with pytest.raises(UserFacingError) as caught:
            await secrets.get(ORIGIN, KEY, timeout_s=0.05)
        assert time.monotonic() - begin < TIMEOUT_S / 2
        assert caught.value.kind is ErrorKind.CREDENTIAL
        assert "did not answer within 0.05 seconds" in caught.value.message
        probe = await secrets.probe(timeout_s=0.05)
        assert not probe.available
        assert "did not answer" in probe.reason
        store.let_go.set()

    asyncio.run(run())


def test_a_store_that_hangs_costs_one_thread_however_often_it_is_asked() -> None:
    async def run() -> None:
        store = SlowStore()
        secrets = GuardedSecrets(store)
        for _ in range(5):
            with pytest.raises(UserFacingError):
                await secrets.get(ORIGIN, KEY, timeout_s=0.02)
        assert store.asked == 1
        assert keyring_threads() == 1
        store.let_go.set()
        # Once it answers again, everything goes on as before.
        assert await secrets.get(ORIGIN, KEY) is None
        assert store.asked == 2

    asyncio.run(run())


def test_calls_reach_the_store_one_after_another() -> None:
    async def run() -> None:
        store = SlowStore()
        store.let_go.set()
        secrets = GuardedSecrets(store)
        await asyncio.gather(*(secrets.get(ORIGIN, KEY) for _ in range(10)))
        assert store.asked == 10
        assert store.most_at_a_time == 1

    asyncio.run(run())


def test_what_the_store_raises_reaches_the_caller() -> None:
    class Refusing(MemoryStore):
        def get(self, origin: str, kind: CredentialKind) -> str | None:
            raise UserFacingError("locked")

    async def run() -> None:
        secrets = GuardedSecrets(Refusing())
        for _ in range(2):
            with pytest.raises(UserFacingError, match="locked"):
                await secrets.get(ORIGIN, KEY)

    asyncio.run(run())


def test_a_cancelled_call_does_not_keep_the_next_ones_out() -> None:
    async def run() -> None:
        store = SlowStore()
        secrets = GuardedSecrets(store)
        task = asyncio.create_task(secrets.get(ORIGIN, KEY))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        store.let_go.set()
        assert await secrets.get(ORIGIN, KEY, timeout_s=5) is None

    asyncio.run(run())


HUNG = """
import asyncio, sys, time
from app.core.errors import UserFacingError
from app.core.imglink import CredentialKind
from app.secrets.guard import GuardedSecrets
from app.secrets.memory import MemoryStore

class Hung(MemoryStore):
    def get(self, origin, kind):
        time.sleep(600)

async def main():
    try:
        await GuardedSecrets(Hung()).get("https://a.example", CredentialKind.API_KEY, timeout_s=0.05)
    except UserFacingError:
        print("failed as it should")

asyncio.run(main())
"""


def test_the_process_ends_although_a_call_still_hangs() -> None:
    done = subprocess.run([sys.executable, "-c", HUNG], capture_output=True, text=True, timeout=20, check=True)
    assert done.stdout == "failed as it should\n"
    assert done.stderr == ""


def test_an_answer_after_the_end_of_the_loop_is_dropped_quietly() -> None:
    store = SlowStore()

    async def run() -> None:
        with pytest.raises(UserFacingError):
            await GuardedSecrets(store).get(ORIGIN, KEY, timeout_s=0.02)

    asyncio.run(run())
    store.let_go.set()
    for thread in threading.enumerate():
        if thread.name == "keyring":
            thread.join(5)
    assert keyring_threads() == 0
