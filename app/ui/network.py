"""Tells when the computer is online again, where the desktop knows; without asking anything by itself."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal


class NetworkWatch(QObject):
    """Made on the Qt thread. Says nothing where the desktop does not tell."""

    came_online = Signal()

    def start(self) -> bool:
        """Begin; False where nothing can be known. Loads Qt's network library, so not before the windows are there."""
        from PySide6.QtNetwork import QNetworkInformation

        if not QNetworkInformation.loadBackendByFeatures(QNetworkInformation.Feature.Reachability):
            return False
        online = QNetworkInformation.Reachability.Online

        def changed(reachability: QNetworkInformation.Reachability) -> None:
            if reachability is online:
                self.came_online.emit()

        QNetworkInformation.instance().reachabilityChanged.connect(changed)
        return True
