"""Pixels from the screens of a Mac. Nothing here was ever run on one; see README."""
