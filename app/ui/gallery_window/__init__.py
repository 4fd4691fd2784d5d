"""The window of the public gallery."""

from __future__ import annotations

from app.ui.gallery_window.window import GalleryWindow

__all__ = ["GalleryWindow"]
