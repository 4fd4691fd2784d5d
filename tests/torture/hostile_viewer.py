"""A process that loads the thumbnails of hostile entries as the windows do. Arguments: folder, canary, address, base.

`base` is the service's address; `address` is one that nobody may go to.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication

from app.api.public import PublicClient
from app.core.base_url import parse_base_url
from app.core.clock import SystemClock
from app.core.history import HistoryEntry
from app.services.thumbnails import ThumbnailService
from app.store.thumbnail_cache import ThumbnailFiles
from app.ui.bridge import Bridge
from app.ui.decoding import load_readers
from app.ui.thumbnail_loader import ThumbnailKey, ThumbnailLoader
from app.ui.thumbnails import QtShrinker
from tests.torture.hostile import hostile_entries

SERVED = ("good.png", "svg.png", "markup.png", "redirect.png")
_DEADLINE_MS = 120_000


def main() -> int:
    """Fails unless the one good picture is shown, and all else is known to have none."""
    folder, canary, address, base = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
    application = QGuiApplication([])
    load_readers()
    bridge = Bridge()
    bridge.start()
    service = ThumbnailService(
        cache=ThumbnailFiles(folder / "thumbnails", lambda: 1_000_000),
        fetcher=PublicClient(parse_base_url(base)),
        shrinker=QtShrinker(),
        clock=SystemClock(),
    )
    loader = ThumbnailLoader(bridge)
    loader.set_service(service)
    entries = hostile_entries(canary, address, [f"{base}/{name}" for name in SERVED])
    wanted: list[HistoryEntry | str] = [
        *entries,
        *(text for entry in entries for text in (entry.title, entry.image.url)),
    ]
    left = {loader.key_of(each) for each in wanted}

    def ready(key: ThumbnailKey) -> None:
        left.discard(key)
        if not left:
            application.quit()

    loader.ready.connect(ready)
    for each in wanted:
        loader.pixmap(each, 128, 1.0)
        loader.placeholder(each, 32, 1.0)
    QTimer.singleShot(_DEADLINE_MS, application.quit)
    application.exec()
    shown = sum(loader.pixmap(entry, 128, 1.0) is not None for entry in entries)
    print(f"{shown} shown, {len(left)} left")
    loader.clear()
    bridge.stop(service.stop)
    return 0 if (shown, len(left)) == (1, 0) else 1


if __name__ == "__main__":
    sys.exit(main())
