"""Maps of several pictures at once are those of each alone, and so is what fails."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import attnviz
from attnviz.errors import MethodError
from attnviz.models.preprocess import Preprocess
from attnviz.people.map_makers import model_map_makers
from tests.conftest import TinyCnn


def test_a_model_sees_pictures_together() -> None:
    torch.manual_seed(0)
    model = attnviz.wrap(TinyCnn().eval(), Preprocess(size=32), ("a", "b", "c", "d"), name="tiny")
    random = np.random.default_rng(0)
    sides = [(32, 48), (48, 32), (32, 48), (40, 60), (32, 48)]
    pictures = [
        attnviz.open_picture(random.integers(0, 255, (*side, 3)).astype(np.uint8)) for side in sides
    ]
    (maker, unfit) = model_map_makers([model], ["grad-cam", "rollout"])
    made = maker.maps(7, pictures)
    for one, picture in zip(made, pictures, strict=True):
        alone = maker.make(0, picture)
        assert one.source == alone.source
        np.testing.assert_allclose(one.values, alone.values, atol=1e-5)
    with pytest.raises(MethodError, match="rollout"):
        unfit.maps(0, pictures)
