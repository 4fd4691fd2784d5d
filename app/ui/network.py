"""Tells when the computer is online again, where the system knows; without asking anything by itself."""

from __future__ import annotations

import sys

from PySide6.QtCore import QObject, QSocketNotifier, Signal

from app.system.routes import RouteWatch


class NetworkWatch(QObject):
    """Made on the Qt thread. Says nothing where the system does not tell."""

    came_online = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._routes: RouteWatch | None = None

    def start(self) -> bool:
        """Begin; False where nothing can be known."""
        # On Linux Qt would load its network library for this, with its share of the message bus and Kerberos: 3 MB.
        return self._listen_to_kernel() if sys.platform == "linux" else self._listen_to_qt()

    def stop(self) -> None:
        """Hear no more."""
        for notifier in self.findChildren(QSocketNotifier):
            notifier.setEnabled(False)
        if self._routes is not None:
            self._routes.close()
            self._routes = None

    def _listen_to_kernel(self) -> bool:
        try:
            self._routes = RouteWatch()
        except OSError:
            return False
        notifier = QSocketNotifier(self._routes.fileno(), QSocketNotifier.Type.Read, self)
        notifier.activated.connect(self._read_routes)
        return True

    def _read_routes(self) -> None:
        if self._routes is not None and self._routes.has_gained():
            self.came_online.emit()

    def _listen_to_qt(self) -> bool:
        from PySide6.QtNetwork import QNetworkInformation

        if not QNetworkInformation.loadBackendByFeatures(QNetworkInformation.Feature.Reachability):
            return False
        online = QNetworkInformation.Reachability.Online

        def changed(reachability: QNetworkInformation.Reachability) -> None:
            if reachability is online:
                self.came_online.emit()

        QNetworkInformation.instance().reachabilityChanged.connect(changed)
        return True
