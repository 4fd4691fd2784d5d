"""The X11 back end: pixels through mss and shared memory, everything else through python-xlib."""
