from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.core.imglink import Image, ImageId, UploadOptions
from app.core.uploads import UploadId, UploadItem, UploadState
from app.core.workflow import SourceKind
from app.settings import Theme
from app.ui.theme import Look

NOW = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


class MakeItem(Protocol):
    def __call__(self, upload_id: str, state: UploadState = ..., **changes: Any) -> UploadItem: ...


@pytest.fixture
def make_item() -> MakeItem:
    def make(upload_id: str, state: UploadState = UploadState.SENDING, **changes: Any) -> UploadItem:
        values: dict[str, Any] = {
            "id": UploadId(upload_id), "path": Path("/outbox") / upload_id, "file_name": f"{upload_id}.png",
            "upload_name": "x.png", "kind": SourceKind.DROP, "mime": "image/png", "size": 2_000_000,
            "options": UploadOptions(), "state": state, "created_at": NOW - timedelta(minutes=5),
        }  # fmt: skip
        if state is UploadState.DONE:
            values["image"] = Image(ImageId("_abc"), "https://i.imglink.example/_abc.png")
        return UploadItem(**{**values, **changes})

    return make


@pytest.fixture
def look(qapp: QApplication, qtbot: QtBot) -> Iterator[Look]:
    made = Look(qapp)
    yield made
    made.choose(Theme.SYSTEM)
    qapp.styleHints().colorSchemeChanged.disconnect(made._apply)
    qapp.setStyleSheet("")
    made.deleteLater()
