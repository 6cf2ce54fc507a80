"""Pictures of a square and a disc, and a small detector and segmenter that are trained on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIDE, STRIDE = 32, 4
LABELS = ("square", "disc")


@dataclass(frozen=True)
class Drawing:
    """Pixels uint8 [32, 32, 3]; of the square and the disc (left, top, right, bottom) and masks."""

    pixels: np.ndarray
    boxes: tuple[tuple[int, int, int, int], ...]
    masks: tuple[np.ndarray, ...]


def draw(seed: int) -> Drawing:
    """A warm square in one half and a cold disc in the other, on a dark noisy ground."""
    random = np.random.default_rng(seed)
    pixels = random.integers(0, 60, (SIDE, SIDE, 3))
    rows, columns = np.mgrid[:SIDE, :SIDE] + 0.5
    halves = random.permutation(2)
    boxes, masks = [], []
    for shape, half in enumerate(halves):
        side = int(random.integers(9, 14))
        left = int(half * 16 + random.integers(0, 16 - side + 1))
        top = int(random.integers(0, SIDE - side + 1))
        across, down = columns - left - side / 2, rows - top - side / 2
        inside = (abs(across) < side / 2) & (abs(down) < side / 2)
        if shape == 1:
            inside = across**2 + down**2 < (side / 2) ** 2
        colour = random.integers((140, 60, 0), (256, 160, 90))
        pixels[inside] = colour[:: 1 - 2 * shape]
        boxes.append((left, top, left + side, top + side))
        masks.append(inside)
    return Drawing(pixels.astype(np.uint8), tuple(boxes), tuple(masks))


def trunk() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 8, 5, stride=2, padding=2), nn.ReLU(),
        nn.Conv2d(8, 16, 3, stride=2, padding=1), nn.ReLU(),
        nn.Conv2d(16, 24, 3, padding=1), nn.ReLU(),
    )  # fmt: skip


class TinyDetector(nn.Module):
    """For each cell of 4 x 4 px the probability of either shape, and the box around its centre."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = trunk()
        self.head = nn.Conv2d(24, len(LABELS) + 4, 3, padding=1)

    def cells(self, inputs: Tensor) -> Tensor:
        return self.head(self.trunk(inputs))

    def forward(self, inputs: Tensor) -> Any:
        cells = self.cells(inputs).flatten(2).mT  # [N, cells, 6]
        edges = SIDE * cells[..., 2:].sigmoid()
        scores = cells[..., :2].sigmoid()
        return [{"boxes": box, "scores": score} for box, score in zip(edges, scores, strict=True)]


class TinySegmenter(nn.Module):
    """Logits of ground, square and disc for each cell."""

    def __init__(self) -> None:
        super().__init__()
        self.trunk = trunk()
        self.head = nn.Conv2d(24, 1 + len(LABELS), 3, padding=1)

    def forward(self, inputs: Tensor) -> Tensor:
        return self.head(self.trunk(inputs))


def as_inputs(drawings: list[Drawing]) -> Tensor:
    stacked = np.stack([one.pixels for one in drawings])
    return torch.from_numpy(stacked).permute(0, 3, 1, 2).float() / 255


def detector_loss(network: TinyDetector, drawings: list[Drawing]) -> Tensor:
    cells = network.cells(as_inputs(drawings))
    boxes = torch.tensor([one.boxes for one in drawings])  # [N, shapes, 4]
    column, row = ((boxes[..., edge] + boxes[..., edge + 2]) // 2 // STRIDE for edge in (0, 1))
    number, shape = torch.arange(len(drawings))[:, None], torch.arange(len(LABELS))
    wanted = torch.zeros_like(cells[:, : len(LABELS)])
    wanted[number, shape, row, column] = 1
    edges = cells.permute(0, 2, 3, 1)[number, row, column, 2:].sigmoid()
    found = F.binary_cross_entropy_with_logits(cells[:, : len(LABELS)], wanted, 1 + 15 * wanted)
    return found + (edges - boxes / SIDE).abs().mean() * 4


def segmenter_loss(network: TinySegmenter, drawings: list[Drawing]) -> Tensor:
    masks = torch.from_numpy(np.array([one.masks for one in drawings])).float()
    ground = torch.full((len(masks), 1, SIDE, SIDE), 0.5)
    logits = F.interpolate(network(as_inputs(drawings)), scale_factor=STRIDE, mode="bilinear")
    return F.cross_entropy(logits, torch.cat([ground, masks], 1).argmax(1))


def trained(network: nn.Module, loss: Any, steps: int) -> nn.Module:
    """Train on drawings with seeds from 1,000 up; those below stay for the tests."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        for module in network.modules():
            if isinstance(module, nn.Conv2d):
                module.reset_parameters()
    drawings = [draw(1000 + seed) for seed in range(256)]
    optimiser = torch.optim.Adam(network.parameters(), 8e-3)
    for step in range(steps):
        start = 16 * step % len(drawings)
        optimiser.zero_grad()
        loss(network, drawings[start : start + 16]).backward()
        optimiser.step()
    return network.eval().requires_grad_(False)
