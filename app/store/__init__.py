"""SQLite and files: the outbox, the history, and what the queue remembers."""

from __future__ import annotations

from app.store.store import SqliteUploadStore, open_store

__all__ = ["SqliteUploadStore", "open_store"]
