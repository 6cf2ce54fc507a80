"""How many live webcams a server looks at: one in each session, and not too many in all."""

from __future__ import annotations

import gc
import os
from threading import Lock

from attnviz.errors import SettingError
from attnviz.video.live.stream import LiveStream

VARIABLE = "ATTNVIZ_LIVE_STREAMS"
_USUAL = 4


class LiveStreams:
    """The live streams of a server that are going on.

    Meanwhile what lies in memory at the beginning is left out of the garbage collection that
    follows the runs of pages: with torch and a network it takes a third of a second in which no
    thread does anything, and every stream would stand still.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._admitted: list[LiveStream] = []

    def admit(self, stream: LiveStream) -> bool:
        """Let a stream begin, if there is room for one more; returns whether there was."""
        with self._lock:
            self._forget_closed()
            others = self._others_than(stream)
            admitted = len(others) < most_streams()
            if admitted and not self._admitted:  # once: else what came meanwhile would stay, too
                gc.collect()  # or garbage would be left out, too
                gc.freeze()
            self._admitted = [*others, stream] if admitted else others
            return admitted

    def leave(self, stream: LiveStream) -> None:
        """Close a stream, and make room for another."""
        stream.close()
        with self._lock:
            self._admitted = self._others_than(stream)
            if not self._admitted:
                gc.unfreeze()

    def room_for(self, stream: LiveStream) -> bool:
        """Whether a stream goes on, or could begin."""
        with self._lock:
            self._forget_closed()
            return len(self._others_than(stream)) < most_streams()

    def _forget_closed(self) -> None:
        """Forget streams that ended by themselves; after the last one, all is collected again."""
        still = [one for one in self._admitted if not one.closed]
        if self._admitted and not still:
            gc.unfreeze()
        self._admitted = still

    def _others_than(self, stream: LiveStream) -> list[LiveStream]:
        return [one for one in self._admitted if one is not stream and not one.closed]


LIVE_STREAMS = LiveStreams()


def most_streams() -> int:
    """Return how many live webcams there may be at a time, from ATTNVIZ_LIVE_STREAMS.

    Raises
    ------
    SettingError
        The variable is not a number from 0 on.
    """
    text = os.environ.get(VARIABLE, "").strip() or str(_USUAL)
    if not (text.isascii() and text.isdigit()):
        raise SettingError(
            f"{VARIABLE} is set to {text[:40]!r}. Set it to a number such as 4, or to 0 for none."
        )
    return int(text)
