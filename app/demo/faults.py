"""Faults on purpose, and a log of what was asked: switches for tests, set in-process and never over HTTP."""

from __future__ import annotations

import json
import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from fnmatch import fnmatchcase

_LOG_LENGTH = 20_000


class Stage(Enum):
    """When a fault strikes."""

    BEFORE_BODY = "before body"
    """Only the request's head was read."""
    BEFORE_COMMIT = "before commit"
    """The whole request was read, and nothing was done."""
    AFTER_COMMIT = "after commit"
    """Everything was done, and the answer is not sent yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What to do instead of, or before, the proper answer to the next `times` requests that match.

    In this order, each when given: wait `delay_s`; drop the connection; answer with `status`, `headers` and `body`, or
    else with the proper answer; in pieces of `drip_bytes` with `drip_pause_s` between; and break the connection when
    `cut_after` bytes of the answer's body are out. `method` and `path` (without query) are shell patterns.
    """

    method: str = "*"
    path: str = "*"
    times: int = 1
    stage: Stage = Stage.BEFORE_BODY
    delay_s: float = 0.0
    drop: bool = False
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    drip_bytes: int = 0
    drip_pause_s: float = 0.0
    cut_after: int | None = None

    def on(self, method: str = "*", path: str = "*", *, times: int = 1, stage: Stage | None = None) -> Fault:
        """The same fault for these requests, at this stage."""
        return replace(self, method=method, path=path, times=times, stage=stage or self.stage)

    @classmethod
    def error(cls, status: int, message: str = "", *, retry_after: str | None = None) -> Fault:
        """A documented error; `retry_after` is sent as it is: seconds, an HTTP date or nonsense."""
        headers = {"Content-Type": "application/json"} | ({"Retry-After": retry_after} if retry_after else {})
        body = json.dumps({"error": message or f"Fault {status}"}).encode()
        return cls(status=status, headers=headers, body=body)

    @classmethod
    def html(cls, status: int = 502) -> Fault:
        """What a CDN says when the service behind it is away."""
        body = f"<!doctype html><title>{status}</title><h1>{status} Bad gateway</h1>".encode()
        return cls(status=status, headers={"Content-Type": "text/html; charset=utf-8"}, body=body)

    @classmethod
    def garbage(cls, body: bytes = b'{"id": "abc', *, status: int = 200) -> Fault:
        """A success with a body that makes no sense; `b""` for an empty one."""
        return cls(status=status, headers={"Content-Type": "application/json"}, body=body)

    @classmethod
    def redirect(cls, url: str, status: int = 307) -> Fault:
        """A redirect, as a hostile or moved server sends it."""
        return cls(status=status, headers={"Location": url})

    @classmethod
    def lost(cls, stage: Stage = Stage.BEFORE_BODY) -> Fault:
        """The connection breaks and no answer comes."""
        return cls(drop=True, stage=stage)

    @classmethod
    def slow(cls, delay_s: float, stage: Stage = Stage.BEFORE_BODY) -> Fault:
        """The proper answer, late: with BEFORE_BODY the request's body is not read for so long."""
        return cls(delay_s=delay_s, stage=stage)

    @classmethod
    def drip(cls, piece_bytes: int, pause_s: float) -> Fault:
        """The proper answer, piece by piece."""
        return cls(stage=Stage.AFTER_COMMIT, drip_bytes=piece_bytes, drip_pause_s=pause_s)

    @classmethod
    def cut(cls, after: int) -> Fault:
        """The beginning of the proper answer, `after` bytes of its body, and then the connection breaks."""
        return cls(stage=Stage.AFTER_COMMIT, cut_after=after)


class Faults:
    """The faults that wait for their requests, in the order they were added. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: list[Fault] = []

    def add(self, *faults: Fault) -> None:
        """Arm faults."""
        with self._lock:
            self._waiting += faults

    def clear(self) -> None:
        """Disarm all."""
        with self._lock:
            self._waiting.clear()

    @property
    def waiting(self) -> tuple[Fault, ...]:
        """Those that have not struck yet."""
        with self._lock:
            return tuple(self._waiting)

    def take(self, method: str, path: str) -> Fault | None:
        """The first that matches a request, used up once."""
        with self._lock:
            for index, fault in enumerate(self._waiting):
                if fnmatchcase(method, fault.method) and fnmatchcase(path, fault.path):
                    if fault.times > 1:
                        self._waiting[index] = replace(fault, times=fault.times - 1)
                    else:
                        del self._waiting[index]
                    return fault
        return None


@dataclass(slots=True)
class LoggedRequest:
    """A request as it came. `status` is None as long as no answer was begun."""

    method: str
    path: str
    query: str
    headers: tuple[tuple[str, str], ...]
    """Names in lower case, in the order they came."""
    body_bytes: int = 0
    """How many bytes of the body were read so far."""
    status: int | None = None

    def header(self, name: str) -> str | None:
        """The first header with this name."""
        return next((value for key, value in self.headers if key == name.lower()), None)


class RequestLog:
    """The latest requests, in memory only. Safe from any thread."""

    def __init__(self) -> None:
        self._requests: deque[LoggedRequest] = deque(maxlen=_LOG_LENGTH)

    def append(self, request: LoggedRequest) -> None:
        """Note a request that has just come."""
        self._requests.append(request)

    def clear(self) -> None:
        """Forget all."""
        self._requests.clear()

    def snapshot(self) -> tuple[LoggedRequest, ...]:
        """All, oldest first."""
        return tuple(self._requests)
