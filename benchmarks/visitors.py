"""Many visitors at once: how long each waits, and whether each sees their own picture.

`python -m benchmarks.visitors --visitors 20` starts the app as a server. Each visitor, a session of
the protocol that browsers speak, opens the page, adds a photo of their own and steps through four
networks; then all add another photo while somebody's Score-CAM runs on the default network. Times
are those until the page sends the picture, and until it is complete. `--checkout` measures another
state of the code.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
from PIL import Image

from attnviz.models.catalogue import find_model
from attnviz.types import Pixels
from attnviz.viewer.blob import unpack_blob
from benchmarks.visitor_tab import READ, VisitorTab, VisitorTabError

ROOT = Path(__file__).resolve().parents[1]
MODELS = ("ran-small", "cbam-small", "vit-small", "lens")
UPLOAD, STEP, BEHIND = "upload to picture", "model step", "upload behind Score-CAM"
WHOLE = "{}, whole page"
_SLOW = "Score-CAM"
_SECOND = 1000  # seed of the first visitor's second photo
_BOX = "New photos or videos"


@dataclass
class Figures:
    """What the visitors found.

    Attributes
    ----------
    seconds
        Of each kind of wait.
    checked
        How many pictures were compared with what their visitor had added.
    errors
        Everything that went wrong, in words.
    reads
        How often weights were read, by their file's name.
    """

    seconds: dict[str, list[float]] = field(default_factory=dict)
    checked: int = 0
    errors: list[str] = field(default_factory=list)
    reads: dict[str, int] = field(default_factory=dict)

    def rows(self) -> list[str]:
        """Return the lines of a table in Markdown."""
        rows = ["| wait | looks | p50 (s) | p95 (s) | longest (s) |", "|---|---|---|---|---|"]
        for kind, values in self.seconds.items():
            shown = (np.percentile(values, 50), np.percentile(values, 95), max(values))
            rows.append(
                f"| {kind} | {len(values)} | " + " | ".join(f"{v:.1f}" for v in shown) + " |"
            )
        reads = sum(self.reads.values())
        again = reads - len(self.reads)
        told = f"{self.checked} pictures checked, {len(self.errors)} errors, weights read {reads} "
        return [*rows, "", f"{told}times, {again} of them again."]


def own_photo(number: int, *, width: int = 2048, height: int = 1536) -> tuple[bytes, Pixels]:
    """Return the JPEG of a visitor, unlike everybody else's, and its colours in 4 x 4 fields."""
    random = np.random.default_rng(number)
    fields = random.integers(30, 226, (4, 4, 3), np.uint8)
    picture = Image.fromarray(fields).resize((width, height), Image.Resampling.NEAREST)
    grain = random.integers(-20, 21, (height, width, 1))
    noisy = np.clip(np.asarray(picture, np.int16) + grain, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(noisy).save(file, "jpeg", quality=90)
    return file.getvalue(), fields


def shows(blob: bytes, fields: Pixels) -> bool:
    """Return whether the photo in a viewer's blob has a visitor's colours."""
    photo = bytes(unpack_blob(blob)[1]["photo"])
    seen = Image.open(io.BytesIO(photo)).resize((4, 4), Image.Resampling.BOX)
    return bool(np.abs(np.asarray(seen, np.int16) - fields).max() < 16)


class Visit:
    """One visitor's way through the app."""

    def __init__(
        self, address: str, number: int, figures: Figures, models: Sequence[str] = MODELS,
        *, width: int = 2048,
    ) -> None:  # fmt: skip
        self.tab, self.number, self.figures = VisitorTab(address), number, figures
        self._models, self._width = models, width
        self.seeds = (number, _SECOND + number)  # of its two photos
        self._photo_id = ""
        self._photos: dict[int, tuple[bytes, Pixels]] = {}

    async def guarded(self, part: Callable[[], Awaitable[None]]) -> None:
        """Do a part of the way; what fails is noted."""
        try:
            await part()
        except (VisitorTabError, OSError, StopIteration) as error:
            self.figures.errors.append(f"visitor {self.number}: {error}")

    async def open(self) -> None:
        """Open the page, and make the photos, whose making must not delay those who wait."""
        self._note("page opened", await self.tab.open())
        for seed in self.seeds:
            made = partial(own_photo, seed, width=self._width, height=self._width * 3 // 4)
            self._photos[seed] = await asyncio.to_thread(made)

    async def add_photo(self, kind: str, seed: int) -> None:
        """Add a photo and wait for it in the viewer."""
        file, fields = self._photos[seed]
        started, seen = time.monotonic(), len(self.tab.viewers)
        await self.tab.upload(_BOX, f"photo-{seed}.jpg", file)
        sent = time.monotonic() - started
        picture, whole = await self.tab.look()
        fresh = [one for one in self.tab.viewers[seen:] if len(unpack_blob(one)[1]["photo"])]
        self._note(kind, sent + picture)
        self._note(WHOLE.format(kind), sent + whole)
        if not fresh or not shows(fresh[-1], fields):
            self.figures.errors.append(f"visitor {self.number}: not the photo of its own")
            return
        self._photo_id = unpack_blob(fresh[-1])[0]["photo"]["id"]
        self.figures.checked += 1

    async def step(self, name: str) -> None:
        """Choose another network and wait for its maps."""
        self.tab.choose("Model", find_model(name).title)
        seen = len(self.tab.viewers)
        picture, whole = await self.tab.look()
        self._note(STEP, picture)
        self._note(WHOLE.format(STEP), whole)
        found = [unpack_blob(one)[0]["photo"]["id"] for one in self.tab.viewers[seen:]]
        if found and found[-1] == self._photo_id:
            self.figures.checked += 1
        else:
            self.figures.errors.append(f"visitor {self.number}: no map of {name} on its photo")

    async def ask(self, name: str) -> None:
        """Choose another network, and do not wait for its maps."""
        self.tab.choose("Model", find_model(name).title)
        await self.tab.send()

    async def look_long(self) -> None:
        """Start a map of many passes on the default network; returns while it is computed."""
        await self.tab.open()
        self.tab.choose("Show", _SLOW)
        await self.tab.run()
        await self.tab.send(self.tab.click("Look"))
        await self.tab.until(lambda: any(" passes" in one for one in self.tab.texts()))

    async def stop(self) -> None:
        """Stop what takes long by a click, which must leave the page as before it was started."""
        await self.tab.run(self.tab.click("Stop"))
        self.tab.click("Look")

    async def walk(self) -> None:
        """Add a photo and step through all networks, each visitor from another one."""
        await self.add_photo(UPLOAD, self.number)
        for turn in range(len(self._models)):
            await self.step(self._models[(self.number + turn) % len(self._models)])

    def _note(self, kind: str, seconds: float) -> None:
        self.figures.seconds.setdefault(kind, []).append(seconds)
        self.figures.errors += [f"visitor {self.number}: {one}" for one in self.tab.faults]
        self.tab.faults.clear()


async def visit(
    address: str, visitors: int, models: Sequence[str] = MODELS, *, evidence: bool = True
) -> Figures:
    """Let visitors in, all at once, and wait until all are done."""
    figures = Figures()
    visits = [Visit(address, number, figures, models) for number in range(visitors)]
    await asyncio.gather(*(one.guarded(one.open) for one in visits))
    await asyncio.gather(*(one.guarded(one.walk) for one in visits))
    if evidence:
        await _behind_evidence(address, visits, figures)
    await asyncio.gather(*(one.tab.close() for one in visits))
    return figures


async def _behind_evidence(address: str, visits: Sequence[Visit], figures: Figures) -> None:
    """Photos on the default network, one after another, while somebody's many passes run on it."""
    long = Visit(address, -1, figures)
    await long.look_long()
    for one in visits:
        await one.guarded(partial(one.add_photo, BEHIND, _SECOND + one.number))
    await long.guarded(long.stop)
    await long.tab.close()


@contextmanager
def serving(checkout: Path, log: Path) -> Iterator[str]:
    """Run the app of a checkout; the address while it runs."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable, "-m", "streamlit", "run", str(checkout / "benchmarks" / "visitors_app.py"),
        f"--server.port={port}", "--server.headless=true", "--server.address=127.0.0.1",
    ]  # fmt: skip
    with log.open("wb") as file:
        server = subprocess.Popen(
            command, cwd=checkout, env=os.environ | {"PYTHONPATH": str(checkout)},
            stdout=file, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        _wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait()


def _wait_for(address: str) -> None:
    for _ in range(600):
        try:
            urllib.request.urlopen(address, timeout=5)
            return
        except OSError:
            time.sleep(0.2)
    raise VisitorTabError("the server does not start")


def measured(
    visitors: int,
    checkout: Path = ROOT,
    models: Sequence[str] = MODELS,
    *,
    evidence: bool = True,
) -> Figures:
    """Let visitors into a server of their own and return what they found."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "server.log"
        with serving(checkout, log) as address:
            figures = asyncio.run(visit(address, visitors, models, evidence=evidence))
        lines = log.read_text(errors="replace").splitlines()
    names = [line.removeprefix(READ) for line in lines if line.startswith(READ)]
    figures.reads = {name: names.count(name) for name in names}
    figures.errors += [line for line in lines if line.startswith(("Traceback", "MemoryError"))]
    return figures


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--visitors", type=int, default=20)
    parser.add_argument("--checkout", type=Path, default=ROOT)
    parser.add_argument("--no-evidence", action="store_true")
    given = parser.parse_args()
    figures = measured(given.visitors, given.checkout.resolve(), evidence=not given.no_evidence)
    print("\n".join([*figures.rows(), *figures.errors[:20]]))
    print(f"load of this computer: {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")


if __name__ == "__main__":
    main()
