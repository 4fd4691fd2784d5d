"""Where the windows of a Wayland session are: no protocol tells it, so each compositor is asked in its own way."""
