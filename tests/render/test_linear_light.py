from __future__ import annotations

import numpy as np
import pytest

from attnviz.render.linear_light import decode, encode, linear_to_srgb, srgb_to_linear


def test_all_256_codes_come_back() -> None:
    codes = np.arange(256, dtype=np.uint8).reshape(16, 16)
    pixels = np.dstack([codes, codes[::-1], codes.T])
    assert np.array_equal(encode(decode(pixels)), pixels)


@pytest.mark.parametrize(
    ("code", "light"), [(0, 0.0), (10, 10 / 255 / 12.92), (128, 0.2158605), (255, 1.0)]
)
def test_published_values(code: int, light: float) -> None:
    pixels = np.full((1, 1, 3), code, dtype=np.uint8)
    assert decode(pixels)[:, 0, 0] == pytest.approx([light] * 3, abs=1e-6)


def test_encoding_rounds_to_the_nearest_code() -> None:
    light = np.random.default_rng(0).random((3, 40, 50)).astype(np.float32) ** 3
    exact = linear_to_srgb(light) * 255
    error = np.abs(encode(light) - exact.transpose(1, 2, 0))
    assert error.max() < 0.5 + 0.03  # the 16-bit index costs 1/40 of a code in the darkest shadows


def test_light_outside_the_range_is_clipped() -> None:
    light = np.array([-0.5, 0.0, 7.0], dtype=np.float32).reshape(3, 1, 1)
    assert encode(light).tolist() == [[[0, 0, 255]]]


def test_the_curves_are_inverse_and_meet_at_the_knee() -> None:
    values = np.linspace(0, 1, 1001)
    assert linear_to_srgb(srgb_to_linear(values)) == pytest.approx(values, abs=1e-6)
    assert srgb_to_linear(0.04045) == pytest.approx(0.0031308, abs=1e-7)
