"""Why two pictures are alike, in places of the pictures."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from attnviz.analysis.counterparts import likeness
from attnviz.analysis.features import features
from attnviz.errors import FocusError
from attnviz.pictures import Picture, open_picture
from attnviz.pictures.geometry import Fit
from tests.analysis.test_objects import Patches, model_of


def colours(seed: int, rows: int = 4, columns: int = 4) -> Picture:
    """A picture of even patches of 16 x 16 pixels in random colours."""
    values = np.random.default_rng(seed).integers(0, 255, (rows, columns, 3), np.uint8)
    return open_picture(values.repeat(16, 0).repeat(16, 1), name=f"colours {seed}")


def test_the_places_are_those_of_the_pictures() -> None:
    """A picture and its mirror image, squashed to 4 x 4 patches."""
    model = model_of(Fit.SQUASH, 32)
    picture = colours(0)
    mirrored = open_picture(np.ascontiguousarray(picture.pixels[:, ::-1]))
    found = likeness(features(model, picture), features(model, mirrored), 99, apart=-1)
    assert len(found.pairs) == 16
    for pair in found.pairs:
        assert pair.cosine == pytest.approx(1, abs=1e-5)
        assert pair.second == pytest.approx((1 - pair.first[0], pair.first[1]))
    assert sorted({pair.first[0] for pair in found.pairs}) == pytest.approx(
        [0.125, 0.375, 0.625, 0.875]
    )
    np.testing.assert_allclose(found.first, 1, atol=1e-5)


def test_what_is_cropped_moves_the_places() -> None:
    """Of 4 x 6 patches the middle 4 x 4 are seen: the first one's middle is 1.5 of 6 across."""
    model = model_of(Fit.CROP, 32)
    seen = features(model, colours(1, columns=6))
    found = likeness(seen, seen, 99, apart=-1)
    assert min(pair.first[0] for pair in found.pairs) == pytest.approx(1.5 / 6, abs=0.01)
    assert min(pair.first[1] for pair in found.pairs) == pytest.approx(0.5 / 4, abs=0.01)


def test_pictures_are_compared_as_a_whole_by_their_mean_features() -> None:
    model = model_of(Fit.SQUASH, 32)
    one, other = (features(model, colours(seed)) for seed in (2, 3))
    means = [torch.from_numpy(seen.values).mean((0, 1)) for seen in (one, other)]
    expected = torch.cosine_similarity(*means, dim=0)
    assert likeness(one, other).whole == pytest.approx(float(expected), abs=1e-5)


def test_what_all_patches_have_in_common_does_not_count() -> None:
    """Two pictures of like colours on a strong common one: as without it."""
    model = model_of(Fit.SQUASH, 32)
    one, other = (features(model, colours(seed)) for seed in (5, 6))
    plain = likeness(one, other, 99, apart=-1)
    lifted = [replace(seen, values=seen.values + np.float32(7)) for seen in (one, other)]
    found = likeness(lifted[0], lifted[1], 99, apart=-1)
    assert [pair.first for pair in found.pairs] == [pair.first for pair in plain.pairs]
    np.testing.assert_allclose(found.first, plain.first, atol=1e-4)
    assert found.whole > 0.99 > plain.whole
    assert found.first.min() < 0.99


def test_features_of_other_layers_do_not_compare() -> None:
    class Wider(Patches):
        def __init__(self) -> None:
            super().__init__()
            self.patches = torch.nn.Conv2d(3, 5, 8, stride=8)

    model = model_of(Fit.SQUASH, 32)
    other = replace(model_of(Fit.SQUASH, 32), module=Wider().eval())
    with pytest.raises(FocusError, match="do not compare"):
        likeness(features(model, colours(4)), features(other, colours(4)))
