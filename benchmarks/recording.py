"""Cost of recording attention in a training, as a share of an epoch.

    python -m benchmarks.recording [--data FOLDER] [--pictures 2000] [--side 96] [--epochs 3]

Each network trains for a few epochs on pictures from a folder of class folders, with 16 probe
pictures at its input size, as `attnviz train` does. Steps and snapshots are timed in the same
loop, so that a busy machine slows both alike; `attnviz.record` takes snapshots by the same
function. Without --data, pictures of shapes are generated.
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
    """Seconds of each optimiser step and of each snapshot of a recording."""

    steps: list[float] = field(default_factory=list)
    snapshots: list[float] = field(default_factory=list)

    def timed(self, function: Callable[..., Any], seconds: list[float]) -> Callable[..., Any]:
        """Wrap a function so that the duration of each call is appended to `seconds`."""

        def run(*args: Any, **kwargs: Any) -> Any:
            start = time.perf_counter()
            result = function(*args, **kwargs)
            if torch.cuda.is_available():
                torch.cuda.synchronize()
            seconds.append(time.perf_counter() - start)
            return result

        return run


def measure(name: str, data: ClassFolder, side: int, epochs: int, device: str) -> list[Budget]:
    """Time of a snapshot as a share of an epoch, and size of a recording of 40 snapshots."""
    recipe = Recipe(model=name, phases=(Phase(epochs, side),), store=side, batch=32, warm_up=0.5)
    preprocess = zoo_networks().get(name).preprocess
    probes = choose_probes("val", data, preprocess)
    recording = Recording(data.classes, probes.names, pixels=probes.pixels)
    times = Times()
    with tempfile.TemporaryDirectory() as folder:
        recorder = AttentionRecorder(Path(folder) / "run.attn", probes.inputs, recording)
        module = build_network(name, len(data.classes))
        trainer = Trainer(
            module, data, recipe, preprocess, Path(folder), choose_device(device), recorder,
            show=False,
        )  # fmt: skip
        trainer._step = times.timed(trainer._step, times.steps)  # type: ignore[method-assign]
        recorder.record = times.timed(recorder.record, times.snapshots)  # type: ignore[method-assign]
        trainer.run()
        size = recorder.path.stat().st_size
        pixels = 0 if probes.pixels is None else probes.pixels.nbytes
        shots = len(recorder.recording.snapshots)
    per_epoch = len(times.steps) / epochs
    epoch = statistics.median(times.steps) * per_epoch
    snapshot = statistics.median(times.snapshots)
    projected = (size - pixels) / shots * 40 + pixels
    print(f"{name}: {1000 * snapshot:.0f} ms per snapshot, {epoch:.1f} s per epoch")
    return [
        Budget(f"{name}: a snapshot, over an epoch", snapshot / epoch, LIMIT),
        Budget(f"{name}: MB of 40 snapshots of 16 pictures", projected / 1e6, 10),
    ]


def first_pictures(data: ClassFolder, count: int) -> ClassFolder:
    """At most `count` training pictures, spread over the classes."""
    training: PictureSet = data.training.spread_sample(count)
    return ClassFolder(data.classes, training, data.validation.spread_sample(200), data.broken)


def main() -> None:
    """Print a table of shares and sizes with their budgets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="Folder of class folders.")
    parser.add_argument("--pictures", type=int, default=2000)
    parser.add_argument("--side", type=int, default=96)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--device", default="auto")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        root = options.data
        if root is None:
            root = Path(folder)
            write_shapes(root, per_class=options.pictures // 4 * 10 // 9 + 4, side=options.side)
        data = first_pictures(load_class_folder(root, side=options.side), options.pictures)
    print(f"{len(data.training)} pictures of {options.side} px, {choose_device(options.device)}\n")
    budgets = [
        budget
        for name in NETWORKS
        for budget in measure(name, data, options.side, options.epochs, options.device)
    ]
    print("\n".join(["", HEADER, *(budget.line() for budget in budgets)]))


if __name__ == "__main__":
    main()
