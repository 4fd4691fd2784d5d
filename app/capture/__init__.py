"""Pixels from the screen: X11 through mss, and a fake for tests; `choose` picks the one for this session."""
