"""Small seeded networks of each kind, for the page "Layers"."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from attnviz.models.loading import wrap
from attnviz.models.preprocess import Preprocess
from attnviz.models.scores import ScoreKind, Scores
from attnviz.models.vision_model import VisionModel
from attnviz.models.zoo.cbam_small import cbam_small
from attnviz.models.zoo.vit_small import vit_small
from attnviz.ui.kit import model_picker
from tests.conftest import TinyCnn

_BUILD = {
    "vit": lambda: vit_small(10, width=32, depth=3, heads=2),
    "cbam": lambda: cbam_small(10, width=16),
    "none": TinyCnn,
}


def small_network(kind: str) -> tuple[VisionModel, list[int]]:
    """A wrapped network without training, and a list that grows with each of its passes.

    Scores of the transformer are spread out, or all its attention would be nearly even.
    """
    torch.manual_seed(3)
    module: nn.Module = _BUILD[kind]().eval()
    for name, weight in module.named_parameters():
        if name.endswith("qkv.weight"):
            weight.data.mul_(8)
    passes: list[int] = []
    module.register_forward_hook(lambda *_: passes.append(1))
    return wrap(module, Preprocess(size=128, multiple=8), name="tiny <b>net</b>"), passes


def in_place_of_the_catalogue(monkeypatch: pytest.MonkeyPatch, kind: str) -> list[int]:
    """Let pages load `small_network` with labels, whatever is chosen; returns its passes."""
    model, passes = small_network(kind)
    names = tuple(f"thing {number}" for number in range(4 if kind == "none" else 10))
    model.spec = replace(model.spec, labels=names)
    monkeypatch.setattr(model_picker, "cached_model", lambda *_: model)
    monkeypatch.setattr(model_picker, "fetch_weights", lambda *_: None)
    return passes


def without_classes(model: VisionModel) -> None:
    """Make the small transformer one that returns features, as the backbones do."""
    kinds = ("context", "features")
    model.spec = replace(model.spec, labels=(), scores=ScoreKind.NONE, kinds=kinds, layout="NTC")
    model.scores = Scores(ScoreKind.NONE)
