"""Tray, tray window and cards without services: says on stdout, a JSON array a line, what the person asked for."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from app.core.imglink import UploadOptions
from app.core.uploads import UploadId, UploadItem, UploadState
from app.core.workflow import DEFAULT_SHORTCUTS, SourceKind
from app.ui.card import CardStack
from app.ui.theme import Look
from app.ui.tray import Tray
from app.ui.tray_window import TrayWindow


def say(*words: object) -> None:
    print(json.dumps(words), flush=True)


def main() -> int:
    app = QApplication(sys.argv)
    app.setQuitOnLastWindowClosed(False)
    look = Look(app)
    look.setObjectName("look")
    tray, window, cards = Tray(), TrayWindow(), CardStack()
    tray.build_menu()
    tray.set_shortcuts(DEFAULT_SHORTCUTS)
    window.set_shortcuts(DEFAULT_SHORTCUTS)
    tray.capture_requested.connect(lambda workflow_id: say("capture", workflow_id))
    tray.window_requested.connect(window.open_near)
    tray.quit_requested.connect(app.quit)
    window.capture_requested.connect(lambda workflow_id: say("capture", workflow_id))
    window.files_dropped.connect(lambda paths: say("files", *map(str, paths)))
    window.image_dropped.connect(lambda data: say("image", data.hex()))
    tray.show()
    if "--window" in sys.argv:
        window.move(400, 100)
        window.show()
    if "--card" in sys.argv:
        item = UploadItem(
            UploadId("a"), Path("/none"), "a.png", "a.png", SourceKind.DROP, "image/png", 10, UploadOptions(),
            UploadState.DONE, datetime.now(UTC), has_file=False,
        )  # fmt: skip
        cards.copy_link_requested.connect(lambda upload_id: say("copy", upload_id))
        QTimer.singleShot(0, lambda: cards.show_item(item))
    say("ready", tray.is_available())
    return app.exec()


if __name__ == "__main__":
    raise SystemExit(main())
