"""Pixels from the screen: X11 through mss, and a fake for tests."""
