"""The overlay for choosing a part of the frozen screen."""

from app.ui.overlay.overlay import Overlay

__all__ = ["Overlay"]
