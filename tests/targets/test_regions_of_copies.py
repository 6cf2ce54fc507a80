"""A region of a picture is one of its smaller copies too, whose sides are rounded."""

from __future__ import annotations

import numpy as np
import pytest

import attnviz
from attnviz.errors import TargetError
from attnviz.targets.region import Region
from tests.targets.test_places_by_hand import wrapped


def copy_of_two_halves(rows: int, columns: int) -> attnviz.Picture:
    pixels = np.zeros((rows, columns, 3), np.uint8)
    pixels[:, : columns // 2, 0] = 204
    return attnviz.open_picture(pixels, name="copy")


def left_half(rows: int, columns: int) -> Region:
    mask = np.zeros((rows, columns), bool)
    mask[:, : columns // 2] = True
    return Region(mask, "red")


@pytest.mark.parametrize("size", [(107, 160), (54, 80), (11, 16), (7, 10)])
def test_the_region_is_at_the_same_place(size: tuple[int, int]) -> None:
    """Logits are 0, 2.4 for red and 0 for green there: log-odds of 2.4 - log 2."""
    result = attnviz.explain(
        wrapped("dense"), copy_of_two_halves(*size), "grad-cam", left_half(107, 160)
    )
    (asked,) = result.asked
    assert asked.prediction.probability == pytest.approx(1 / (1 + 2 * np.exp(-2.4)), rel=1e-4)


@pytest.mark.parametrize("size", [(107, 150), (120, 160), (16, 11)])
def test_a_mask_of_another_shape_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(TargetError, match="Give a mask of the picture's size"):
        attnviz.explain(
            wrapped("dense"), copy_of_two_halves(*size), "grad-cam", left_half(107, 160)
        )
