"""The albums: which there are, what is in each, and everything that can be done with them."""

from app.ui.albums_window.window import AlbumsWindow

__all__ = ["AlbumsWindow"]
