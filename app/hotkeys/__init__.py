"""Global shortcuts: X11 key grabs, pynput, and a null backend. `choose.choose_hotkeys` picks one."""
