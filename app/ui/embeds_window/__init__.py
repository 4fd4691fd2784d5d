"""The window of the embed profiles."""

from __future__ import annotations

from app.ui.embeds_window.window import EmbedsWindow

__all__ = ["EmbedsWindow"]
