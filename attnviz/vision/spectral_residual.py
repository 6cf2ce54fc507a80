"""Spectral residual saliency: what is unusual in a picture's spectrum; needs no training."""

from __future__ import annotations

import cv2
import numpy as np

from attnviz.types import FloatArray, Pixels


def spectral_residual(pixels: Pixels, *, side: int = 64, sigma: float = 2.5) -> FloatArray:
    """Compute spectral residual saliency.

    The log amplitude of the picture's spectrum minus its 3 x 3 mean, transformed back with the
    original phase, squared and smoothed.

    Parameters
    ----------
    pixels : uint8 [H, W, 3]
        sRGB; its luma is used.
    side : int
        Width to which the picture is reduced, the height in proportion (paper: 64), to at most 16
        times as much.
    sigma : float
        Standard deviation of the Gaussian on the reduced map, in its pixels (the paper's 8 is meant
        for the map at the picture's size).

    Returns
    -------
    float32 [H, W]
        From 0 up, not normalised.

    References
    ----------
    Hou & Zhang, "Saliency detection: a spectral residual approach", CVPR 2007.
    """
    height, width = pixels.shape[:2]
    size = (side, min(max(2, round(side * height / width)), 16 * side))
    grey = cv2.resize(cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY), size, interpolation=cv2.INTER_AREA)
    spectrum = np.fft.fft2(grey.astype(np.float64) / 255)
    log_amplitude = np.log(np.abs(spectrum) + 1e-12)
    residual = log_amplitude - cv2.blur(log_amplitude, (3, 3), borderType=cv2.BORDER_REPLICATE)
    back = np.fft.ifft2(np.exp(residual + 1j * np.angle(spectrum)))
    saliency = cv2.GaussianBlur(np.abs(back) ** 2, (0, 0), sigma)
    enlarged = cv2.resize(saliency, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.maximum(enlarged, 0), dtype=np.float32)
