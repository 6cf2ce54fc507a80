"""Garbage collection between runs of pages: soon after a run, and once for many of them.

Streamlit collects after each run (`runner.postScriptGC`, which the app's settings turn off). All
objects of torch are looked at, which takes 0.2 s in which no other visitor's Python runs: with
twenty visitors that was a fifth of all work.
"""

from __future__ import annotations

import gc
from collections.abc import Callable
from threading import Lock, Timer

_PAUSE = 10.0  # seconds after a run; runs that end meanwhile share the collection


class SeldomCollector:
    """Collects a while after it was asked to, once for all who ask until then.

    Parameters
    ----------
    pause : float
        Seconds.
    collect : callable
        Collects.
    """

    def __init__(self, pause: float = _PAUSE, collect: Callable[[], object] = gc.collect) -> None:
        self._pause, self._collect = pause, collect
        self._lock, self._due = Lock(), False

    def ask(self) -> None:
        """Have it done soon."""
        with self._lock:
            if self._due:
                return
            self._due = True
        timer = Timer(self._pause, self._begin)
        timer.daemon = True  # a server that ends need not wait for it
        timer.start()

    def _begin(self) -> None:
        with self._lock:
            self._due = False  # what becomes garbage from now on needs another collection
        self._collect()


COLLECTOR = SeldomCollector()
"""The one of this server."""
