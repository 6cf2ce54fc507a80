"""The kinds of work that are put under fire, each as a command that can be given again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from attnviz.pictures import open_sample
from attnviz.training.data.shapes import write_shapes

MODEL = "ran-cifar"  # the smallest network that comes along
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Work:
    """A command of attnviz; it writes into the folder that it is given last.

    Attributes
    ----------
    name
        In the table.
    words
        Of the command, up to its `--out`.
    """

    name: str
    words: tuple[str, ...]

    def start(
        self, out: Path, *, own: Mapping[str, str] | None = None,
        prepare: Callable[[], None] | None = None,
    ) -> subprocess.Popen[str]:  # fmt: skip
        """Start it as a process of a group of its own; `own` are more variables for it.

        Trainings of this user elsewhere are none of its business: it has a list of its own.
        """
        apart = {"OMP_NUM_THREADS": "1", "ATTNVIZ_RUNS": str(out.parent / "runs")}
        return subprocess.Popen(
            [sys.executable, "-m", "attnviz", *self.words, "--out", str(out), "--device", "cpu"],
            env={**os.environ, **apart, **(own or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            preexec_fn=prepare,
        )


def all_work(folder: Path, *, pictures: int = 24, epochs: int = 6) -> list[Work]:
    """Describe training, batch and export, on pictures that are written into a folder."""
    shapes, photos = folder / "shapes", folder / "photos"
    write_shapes(shapes, per_class=10, side=32)
    photos.mkdir()
    photo = Image.fromarray(open_sample("china").reduced(160).pixels)
    for number in range(pictures):
        photo.rotate(7 * number).save(photos / f"{number:03}.png")
    pair = [str(photos / f"{number:03}.png") for number in range(2)]
    saves = "focus,film-webp,gif,mp4,figure,npz,explanation,report"
    train = ("train", "--data", str(shapes), "--model", MODEL, "--batch", "16")
    return [
        Work("training", (*train, "--phases", f"{epochs}x32")),
        Work("batch", ("batch", str(photos), "--model", MODEL, "--workers", "0", "--quiet")),
        Work(
            "export",
            ("explain", *pair, "--model", MODEL, "--save", saves),
        ),
    ]


def processor_seconds(process: int) -> float:
    """Return how long a process has computed; 0 once it has ended.

    Moments are told by it, and not by the clock: other work on the computer moves the one alone.
    """
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return 0.0
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def wait_until(process: subprocess.Popen[str], seconds: float) -> bool:
    """Wait until a process has computed for so long; whether it then still runs."""
    while process.poll() is None:
        if processor_seconds(process.pid) >= seconds:
            return True
        time.sleep(0.01)
    return False
