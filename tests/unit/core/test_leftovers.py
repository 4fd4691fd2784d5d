from __future__ import annotations

import socket

from app.core.leftovers import close_leftovers


class Connection:
    def __init__(self) -> None:
        self.sock = socket.socket()

    def close(self) -> None:
        self.sock.close()


def test_what_a_failed_call_left_open_is_closed() -> None:
    opened: list[socket.socket] = []

    def careless() -> None:
        plain = socket.socket()
        connection = Connection()
        opened.extend((plain, connection.sock))
        raise OSError

    try:
        careless()
    except OSError as problem:
        close_leftovers(problem)
    assert [sock.fileno() for sock in opened] == [-1, -1]


def test_what_the_first_of_two_failures_left_open_is_closed_too() -> None:
    opened: list[socket.socket] = []

    def careless() -> None:
        try:
            first = socket.socket()
            opened.append(first)
            raise OSError
        except OSError:
            raise ValueError from None

    try:
        careless()
    except ValueError as problem:
        close_leftovers(problem)
    assert [sock.fileno() for sock in opened] == [-1]
