"""The site's own sign-in page, as a program of its own: `app.ui.sign_in.browser` starts it.

A process apart, because a browser engine wants to be loaded before anything else of Qt, and because all that a page has
left in memory goes with it. It reads the site's address from standard input, and writes what may be a session token to
standard output, one JSON text a line; it ends when its window is closed, or standard input is.

Certain is only what ImgLink documents: that its web application sends the token as `Authorization: Bearer …` to its own
origin, so that is looked at first. Should the site keep the token in its storage or in a cookie instead, it is found
there. Every find is only offered: the service has to accept it as a token before it is kept.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from urllib.parse import urlsplit

import shiboken6
from PySide6.QtCore import QSocketNotifier, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtNetwork import QNetworkCookie
from PySide6.QtWebEngineCore import (
    QWebEngineDownloadRequest,
    QWebEnginePage,
    QWebEngineProfile,
    QWebEngineSettings,
    QWebEngineUrlRequestInfo,
    QWebEngineUrlRequestInterceptor,
)
from PySide6.QtWebEngineWidgets import QWebEngineView
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from app.core.base_url import BaseUrl, parse_base_url
from app.ui import icons, theme
from app.ui.mac import bring_to_front
from app.ui.sign_in.candidates import in_header, in_storage, in_text
from app.ui.widgets import ElidedLabel, Symbol

SIGN_IN_HOSTS = ("accounts.google.com", "appleid.apple.com", "discord.com", "github.com", "login.microsoftonline.com")
"""Where sites send people to sign in with another account; they may be shown in the window, nothing is read there."""
_READ_STORAGE = "JSON.stringify([localStorage, sessionStorage].flatMap(s => Object.values(s)))"


class Interceptor(QWebEngineUrlRequestInterceptor):
    """Looks at the requests of the site's own pages to the site, and at no others."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(watch.window)
        self._watch = watch

    def interceptRequest(self, info: QWebEngineUrlRequestInfo) -> None:
        """Called by the engine for each request, before it is sent; it is left as it is."""
        if not (self._watch.is_ours(info.requestUrl()) and self._watch.is_ours(info.firstPartyUrl())):
            return
        for name, value in info.httpHeaders().items():
            if bytes(name.data()).lower() == b"authorization":
                self._watch.offer(in_header(bytes(value.data()).decode("latin-1")))


class Page(QWebEnginePage):
    """Stays on the site, but for known sign-in flows; everything else is opened in the person's own browser."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(watch.profile, watch.window)
        self._watch = watch
        settings = self.settings()
        for attribute in (
            QWebEngineSettings.WebAttribute.PluginsEnabled,
            QWebEngineSettings.WebAttribute.LocalContentCanAccessFileUrls,
            QWebEngineSettings.WebAttribute.JavascriptCanAccessClipboard,
            QWebEngineSettings.WebAttribute.ScreenCaptureEnabled,
            QWebEngineSettings.WebAttribute.PdfViewerEnabled,
        ):
            settings.setAttribute(attribute, False)

    def acceptNavigationRequest(
        self, url: QUrl | str, kind: QWebEnginePage.NavigationType, is_main_frame: bool
    ) -> bool:
        """Frames inside a page (a captcha) may come from anywhere, the page itself may not."""
        del kind
        address = QUrl(url)
        if not is_main_frame or self._watch.may_show(address):
            return True
        if address.scheme() in ("https", "http"):
            self._watch.open_elsewhere(address)
        return False

    def createWindow(self, kind: QWebEnginePage.WebWindowType) -> QWebEnginePage:
        """Another window of the page: in this one, by the same rules."""
        del kind
        return self

    def javaScriptConsoleMessage(
        self, level: QWebEnginePage.JavaScriptConsoleMessageLevel, message: str, line: int, source: str
    ) -> None:
        """What a page says to its makers may hold anything; it is said to nobody."""


class Watch:
    """The window, its throw-away profile, and what was found."""

    def __init__(
        self, base_url: BaseUrl, on_token: Callable[[str], None], open_elsewhere: Callable[[QUrl], object]
    ) -> None:
        """`on_token` gets what may be a token, `open_elsewhere` the web addresses that are not for this window."""
        self._base_url = base_url
        self._on_token = on_token
        self.open_elsewhere = open_elsewhere
        self._offered: set[str] = set()
        self.window = QWidget()
        # Without a name it is off the record: cookies, storage and cache are in memory only.
        self.profile = QWebEngineProfile(self.window)
        assert self.profile.isOffTheRecord(), "nothing of a sign-in may be left on the disk"
        self._interceptor = Interceptor(self)
        self.profile.setUrlRequestInterceptor(self._interceptor)
        self.profile.cookieStore().cookieAdded.connect(self._cookie_added)
        self.profile.downloadRequested.connect(self._refuse_download)
        self.page = Page(self)
        self._view = QWebEngineView(self.window)
        self._view.setPage(self.page)
        self._address = ElidedLabel()
        self._lock = Symbol("lock", size=16)
        self._build()
        self.page.loadFinished.connect(self._look_into_storage)
        self.page.urlChanged.connect(self._show_address)

    def open(self) -> None:
        """Show the site."""
        self.page.load(QUrl(str(self._base_url) + "/"))
        self.window.resize(520, 720)
        self.window.show()
        bring_to_front(self.window)

    def is_ours(self, url: QUrl) -> bool:
        """True for the site's own origin."""
        try:
            return parse_base_url(_origin_of(url)).origin == self._base_url.origin
        except ValueError:
            return False

    def may_show(self, url: QUrl) -> bool:
        """True for the site, and for pages of those that it may let people sign in with."""
        if self.is_ours(url) or url.toString() == "about:blank":
            return True
        return url.scheme() == "https" and url.host().lower() in SIGN_IN_HOSTS

    def offer(self, token: str | None) -> None:
        """Pass on what was not passed on before."""
        if token is not None and token not in self._offered:
            self._offered.add(token)
            self._on_token(token)

    def close(self) -> None:
        """Forget everything, in the order in which the engine can bear it."""
        shiboken6.delete(self._view)
        shiboken6.delete(self.page)
        self.profile.cookieStore().deleteAllCookies()
        self.profile.clearHttpCache()
        self._offered.clear()
        shiboken6.delete(self.window)

    def _build(self) -> None:
        self.window.setWindowTitle(
            self.window.tr("Sign in to {server}").format(server=urlsplit(str(self._base_url)).netloc)
        )
        self.window.setWindowIcon(icons.app_icon())
        bar = QWidget()
        row = QHBoxLayout(bar)
        row.setContentsMargins(theme.SPACE_M, theme.SPACE_S, theme.SPACE_M, theme.SPACE_S)
        row.setSpacing(theme.SPACE_S)
        row.addWidget(self._lock)
        row.addWidget(self._address, 1)
        column = QVBoxLayout(self.window)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(bar)
        column.addWidget(self._view, 1)

    def _show_address(self, url: QUrl) -> None:
        # The person types a password here: whose page it is must be in sight.
        self._address.set_text(_origin_of(url))
        is_safe = url.scheme() == "https"
        self._lock.set_symbol("lock" if is_safe else "alert", "success" if is_safe else "warning")

    def _look_into_storage(self) -> None:
        if self.is_ours(self.page.url()):
            self.page.runJavaScript(_READ_STORAGE, 0, self._storage_read)

    def _storage_read(self, stored: object) -> None:
        for token in in_storage(stored):
            self.offer(token)

    def _cookie_added(self, cookie: QNetworkCookie) -> None:
        host = cookie.domain().lstrip(".").lower()
        if host == self._base_url.host or self._base_url.host.endswith("." + host):
            for token in in_text(bytes(cookie.value().data()).decode("latin-1")):
                self.offer(token)
        if self.is_ours(self.page.url()):
            self._look_into_storage()

    @staticmethod
    def _refuse_download(download: QWebEngineDownloadRequest) -> None:
        download.cancel()


def _origin_of(url: QUrl) -> str:
    """Scheme, host and port; a host that is not ASCII as it is looked up, so that none can pass for another."""
    host = url.host(QUrl.ComponentFormattingOption.FullyEncoded)
    host = f"[{host}]" if ":" in host else host
    return f"{url.scheme()}://{host}" + (f":{url.port()}" if url.port() != -1 else "")


def show_sign_in_page() -> int:
    """Run the program; returns its exit code."""
    base_url = parse_base_url(sys.stdin.readline().strip())
    application = QApplication(sys.argv[:1])
    application.setApplicationName("ImgLink")
    application.setDesktopFileName("cc.imglink.Desktop")
    theme.Look(application)
    watch = Watch(base_url, _write_line, QDesktopServices.openUrl)
    # Whoever started this holds the other end: when they are gone, so is this.
    parent = QSocketNotifier(sys.stdin.fileno(), QSocketNotifier.Type.Read)
    parent.activated.connect(lambda: None if os.read(sys.stdin.fileno(), 1024) else application.quit())
    watch.open()
    code = application.exec()
    watch.close()
    parent.setEnabled(False)
    return code


def _write_line(text: str) -> None:
    try:
        sys.stdout.write(json.dumps(text) + "\n")
        sys.stdout.flush()
    except OSError:
        QApplication.exit(1)
