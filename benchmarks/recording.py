"""What recording attention costs in a training, as a share of an epoch, in one run.

    python -m benchmarks.recording [--data FOLDER] [--pictures 2000] [--side 96] [--epochs 3]

Each network trains for a few epochs on the first pictures of a folder of class folders, with 16
probes at the size of its card, as `python -m attnviz train` does. Steps and checkpoints are timed
in the very same loop, so that a busy machine slows both alike; `attnviz.record` makes checkpoints
by the same function. Without --data, shapes are drawn.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from attnviz.models.device import choose_device
from attnviz.models.zoo.registry import build_network, zoo_networks
from attnviz.training.data.data import ClassFolder, PictureSet, load_class_folder
from attnviz.training.data.shapes import write_shapes
from attnviz.training.loop.trainer import Trainer
from attnviz.training.recipe import Phase, Recipe
from attnviz.training.recording.file import Recording
from attnviz.training.recording.probes import choose_probes
from attnviz.training.recording.recorder import AttentionRecorder
from benchmarks.timing import HEADER, Budget

NETWORKS = ("ran-small", "vit-small")
LIMIT = 0.02


@dataclass
class Times:
    """Seconds of each optimiser step and of each checkpoint of a recording."""

    steps: list[float] = field(default_factory=list)
    records: list[float] = field(default_factory=list)

    def timed(self, work: Callable[..., Any], into: list[float]) -> Callable[..., Any]:
        """`work`, with its seconds added to `into`."""

        def run(*args: Any, **named: Any) -> Any:
            start = time.perf_counter()
            result = work(*args, **named)
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            into.append(time.perf_counter() - start)
            return result

        return run


def measured(name: str, data: ClassFolder, side: int, epochs: int, device: str) -> list[Budget]:
    """A checkpoint's share of an epoch, and the size of a file of 40 of them."""
    recipe = Recipe(model=name, phases=(Phase(epochs, side),), store=side, batch=32, warm_up=0.5)
    preprocess = zoo_networks().get(name).preprocess
    probes = choose_probes("val", data, preprocess)
    held = Recording(data.classes, probes.names, pixels=probes.pixels)
    times = Times()
    with tempfile.TemporaryDirectory() as folder:
        recorder = AttentionRecorder(Path(folder) / "run.attn", probes.inputs, held)
        module = build_network(name, len(data.classes))
        trainer = Trainer(
            module, data, recipe, preprocess, Path(folder), choose_device(device), recorder,
            show=False,
        )  # fmt: skip
        trainer._step = times.timed(trainer._step, times.steps)  # type: ignore[method-assign]
        recorder.record = times.timed(recorder.record, times.records)  # type: ignore[method-assign]
        trainer.run()
        size = recorder.path.stat().st_size
        pixels = 0 if probes.pixels is None else probes.pixels.nbytes
        shots = len(recorder.recording.snapshots)
    per_epoch = len(times.steps) / epochs
    epoch = statistics.median(times.steps) * per_epoch
    record = statistics.median(times.records)
    whole = (size - pixels) / shots * 40 + pixels
    print(f"{name}: {1000 * record:.0f} ms a checkpoint, {epoch:.1f} s an epoch")
    return [
        Budget(f"{name}: a checkpoint, over an epoch", record / epoch, LIMIT),
        Budget(f"{name}: MB of 40 checkpoints of 16 pictures", whole / 1e6, 10),
    ]


def first_pictures(data: ClassFolder, count: int) -> ClassFolder:
    """At most `count` training pictures, spread over the classes."""
    training: PictureSet = data.training.spread_sample(count)
    return ClassFolder(data.classes, training, data.validation.spread_sample(200), data.broken)


def main() -> None:
    """Print a table of shares and sizes beside their budgets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="a folder of class folders")
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--device", default="auto")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = wanted.data
        if root is None:
            root = Path(folder)
            write_shapes(root, per_class=wanted.pictures // 4 * 10 // 9 + 4, side=wanted.side)
        data = first_pictures(load_class_folder(root, side=wanted.side), wanted.pictures)
    print(f"{len(data.training)} pictures of {wanted.side} px, {choose_device(wanted.device)}\n")
    budgets = [
        line
        for name in NETWORKS
        for line in measured(name, data, wanted.side, wanted.epochs, wanted.device)
    ]
    print("\n".join(["", HEADER, *(budget.line() for budget in budgets)]))


if __name__ == "__main__":
    main()
