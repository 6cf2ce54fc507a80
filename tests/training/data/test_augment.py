"""Batches depend on (seed, epoch, step) alone, and mixed targets match the mixed pictures."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from attnviz.training.data.augment import epoch_order, training_batch
from attnviz.training.data.data import PictureSet
from attnviz.training.recipe import Phase, Recipe
from tests.training.conftest import draw


@pytest.fixture
def part() -> PictureSet:
    pixels = np.stack([draw(number % 2, number) for number in range(16)])
    return PictureSet(pixels, np.arange(16) % 2)


PLAIN = Recipe(phases=(Phase(1, 32),), batch=4, crop=1.0, aspect=1.0, colour=0.0)


def test_every_picture_is_used_once_an_epoch() -> None:
    order = epoch_order(PLAIN, 3, 18)
    assert order.shape == (4, 4)
    assert len(np.unique(order)) == 16
    assert (order != epoch_order(PLAIN, 4, 18)).any()
    np.testing.assert_array_equal(order, epoch_order(PLAIN, 3, 18))


def test_same_step_same_batch(part: PictureSet) -> None:
    recipe = dataclasses.replace(PLAIN, crop=0.3, aspect=1.5, colour=0.4, cutmix=1.0)
    chosen = np.asarray([0, 1, 2, 3])
    first, again, other = (training_batch(part, chosen, recipe, 1, step, 2) for step in (5, 5, 6))
    assert torch.equal(first.inputs, again.inputs)
    assert torch.equal(first.targets, again.targets)
    assert not torch.equal(first.inputs, other.inputs)


def test_without_augmentation_only_mirroring_is_left(part: PictureSet) -> None:
    batch = training_batch(part, np.arange(8), PLAIN, 0, 0, 2)
    mirrored = 0
    for index in range(8):
        plain = torch.from_numpy(part.pixels[index]).permute(2, 0, 1).float() / 255
        flipped = torch.equal(batch.inputs[index], plain.flip(2))
        assert flipped or torch.equal(batch.inputs[index], plain)
        mirrored += flipped
    assert 0 < mirrored < 8


def test_cutmix_targets_equal_the_pasted_area() -> None:
    """Black pictures of class 0 and white ones of class 1: brightness is the share of class 1."""
    pixels = np.zeros((8, 32, 32, 3), np.uint8)
    pixels[1::2] = 255
    part = PictureSet(pixels, np.arange(8) % 2)
    recipe = dataclasses.replace(PLAIN, cutmix=1.0)
    for step in range(5):
        batch = training_batch(part, np.arange(8), recipe, 0, step, 2)
        brightness = batch.inputs.mean((1, 2, 3))
        torch.testing.assert_close(batch.targets[:, 1], brightness, atol=1e-5, rtol=0)


def test_mixup_targets_equal_the_blend() -> None:
    pixels = np.zeros((8, 32, 32, 3), np.uint8)
    pixels[1::2] = 255
    part = PictureSet(pixels, np.arange(8) % 2)
    batch = training_batch(part, np.arange(8), dataclasses.replace(PLAIN, mixup=0.8), 0, 1, 2)
    torch.testing.assert_close(batch.targets[:, 1], batch.inputs.mean((1, 2, 3)))
    assert len(torch.unique(batch.targets[:, 1])) > 2


def test_a_square_is_erased_at_a_random_position(part: PictureSet) -> None:
    recipe = dataclasses.replace(PLAIN, erase=0.25)
    positions = set()
    for step in range(4):
        plain = training_batch(part, np.arange(8), PLAIN, 0, step, 2)
        erased = training_batch(part, np.arange(8), recipe, 0, step, 2)
        assert torch.equal(plain.targets, erased.targets)
        mean = plain.inputs.mean((0, 2, 3))
        for view, other in zip(plain.inputs, erased.inputs, strict=True):
            changed = (view != other).any(0)
            rows, columns = (changed.any(axis).nonzero()[:, 0].tolist() for axis in (1, 0))
            assert rows == list(range(rows[0], rows[0] + 8))
            assert columns == list(range(columns[0], columns[0] + 8))
            inside = other[:, rows[0] : rows[0] + 8, columns[0] : columns[0] + 8]
            torch.testing.assert_close(inside, mean[:, None, None].expand(3, 8, 8))
            positions.add((rows[0], columns[0]))
    assert len(positions) > 24


@pytest.mark.parametrize(("share", "hidden"), [(0.001, 1), (0.999, 31)])
def test_the_erased_square_is_never_empty_nor_the_full_picture(
    part: PictureSet, share: float, hidden: int
) -> None:
    plain = training_batch(part, np.arange(8), PLAIN, 0, 0, 2)
    erased = training_batch(part, np.arange(8), dataclasses.replace(PLAIN, erase=share), 0, 0, 2)
    changed = (plain.inputs != erased.inputs).any(1).flatten(1).sum(1)
    assert changed.tolist() == 8 * [hidden**2]


def test_the_last_epochs_are_not_mixed(part: PictureSet) -> None:
    recipe = dataclasses.replace(PLAIN, phases=(Phase(4, 32),), cutmix=1.0, unmixed=2)
    batches = [
        training_batch(part, np.arange(8), recipe, epoch, step, 2)
        for epoch in range(4)
        for step in (0, 1)
    ]
    unmixed = [bool((batch.targets.amax(1) == 1).all()) for batch in batches]
    assert unmixed == [False] * 4 + [True] * 4


def test_a_shifted_picture_is_filled_by_reflection(part: PictureSet) -> None:
    recipe = dataclasses.replace(PLAIN, pad=3)
    drawn_shifts = set()
    for step in range(12):
        batch = training_batch(part, np.arange(4), recipe, 0, step, 2)
        for index in range(4):
            padded = np.pad(part.pixels[index], ((3, 3), (3, 3), (0, 0)), mode="reflect")
            shifts = {
                (top, left, turn): padded[top : top + 32, left : left + 32][:, ::turn]
                for top in range(7)
                for left in range(7)
                for turn in (1, -1)
            }
            view = (batch.inputs[index].permute(1, 2, 0) * 255).round().numpy().astype(np.uint8)
            matching = [key for key, shifted in shifts.items() if np.array_equal(shifted, view)]
            assert matching
            drawn_shifts.add(matching[0])
    assert len(drawn_shifts) > 20
