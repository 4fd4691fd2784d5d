"""The history: everything that was uploaded, to be found again in a second."""

from app.ui.history_window.window import HistoryWindow

__all__ = ["HistoryWindow"]
