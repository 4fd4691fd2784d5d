"""How many captures in a row are made, and what they may leave behind."""

from __future__ import annotations

WARM_UP = 10
CAPTURES = 50
MORE_KB = 32 * 1024
"""A frozen desktop of this size is 8 MB: one that is kept of every capture would be 320 MB in the end."""
MORE_DESCRIPTORS = 2
