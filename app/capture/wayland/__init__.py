"""Pixels from a Wayland session: the compositor's own copy, the desktop portal, and programs that are installed."""
