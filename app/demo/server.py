"""The server as its users see it: start, stop, look inside, and make it misbehave."""

from __future__ import annotations

import importlib
import ipaddress
import secrets
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from app.core.errors import InputError, UserFacingError
from app.demo.accounts import ALL_SCOPES, DemoUser
from app.demo.clock import SystemClock
from app.demo.faults import Faults, LoggedRequest, RequestLog
from app.demo.limits import DemoLimits, RateLimiter

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from app.core.ports import Clock
    from app.demo.context import Context
    from app.demo.image_store import StoredImage
    from app.demo.runner import Connections

TOKEN_LIFETIME_S = 7 * 24 * 3600
_EXTRA = frozenset({"starlette", "anyio", "uvicorn", "h11", "click", "python_multipart"})


class DemoServer:
    """An ImgLink-compatible server on the loopback, on a thread of its own.

    With no `directory`, everything is kept in a temporary folder and gone after `stop`; `port` 0 takes a free one. Use
    it as a context manager, or call `start` and `stop`. It can be started once.
    """

    def __init__(
        self,
        directory: Path | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        limits: DemoLimits | None = None,
        clock: Clock | None = None,
        token_lifetime_s: float = TOKEN_LIFETIME_S,
    ) -> None:
        self._address = _loopback_address(host)
        self._port = port
        self._directory = directory
        self._limits = limits or DemoLimits()
        self._clock = clock or SystemClock()
        self._token_lifetime_s = token_lifetime_s
        self._log = RequestLog()
        self._cleanup = ExitStack()
        self._context: Context | None = None
        self.faults = Faults()
        """Faults for the next requests; see `Fault`."""

    def start(self) -> None:
        """Start; returns when requests are answered. Raises UserFacingError: extra missing, port taken, bad folder."""
        try:
            # All that needs them, so that none is found missing half-way.
            importlib.import_module("app.demo.app")
            from app.demo.runner import Runner
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in _EXTRA:
                raise
            raise UserFacingError(
                "The demo server's libraries are not installed.",
                remedy="Install them with: pip install 'imglink-desktop[demo]'",
            ) from error
        with ExitStack() as stack:
            listener = self._bind()
            stack.callback(listener.close)
            self._context = self._build_context(listener.getsockname()[1], stack)
            runner = Runner(listener, self._make_app)
            runner.start()
            stack.callback(runner.stop)
            self._cleanup = stack.pop_all()

    def stop(self) -> None:
        """Cut every connection, end the thread, and remove the temporary folder. Does nothing when it is stopped."""
        self._cleanup.close()

    def __enter__(self) -> DemoServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def base_url(self) -> str:
        """Such as `http://127.0.0.1:40123`, without a slash at the end."""
        return self._running.base_url

    @property
    def requests(self) -> tuple[LoggedRequest, ...]:
        """The requests that came, oldest first, with their headers' values."""
        return self._log.snapshot()

    def clear_requests(self) -> None:
        """Forget the requests that came."""
        self._log.clear()

    @property
    def commits(self) -> int:
        """How many images were committed since the start."""
        return self._running.images.commits

    def images(self) -> list[StoredImage]:
        """Every image that is there, oldest first."""
        return self._running.images.all()

    def file_bytes(self, image_id: str) -> bytes:
        """An image's bytes as they were uploaded. Raises KeyError when there is none."""
        images = self._running.images
        image = images.get(image_id)
        if image is None:
            raise KeyError(image_id)
        return images.file_path(image).read_bytes()

    def add_user(self, name: str, password: str = "", *, email: str = "", is_verified: bool = False) -> DemoUser:
        """Create an account."""
        return self._running.accounts.add_user(name, password, email=email, is_verified=is_verified)

    def user(self, login: str) -> DemoUser:
        """The account with this name or e-mail address. Raises KeyError."""
        user = self._running.accounts.find(login)
        if user is None:
            raise KeyError(login)
        return user

    def set_banned(self, user: DemoUser, *, is_banned: bool = True) -> None:
        """Ban an account, or let it back in."""
        self._running.accounts.set_banned(user, is_banned=is_banned)

    def add_key(self, user: DemoUser, *, scopes: Iterable[str] = ALL_SCOPES) -> str:
        """Create an API key that may do what `scopes` says."""
        return self._running.accounts.add_key(user, scopes=scopes)

    def revoke_key(self, key: str) -> None:
        """Make an API key worthless."""
        self._running.accounts.revoke_key(key)

    def add_token(self, user: DemoUser, *, lifetime_s: float | None = None) -> str:
        """Make a session token; a negative lifetime makes one that has lapsed."""
        return self._running.tokens.issue(user, lifetime_s)

    @property
    def _running(self) -> Context:
        if self._context is None:
            raise RuntimeError("the demo server is not started")
        return self._context

    def _bind(self) -> socket.socket:
        family = socket.AF_INET6 if ":" in self._address else socket.AF_INET
        listener = socket.socket(family)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((self._address, self._port))
            listener.listen(128)
        except (OSError, OverflowError) as error:
            listener.close()
            raise UserFacingError(
                f"Port {self._port} of {self._address} cannot be used: {error}.",
                remedy="Choose another port, or 0 for any free one.",
            ) from error
        return listener

    def _build_context(self, port: int, stack: ExitStack) -> Context:
        from app.demo.accounts import Accounts
        from app.demo.auth import Authenticator, Tokens
        from app.demo.collection_store import Collections
        from app.demo.context import Context
        from app.demo.database import Database
        from app.demo.image_store import ImageStore

        directory = self._directory
        if directory is None:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="imglink-demo-")))
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            images = directory / "images"
            images.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise UserFacingError(f"{directory} cannot be used: {error.strerror}.") from error
        database = Database(directory / "demo.sqlite3")
        stack.callback(database.close)
        accounts = Accounts(database)
        tokens = Tokens(database.secret("token", secrets.token_bytes(32)), self._clock, self._token_lifetime_s)
        host = f"[{self._address}]" if ":" in self._address else self._address
        return Context(
            base_url=f"http://{host}:{port}",
            limits=self._limits,
            clock=self._clock,
            limiter=RateLimiter(self._clock),
            accounts=accounts,
            tokens=tokens,
            auth=Authenticator(accounts, tokens),
            images=ImageStore(database, images),
            collections=Collections(database),
        )

    def _make_app(self, connections: Connections) -> ASGIApp:
        from app.demo.app import build_app
        from app.demo.middleware import Observer

        return Observer(build_app(self._running), faults=self.faults, log=self._log, connections=connections)


def serve(
    port: int = 0,
    directory: Path | None = None,
    *,
    host: str = "127.0.0.1",
    on_ready: Callable[[DemoServer], None] | None = None,
) -> None:
    """Serve until interrupted (SIGINT or SIGTERM); call it on the main thread. `on_ready` may print `base_url`.

    Raises UserFacingError as `DemoServer.start` does, and InputError for a host that is not the loopback.
    """
    interrupted = threading.Event()
    with DemoServer(directory, host=host, port=port) as server, ExitStack() as stack:
        for number in (signal.SIGINT, signal.SIGTERM):
            stack.callback(signal.signal, number, signal.signal(number, lambda *_: interrupted.set()))
        if on_ready is not None:
            on_ready(server)
        interrupted.wait()


def _loopback_address(host: str) -> str:
    if host == "localhost":
        return "127.0.0.1"
    try:
        address = ipaddress.ip_address(host)
    except ValueError as error:
        raise InputError(f"{host} is no address of this machine's loopback.") from error
    if not address.is_loopback:
        raise InputError(
            f"The demo server does not listen on {host}.",
            remedy="Its credentials are public, so it serves this machine only: use 127.0.0.1.",
        )
    return str(address)
