"""See that the sign-in page in a window of ours works, with the browser engine that the tests do without.

usage: python packaging/sign_in_page.py

It needs the extras browser-sign-in and demo; QT_QPA_PLATFORM=offscreen will do for a display, and root has to set
QTWEBENGINE_DISABLE_SANDBOX=1.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from PySide6.QtCore import QObject, QTimer, QUrl  # noqa: E402 - found only now
from PySide6.QtWidgets import QApplication  # noqa: E402

from app.core.base_url import parse_base_url  # noqa: E402
from app.demo import DEMO_PASSWORD, DEMO_USER, DemoServer  # noqa: E402
from app.system.flags import SIGN_IN_FLAG  # noqa: E402
from app.system.relaunch import own_command, own_environment  # noqa: E402
from app.ui.sign_in.browser import BrowserSignIn  # noqa: E402
from app.ui.sign_in.page import Watch  # noqa: E402

TIMEOUT_MS = 90_000
POLL_MS = 50
FILL = f"""
document.querySelector("[name=login]").value = "{DEMO_USER}";
document.querySelector("[name=password]").value = "{DEMO_PASSWORD}";
document.querySelector("form").requestSubmit();
"""
Step = Generator[tuple[str, Callable[[], bool]], None, None]
"""Yields what is waited for: in words, and as a condition."""


def in_window(server: DemoServer, other: DemoServer) -> Step:
    """Sign in as a person does, and try what a page must not do."""
    found: list[str] = []
    opened: list[QUrl] = []
    watch = Watch(parse_base_url(server.base_url), found.append, opened.append)
    page = watch.page
    watch.open()
    yield "the site's first page", lambda: page.url().path() == "/" and not page.isLoading()
    page.runJavaScript("document.querySelector('a[href=\"/sign-in\"]').click()")
    yield "the sign-in page", lambda: page.url().path() == "/sign-in" and not page.isLoading()
    page.runJavaScript(f"location.href = '{other.base_url}/elsewhere'")
    yield "a page elsewhere in the person's browser", lambda: opened == [QUrl(f"{other.base_url}/elsewhere")]
    assert page.url().path() == "/sign-in", "the window has left the site"
    page.runJavaScript(FILL)
    yield "the token of a header", lambda: len(found) == 1
    for number, keep in enumerate(("localStorage.setItem('session', '{}')", "document.cookie = 'session={}'"), 2):
        token = server.add_token(server.user(DEMO_USER), lifetime_s=3600 + number)
        page.runJavaScript(keep.format(token))
        page.runJavaScript("location.reload()")
        yield f"the token in {keep}", partial(_is_last, found, token)
    assert len(found) == 3, found
    assert other.requests == (), "something was asked of another server"
    watch.close()


def _is_last(found: list[str], token: str) -> bool:
    return found[-1] == token


def in_process(server: DemoServer, owner: QObject) -> Step:
    """The same window as the application starts it, and its end."""
    server.clear_requests()
    browser = BrowserSignIn(own_command(SIGN_IN_FLAG), own_environment(os.environ), server.base_url, owner)
    ends: list[str] = []
    browser.closed.connect(ends.append)
    browser.open()
    yield "a request of the window's own process", lambda: any(each.path == "/" for each in server.requests)
    browser.close()
    yield "that process's quiet end", lambda: ends == [""]


def main() -> int:
    """0 when all came as it should."""
    application = QApplication(sys.argv[:1])
    application.setQuitOnLastWindowClosed(False)
    with DemoServer() as server, DemoServer() as other:
        waits = (wait for step in (in_window(server, other), in_process(server, application)) for wait in step)
        waiting = next(waits)
        timer = QTimer(interval=POLL_MS)

        def look() -> None:
            nonlocal waiting
            if waiting[1]():
                print("came:", waiting[0])
                try:
                    waiting = next(waits)
                except StopIteration:
                    application.exit(0)

        timer.timeout.connect(look)
        timer.start()
        QTimer.singleShot(TIMEOUT_MS, lambda: application.exit(1))
        code = application.exec()
    if code:
        print("did not come:", waiting[0], file=sys.stderr)
    return code


if __name__ == "__main__":
    raise SystemExit(main())
