"""A window to drop things into, as another program would be: it prints what it was offered, as JSON."""

from __future__ import annotations

import json
import sys

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QLabel

TITLE = "receive"


class Receive(QLabel):
    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        event.acceptProposedAction()
        print(json.dumps(["entered"]), flush=True)

    def dropEvent(self, event: QDropEvent) -> None:
        data = event.mimeData()
        urls = [url.toString() for url in data.urls()]
        print(json.dumps(["dropped", event.dropAction().name, urls, data.text()]), flush=True)
        event.acceptProposedAction()


def main() -> int:
    app = QApplication(sys.argv)
    receive = Receive("drop here")
    receive.setWindowTitle(TITLE)
    receive.setAcceptDrops(True)
    receive.setWindowFlag(Qt.WindowType.FramelessWindowHint)
    receive.setGeometry(1500, 300, 300, 300)
    receive.show()
    return app.exec()


if __name__ == "__main__":
    raise SystemExit(main())
