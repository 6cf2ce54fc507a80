"""Baseline maps, which know nothing of the network: what a real map must beat."""

from __future__ import annotations

import numpy as np

from attnviz.types import FloatArray, Pixels


def random_map_like(values: FloatArray, seed: int = 0) -> FloatArray:
    """Generate a random map as smooth as a given one, with its mean and standard deviation.

    The spectrum of the map, mirrored at its edges, gets random phases (surrogate data), so that
    a real map can beat this one only by where its values lie.

    Parameters
    ----------
    values : float [h, w]
        The map to imitate.
    seed : int
        Seed of the phases.

    Returns
    -------
    float32 [h, w]

    References
    ----------
    Theiler et al., "Testing for nonlinearity in time series: the method of surrogate data",
    Physica D 58, 1992.
    """
    height, width = values.shape
    mirrored = np.block([[values, values[:, ::-1]], [values[::-1], values[::-1, ::-1]]])
    spectrum = np.fft.rfft2(mirrored - mirrored.mean())
    noise = np.random.default_rng(seed).standard_normal(mirrored.shape)
    phases = np.fft.rfft2(noise)
    phases /= np.maximum(np.abs(phases), 1e-12)
    surrogate = np.fft.irfft2(np.abs(spectrum) * phases, s=mirrored.shape)[:height, :width]
    spread = surrogate.std() or 1.0
    surrogate = (surrogate - surrogate.mean()) / spread * values.std() + values.mean()
    return np.asarray(surrogate, dtype=np.float32)


def centred_map(size: tuple[int, int]) -> FloatArray:
    """Generate a map that falls with the distance from the centre.

    Its highest positions of any share form a disc in the centre, as far as it fits.

    Parameters
    ----------
    size : (int, int)
        Height and width.

    Returns
    -------
    float32 [h, w] in 0..1
    """
    height, width = size
    y = np.arange(height) - (height - 1) / 2
    x = np.arange(width) - (width - 1) / 2
    distance = np.hypot(y[:, None], x[None])
    return np.asarray(1 - distance / max(float(distance.max()), 1e-12), dtype=np.float32)


def inverted_map(values: FloatArray) -> FloatArray:
    """Invert a map: its lowest position becomes its highest; float32 [h, w]."""
    return np.asarray(values.max() + values.min() - values, dtype=np.float32)


def phase_randomised(pixels: Pixels, seed: int = 0) -> Pixels:
    """Randomise the phases of a photo, so that only its colours and textures remain.

    Each channel keeps its amplitude spectrum and all get the same random phases, which preserves
    the relation between colours. The photo is mirrored at its edges first, which would otherwise
    leave a cross. Values beyond black and white are clipped.

    Parameters
    ----------
    pixels : uint8 [h, w, 3]
    seed : int
        Seed of the phases.

    Returns
    -------
    uint8 [h, w, 3]
    """
    height, width = pixels.shape[:2]
    mirrored = np.pad(pixels.astype(np.float32), ((0, height), (0, width), (0, 0)), "symmetric")
    noise = np.random.default_rng(seed).standard_normal(mirrored.shape[:2])
    phases = np.fft.rfft2(noise)[..., None]
    phases /= np.maximum(np.abs(phases), 1e-12)
    phases[0, 0] = 1  # keeps the mean
    spectrum = np.fft.rfft2(mirrored, axes=(0, 1)) * phases
    surrogate = np.fft.irfft2(spectrum, s=mirrored.shape[:2], axes=(0, 1))[:height, :width]
    return np.asarray(np.clip(np.rint(surrogate), 0, 255), dtype=np.uint8)
