"""Torchvision's detectors and segmenters in the catalogue: described right, and loaded whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torchvision import models

import attnviz
from attnviz.models.catalogue import find_model
from attnviz.models.inferred import own_preprocess
from attnviz.models.torchvision_places_source import torchvision_places_specs

NAMES = [spec.name for spec in torchvision_places_specs()]


@pytest.mark.parametrize("name", NAMES)
def test_what_is_said_of_it_is_so(name: str) -> None:
    spec = find_model(name)
    with torch.device("meta"):
        module = spec.build()
    assert sum(one.numel() for one in module.parameters()) >= spec.parameters
    inside = own_preprocess(module)
    if spec.finds_things:
        assert inside == spec.preprocess
    assert spec.labels[0] == "__background__"
    assert spec.weights is not None
    assert str(spec.weights.url).endswith(spec.weights.file_name)
    assert not spec.has_classes


@pytest.mark.parametrize("name", NAMES)
def test_the_published_weights_have_its_names(name: str) -> None:
    """Torchvision builds the same network when it loads them, but for frozen normalisation."""
    spec = find_model(name)
    builder = models.get_model_builder(name)
    with torch.device("meta"):
        own = spec.build().state_dict()
        extra = {"aux_loss": True} if "deeplab" in name else {}
        theirs = builder(weights=None, weights_backbone=None, **extra).state_dict()
    assert {key: value.shape for key, value in own.items()} == {
        key: value.shape for key, value in theirs.items()
    }


def test_a_detector_loads_from_a_file_and_finds_things(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = find_model("ssdlite320_mobilenet_v3_large")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        module = spec.build()
    path = tmp_path / "mine.pth"
    torch.save(module.state_dict(), path)
    model = attnviz.load_model(f"{spec.name}={path}", "cpu")
    pixels = np.random.default_rng(0).integers(0, 255, (64, 96, 3), dtype=np.uint8)
    found = attnviz.detect(model, pixels, least=0.0, most=2)
    with torch.no_grad():
        inputs, _ = model.preprocess.tensor(attnviz.open_picture(pixels))
        (theirs,) = module.eval()(inputs)
    np.testing.assert_allclose(found[0].score, theirs["scores"].max(), rtol=1e-4)
    assert {one.label for one in found} <= {spec.labels[index] for index in theirs["labels"]}
