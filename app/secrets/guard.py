"""Keyring calls that cannot hang the program.

A keyring daemon that is frozen never answers, and nothing can interrupt the call that waits for it. So each call has a
thread of its own which may be left behind: a daemon thread, because the process must still be able to end (a thread
pool waits for its threads at exit).
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeVar

from app.core.doctor import Part
from app.core.errors import ErrorKind, UserFacingError
from app.core.imglink import CredentialKind
from app.core.ports import Probe, SecretStore
from app.secrets.memory import MemoryStore

T = TypeVar("T")

HANGS_REMEDY = "Restart the keyring, or enter its password if the desktop asks for it; then try again."
TIMEOUT_S = 10.0
"""How long a keyring may take, which includes the person who types its password."""


class GuardedSecrets:
    """A `SecretStore` to await; see `app.core.ports.Secrets`.

    Calls go to the store one after another. While one hangs, the next ones wait for it within their own time-out, so a
    frozen keyring costs one thread however often it is asked.
    """

    def __init__(self, store: SecretStore) -> None:
        self._store = store
        self._running = asyncio.Lock()

    @classmethod
    async def open(cls, environ: Mapping[str, str], timeout_s: float = TIMEOUT_S) -> GuardedSecrets:
        """Choose the store; memory, with the reason, when even that takes longer than `timeout_s` seconds."""
        from app.secrets.choose import choose_secret_store

        try:
            async with asyncio.timeout(timeout_s):
                store = await call_on_own_thread(lambda: choose_secret_store(environ))
        except TimeoutError:
            store = MemoryStore("The desktop's keyring does not answer.", "Restart the keyring, then ImgLink Desktop.")
        return cls(store)

    @property
    def name(self) -> str:
        """What keeps the secrets, in words for the person."""
        return self._store.name

    @property
    def is_persistent(self) -> bool:
        """False when secrets are forgotten at exit."""
        return self._store.is_persistent

    async def probe(self, timeout_s: float = TIMEOUT_S) -> Probe:
        """Tell whether it can work here, within `timeout_s` seconds."""
        try:
            return await self._call("asked", self._store.probe, timeout_s)
        except UserFacingError as problem:
            return Probe(self.name, available=False, reason=problem.message, remedy=problem.remedy)

    async def get(self, origin: str, kind: CredentialKind, timeout_s: float = TIMEOUT_S) -> str | None:
        """The secret, or None. Raises UserFacingError (credential) when the store refuses or takes too long."""
        return await self._call("read", lambda: self._store.get(origin, kind), timeout_s)

    async def set(self, origin: str, kind: CredentialKind, secret: str, timeout_s: float = TIMEOUT_S) -> None:
        """Store or replace it. Raises as `get` does; after a time-out it may still be stored later."""
        await self._call("stored", lambda: self._store.set(origin, kind, secret), timeout_s)

    async def delete(self, origin: str, kind: CredentialKind, timeout_s: float = TIMEOUT_S) -> None:
        """Forget it. Raises as `get` does; after a time-out it may still be forgotten later."""
        await self._call("removed", lambda: self._store.delete(origin, kind), timeout_s)

    async def _call(self, done: str, function: Callable[[], T], timeout_s: float) -> T:
        try:
            async with asyncio.timeout(timeout_s):
                await self._running.acquire()
                return await call_on_own_thread(function, self._running.release)
        except TimeoutError as problem:
            hangs = UserFacingError(
                f"Your key could not be {done}: the keyring did not answer within {timeout_s:g} seconds.",
                remedy=HANGS_REMEDY,
                kind=ErrorKind.CREDENTIAL,
            )
            hangs.part = Part.KEYRING
            raise hangs from problem


async def call_on_own_thread(function: Callable[[], T], on_end: Callable[[], None] = lambda: None) -> T:
    """Run `function` on a new daemon thread. Cancelling leaves the thread behind.

    `on_end` is called on the loop's thread when `function` has really ended, be it after a cancellation.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[T] = loop.create_future()

    def settle(deliver: Callable[[], None]) -> None:
        on_end()
        if not outcome.done():
            deliver()

    def run() -> None:
        try:
            deliver = partial(outcome.set_result, function())
        except BaseException as problem:  # noqa: BLE001 - the boundary of the thread: everything goes to the caller
            deliver = partial(outcome.set_exception, problem)
        # The loop may have ended meanwhile; then nobody waits any more.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(settle, deliver)

    threading.Thread(target=run, name="keyring", daemon=True).start()
    return await outcome
