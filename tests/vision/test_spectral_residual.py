"""The odd one out is salient."""

from __future__ import annotations

import numpy as np

from attnviz.vision.spectral_residual import spectral_residual


def test_the_odd_patch_stands_out_of_a_regular_texture() -> None:
    y, x = np.mgrid[:192, :256]
    grey = 128 + 60 * np.sin(x / 4) * np.sin(y / 4)
    grey[60:84, 170:194] = 250
    pixels = np.repeat(grey[..., None], 3, 2).astype(np.uint8)
    saliency = spectral_residual(pixels)
    assert saliency.shape == (192, 256)
    peak = np.unravel_index(saliency.argmax(), saliency.shape)
    assert 50 <= peak[0] <= 94
    assert 160 <= peak[1] <= 204
    assert saliency.min() >= 0


def test_shifting_the_picture_shifts_the_map() -> None:
    random = np.random.default_rng(3)
    small = random.integers(0, 256, (48, 64))
    pixels = np.repeat(small[..., None], 3, 2).astype(np.uint8)
    plain = spectral_residual(pixels)
    shifted = spectral_residual(np.roll(pixels, (10, 20), (0, 1)))
    np.testing.assert_allclose(
        np.roll(plain, (10, 20), (0, 1))[14:-4, 24:-4], shifted[14:-4, 24:-4], rtol=0.05, atol=1e-4
    )
