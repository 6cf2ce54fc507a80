"""What several boxes cost beside one: the picture passes the detector once for all of them.

    python -m benchmarks.places [--repeats 5] [--boxes 5]

SSDlite of torchvision with random weights, which finds nothing, so that the boxes are of things
that it missed. A box takes a backward pass through what lies behind the layers that are shown, of
which the time has a part; the passes forward are counted.
"""

from __future__ import annotations

import argparse
from functools import partial
from itertools import pairwise

import numpy as np
import torch
from torch import nn
from torchvision.models.detection import ssdlite320_mobilenet_v3_large

from attnviz import Box, Picture, explain, wrap
from attnviz.models.vision_model import VisionModel
from benchmarks.timing import HEADER, Budget, median_times

METHOD = "layer-cam"
CLASSES = 5


def boxes(count: int) -> list[Box]:
    """Boxes side by side."""
    edges = np.linspace(0, 1, count + 1)
    return [
        Box(left, 0.25, right, 0.75, 1 + number % (CLASSES - 1))
        for number, (left, right) in enumerate(pairwise(edges))
    ]


def forward_passes(model: VisionModel, picture: Picture, asked: list[Box]) -> int:
    """How often the network runs for these boxes."""
    passes: list[nn.Module] = []
    handle = model.module.register_forward_pre_hook(lambda network, _: passes.append(network))
    try:
        explain(model, picture, METHOD, asked)
    finally:
        handle.remove()
    return len(passes)


def main() -> None:
    """Print how often the detector runs, and how much longer several boxes take than one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--boxes", type=int, default=5)
    options = parser.parse_args()
    torch.manual_seed(0)
    detector = ssdlite320_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=CLASSES, score_thresh=0.9
    )
    model = wrap(detector.eval().requires_grad_(False))
    pixels = np.random.default_rng(0).integers(0, 256, (320, 320, 3), np.uint8)
    picture = Picture(pixels, "noise", "0" * 64)
    every = boxes(options.boxes)
    times = median_times(
        {
            "one": partial(explain, model, picture, METHOD, every[0]),
            "several": partial(explain, model, picture, METHOD, every),
        },
        repeats=options.repeats,
    )
    print(HEADER)
    count = float(forward_passes(model, picture, every))
    print(Budget(f"{len(every)} boxes: forward passes", count, 1).line())
    ratio = times["several"] / times["one"]
    print(Budget(f"{len(every)} boxes beside one: time", ratio, float(len(every))).line())


if __name__ == "__main__":
    main()
