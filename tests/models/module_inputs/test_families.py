"""Networks of every family run on a photo as they are wrapped, without any preprocessing given."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import attnviz
from attnviz.analysis.explain import probabilities
from attnviz.models.preprocess import IMAGENET_MEAN
from tests.capture.families import FAMILIES

HALF = (0.5, 0.5, 0.5)
CLIP = (0.48145466, 0.4578275, 0.40821073)
OWN_MEANS = {
    "timm ViT": HALF, "timm BEiT": HALF, "timm SigLIP": HALF, "timm MaxViT": HALF,
    "timm CoAtNet": HALF, "timm EVA-02": CLIP, "timm MobileViT": (0.0, 0.0, 0.0),
    "timm MobileViT, few cells": (0.0, 0.0, 0.0), "Hugging Face ViT": HALF,
}  # fmt: skip
FOUND = {"timm BoTNet": (64, 96), "timm Halo, oblong": (256, 256)}  # by trying


@pytest.mark.parametrize("name", FAMILIES)
def test_a_network_needs_no_preprocessing_from_its_user(name: str) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (150, 210, 3), dtype=np.uint8)
    picture = attnviz.open_picture(pixels)
    family = FAMILIES[name]
    module = family.make()
    model = attnviz.wrap(module)
    told = probabilities(model, picture)
    preprocess = model.preprocess
    assert preprocess.mean == OWN_MEANS.get(name, IMAGENET_MEAN)
    if not preprocess.any_size:  # then it is the one that it was built for
        assert preprocess.sides == FOUND.get(name, family.size)
    with torch.no_grad():
        returned = module(preprocess.tensor(picture)[0])
    logits = getattr(returned, "logits", returned)[0]
    np.testing.assert_allclose(told, logits.softmax(0), rtol=1e-3, atol=1e-6)
    (note,) = model.notes
    how = "found by trying" if name in FOUND else "read from" if model.labels else "what is"
    assert how in note or "read from timm's settings of" in note or "read from torchvision" in note
    assert preprocess.described() in note
