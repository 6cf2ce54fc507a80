"""A worker takes so much memory and time for a file, and no more; then it is ended."""

from __future__ import annotations

import hashlib
import os
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from PIL import Image

from attnviz.decoding import pool as pools
from attnviz.decoding.limits import DecodingLimits
from attnviz.decoding.messages import Message
from attnviz.decoding.pool import WorkerPool
from attnviz.decoding.process import WorkerEndedError, WorkerProcess
from attnviz.decoding.stills import picture_of_message
from attnviz.decoding.uploads import open_upload, opens_here, upload_choices, upload_moves
from attnviz.errors import BusyWorkersError, PictureError, SettingError
from attnviz.pictures import Picture, open_picture
from attnviz.pictures.limits import MEGABYTE
from tests.paths import ROOT
from tests.pictures.files import chunk, encoded, png_header

resource = pytest.importorskip("resource", reason="this system cannot limit a process")
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory")

LIMITS = DecodingLimits(memory=160 * MEGABYTE, processor_seconds=1, seconds=120)
NOISE = np.random.default_rng(5).integers(0, 256, (40, 60, 3), np.uint8)
PHOTO = encoded(Image.fromarray(NOISE), "PNG")


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def blank(width: int, height: int) -> bytes:
    """A black PNG of a few kilobytes."""
    coder = zlib.compressobj(9)
    body = coder.compress(bytes(height * (3 * width + 1))) + coder.flush()
    return png_header(width, height, 8, 2) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


def slow() -> bytes:
    """A BMP of single runs, which Pillow decodes in Python, for some twenty seconds."""
    runs = b"\1\1" * 12_000_000
    header = struct.pack("<IiiHHIIiiII", 40, 6000, 4000, 1, 8, 1, len(runs), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", 1078 + len(runs), 0, 0, 1078) + header + bytes(1024) + runs


@pytest.fixture(scope="module")
def pool() -> Iterator[WorkerPool]:
    made = WorkerPool(LIMITS)
    yield made
    made.close()


def still(
    pool: WorkerPool, data: bytes, name: str = "a.png", longest: int | None = None
) -> Picture:
    options = {"texts": ("", "", ""), "longest": longest}
    return picture_of_message(pool.ask("still", data, digest(data), name, **options))


def waiting(pool: WorkerPool) -> dict[str, int]:
    """The process of each file's worker that is kept for more questions, the oldest first."""
    return {one.checksum: one.worker.pid for one in pool._workers._kept if one.worker.alive}


def refusal(pool: WorkerPool, data: bytes, name: str) -> str:
    with pytest.raises(PictureError) as caught:
        still(pool, data, name)
    return str(caught.value)


def test_a_worker_opens_what_is_opened_here(pool: WorkerPool) -> None:
    for data, name in ((PHOTO, "a.png"), (encoded(Image.fromarray(NOISE), "HEIC"), "b.heic")):
        there, here = still(pool, data, name), open_picture(data, name=name)
        np.testing.assert_array_equal(there.pixels, here.pixels)
        assert (there.name, there.sha256, there.notes) == (here.name, here.sha256, here.notes)
    assert still(pool, PHOTO, longest=30).pixels.shape == (20, 30, 3)
    text = refusal(pool, b"not a picture", "a.txt")
    assert text.startswith("a.txt is a text file, not a picture")


@linux
def test_memory_is_bounded_and_the_next_file_opens(pool: WorkerPool) -> None:
    text = refusal(pool, blank(6000, 5000), "large.png")
    assert text == (
        "large.png needs more memory than the 160 MB that one file may take. Save it smaller, "
        "or raise ATTNVIZ_DECODING_MB."
    )
    np.testing.assert_array_equal(still(pool, PHOTO).pixels, NOISE)


ASKS_FOR_TOO_MUCH = """
import sys, threading, time
from pathlib import Path
from attnviz.decoding.pool import WorkerPool
from attnviz.errors import PictureError
from tests.decoding.test_workers import LIMITS, PHOTO, blank, still

def peak(process):  # MB that a process had at most since it was started
    for line in Path(f"/proc/{process}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) // 1024
    return 0  # it is ending

def watch(pid):
    try:
        while True:
            peaks.append(peak(pid))
            time.sleep(0.002)
    except OSError:
        pass

pool, peaks, before = WorkerPool(LIMITS), [], peak("self")
still(pool, PHOTO)  # now a spare stands ready, which gets the next file
large = blank(6000, 5000)
spare = pool._workers._spare.pid
while "Max address space         unlimited" in Path(f"/proc/{spare}/limits").read_text():
    time.sleep(0.01)  # it is loading its libraries, and has not begun to count
threading.Thread(target=watch, args=(spare,), daemon=True).start()
try:
    still(pool, large)
except PictureError as error:
    print(peaks[0], max(peaks), peak("self") - before, str(error)[:30], sep=";")
"""


@linux
def test_neither_worker_nor_app_takes_more_than_the_limit() -> None:
    """By the system's own count: 30 megapixels take 480 MB, and 160 are allowed."""
    done = subprocess.run(
        [sys.executable, "-c", ASKS_FOR_TOO_MUCH], cwd=ROOT, capture_output=True, check=True
    )
    begun, worker, app, text = done.stdout.decode().split(";")
    assert text.startswith("a.png needs more memory than")
    assert int(worker) - int(begun) <= 165
    assert int(app) < 130  # of which 86 are the zeros that the test compresses


def test_time_is_bounded_and_a_file_that_failed_is_not_tried_again(pool: WorkerPool) -> None:
    def spent() -> float:
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        return usage.ru_utime + usage.ru_stime

    pool.close()
    before = spent()
    data = slow()
    text = refusal(pool, data, "slow.bmp")
    assert text.startswith("slow.bmp takes longer to open than the 1 s that one file may take.")
    assert 1 < spent() - before < 4  # s of the processor, which the system counts and limits
    assert not pool._workers._kept
    spare = pool._workers._spare
    assert refusal(pool, data, "slow.bmp") == text
    assert pool._workers._spare is spare  # no worker was taken to fail once more


def test_a_clock_ends_what_the_processor_does_not_count() -> None:
    worker = WorkerProcess(DecodingLimits(seconds=0.01))
    request = Message({"task": "moves", "checksum": "", "settings": {}}, (PHOTO,))
    with pytest.raises(WorkerEndedError) as caught:
        worker.ask(request)
    assert caught.value.needs == "clock"
    assert not worker.alive


def test_a_worker_that_was_killed_is_replaced(pool: WorkerPool) -> None:
    still(pool, PHOTO)
    pid = waiting(pool)[digest(PHOTO)]
    spare = pool._workers._spare
    assert spare is not None
    for worker in (spare, *(one.worker for one in pool._workers._kept)):
        os.kill(worker.pid, 9)
        worker._process.wait(60)
    np.testing.assert_array_equal(still(pool, PHOTO).pixels, NOISE)
    assert waiting(pool)[digest(PHOTO)] not in (pid, spare.pid)


def test_a_computer_that_starts_no_program_says_so_and_later_opens_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pool = WorkerPool(LIMITS)
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", "/nowhere/python")
        for _ in range(3):  # more often than there are workers
            assert "starts no further program to decode it" in refusal(pool, PHOTO, "a.png")
            with pytest.raises(PictureError, match="starts no further program"):
                next(pool.stream("frames", PHOTO, digest(PHOTO), "a.png", size=None))
    np.testing.assert_array_equal(still(pool, PHOTO).pixels, NOISE)
    pool.close()


@linux
def test_a_worker_has_no_secrets_and_ends_with_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNVIZ_SERVER_TOKEN", "secret")
    variables: list[dict[str, str]] = []

    class NotedPopen(subprocess.Popen):  # type: ignore[type-arg]
        def __init__(self, *words: Any, **options: Any) -> None:
            variables.append(options["env"])
            super().__init__(*words, **options)

    monkeypatch.setattr(subprocess, "Popen", NotedPopen)
    worker = WorkerProcess(LIMITS)
    assert variables[0]["OMP_NUM_THREADS"] == "1"
    assert "secret" not in variables[0].values()
    assert worker._process.stdin is not None
    worker._process.stdin.close()  # as it is when the app has ended
    assert worker._process.wait(120) == 0
    worker.close()


@pytest.fixture
def hosted(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("ATTNVIZ_MODE", "hosted")
    pools._made.cache_clear()
    yield
    pools.workers().close()
    pools._made.cache_clear()


def test_a_hosted_app_opens_nothing_itself(hosted: None) -> None:
    film = encoded(
        Image.fromarray(NOISE), "GIF", save_all=True, append_images=[Image.fromarray(255 - NOISE)]
    )
    for data, moving in ((PHOTO, False), (film, True)):
        assert not opens_here(data)
        opened = open_upload(data, name="a", checksum=digest(data), longest=30)
        np.testing.assert_array_equal(opened.pixels, open_picture(data, longest=30).pixels)
        assert upload_moves(data, checksum=digest(data)) == moving
        assert upload_choices(data, name="a", checksum=digest(data)) is None
    assert list(waiting(pools.workers())) == [digest(PHOTO), digest(film)]
    assert pools.workers().limits.memory == 1024 * MEGABYTE


def test_nothing_is_learned_of_a_file_while_no_worker_can_be_started(
    hosted: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    film = encoded(
        Image.fromarray(NOISE), "GIF", save_all=True, append_images=[Image.fromarray(255 - NOISE)]
    )
    with monkeypatch.context() as broken:
        broken.setattr(sys, "executable", "/nowhere/python")
        with pytest.raises(BusyWorkersError):
            upload_moves(film, checksum=digest(film))
        with pytest.raises(BusyWorkersError):
            upload_choices(film, name="a.gif", checksum=digest(film))
    assert upload_moves(film, checksum=digest(film))


def test_at_home_photos_of_usual_size_need_no_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ATTNVIZ_MODE", raising=False)
    image = Image.fromarray(NOISE)
    assert all(opens_here(encoded(image, kind)) for kind in ("JPEG", "PNG", "WEBP"))
    assert not any(opens_here(encoded(image, kind)) for kind in ("GIF", "TIFF", "BMP", "AVIF"))
    assert opens_here(blank(4000, 4000))
    assert not opens_here(blank(4000, 4001))
    assert not opens_here(b"\xff\xd8\xff\xd9")


@pytest.mark.parametrize("text", ["many", "0", "63", "1e3", "-5", "٣٠٠"])
def test_a_limit_is_a_number(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNVIZ_DECODING_MB", text)
    with pytest.raises(SettingError, match="ATTNVIZ_DECODING_MB is set to"):
        DecodingLimits.from_environment()
    monkeypatch.setenv("ATTNVIZ_DECODING_MB", "300")
    assert DecodingLimits.from_environment().memory == 300 * MEGABYTE
