"""Another program, from which files are dragged: `drag_source.py PATH…`. Prints what became of the drag."""

from __future__ import annotations

import sys

from PySide6.QtCore import QMimeData, Qt, QUrl
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel


class Source(QLabel):
    """A square to drag from."""

    def mouseMoveEvent(self, _event: QMouseEvent) -> None:
        drag = QDrag(self)
        content = QMimeData()
        content.setUrls([QUrl.fromLocalFile(path) for path in sys.argv[1:]])
        drag.setMimeData(content)
        action = drag.exec(Qt.DropAction.CopyAction | Qt.DropAction.MoveAction, Qt.DropAction.MoveAction)
        print("dropped", action.name, flush=True)


def main() -> None:
    application = QApplication(sys.argv[:1])
    source = Source("drag me")
    source.setWindowTitle("Drag source")
    source.setGeometry(100, 500, 200, 200)
    source.show()
    application.exec()


if __name__ == "__main__":
    main()
