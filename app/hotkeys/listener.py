"""pynput's keyboard listener for X11, made to tell keycodes.

pynput reports what a key types under the modifiers of the moment: `$` for Shift+4, and another name when the key is
released after Shift. Its own hot keys therefore never see Ctrl+Shift+4 and get stuck. Underneath it has the plain
event, so this module takes it from there. Everything that is not pynput's public interface is used here and nowhere
else: `_handle_message`, `_handler`, `_context`, `_util.xorg.X11Error`.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from app.core.errors import UserFacingError
from app.hotkeys.xconnection import lost_errors, open_display

START_TIMEOUT_S = 5
STOP_TIMEOUT_S = 2

_KEY_PRESS = 2

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RawKey:
    """A key that went down or up: its place on the keyboard, and the modifier bits held before it."""

    keycode: int
    state: int
    is_press: bool


class RawListener:
    """Every key that anybody presses on this display, on a thread of its own; keys are not taken from other programs.

    `on_key` is called on that thread, and again while a key repeats. `on_end` is called on it when it ends by itself.
    """

    def __init__(self, display_name: str, on_key: Callable[[RawKey], None], on_end: Callable[[], None]) -> None:
        self._display_name = display_name
        self._on_key = on_key
        self._on_end = on_end
        self._is_recording = threading.Event()
        self._has_ended = threading.Event()
        # A thread that is being started does not count as alive yet: whoever stops it then would find nothing to stop.
        self._starting_or_stopping = threading.Lock()
        self._is_stopping = False
        self._listener: Any = None
        self._thread = threading.Thread(target=self._run, name="key listener", daemon=True)

    def start(self) -> None:
        """Begin; returns when keys are seen (blocks). Raises UserFacingError, also when it was stopped meanwhile."""
        self._listener = load_listener()()
        self._listener._handle_message = self._take
        self._handler = self._listener._handler
        self._listener._handler = self._first_reply
        with self._starting_or_stopping:
            if self._is_stopping:
                raise UserFacingError("Watching the keyboard was ended before it had begun.")
            self._thread.start()
        if not self._is_recording.wait(START_TIMEOUT_S) or self._has_ended.is_set():
            raise UserFacingError("The keyboard cannot be watched here.")

    def stop(self) -> None:
        """End it; nothing is called afterwards (blocks for some milliseconds)."""
        with self._starting_or_stopping:
            self._is_stopping = True
            if not self._thread.is_alive():
                return
        if self._is_recording.wait(START_TIMEOUT_S) and not self._has_ended.is_set():
            self._end_recording()
        self._thread.join(STOP_TIMEOUT_S)

    def _end_recording(self) -> None:
        self._listener.stop()
        # pynput asks to end on the connection that is busy recording, where the server does not listen until the next
        # key; and its second one is closed by its thread at any moment. Any connection may end a recording.
        with contextlib.suppress(UserFacingError, *lost_errors()):
            display = open_display(self._display_name)
            display.record_disable_context(self._listener._context)
            display.sync()
            display.close()

    def _run(self) -> None:
        from pynput._util.xorg import X11Error
        from Xlib import error

        try:
            self._listener.run()
        except (*lost_errors(), error.DisplayError, error.XError, X11Error) as problem:
            log.warning("the key listener ended: %s", problem)
        finally:
            self._has_ended.set()
            self._is_recording.set()
            if not self._is_stopping:
                self._on_end()

    def _first_reply(self, reply: Any) -> None:
        # The server's first answer carries no key: it says that recording has begun.
        self._is_recording.set()
        self._handler(reply)

    def _take(self, _display: Any, event: Any, _injected: bool = False) -> None:
        if not self._is_stopping:
            self._on_key(RawKey(event.detail, event.state, event.type == _KEY_PRESS))


def load_listener() -> Any:
    """pynput's listener class (90 ms the first time). Raises UserFacingError when it cannot work here."""
    try:
        from pynput.keyboard import Listener
    except ImportError as problem:  # raised also where there is no display
        raise UserFacingError("pynput finds no display that it could watch.", details=str(problem)) from problem
    if not (hasattr(Listener, "_handle_message") and hasattr(Listener, "_handler")):
        raise UserFacingError("This version of pynput is not known to ImgLink Desktop.")
    return Listener
