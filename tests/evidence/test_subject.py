"""A picture as a network takes it, and the order that a map puts its places in."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnviz.errors import EvidenceError, FocusError
from attnviz.evidence.subject import Subject
from attnviz.models.preprocess import Preprocess
from tests.evidence.looking import PatchNet, picture, subject


def test_pictures_become_normalised_inputs() -> None:
    one = Subject(PatchNet(), picture(), lambda x: (x - 0.5) / 0.25, 1)
    assert one.size == (24, 24)
    expected = (picture().transpose(2, 0, 1) / 255 - 0.5) / 0.25
    np.testing.assert_allclose(one.inputs[0].numpy(), expected, atol=1e-5)
    assert one.inputs is one.inputs
    several = one.prepare(np.stack([picture(), 255 - picture()]))
    torch.testing.assert_close(several[:1], one.inputs)


def test_the_way_back_from_the_inputs_is_exact() -> None:
    one = Subject(PatchNet(), picture(), lambda x: (x - 0.485) / 0.229, 1)
    several = np.stack([picture(), 255 - picture()])
    np.testing.assert_array_equal(one.to_pixels(one.prepare(several)), several)
    beyond = one.prepare(several) * 3
    assert (one.to_pixels(beyond)[0] == np.clip(one.to_pixels(beyond)[0], 0, 255)).all()
    assert one.to_pixels(beyond).max() == 255


@pytest.mark.parametrize("numbers", [1, 4])
def test_the_way_back_from_one_and_four_channels_gives_pictures(numbers: int) -> None:
    preprocess = Preprocess(mean=(0.4,) * numbers, std=(0.2,) * numbers)
    one = Subject(PatchNet(), picture(), preprocess.normalised, 1)
    assert one.inputs.shape == (1, numbers, 24, 24)
    back = one.to_pixels(one.inputs)[0]
    expected = picture() if numbers == 4 else picture() @ np.array([0.299, 0.587, 0.114])
    if numbers == 1:
        expected = np.repeat(np.rint(expected)[..., None], 3, 2)
    assert np.abs(back.astype(int) - expected).max() <= (1 if numbers == 1 else 0)


def test_a_map_is_brought_to_the_inputs_size() -> None:
    order = subject().resized_map([[0.0, 1.0], [0.0, 1.0]])
    assert order.shape == (24, 24)
    assert (np.diff(order, axis=1) >= 0).all()
    assert order[0, 0] == 0
    assert order[0, -1] == 1
    whole = np.arange(24 * 24, dtype=np.float32).reshape(24, 24)
    np.testing.assert_array_equal(subject().resized_map(whole), whole)


@pytest.mark.parametrize("values", [np.ones((5, 5)), np.zeros((1, 1))])
def test_a_flat_map_has_no_order(values: np.ndarray) -> None:
    with pytest.raises(EvidenceError, match="flat"):
        subject().resized_map(values)


def test_a_damaged_map_is_refused() -> None:
    with pytest.raises(FocusError, match="NaN"):
        subject().resized_map([[0.0, np.nan]])


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(EvidenceError, match="picture"):
        Subject(PatchNet(), np.zeros((0, 4, 3), np.uint8), lambda x: x, 0)
    with pytest.raises(EvidenceError, match="batch"):
        Subject(PatchNet(), picture(), lambda x: x, 0, batch_size=0)
