"""What many pictures cost over the network's own passes, decoding and writing included, in one run.

    python -m benchmarks.batch [--device auto] [--pictures 256] [--workers 0] [--repeats 3]

The network's own rate is that of batches as large as the run's, on inputs that lie ready on its
device. `attnviz batch` opens JPEG files of 500 x 375 pixels, makes inputs of them, reads the
attention of all layers, and writes the table, the maps and the page. Networks have random weights.
Relevance takes a backward pass, so its limit over the bare forward pass is lower.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path

import numpy as np
import timm
import torch
from PIL import Image
from torch import nn

from attnviz.analysis.explain_together import Asked
from attnviz.batch.explain_many import explain_many
from attnviz.batch.listing import files_of_folder
from attnviz.batch.run import BatchRun
from attnviz.models.device import choose_device, move_inputs, move_module
from attnviz.models.loading import wrap
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel
from benchmarks.capture import synchronised
from benchmarks.timing import HEADER, Budget, median_times

SIDE = 224
WHOLE_RUN, RELEVANCE = 0.85, 0.30

Questions = Sequence[tuple[str, float]]
"""Methods, each with the least rate over the bare network's."""


@dataclass(frozen=True)
class Work:
    """Ways to go through the same pictures.

    Attributes
    ----------
    model
        The network.
    paths
        Of the pictures.
    batch_size
        Of all passes.
    workers
        Processes that open pictures.
    """

    model: VisionModel
    paths: Sequence[Path]
    batch_size: int
    workers: int

    def bare(self) -> None:
        """The network alone."""
        batch = torch.randn(self.batch_size, 3, SIDE, SIDE)
        inputs = move_inputs(batch, self.model.device)
        with torch.inference_mode():
            for start in range(0, len(self.paths), self.batch_size):
                self.model.module(inputs[: len(self.paths) - start])

    def explained(self, method: str) -> None:
        """`attnviz.explain_many` over the files."""
        options = {"batch_size": self.batch_size, "workers": self.workers}
        for one in explain_many(self.model, self.paths, method, **options):  # type: ignore[arg-type]
            assert one.error is None

    def written(self, method: str, folders: Iterator[Path]) -> None:
        """`attnviz batch` over the files."""
        files = files_of_folder(self.paths)
        run = BatchRun(self.model, files, Asked(method), self.batch_size, self.workers)
        run(next(folders))


def photos(folder: Path, number: int) -> list[Path]:
    """Write seeded pictures, smooth as photos are, as JPEG."""
    random = np.random.default_rng(0)
    paths = []
    for index in range(number):
        coarse = Image.fromarray(random.integers(0, 255, (24, 32, 3)).astype(np.uint8))
        paths.append(folder / f"{index:04}.jpg")
        coarse.resize((500, 375), Image.Resampling.BICUBIC).save(paths[-1], quality=90)
    return paths


def networks(
    device: torch.device,
) -> Iterator[tuple[str, VisionModel, Questions]]:
    """Networks with what is asked of them."""
    relevance = [("grad-cam", RELEVANCE)]
    vit = timm.create_model("vit_small_patch16_224", pretrained=False)
    yield "ViT-S/16", wrapped(vit, device), [("rollout", WHOLE_RUN), *relevance]
    resnet = timm.create_model("resnet50", pretrained=False)
    yield "ResNet-50", wrapped(resnet, device), relevance


def wrapped(module: nn.Module, device: torch.device) -> VisionModel:
    """A network on its device, as users wrap it."""
    return wrap(move_module(module.eval(), device), Preprocess(size=SIDE, fit="crop"))


def measure(work: Work, name: str, asked: Questions, repeats: int) -> list[Budget]:
    """Rates over the bare network's."""
    device = work.model.device
    budgets = []
    with tempfile.TemporaryDirectory() as place:
        folders = (Path(place) / str(number) for number in count())
        for method, least in asked:
            ways: dict[str, Callable[[], object]] = {
                "bare": work.bare,
                "explain_many": lambda method=method: work.explained(method),  # type: ignore[misc]
                "attnviz batch": lambda method=method: work.written(method, folders),  # type: ignore[misc]
            }
            timed = {key: synchronised(way, device) for key, way in ways.items()}
            seconds = median_times(timed, repeats=repeats, warm_up=1)
            for way in ("explain_many", "attnviz batch"):
                told = f"{name}, {method}: {way}, {len(work.paths) / seconds[way]:.1f} pictures/s"
                ratio = seconds["bare"] / seconds[way]
                budgets.append(Budget(told, ratio, least, at_least=True))
    return budgets


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--pictures", type=int, default=256)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--workers", type=int, default=0)
    parser.add_argument("--repeats", type=int, default=3)
    wish = parser.parse_args()
    device = choose_device(wish.device)
    print(f"{wish.pictures} pictures on {device}, {torch.get_num_threads()} threads\n\n{HEADER}")
    with tempfile.TemporaryDirectory() as folder:
        paths = photos(Path(folder), wish.pictures)
        for name, model, asked in networks(device):
            work = Work(model, paths, wish.batch_size, wish.workers)
            for one in measure(work, name, asked, wish.repeats):
                print(one.line(), flush=True)


if __name__ == "__main__":
    main()
