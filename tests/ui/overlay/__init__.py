"""The overlay, on Qt's offscreen platform."""
