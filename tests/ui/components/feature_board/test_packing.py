"""What travels to the board: directions in 8 bits, and means over coarser grids."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from attnviz.metrics.feature_space import cosine_similarity
from attnviz.ui.components.feature_board import pack, packing
from attnviz.viewer.blob import unpack_blob
from tests.ui.components.feature_board.expected import POINT, pictures


def test_features_are_scaled_by_their_largest_number() -> None:
    codes = packing.directions(np.array([[1.0, -2.0, 0.5], [0, 0, 0], [3e9, 0, -3e9]], np.float32))
    assert codes.dtype == np.int8
    assert codes.tolist() == [[64, -127, 32], [0, 0, 0], [127, 0, -127]]


def test_eight_bits_keep_cosines() -> None:
    first, second = pictures()
    _, arrays = unpack_blob(pack((first, second)))
    sent = [arrays[f"features {index}"] for index in range(2)]
    for one, other in ((first, sent[0]), (second, sent[1])):
        exact = first.features.similarity(*POINT, one.features)
        near = cosine_similarity(sent[0][2, 5].astype(np.float32), other.astype(np.float32))
        np.testing.assert_allclose(near, exact, atol=0.01)


def test_pictures_come_with_what_the_network_saw_of_them() -> None:
    first, second = pictures()
    header, arrays = unpack_blob(pack((first, second)))
    assert header["pictures"] == [
        {"name": "whole", "size": [100, 160], "box": [0, 0, 1, 1]},
        {"name": "middle", "size": [100, 160], "box": [0, 0.25, 1, 0.75]},
    ]
    assert not header["coarser"]
    assert (arrays["colours 1"] == second.colours).all()
    assert pack((first, second)) == pack((first, second))
    renamed = unpack_blob(pack((replace(first, name="other"), second)))[0]
    assert renamed["id"] != header["id"]


def test_coarser_cells_are_means_by_area() -> None:
    """Three cells become two: each takes one whole and half of the middle one."""
    values = np.array([[[0.0], [3.0], [6.0]]], np.float32)
    np.testing.assert_allclose(packing.averaged(values, 1, 2), [[[1.0], [5.0]]], atol=1e-6)
    even = np.arange(16, dtype=np.float32).reshape(4, 4, 1)
    np.testing.assert_allclose(packing.averaged(even, 2, 2)[..., 0], [[2.5, 4.5], [10.5, 12.5]])
    assert packing.averaged(even, 4, 4) is even


def test_features_never_take_more_than_their_share(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packing, "MOST_BYTES", 1000)
    header, arrays = unpack_blob(pack(pictures()))
    assert header["coarser"]
    assert sum(arrays[f"features {index}"].size for index in range(2)) <= 1000
    assert arrays["colours 0"].shape == (5, 8, 3), "colours are small and stay"
