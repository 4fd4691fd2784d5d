"""Coming to the front on Wayland, where only the token of whoever was asked by the person lets a window do so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from app.demo import DEMO_API_KEY, DemoServer
from tests.desktop.running import PROGRAM, program_environment
from tests.desktop.sway import ONE, SwaySession, sway_session
from tests.desktop.wayland_input import activation_token
from tests.desktop.wayland_running import call_application, running_program, start_typing_elsewhere

IS_HONOURED = "focus_on_window_activation focus\n"
"""Otherwise sway only marks the window as urgent."""


@pytest.fixture
def server() -> Iterator[DemoServer]:
    with DemoServer() as running:
        yield running


def start_again(desktop: SwaySession, server: DemoServer, token: str) -> None:
    env = {**program_environment(server), "IMGLINK_API_KEY": DEMO_API_KEY}
    again = desktop.spawn(PROGRAM, env={**env, "XDG_ACTIVATION_TOKEN": token} if token else env)
    assert again.wait() == 0, again.describe()


def test_a_second_start_brings_the_window_to_the_front_by_its_token(server: DemoServer) -> None:
    with sway_session(ONE, config=IS_HONOURED) as desktop, running_program(desktop, server):
        start_typing_elsewhere(desktop)
        start_again(desktop, server, activation_token(desktop.env))
        desktop.wait_for(lambda: desktop.focused_title() == "ImgLink", what="it did not come to the front")


def test_a_launcher_does_the_same_by_the_message_bus(server: DemoServer) -> None:
    with sway_session(ONE, config=IS_HONOURED) as desktop, running_program(desktop, server):
        start_typing_elsewhere(desktop)
        token = activation_token(desktop.env)
        call_application(desktop, "Activate", f"{{'activation-token': <'{token}'>}}")
        desktop.wait_for(lambda: desktop.focused_title() == "ImgLink", what="it did not come to the front")


def test_a_token_is_used_once_and_an_invalid_one_does_no_harm(server: DemoServer) -> None:
    with sway_session(ONE, config=IS_HONOURED) as desktop, running_program(desktop, server):
        start_typing_elsewhere(desktop)
        token = activation_token(desktop.env)
        start_again(desktop, server, "no such token")
        start_again(desktop, server, token)
        desktop.wait_for(lambda: desktop.focused_title() == "ImgLink", what="it did not come to the front")
        desktop.sway("[title=Letters]", "focus")
        start_again(desktop, server, token)
        # The overlay, which comes after it, has the keyboard all the same.
        call_application(desktop, "ActivateAction", "region", "@av []", "@a{sv} {}")
        desktop.wait_for(lambda: desktop.fullscreen_windows() == 1, what="the overlay did not come")
        desktop.keys("Escape")
        desktop.wait_for(lambda: desktop.fullscreen_windows() == 0, what="the overlay does not hear the keyboard")
