"""What several tests need: data, small networks, and sample pictures."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from tests.chromium import chromium as chromium

if "PYTEST_XDIST_WORKER" in os.environ:
    # Test files run side by side: threads of each would only wait for those of the others. What
    # the tests start has as many, or its sums would be in another order.
    os.environ["OMP_NUM_THREADS"] = "1"
    torch.set_num_threads(1)

# The app and the commands begin with a small network with soft masks: it is quick, and has layers
# to step through. What users begin with has tests of its own.
os.environ["ATTNVIZ_MODEL"] = "ran-small"


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of $ATTNVIZ_DATA; the test is skipped where there is none."""
    value = os.environ.get("ATTNVIZ_DATA", "")
    if not value or not Path(value).is_dir():
        pytest.skip("ATTNVIZ_DATA names no folder, and this test needs its pictures")
    return Path(value)


@pytest.fixture
def photo() -> np.ndarray:
    """A seeded uint8 [120, 160, 3] picture with a bright disc left of the middle."""
    random = np.random.default_rng(7)
    y, x = np.mgrid[:120, :160]
    disc = ((y - 60) ** 2 + (x - 50) ** 2) < 30**2
    base = random.integers(30, 90, (120, 160, 3))
    base[disc] += np.asarray([150, 90, 20])
    return base.clip(0, 255).astype(np.uint8)


class TinyCnn(nn.Module):
    """Three convolutions in a chain and a linear head, with in-place ReLUs as torchvision has."""

    def __init__(self, classes: int = 4) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 8, 3, stride=2, padding=1),
            nn.BatchNorm2d(8),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(8, 12, 3, padding=1),
            nn.ReLU(inplace=True),
            nn.Conv2d(12, 16, 3, padding=1),
        )
        self.head = nn.Linear(16, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        features = torch.relu_(self.features(x))
        return self.head(features.mean((2, 3)))


def without_borders(network: nn.Module) -> nn.Module:
    """Let convolutions pad with what lies at the border: a picture of one colour has flat maps."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            module.padding_mode = "replicate"
    return network


@pytest.fixture
def tiny_cnn() -> nn.Module:
    torch.manual_seed(0)
    return TinyCnn()


@pytest.fixture
def tiny_ran() -> nn.Module:
    """`ran-small` at an eighth of its width."""
    from attnviz.models.zoo.ran_small import ran_small

    torch.manual_seed(0)
    return ran_small(4, width=16)
