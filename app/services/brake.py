"""Why nothing is sent just now: a pause, an answer that concerns every upload, a wait, the service's pace."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

from app.core.errors import ErrorKind, UserFacingError
from app.core.ports import Clock, UploadStore
from app.core.service_errors import NotAuthenticated, RateLimited, ServiceError, TooLarge
from app.core.uploads import QueueMode, QueueState, UploadItem
from app.services import pacing
from app.services.outcomes import Verdict

_SMALL_BYTES = 5 * 1024 * 1024
_TOO_MANY_TOO_LARGE = 2
_PACE_REASONS = {
    True: "Without an account, ImgLink takes one upload every 30 minutes.",
    False: "ImgLink takes 100 uploads an hour.",
}


class Brake:
    """The state of the queue as a whole, and how it follows from what happens to single uploads."""

    def __init__(
        self,
        store: UploadStore,
        clock: Clock,
        pace: pacing.Pace,
        random: Callable[[], float],
        on_changed: Callable[[QueueState], None],
    ) -> None:
        self.state = QueueState(QueueMode.STOPPED)
        self._store = store
        self._clock = clock
        self._pace = pace
        self._random = random
        self._on_changed = on_changed
        self.is_held_by_person = False
        """True from the person's pause until their resume, whatever else pauses in between."""
        self._is_resting = False
        """True while the computer is about to sleep, which is not worth a word."""
        self._hold_until = -math.inf
        """On the monotonic clock; nothing is sent before."""
        self._lacks_account = False
        """True when an account would end that."""
        self._troubles = 0
        """How many uploads in a row met a network or server that does not work."""
        self._too_large = 0
        """How many files in a row were too large for the service though they are small."""

    @property
    def is_paused(self) -> bool:
        """True when only the person, or a new credential, lets the queue go on."""
        return self.state.mode is QueueMode.PAUSED

    @property
    def is_on(self) -> bool:
        """True when nothing may be sent now."""
        return self.is_paused or self._is_resting or self._hold_until > self._clock.monotonic()

    @property
    def left_s(self) -> float | None:
        """How long until something may be sent; None while paused or resting."""
        return None if self.is_paused or self._is_resting else self._hold_until - self._clock.monotonic()

    @property
    def known_wait_s(self) -> float:
        """The same as far as the state tells, the pace included; infinite while paused, negative when it runs."""
        if self.is_paused:
            return math.inf
        if self.state.mode is not QueueMode.WAITING or self.state.resume_at is None:
            return -math.inf
        return (self.state.resume_at - self._clock.now()).total_seconds()

    def set(
        self,
        mode: QueueMode,
        reason: str = "",
        error_kind: ErrorKind | None = None,
    ) -> None:
        """Say what the queue does now, and why."""
        self._change(QueueState(mode, reason, error_kind))

    async def restore(self, has_credential: Callable[[], Awaitable[bool]]) -> None:
        """Begin as the last run ended: paused by the person, waiting as the service asked, or free."""
        saved = await self._store.load_queue_state()
        if saved is None or saved.mode is QueueMode.PAUSED:
            self.is_held_by_person = saved is not None
            self._change(saved or QueueState(QueueMode.RUNNING))
            return
        self.set(QueueMode.RUNNING)
        left_s = 0.0 if saved.resume_at is None else (saved.resume_at - self._clock.now()).total_seconds()
        if left_s <= 0:
            return
        if saved.lacks_account:
            # A keyring that cannot be read now has no account to offer.
            with suppress(UserFacingError):
                if await has_credential():
                    return
        self._hold(min(left_s, pacing.MAX_WAIT_S), saved.reason, saved.error_kind, lacks_account=saved.lacks_account)
        if left_s > pacing.MAX_WAIT_S:
            # The clock was set back since: every start would wait anew, until its time comes.
            await self._remember()

    async def pause(self) -> None:
        """The person's pause; it is remembered."""
        await self._store.save_queue_state(QueueState(QueueMode.PAUSED))
        self.is_held_by_person = True
        self.set(QueueMode.PAUSED)

    async def release(self) -> None:
        """Forget every reason to wait but the pace."""
        await self._store.save_queue_state(None)
        self.is_held_by_person = False
        self._hold_until, self._troubles, self._too_large = -math.inf, 0, 0
        self._lacks_account = False

    async def account_came(self) -> None:
        """Wait no longer for what was only asked of uploads without an account."""
        if not self._lacks_account:
            return
        self._hold_until, self._lacks_account = -math.inf, False
        if self.state.mode is QueueMode.WAITING:
            self.set(QueueMode.RUNNING)
        if not self.is_held_by_person:
            await self._remember()

    def rest(self) -> None:
        """Let nothing begin, without a word, until `wake_up`."""
        self._is_resting = True

    def wake_up(self) -> None:
        """Go on. The time that was slept away counts as waited, though the monotonic clock stood still."""
        self._is_resting = False
        left_s = self.known_wait_s
        if math.isfinite(left_s):
            self._hold_until = min(self._hold_until, self._clock.monotonic() + max(left_s, 0.0))

    def all_is_well(self) -> None:
        """An upload has come through."""
        self._troubles = self._too_large = 0

    async def heed(
        self, item: UploadItem, verdict: Verdict, error: UserFacingError, *, lacks_account: bool = False
    ) -> None:
        """Draw the conclusion for the queue as a whole from the failure of one upload.

        `lacks_account` tells that it went without an account only because there was none.
        """
        if verdict is Verdict.WAIT:
            asked_s = error.retry_after_s if isinstance(error, RateLimited) else None
            wait_s = pacing.asked_wait_s(asked_s, self._troubles, self._random)
            self._hold(wait_s, str(error), error.kind, lacks_account=lacks_account)
            if self.state.mode is QueueMode.WAITING:
                await self._remember()
        elif verdict is Verdict.RETRY or (verdict is Verdict.UNCERTAIN and isinstance(error, ServiceError)):
            self._hold(pacing.retry_wait_s(self._troubles, self._random), str(error), error.kind)
        elif verdict is Verdict.PAUSE:
            refused = error.credential if isinstance(error, NotAuthenticated) else None
            is_unknown = isinstance(error, NotAuthenticated)
            self._change(
                QueueState(QueueMode.PAUSED, str(error), error.kind, needs_credential=is_unknown, credential=refused)
            )
        elif isinstance(error, TooLarge) and item.size <= _SMALL_BYTES:
            self._too_large += 1
            if self._too_large >= _TOO_MANY_TOO_LARGE:
                reason = f"{error.message} These are small files: the storage of the account may be full."
                self.set(QueueMode.PAUSED, reason, error.kind)

    async def pace_s(self, *, anonymous: bool) -> float:
        """How long the service's limit makes the next upload wait; 0.0 for not at all."""
        limit, now = self._pace.anonymous if anonymous else self._pace.signed_in, self._clock.now()
        attempts = await self._store.attempts_since(now - limit.window, anonymous=anonymous)
        return limit.wait_s(attempts, now)

    def wait_for_pace(self, seconds: float, *, anonymous: bool) -> None:
        """Say that everything waits for the service's limit."""
        if not self.is_on:
            self._wait(seconds, _PACE_REASONS[anonymous], ErrorKind.RATE_LIMITED)

    def _hold(self, seconds: float, reason: str, kind: ErrorKind | None, *, lacks_account: bool | None = None) -> None:
        """`lacks_account` is None for troubles of another sort, which leave that as it is."""
        self._troubles += 1
        self._hold_until = max(self._hold_until, self._clock.monotonic() + seconds)
        if lacks_account is not None:
            self._lacks_account = lacks_account
        if not self.is_paused:
            self._wait(self._hold_until - self._clock.monotonic(), reason, kind)

    def _wait(self, seconds: float, reason: str, kind: ErrorKind | None) -> None:
        resume_at = self._clock.now() + timedelta(seconds=seconds)
        lacks_account = self._lacks_account and kind is ErrorKind.RATE_LIMITED
        self._change(QueueState(QueueMode.WAITING, reason, kind, resume_at, lacks_account=lacks_account))

    async def _remember(self) -> None:
        """What is waited for, over a restart. A full disk forgets it; the service then says it again."""
        with suppress(UserFacingError):
            await self._store.save_queue_state(self.state if self.state.mode is QueueMode.WAITING else None)

    def _change(self, state: QueueState) -> None:
        if state != self.state:
            self.state = state
            self._on_changed(state)
