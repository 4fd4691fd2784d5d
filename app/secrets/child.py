"""The keyring in a short-lived process of its own, for a program that runs all day.

What a keyring needs (D-Bus, cryptography) would keep 13 MiB for two look-ups a day, and a keyring that hangs can be
killed there. Secrets pass through pipes only: never through arguments, the environment or a file.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from app.core.doctor import Part
from app.core.errors import ErrorKind, UserFacingError
from app.core.imglink import CredentialKind
from app.core.ports import Probe, SecretStore
from app.secrets.choose import choose_secret_store
from app.secrets.guard import HANGS_REMEDY
from app.secrets.memory import MemoryStore

TIMEOUT_S = 9.5
"""A little less than the guard's own time-out, so that the process that hangs is killed and not left behind."""
_MAX_BYTES = 1024 * 1024


class KeyringHangs(UserFacingError):
    """The keyring is there, and does not answer."""

    kind = ErrorKind.CREDENTIAL
    part = Part.KEYRING

    def __init__(self, seconds: float) -> None:
        super().__init__(
            f"Your key could not be reached: the keyring did not answer within {seconds:g} seconds.",
            remedy=HANGS_REMEDY,
        )


class ChildStore:
    """A persistent `SecretStore` behind `command`. Made by `open_child_store`; every method blocks."""

    is_persistent = True

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], timeout_s: float = TIMEOUT_S) -> None:
        self.name = "the desktop's keyring"
        self._command = tuple(command)
        self._environ = dict(environ)
        self._timeout_s = timeout_s
        self._read_ahead: dict[tuple[str, CredentialKind], str | None] = {}

    def open(self, origin: str) -> MemoryStore | None:
        """Find out what keeps the secrets, and read those of `origin` ahead, for its first `get`s.

        Returns what to use instead where there is no keyring.
        """
        asked = [_request("get", origin, kind) for kind in CredentialKind]
        answer = self._run([{"do": "name"}, *asked])
        found = answer[0]
        if not found["is_persistent"]:
            return MemoryStore(found["reason"], found["remedy"])
        self.name = found["name"]
        for kind, reply in zip(CredentialKind, answer[1:], strict=True):
            # What was refused is asked for again, by whoever can tell the person.
            if "error" not in reply:
                self._read_ahead[origin, kind] = reply["value"]
        return None

    def probe(self) -> Probe:
        """Tell whether it can work here."""
        found = self._run([{"do": "name"}])[0]
        return Probe(found["probed"], found["available"], found["reason"], found["remedy"])

    def get(self, origin: str, kind: CredentialKind) -> str | None:
        """The secret, or None. Raises UserFacingError."""
        if (origin, kind) in self._read_ahead:
            return self._read_ahead.pop((origin, kind))
        value: str | None = self._one(_request("get", origin, kind))
        return value

    def set(self, origin: str, kind: CredentialKind, secret: str) -> None:
        """Store or replace it. Raises UserFacingError."""
        self._read_ahead.clear()
        self._one(_request("set", origin, kind) | {"secret": secret})

    def delete(self, origin: str, kind: CredentialKind) -> None:
        """Forget it; nothing happens when there is none. Raises UserFacingError."""
        self._read_ahead.clear()
        self._one(_request("delete", origin, kind))

    def _one(self, request: dict[str, str]) -> Any:
        reply = self._run([request])[0]
        if "error" in reply:
            error = reply["error"]
            raise UserFacingError(error["message"], remedy=error["remedy"], kind=ErrorKind(error["kind"]))
        return reply["value"]

    def _run(self, requests: list[dict[str, str]]) -> list[dict[str, Any]]:
        try:
            done = subprocess.run(
                self._command,
                input=json.dumps(requests).encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=self._environ,
                timeout=self._timeout_s,
                check=True,
            )
        except subprocess.TimeoutExpired:
            # Without its cause, which holds what was asked.
            raise KeyringHangs(self._timeout_s) from None
        except (OSError, subprocess.SubprocessError):
            raise _failed("its process could not be run") from None
        replies: list[dict[str, Any]] = json.loads(done.stdout)
        return replies


def open_child_store(
    command: Sequence[str], environ: Mapping[str, str], origin: str, timeout_s: float = TIMEOUT_S
) -> SecretStore:
    """The keyring behind `command`, or memory with the reason. Blocks for as long as a Python start takes, and more.

    One that hangs is not given up for memory: what it holds is wanted, and to go on without it would send uploads that
    are meant for an account without one. It says so whenever it is asked, until it answers.
    """
    store = ChildStore(command, environ, timeout_s)
    try:
        return store.open(origin) or store
    except KeyringHangs:
        return store
    except UserFacingError as problem:
        return MemoryStore(problem.message, problem.remedy)


def answer_requests() -> int:
    """In the child: do what standard input asks, answer on standard output; returns the exit code."""
    requests = json.loads(sys.stdin.buffer.read(_MAX_BYTES))
    store = choose_secret_store(os.environ)
    replies = [_answer(store, request) for request in requests]
    sys.stdout.write(json.dumps(replies))
    sys.stdout.flush()
    return 0


def _answer(store: SecretStore, request: dict[str, str]) -> dict[str, Any]:
    try:
        if request["do"] == "name":
            return _describe(store)
        origin, kind = request["origin"], CredentialKind(request["kind"])
        match request["do"]:
            case "set":
                store.set(origin, kind, request["secret"])
            case "delete":
                store.delete(origin, kind)
            case _:
                return {"value": store.get(origin, kind)}
    except UserFacingError as problem:
        return {"error": {"message": problem.message, "remedy": problem.remedy, "kind": problem.kind.value}}
    return {"value": None}


def _describe(store: SecretStore) -> dict[str, Any]:
    probe = store.probe()
    return {
        "name": store.name,
        "is_persistent": store.is_persistent,
        "probed": probe.name,
        "available": probe.available,
        "reason": probe.reason,
        "remedy": probe.remedy,
    }


def _request(do: str, origin: str, kind: CredentialKind) -> dict[str, str]:
    return {"do": do, "origin": origin, "kind": kind.value}


def _failed(why: str) -> UserFacingError:
    error = UserFacingError(
        f"Your key could not be reached: {why}.", remedy="Start ImgLink Desktop again.", kind=ErrorKind.CREDENTIAL
    )
    error.part = Part.KEYRING
    return error
