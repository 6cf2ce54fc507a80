"""Places that are none: one sentence says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from attnviz.errors import TargetError
from attnviz.targets.box import Box
from attnviz.targets.patch import Patch
from attnviz.targets.region import Region


@pytest.mark.parametrize("given", [("left", 0, 1, 1), (None, 0, 1, 1), ([0], 0, 1, 1)])
def test_a_box_is_given_by_numbers(given: Any) -> None:
    with pytest.raises(TargetError, match=r"A box is given by numbers in 0\.\.1, .* and not by"):
        Box(*given)


def test_a_point_is_given_by_numbers() -> None:
    with pytest.raises(TargetError, match=r"A point is given by numbers .* not by 'left', 0"):
        Patch("left", 0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("mask", "what"),
    [
        (np.full((4, 4), np.nan), "NaN"),
        (np.array([["a", ""], ["", "b"]]), "<U1"),
        (np.array([[None, {}], [1, 2]]), "object"),
    ],
)
def test_a_mask_says_what_is_inside(mask: Any, what: str) -> None:
    with pytest.raises(TargetError, match=f"this one holds {what}"):
        Region(mask)
