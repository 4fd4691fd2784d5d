"""All Qt: bridge (the one thread crossing), tray, overlay, windows, widgets."""
