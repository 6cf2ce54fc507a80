"""Average drop, increase in confidence and occlusion on a network that looks at one patch."""

from __future__ import annotations

import math

import numpy as np
import pytest

from attnviz.errors import EvidenceError, MethodError
from attnviz.evidence.faithfulness.confidence_drop import ConfidenceDrop, confidence_drop, occlusion
from attnviz.evidence.fills.base import FILLS, Black
from attnviz.evidence.subject import Subject
from tests.evidence.looking import PATCH, SIDE, PatchNet, RedSum, right_map, subject


def test_a_map_of_the_patch_drops_nothing_and_its_inverse_nearly_all() -> None:
    values = np.zeros((SIDE, SIDE), np.float32)
    values[PATCH] = 1
    whole = 1 / (1 + math.exp(-4))
    kept = confidence_drop(subject(), values)
    assert (kept.original, kept.masked) == pytest.approx((whole, whole), abs=1e-5)
    assert kept.drop == pytest.approx(0, abs=1e-5)
    lost = confidence_drop(subject(), 1 - values)
    assert lost.masked == pytest.approx(1 - whole, abs=1e-5)
    assert lost.drop == pytest.approx((whole - (1 - whole)) / whole, abs=1e-5)
    half = confidence_drop(subject(), np.where(values > 0, 0.5, np.linspace(0, 1, SIDE)[None]))
    assert half.masked == pytest.approx(0.5, abs=1e-5)  # the patch at half its light


def test_drop_and_increase_by_hand() -> None:
    assert ConfidenceDrop(0.8, 0.2).drop == pytest.approx(0.75)
    assert not ConfidenceDrop(0.8, 0.2).increased
    assert ConfidenceDrop(0.2, 0.8).drop == 0
    assert ConfidenceDrop(0.2, 0.8).increased


def test_a_flat_map_dims_nothing_and_says_so() -> None:
    with pytest.raises(EvidenceError, match="flat"):
        confidence_drop(subject(), np.ones((4, 4)))


def test_occlusion_names_the_patch() -> None:
    found = occlusion(subject(), Black(), patch=4)
    assert found.shape == (SIDE, SIDE)
    y, x = np.unravel_index(found.argmax(), found.shape)
    assert PATCH[0].start <= y < PATCH[0].stop
    assert PATCH[1].start <= x < PATCH[1].stop
    # All of its light is 8 logits. Patches of 4 px begin every 2: a place inside is covered by 4,
    # which hide all, half, half and a quarter of it.
    assert found.max() == pytest.approx(8 * (1 + 0.5 + 0.5 + 0.25) / 4, abs=1e-4)
    far = np.ones((SIDE, SIDE), bool)
    far[2:10, 10:18] = False
    assert np.abs(found[far]).max() < 1e-5


def test_patches_reach_the_edges_whatever_their_size() -> None:
    for patch in (1, 5, 7, SIDE):
        assert np.isfinite(occlusion(subject(), Black(), patch=patch)).all()


@pytest.mark.parametrize("patch", [0, SIDE + 1])
def test_a_patch_that_does_not_fit_is_refused(patch: int) -> None:
    with pytest.raises(MethodError, match="does not fit"):
        occlusion(subject(), Black(), patch=patch)


@pytest.mark.parametrize("fill", [one.name for one in FILLS])
@pytest.mark.parametrize("size", [(1, 1), (1, 2), (3, 2)])
def test_a_picture_smaller_than_a_patch_is_asked_place_by_place(
    size: tuple[int, int], fill: str
) -> None:
    """The network adds up the red plane: under black a place is worth its own light."""
    pixels = np.random.default_rng(5).integers(60, 200, (*size, 3)).astype(np.uint8)
    one = Subject(RedSum(), pixels, lambda x: x, 0)
    worth = occlusion(one, FILLS.get(fill)())
    assert worth.shape == size
    assert np.isfinite(worth).all()
    if fill == "black":
        np.testing.assert_allclose(worth, pixels[..., 0] / 255, atol=1e-5)


def test_occlusion_can_be_stopped_in_the_middle() -> None:
    net = PatchNet()

    def stop(done: int, total: int) -> None:
        if done > 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        occlusion(subject(net), Black(), patch=2, progress=stop)
    assert net.batches == [1, 7]


def test_progress_counts_the_patches() -> None:
    told: list[tuple[int, int]] = []
    occlusion(subject(), Black(), patch=12, progress=lambda *said: told.append(said))
    assert told[0] == (1, 10)
    assert told[-1] == (10, 10)
    assert right_map().shape == (SIDE, SIDE)
