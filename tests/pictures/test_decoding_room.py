"""Large pictures take only so much memory together, and nobody waits for ever."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest
from PIL import Image

from attnviz.errors import PictureError
from attnviz.pictures import decoding, open_picture
from attnviz.pictures import picture as pictures
from attnviz.pictures.decoding_room import DecodingRoom
from tests.paths import ROOT
from tests.pictures.files import encoded, png_header

PHOTO = encoded(Image.fromarray(np.full((40, 60, 3), 7, np.uint8)), "PNG")


class WatchedRoom(DecodingRoom):
    """Notes what is asked for, and the most that was inside at once."""

    def __init__(self, small: int, together: int) -> None:
        super().__init__(small, together)
        self.asked: list[int] = []
        self.inside = self.most = 0
        self._counting = threading.Lock()

    @contextmanager
    def taken(self, size: int) -> Iterator[None]:
        self.asked.append(size)
        with super().taken(size):
            with self._counting:
                self.inside += size
                self.most = max(self.most, self.inside)
            time.sleep(0.002)  # so that others come meanwhile
            yield
            with self._counting:
                self.inside -= size


def at_once(*works: object) -> None:
    threads = [threading.Thread(target=work, daemon=True) for work in works]  # type: ignore[arg-type]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not any(thread.is_alive() for thread in threads)


def test_what_is_inside_at_once_never_needs_more_than_there_is() -> None:
    room = WatchedRoom(small=10, together=100)

    def work(size: int) -> None:
        for _ in range(5):
            with room.taken(size):
                pass

    at_once(*(lambda size=size: work(size) for size in (40, 40, 60, 90, 30, 250)))
    assert room.most == 250  # more than all there is, and so alone
    assert len(room.asked) == 30
    room = WatchedRoom(small=10, together=100)
    at_once(*(lambda: work(40) for _ in range(6)))
    assert room.most == 80


def test_small_ones_and_those_inside_of_another_do_not_wait_and_an_error_frees_the_room() -> None:
    room, done = DecodingRoom(small=10, together=100), []

    def small() -> None:
        with room.taken(10):
            done.append("small")

    def fail() -> None:
        with room.taken(500):
            at_once(small)
            with room.taken(500):
                done.append("inside")
            raise ValueError("damaged")

    def large() -> None:
        with room.taken(500):
            done.append("large")

    with pytest.raises(ValueError, match="damaged"):
        fail()
    at_once(large)
    assert done == ["small", "inside", "large"]


def test_pictures_are_decoded_and_reduced_within_the_room(monkeypatch: pytest.MonkeyPatch) -> None:
    room = WatchedRoom(small=0, together=1)  # one at a time
    monkeypatch.setattr(decoding, "DECODING", room)
    monkeypatch.setattr(pictures, "DECODING", room)
    at_once(*(lambda: open_picture(PHOTO).reduced(30) for _ in range(4)))
    whole, small = 40 * (60 * 4 + 8), 24 * (40 + 60)
    assert sorted(room.asked) == [small] * 4 + [whole] * 4
    assert room.most == whole
    with pytest.raises(PictureError, match="damaged"):
        open_picture(png_header(60, 40, 8, 2))
    at_once(lambda: open_picture(PHOTO))


FORKS = """
import os, sys, threading
from attnviz.pictures.decoding_room import DECODING

inside, leave = threading.Event(), threading.Event()

def hold():
    with DECODING.taken(2**40):
        inside.set()
        leave.wait(60)

threading.Thread(target=hold).start()
inside.wait(60)
if (child := os.fork()) == 0:
    with DECODING.taken(2**40):
        os._exit(7)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
leave.set()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not fork")
def test_a_forked_process_does_not_wait_for_a_thread_that_it_does_not_have() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", FORKS],
        cwd=ROOT, capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    assert done.stdout == b"7\n"
