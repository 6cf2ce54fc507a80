"""Other people are served by the server of `app.py` alone, which counts what they send."""

from __future__ import annotations

from threading import Event

from streamlit import runtime

from attnviz.errors import SettingError
from attnviz.hosting import Hosting

_COUNTS = Event()


def note_counting() -> None:
    """Take note that this process counts what visitors send."""
    _COUNTS.set()


def require_counting() -> None:
    """Let a hosted app go on only where it is counted what visitors send.

    Raises
    ------
    SettingError
        A page was started by itself, past `app.py`.
    """
    # What AppTest puts in the place of a runtime is one by isinstance.
    served = runtime.exists() and type(runtime.get_instance()) is runtime.Runtime
    if served and Hosting.from_environment().hosted and not _COUNTS.is_set():
        raise SettingError(
            "Nobody is served here: this page was started by itself, past the server that counts "
            "what visitors send. Start attnviz app --mode hosted --host photos.example.org"
        )
