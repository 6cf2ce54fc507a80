"""The dataclass, and its reduced copy."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from attnviz.errors import PictureError
from attnviz.pictures import Picture


def picture(pixels: np.ndarray) -> Picture:
    return Picture(pixels, "dog.jpg", "ab" * 32)


def test_pixels_cannot_be_changed_from_outside() -> None:
    array = np.zeros((2, 3, 3), np.uint8)
    made = picture(array)
    array[:] = 9
    assert int(made.pixels.sum()) == 0
    assert not made.pixels.flags.writeable
    assert array.flags.writeable
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.name = "cat.jpg"  # type: ignore[misc]


def test_a_mirrored_view_is_stored_in_order() -> None:
    array = np.arange(12, dtype=np.uint8).reshape(1, 4, 3)
    made = picture(array[:, ::-1])
    assert made.pixels[0, :, 0].tolist() == [9, 6, 3, 0]
    assert made.pixels.flags.c_contiguous
    assert (made.height, made.width) == (1, 4)


def test_pictures_can_be_keys_and_do_not_print_their_pixels() -> None:
    first, second = (picture(np.zeros((1, 1, 3), np.uint8)) for _ in range(2))
    assert len({first, second, first}) == 2
    assert repr(first) == f"Picture(name='dog.jpg', sha256='{'ab' * 32}')"


def test_reduced_averages_over_areas() -> None:
    checks = np.kron([[0, 200], [200, 0]], np.ones((1, 1)))
    board = np.tile(checks, (4, 8)).astype(np.uint8)[..., None].repeat(3, axis=2)
    small = picture(board).reduced(8)
    assert small.pixels.shape == (4, 8, 3)
    assert np.unique(small.pixels).tolist() == [100]
    assert (small.name, small.sha256) == ("dog.jpg", "ab" * 32)


def test_reduced_never_enlarges_and_keeps_a_row_of_a_strip() -> None:
    strip = picture(np.full((3, 20_000, 3), 40, np.uint8))
    assert strip.reduced(20_000) is strip
    small = strip.reduced(1280)
    assert (small.height, small.width) == (1, 1280)
    assert np.unique(small.pixels).tolist() == [40]
    with pytest.raises(PictureError, match="1 or more"):
        strip.reduced(0)
