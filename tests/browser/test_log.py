"""Which tracebacks in a server's log are errors of the app."""

from __future__ import annotations

from tests.browser.conftest import without_disconnections

START = "12:00 Server started\n"
GONE = (
    "Traceback (most recent call last):\n  File a\nRuntimeError: closed\n\n"
    "The above exception was the direct cause of the following exception:\n\n"
    "Traceback (most recent call last):\n  File b\n"
    "starlette.websockets.WebSocketDisconnect: closed\n"
)
BUG = "Traceback (most recent call last):\n  File c\nValueError: wrong\n"


def test_a_message_to_a_closed_window_is_no_error() -> None:
    assert without_disconnections(START + GONE + "12:01 more\n") == START + "12:01 more\n"


def test_errors_around_it_stay() -> None:
    assert without_disconnections(START + BUG + GONE + BUG) == START + BUG + BUG
    assert without_disconnections(BUG) == BUG
