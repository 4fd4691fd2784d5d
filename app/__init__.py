"""ImgLink Desktop: press a key, drag, and a link is on the clipboard."""

__version__ = "0.1.0"
