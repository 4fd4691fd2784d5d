"""The history as files: our own JSON and CSV, out and in; ShareX's history, in."""

from __future__ import annotations

from app.services.history_files.files import ExportFormat, HistoryFiles, ImportReport, LeftOut

__all__ = ["ExportFormat", "HistoryFiles", "ImportReport", "LeftOut"]
