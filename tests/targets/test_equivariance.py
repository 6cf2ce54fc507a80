"""Mirrored and shifted pictures have mirrored and shifted maps, and the same scores, of any target.

The networks are such that this holds exactly: kernels that are their own mirror image, and a ground
without ends.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import attnviz
from attnviz import Alike, Box, Class, Contrast, Patch, Picture, Region, VisionModel, Words
from tests.targets.colours import PLAIN

SIDE, CHANNELS = 8, 4
NAMES = ["ground", "first", "second"]
PIXELS = np.random.default_rng(5).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
OTHER = Picture(np.ascontiguousarray(PIXELS[::-1, :, ::-1]), "other", "1" * 64)
MASK = np.zeros((SIDE, SIDE), bool)
MASK[2:4, 2:5] = True


def trunk() -> nn.Sequential:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        first = nn.Conv2d(3, CHANNELS, 3, padding=1, padding_mode="circular")
        second = nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1, padding_mode="circular")
    for one in (first, second):
        one.weight.data = 2 * (one.weight.data + one.weight.data.flip(-1))
    return nn.Sequential(first, nn.Tanh(), second, nn.Tanh())


class Classifier(nn.Module):
    """Logits [N, 3] from the mean of all cells."""

    def __init__(self) -> None:
        super().__init__()
        self.cells = trunk()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(1)
            self.head = nn.Linear(CHANNELS, 3)

    def forward(self, x: Tensor) -> Tensor:
        logits: Tensor = self.head(self.cells(x).mean((2, 3)))
        return logits


class Reader(nn.Module):
    """Embeddings [N, 4] of pictures; a sentence has the direction of its length."""

    def __init__(self) -> None:
        super().__init__()
        self.cells = trunk()
        self.logit_scale = nn.Parameter(torch.tensor(math.log(5)))

    def encode_image(self, x: Tensor) -> Tensor:
        return self.cells(x).mean((2, 3))

    def encode_text(self, lengths: Tensor) -> Tensor:
        return torch.cos(lengths[:, None] * torch.arange(1.0, 1 + CHANNELS))


class Places(nn.Module):
    """A thing of 3 x 3 px around each cell, or the classes of each cell."""

    def __init__(self, form: str) -> None:
        super().__init__()
        self.cells, self.form = trunk(), form

    def forward(self, x: Tensor) -> Any:
        cells = self.cells(x)[:, :3]
        if self.form == "dense":
            return cells
        steps = torch.arange(float(SIDE))
        top, left = (grid.flatten() - 1 for grid in torch.meshgrid(steps, steps, indexing="ij"))
        boxes = torch.stack([left, top, left + 3, top + 3], 1)
        scores = (cells - 2).sigmoid().flatten(2).mT
        return [{"boxes": boxes, "scores": one} for one in scores]


class Moved(NamedTuple):
    """What happens to a picture: to its pixels [H, W, ...], and to shares of its width."""

    pixels: Callable[[Any], Any]
    across: Callable[[float], float]


MOVES = {
    "mirrored": Moved(lambda values: np.ascontiguousarray(values[:, ::-1]), lambda x: 1 - x),
    "shifted": Moved(lambda values: np.roll(values, 2, 1), lambda x: x + 2 / SIDE),
}


def as_it_is(x: float) -> float:
    return x


def classifier() -> VisionModel:
    return attnviz.wrap(Classifier(), PLAIN, NAMES, scores="softmax")


def reader() -> VisionModel:
    return attnviz.wrap(
        Reader(), PLAIN, tokenizer=lambda texts: torch.tensor([float(len(one)) for one in texts])
    )


def detector() -> VisionModel:
    return attnviz.wrap(Places("boxes"), PLAIN, NAMES, outputs="boxes")


def segmenter() -> VisionModel:
    return attnviz.wrap(Places("dense"), PLAIN, NAMES, outputs="dense")


def box(move: Moved | None, label: str) -> Box:
    ends = [(move.across if move else as_it_is)(x) for x in (2.0 / SIDE, 5.0 / SIDE)]
    return Box(min(ends), 0.25, max(ends), 0.625, label)


def region(move: Moved | None) -> Region:
    return Region(move.pixels(MASK) if move else MASK, "second")


def patch(move: Moved | None) -> Patch:
    return Patch((move.across if move else as_it_is)(3.5 / SIDE), 0.4375)


def brightest(output: Tensor) -> Tensor:
    return output.amax(1)


ASKED: dict[str, tuple[Callable[[], VisionModel], Callable[[Moved | None], Any]]] = {
    "class": (classifier, lambda _: Class("first")),
    "contrast": (classifier, lambda _: Contrast("first", "second")),
    "function": (classifier, lambda _: brightest),
    "patch": (classifier, patch),
    "another picture": (classifier, lambda _: Alike(OTHER)),
    "patch of another picture": (classifier, lambda _: Alike(OTHER, (0.3, 0.6))),
    "words": (reader, lambda _: Words("a red car")),
    "words that compete": (reader, lambda _: [Words("a red car"), Words("sky")]),
    "box of a detector": (detector, lambda move: box(move, "first")),
    "boxes that compete": (detector, lambda move: [box(move, "first"), box(move, "second")]),
    "box of a segmenter": (segmenter, lambda move: box(move, "first")),
    "region": (segmenter, region),
}


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("asked", ASKED)
def test_maps_move_with_the_picture(asked: str, move: str) -> None:
    make, target = ASKED[asked]
    model, moved = make(), MOVES[move]
    picture = Picture(PIXELS, "picture", "0" * 64)
    other = Picture(moved.pixels(PIXELS), "moved", "2" * 64)
    here = attnviz.explain(model, picture, "hires-cam", target(None))
    there = attnviz.explain(model, other, "hires-cam", target(moved))
    assert all(values.std() > 0.1 * values.max() > 0 for values in here.maps), "none is flat"
    for values, found in zip(here.maps, there.maps, strict=True):
        np.testing.assert_allclose(found, moved.pixels(values), rtol=1e-3, atol=1e-4 * values.max())
    for one, two in zip(here.asked, there.asked, strict=True):
        assert two.prediction.probability == pytest.approx(one.prediction.probability, rel=1e-4)
        assert two.share == pytest.approx(one.share, rel=1e-4)
