"""The session's message bus, on the event loop.

Messages are made and read by jeepney; sending, answers and signals are done here, because jeepney's own router for
asyncio dies when an answer comes just as its caller gives up, and does not say when the bus is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.core.errors import UserFacingError

if TYPE_CHECKING:
    from jeepney import Message

log = logging.getLogger(__name__)

CONNECT_TIMEOUT_S = 5.0
CALL_TIMEOUT_S = 5.0

_BUS = "org.freedesktop.DBus"
_BUS_PATH = "/org/freedesktop/DBus"
_SYSTEM_SOCKET = Path("/run/dbus/system_bus_socket")
_READ_BYTES = 65536
_DO_NOT_QUEUE = 4


class BusUnavailable(UserFacingError):
    """There is no message bus, or it went away."""

    def __init__(self, details: str = "") -> None:
        super().__init__(
            "The desktop's message bus (D-Bus) cannot be reached.",
            remedy="Start ImgLink Desktop inside a graphical session.",
            details=details,
        )


class CallFailed(UserFacingError):
    """A program on the bus refused a call, is not there, or did not answer; `error_name` is its D-Bus error, if any."""

    def __init__(self, message: str, *, error_name: str = "", details: str = "") -> None:
        super().__init__(message, details=details)
        self.error_name = error_name


def session_bus_address(environ: Mapping[str, str]) -> str | None:
    """Where the session's bus listens, as D-Bus writes addresses; None when nothing says so."""
    address = environ.get("DBUS_SESSION_BUS_ADDRESS", "")
    if address:
        return address
    socket = Path(environ.get("XDG_RUNTIME_DIR", "/nonexistent"), "bus")
    return f"unix:path={socket}" if socket.exists() else None


def system_bus_address(environ: Mapping[str, str]) -> str | None:
    """Where the computer's own bus listens; None when it has none."""
    address = environ.get("DBUS_SYSTEM_BUS_ADDRESS", "")
    return address or (f"unix:path={_SYSTEM_SOCKET}" if _SYSTEM_SOCKET.exists() else None)


@dataclass(frozen=True, slots=True)
class Signal:
    """A signal that came; `sender` is a unique name."""

    sender: str
    path: str
    member: str
    body: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """A call that another program makes to us; `sender` is its unique name."""

    sender: str
    path: str
    interface: str
    member: str
    body: tuple[Any, ...]


class CallRefused(Exception):
    """Raised by a handler: the caller gets it as the D-Bus error of this name."""

    def __init__(self, error_name: str, text: str) -> None:
        super().__init__(text)
        self.error_name = error_name


CallHandler = Callable[[IncomingCall], Awaitable[tuple[str, tuple[Any, ...]]]]
"""Answers a call with the signature and the values of its answer. Raises CallRefused."""


@dataclass(frozen=True, slots=True, eq=False)
class _Subscription:
    interface: str
    path: str
    member: str
    rule: str
    on_signal: Callable[[Signal], None]


class SessionBus:
    """One connection to the bus; made by `connect`, used on the loop that made it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._serials = count(1)
        self._answers: dict[int, asyncio.Future[Message]] = {}
        self._subscriptions: list[_Subscription] = []
        self._handlers: dict[str, CallHandler] = {}
        self._answering: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self.unique_name = ""

    @classmethod
    async def connect(cls, environ: Mapping[str, str], timeout_s: float = CONNECT_TIMEOUT_S) -> SessionBus:
        """Connect to the session's bus. Raises BusUnavailable."""
        address = session_bus_address(environ)
        if address is None:
            raise BusUnavailable("DBUS_SESSION_BUS_ADDRESS is not set.")
        return await cls.connect_to(address, timeout_s)

    @classmethod
    async def connect_to(cls, address: str, timeout_s: float = CONNECT_TIMEOUT_S) -> SessionBus:
        """Connect to the bus that listens there. Raises BusUnavailable."""
        from jeepney.auth import AuthenticationError
        from jeepney.bus import get_connectable_addresses

        try:
            async with asyncio.timeout(timeout_s):
                path = next(iter(get_connectable_addresses(address)))
                bus = cls(*await asyncio.open_unix_connection(path))
                try:
                    await bus._greet()
                except BaseException:
                    await bus.close()
                    raise
                return bus
        except (OSError, ValueError, RuntimeError, EOFError, AuthenticationError, CallFailed) as problem:
            raise BusUnavailable(f"{address}: {problem}") from problem

    @property
    def is_open(self) -> bool:
        """False once the bus has gone or `close` was called."""
        return self._task is not None and not self._task.done()

    async def wait_closed(self) -> None:
        """Wait until the bus has gone or `close` was called."""
        if self._task is not None:
            await asyncio.wait({self._task})

    async def call(
        self,
        destination: str,
        path: str,
        interface: str,
        method: str,
        signature: str = "",
        body: tuple[Any, ...] = (),
        *,
        timeout_s: float = CALL_TIMEOUT_S,
    ) -> tuple[Any, ...]:
        """Call a method and return its answer's body. Raises CallFailed and BusUnavailable.

        What the caller does before it next awaits happens before any signal that came after the answer is delivered.
        """
        from jeepney import DBusAddress, MessageType, new_method_call

        message = new_method_call(DBusAddress(path, destination, interface), method, signature or None, body)
        serial = next(self._serials)
        answer = self._answers[serial] = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(timeout_s):
                await self._send(message, serial)
                reply = await answer
        except TimeoutError as problem:
            raise CallFailed(f"{destination} did not answer within {timeout_s:g} seconds.", details=method) from problem
        finally:
            self._answers.pop(serial, None)
        if reply.header.message_type is MessageType.error:
            raise _refusal(destination, method, reply)
        return tuple(reply.body)

    @asynccontextmanager
    async def subscribed(
        self,
        on_signal: Callable[[Signal], None],
        *,
        sender: str,
        interface: str,
        path: str = "",
        member: str = "",
        about: str = "",
    ) -> AsyncIterator[None]:
        """Call `on_signal` for the signals of `interface` from `sender` (any name it owns) inside the block.

        An empty `path` or `member` stands for all. The bus sends only those whose first value is `about`, where that is
        given; other subscriptions of this connection may ask for more of them. Raises like `call`.
        """
        from jeepney import MatchRule

        match = MatchRule(type="signal", sender=sender, interface=interface, path=path or None, member=member or None)
        if about:
            match.add_arg_condition(0, about)
        rule = match.serialise()
        subscription = _Subscription(interface, path, member, rule, on_signal)
        self._subscriptions.append(subscription)
        try:
            await self._call_bus("AddMatch", "s", (rule,))
            yield
        finally:
            self._subscriptions.remove(subscription)
            if self.is_open:
                with contextlib.suppress(CallFailed, BusUnavailable):
                    await self._call_bus("RemoveMatch", "s", (rule,))

    async def has_owner(self, name: str) -> bool:
        """True when a program on the bus owns this name."""
        return bool((await self._call_bus("NameHasOwner", "s", (name,)))[0])

    async def reload_services(self) -> None:
        """Have the bus look again which programs it can start; it may not have seen a folder that is new."""
        with contextlib.suppress(CallFailed, BusUnavailable):
            await self._call_bus("ReloadConfig")

    async def can_start(self, name: str) -> bool:
        """True when the bus knows how to start a program for this name."""
        return name in (await self._call_bus("ListActivatableNames"))[0]

    async def own(self, name: str) -> bool:
        """Take a name that others can call us by; False when another program has it. Raises like `call`."""
        return bool((await self._call_bus("RequestName", "su", (name, _DO_NOT_QUEUE)))[0] in (1, 4))

    def export(self, path: str, handler: CallHandler) -> None:
        """Let `handler` answer every call to the object at `path`, on the loop's thread."""
        self._handlers[path] = handler

    async def emit(
        self, path: str, interface: str, member: str, signature: str = "", body: tuple[Any, ...] = ()
    ) -> None:
        """Send a signal to whoever listens. Raises BusUnavailable."""
        from jeepney import DBusAddress, new_signal

        message = new_signal(DBusAddress(path, interface=interface), member, signature or None, body)
        await self._send(message, next(self._serials))

    async def close(self) -> None:
        """Disconnect; calls that wait fail with BusUnavailable, those of others get no answer any more."""
        for answering in self._answering:
            answering.cancel()
        if self._answering:
            await asyncio.wait(self._answering)
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _greet(self) -> None:
        from jeepney.auth import BEGIN, Authenticator

        authenticator = Authenticator()
        for line in authenticator:
            self._writer.write(line)
            await self._writer.drain()
            data = await self._reader.read(1024)
            if not data:
                raise EOFError("the bus closed the connection")
            authenticator.feed(data)
        self._writer.write(BEGIN)
        self._task = asyncio.create_task(self._read())
        (self.unique_name,) = await self._call_bus("Hello")

    async def _call_bus(self, method: str, signature: str = "", body: tuple[Any, ...] = ()) -> tuple[Any, ...]:
        return await self.call(_BUS, _BUS_PATH, _BUS, method, signature, body)

    async def _send(self, message: Message, serial: int) -> None:
        if not self.is_open:
            raise BusUnavailable("The connection is closed.")
        try:
            self._writer.write(message.serialise(serial))
            await self._writer.drain()
        except OSError as problem:
            raise BusUnavailable(str(problem)) from problem

    async def _read(self) -> None:
        from jeepney import Parser

        parser = Parser()
        try:
            while data := await self._reader.read(_READ_BYTES):
                parser.add_data(data)
                while (message := parser.get_next_message()) is not None:
                    self._deliver(message)
        except OSError as problem:
            log.info("the message bus is gone: %s", problem)
        finally:
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(BusUnavailable("The bus closed the connection."))

    def _deliver(self, message: Message) -> None:
        from jeepney import HeaderFields, MessageType

        fields = message.header.fields
        answer = self._answers.get(fields.get(HeaderFields.reply_serial, 0))
        if answer is not None:
            if not answer.done():
                answer.set_result(message)
            return
        if message.header.message_type is MessageType.method_call:
            answering = asyncio.get_running_loop().create_task(self._answer_call(message))
            self._answering.add(answering)
            answering.add_done_callback(self._answered)
            return
        if message.header.message_type is not MessageType.signal:
            return
        interface = fields.get(HeaderFields.interface)
        signal = Signal(
            fields.get(HeaderFields.sender, ""),
            fields.get(HeaderFields.path, ""),
            fields.get(HeaderFields.member, ""),
            tuple(message.body),
        )
        for wanted in self._subscriptions:
            if (
                wanted.interface == interface
                and wanted.path in ("", signal.path)
                and wanted.member in ("", signal.member)
            ):
                # Later, so that a caller who just got an answer comes first, and what fails in there is not ours.
                asyncio.get_running_loop().call_soon(wanted.on_signal, signal)

    def _answered(self, answering: asyncio.Task[None]) -> None:
        self._answering.discard(answering)
        if not answering.cancelled() and (bug := answering.exception()) is not None:
            asyncio.get_running_loop().call_exception_handler(
                {"message": "a call from the message bus failed", "exception": bug, "task": answering}
            )

    async def _answer_call(self, message: Message) -> None:
        from jeepney import HeaderFields, new_error, new_method_return

        fields = message.header.fields
        call = IncomingCall(
            fields.get(HeaderFields.sender, ""),
            fields.get(HeaderFields.path, ""),
            fields.get(HeaderFields.interface, ""),
            fields.get(HeaderFields.member, ""),
            tuple(message.body),
        )
        handler = self._handlers.get(call.path)
        try:
            if handler is None:
                raise CallRefused(f"{_BUS}.Error.UnknownObject", f"There is nothing at {call.path}.")
            signature, body = await handler(call)
            answer = new_method_return(message, signature or None, body)
        except CallRefused as refused:
            answer = new_error(message, refused.error_name, "s", (str(refused),))
        except Exception as bug:
            # The caller must not wait for ever; the bug goes on to where bugs are told.
            await self._reply(message, new_error(message, f"{_BUS}.Error.Failed", "s", (type(bug).__name__,)))
            raise
        await self._reply(message, answer)

    async def _reply(self, call: Message, answer: Message) -> None:
        from jeepney import MessageFlag

        if not call.header.flags & MessageFlag.no_reply_expected:
            with contextlib.suppress(BusUnavailable):
                await self._send(answer, next(self._serials))


def _refusal(destination: str, method: str, reply: Message) -> CallFailed:
    from jeepney import HeaderFields

    name = str(reply.header.fields.get(HeaderFields.error_name, ""))
    text = str(reply.body[0]) if reply.body else ""
    return CallFailed(f"{destination} refused a call.", error_name=name, details=f"{method}: {name}: {text}")
