"""A window to drag things out of, as another program would: files by their paths, or a picture with its address."""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel

TITLE = "offer"


class Offer(QLabel):
    def mouseMoveEvent(self, _event: QMouseEvent) -> None:
        mime = QMimeData()
        kind, *names = sys.argv[1:]
        if kind == "files":
            mime.setUrls([QUrl.fromLocalFile(name) for name in names])
        else:
            mime.setUrls([QUrl("https://example.org/cat.png")])
            mime.setData("image/png", Path(names[0]).read_bytes())
        drag = QDrag(self)
        drag.setMimeData(mime)
        # Moving is offered first: a careless target would make the sender delete its files.
        action = drag.exec(Qt.DropAction.MoveAction | Qt.DropAction.CopyAction, Qt.DropAction.MoveAction)
        print("dropped", action.name, flush=True)


def main() -> int:
    app = QApplication(sys.argv)
    offer = Offer("drag me")
    offer.setWindowTitle(TITLE)
    offer.setWindowFlag(Qt.WindowType.FramelessWindowHint)
    offer.setGeometry(60, 200, 200, 200)
    offer.show()
    return app.exec()


if __name__ == "__main__":
    raise SystemExit(main())
