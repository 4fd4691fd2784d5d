"""What the server does with commands, good, broken, silent, slow, and many."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import threading
import time
from pathlib import Path

import pytest

from app.core.errors import InputError
from app.system.ipc import wire
from app.system.ipc.client import NoAnswer, connect
from app.system.ipc.requests import CredentialsChanged, Quit, Request, Run, Show
from app.system.ipc.server import CLOSE_S, Declined, Reply
from tests.unit.system.ipc.harness import RUN, VERSION, connected, drain, events, raw, serving, succeed


def test_a_request_is_handled_and_its_events_come_in_order(tmp_path: Path) -> None:
    asked: list[Request] = []

    async def handle(request: Request, reply: Reply) -> int:
        asked.append(request)
        reply.accept()
        reply.write("err", "half")
        await asyncio.sleep(0)
        reply.write("out", "ü\udcff" + "x" * 20_000)
        return 3

    with serving(tmp_path, handle):
        connection = connected(tmp_path)
        assert connection.hello["version"] == VERSION
        connection.send(RUN)
        found = events(connection)
    assert found[:2] == [{"event": "accepted"}, {"event": "err", "text": "half"}]
    assert "".join(str(each["text"]) for each in found if each["event"] == "out") == "ü\udcff" + "x" * 20_000
    assert found[-1] == {"event": "exit", "code": 3}
    assert isinstance(asked[0], Run)
    assert asked[0].words == ("upload", "a.png")


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ({"verb": "quit"}, Quit),
        ({"verb": "credentials"}, CredentialsChanged),
        ({"verb": "show", "context": {}, "display": ""}, Show),
    ],
)
def test_every_verb_arrives_as_its_type(tmp_path: Path, message: dict[str, object], kind: type) -> None:
    asked: list[Request] = []

    async def handle(request: Request, reply: Reply) -> int:
        asked.append(request)
        return 0

    with serving(tmp_path, handle):
        connection = connected(tmp_path)
        connection.send(message)
        assert events(connection) == [{"event": "exit", "code": 0}]
    assert [type(each) for each in asked] == [kind]


def test_a_declined_request_and_a_failed_one_say_so(tmp_path: Path) -> None:
    async def handle(request: Request, reply: Reply) -> int:
        if isinstance(request, Quit):
            raise InputError("No.", remedy="Never.")
        raise Declined

    with serving(tmp_path, handle):
        connection = connected(tmp_path)
        connection.send(RUN)
        assert events(connection)[0] == {"event": "declined"}
        connection = connected(tmp_path)
        connection.send({"verb": "quit"})
        failed = [{"event": "err", "text": "imglink: No. Never.\n"}, {"event": "exit", "code": 1}]
        assert events(connection) == failed


def test_ten_thousand_fuzzed_frames_harm_nothing(tmp_path: Path) -> None:
    dice = random.Random(20_26)
    good = 0

    async def count(request: Request, reply: Reply) -> int:
        nonlocal good
        good += 1
        return await succeed(request, reply)

    with serving(tmp_path, count, deadline_s=0.5):
        for _ in range(10_000):
            # With the hello unread, the system would throw away what was sent when the client closes.
            with raw(tmp_path) as client, contextlib.suppress(ConnectionError):
                client.recv(4096)
                client.sendall(fuzzed(dice))
        connection = connected(tmp_path)
        connection.send(RUN)
        assert events(connection)[-1] == {"event": "exit", "code": 0}
    # Some were whole requests after all: the fuzzing reaches the other side of the checks, too.
    assert good > 1000


def fuzzed(dice: random.Random) -> bytes:
    """A frame with something wrong with it, mostly."""
    frame = bytearray(wire.encode(RUN))
    match dice.randrange(8):
        case 0:
            return dice.randbytes(dice.randrange(1, 300))
        case 1:
            size = dice.randrange(0, 400)
            return size.to_bytes(4, "big") + dice.randbytes(size)
        case 2:
            for _ in range(dice.randrange(1, 6)):
                frame[dice.randrange(4, len(frame))] = dice.randrange(256)
        case 3:
            del frame[dice.randrange(len(frame)) :]
        case 4:
            body = (dice.choice([b"[", b'{"a":', b"[[{"]) * 65536)[: dice.randrange(2, wire.MAX_FRAME_BYTES)]
            return len(body).to_bytes(4, "big") + body
        case 5:
            return dice.randrange(wire.MAX_FRAME_BYTES, 2**32).to_bytes(4, "big") + bytes(frame[4:])
        case 6:
            changed = {**RUN, dice.choice(list(RUN)): dice.choice([None, 1, -1, 1e999, [], {}, [[]], "x", "\0", True])}
            body = json.dumps(changed).encode()
            return len(body).to_bytes(4, "big") + body
    return bytes(frame)


def test_a_silent_and_a_dripping_client_are_dropped_at_the_deadline(tmp_path: Path) -> None:
    with serving(tmp_path, deadline_s=0.2):
        begin = time.monotonic()
        silent, dripping = raw(tmp_path), raw(tmp_path)
        stop = threading.Event()

        def drip() -> None:
            while not stop.wait(0.02):
                try:
                    dripping.send(b"\0")
                except OSError:
                    return

        thread = threading.Thread(target=drip)
        thread.start()
        drain(silent)
        assert time.monotonic() - begin < 2
        thread.join(5)
        stop.set()
        dripping.close()
        assert not thread.is_alive()


def test_more_than_so_many_at_once_are_turned_away(tmp_path: Path) -> None:
    with serving(tmp_path, max_connections=3):
        waiting = [connected(tmp_path) for _ in range(3)]
        with pytest.raises(NoAnswer):
            connect(str(tmp_path))
        waiting[0].send(RUN)
        assert events(waiting[0])[-1]["code"] == 0
        connected(tmp_path).close()
        for each in waiting[1:]:
            each.close()


@pytest.mark.parametrize("farewell", [b"", b"more"])
def test_hanging_up_or_talking_on_withdraws_the_request(tmp_path: Path, farewell: bytes) -> None:
    begun, withdrawn = threading.Event(), threading.Event()

    async def handle(request: Request, reply: Reply) -> int:
        reply.accept()
        begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            withdrawn.set()
            raise
        return 0

    with serving(tmp_path, handle):
        client = raw(tmp_path)
        client.sendall(wire.encode(RUN))
        assert begun.wait(5)
        client.sendall(farewell)
        if farewell:
            drain(client)
        client.close()
        assert withdrawn.wait(5)


def test_one_that_gives_up_hears_what_had_become_of_it(tmp_path: Path) -> None:
    begun = threading.Event()

    async def handle(request: Request, reply: Reply) -> int:
        reply.accept()
        begun.set()
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            assert not reply.is_ending()
            reply.write("out", "the first was there")
            raise
        return 0

    with serving(tmp_path, handle):
        connection = connected(tmp_path)
        connection.send(RUN)
        assert begun.wait(5)
        connection.withdraw()
        said = events(connection)
    assert said == [{"event": "accepted"}, {"event": "out", "text": "the first was there"}, {"event": "withdrawn"}]


def test_a_client_that_does_not_read_is_dropped_and_its_request_withdrawn(tmp_path: Path) -> None:
    withdrawn = threading.Event()

    async def handle(request: Request, reply: Reply) -> int:
        reply.accept()
        try:
            while True:
                reply.write("out", "x" * 8000)
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            withdrawn.set()
            raise

    with serving(tmp_path, handle):
        client = raw(tmp_path)
        client.sendall(wire.encode(RUN))
        assert withdrawn.wait(10)
        client.close()


def test_closing_withdraws_what_runs_and_tells_those_who_wait(tmp_path: Path) -> None:
    begun = threading.Event()

    async def handle(request: Request, reply: Reply) -> int:
        reply.accept()
        begun.set()
        await asyncio.sleep(60)
        return 0

    with serving(tmp_path, handle):
        connection, idle = connected(tmp_path), connected(tmp_path)
        connection.send(RUN)
        assert begun.wait(5)
        begin = time.monotonic()
    # At once, although one of them has not asked for anything.
    assert time.monotonic() - begin < CLOSE_S / 2
    assert events(connection) == [{"event": "accepted"}, {"event": "withdrawn"}]
    assert events(idle) == []
    assert connect(str(tmp_path)) is None
