"""Starts the window with the site's own sign-in page, and hears what it finds; see `app.ui.sign_in.page`."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

from app.ui.sign_in.candidates import MAX_TOKEN

_GRACE_MS = 2000


class BrowserSignIn(QObject):
    """One window; lives on the Qt thread."""

    token_found = Signal(str)
    """What may be a session token: secret, to be checked by the service."""
    closed = Signal(str)
    """The window is gone; with why, when the person did not close it."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], base_url: str, parent: QObject) -> None:
        """`command` starts the program in `environ`; no secret is in either."""
        super().__init__(parent)
        self._base_url = base_url
        self._is_closing = False
        self._process = QProcess(self)
        self._process.setProgram(command[0])
        self._process.setArguments(list(command[1:]))
        variables = QProcessEnvironment()
        for name, value in environ.items():
            variables.insert(name, value)
        self._process.setProcessEnvironment(variables)
        # A browser engine talks to itself a lot, about pages too.
        self._process.setStandardErrorFile(QProcess.nullDevice())
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.finished.connect(self._finished)
        self._process.errorOccurred.connect(self._failed)

    def open(self) -> None:
        """Open the window."""
        self._process.start()
        self._process.write(f"{self._base_url}\n".encode())

    def close(self) -> None:
        """Close it, and forget all that it held; `closed` follows."""
        self._is_closing = True
        # The end of its standard input is how it knows.
        self._process.closeWriteChannel()

    def kill(self) -> None:
        """End it at once: the application ends."""
        self._is_closing = True
        self._process.closeWriteChannel()
        if not self._process.waitForFinished(_GRACE_MS):
            self._process.kill()
            self._process.waitForFinished(_GRACE_MS)

    def _read(self) -> None:
        while self._process.canReadLine():
            line = bytes(self._process.readLine(2 * MAX_TOKEN).data())
            try:
                token = json.loads(line)
            except ValueError:
                continue
            if isinstance(token, str) and not self._is_closing:
                self.token_found.emit(token)

    def _finished(self, code: int, status: QProcess.ExitStatus) -> None:
        has_failed = code != 0 or status is QProcess.ExitStatus.CrashExit
        self.closed.emit(self.tr("The sign-in page could not be shown.") if has_failed and not self._is_closing else "")

    def _failed(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self.closed.emit(self.tr("The sign-in page could not be shown."))
