"""The tray window with two hundred uploads: how long one event holds up the interface."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from app.core.imglink import UploadOptions
from app.core.uploads import UploadId, UploadItem, UploadState
from app.core.workflow import SourceKind
from benches.frame import Race, benchmark

COUNT = 200
_PEERS: dict[str, Callable[[], object] | None] = {"(what an event may take)": lambda: 50.0}


@benchmark("queue pane: the next of 200 uploads starts", gate=1.0, rounds=20)
def next_starts() -> Iterator[Race]:
    """Two pictures of the queue in turn, with and without its first upload on its way."""
    items = _items(UploadState.QUEUED)
    sending = [replace(items[0], state=UploadState.SENDING), *items[1:]]
    yield Race(_shown(items, sending), _PEERS, is_timed=False)


@benchmark("queue pane: 200 uploads fail at once", gate=1.0, rounds=10)
def all_fail() -> Iterator[Race]:
    """The worst that one event can bring."""
    failed = [replace(item, reason="Too large.") for item in _items(UploadState.FAILED)]
    yield Race(_shown(_items(UploadState.QUEUED), failed), _PEERS, is_timed=False)


def _shown(before: Sequence[UploadItem], after: Sequence[UploadItem]) -> Callable[[], float]:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    import time

    from PySide6.QtWidgets import QApplication

    from app.ui.theme import Look
    from app.ui.tray_window import TrayWindow

    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    look, window = Look(application), TrayWindow()
    window.show()

    def run() -> float:
        assert look.tokens is not None
        window.set_uploads(before)
        application.processEvents()
        begin = time.perf_counter()
        window.set_uploads(after)
        application.processEvents()
        return 1000 * (time.perf_counter() - begin)

    return run


def _items(state: UploadState) -> list[UploadItem]:
    return [
        UploadItem(
            id=UploadId(f"{number:03}"),
            path=Path(f"{number:03}.png"),
            file_name=f"Holiday {number:03}.jpg",
            upload_name="x.jpg",
            kind=SourceKind.DROP,
            mime="image/jpeg",
            size=900_000,
            options=UploadOptions(),
            state=state,
            created_at=datetime(2026, 1, 1, tzinfo=UTC),
            has_file=False,
        )
        for number in range(COUNT)
    ]
