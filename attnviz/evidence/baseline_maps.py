"""Maps that know nothing of the network: what a real map must beat."""

from __future__ import annotations

import numpy as np

from attnviz.types import FloatArray, Pixels


def random_map_like(values: FloatArray, seed: int = 0) -> FloatArray:
    """A random map, float32 [h, w], exactly as smooth as `values` and with its mean and spread.

    The spectrum of the map, mirrored at its edges, with random phases (surrogate data; Theiler et
    al. 1992): any order of places beats this one only by where it puts them.
    """
    height, width = values.shape
    mirrored = np.block([[values, values[:, ::-1]], [values[::-1], values[::-1, ::-1]]])
    spectrum = np.fft.rfft2(mirrored - mirrored.mean())
    noise = np.random.default_rng(seed).standard_normal(mirrored.shape)
    phases = np.fft.rfft2(noise)
    phases /= np.maximum(np.abs(phases), 1e-12)
    drawn = np.fft.irfft2(np.abs(spectrum) * phases, s=mirrored.shape)[:height, :width]
    spread = drawn.std() or 1.0
    drawn = (drawn - drawn.mean()) / spread * values.std() + values.mean()
    return np.asarray(drawn, dtype=np.float32)


def centred_map(size: tuple[int, int]) -> FloatArray:
    """A map, float32 (height, width), that falls with the distance from the middle, in 0..1.

    Its highest places of any share make up a disc in the picture's middle, as far as it fits.
    """
    height, width = size
    y = np.arange(height) - (height - 1) / 2
    x = np.arange(width) - (width - 1) / 2
    distance = np.hypot(y[:, None], x[None])
    return np.asarray(1 - distance / max(float(distance.max()), 1e-12), dtype=np.float32)


def inverted_map(values: FloatArray) -> FloatArray:
    """The map upside down: its lowest place becomes its highest."""
    return np.asarray(values.max() + values.min() - values, dtype=np.float32)


def phase_randomised(pixels: Pixels, seed: int = 0) -> Pixels:
    """A photo, uint8 [h, w, 3], in which nothing is left but colours and textures without place.

    Each channel keeps its spectrum and gets the same random phases, so that also the colours keep
    their relation; the photo is mirrored at its edges meanwhile, or they would leave a cross.
    Values beyond black and white are cut off.
    """
    height, width = pixels.shape[:2]
    mirrored = np.pad(pixels.astype(np.float32), ((0, height), (0, width), (0, 0)), "symmetric")
    noise = np.random.default_rng(seed).standard_normal(mirrored.shape[:2])
    phases = np.fft.rfft2(noise)[..., None]
    phases /= np.maximum(np.abs(phases), 1e-12)
    phases[0, 0] = 1  # the mean stays
    spectrum = np.fft.rfft2(mirrored, axes=(0, 1)) * phases
    drawn = np.fft.irfft2(spectrum, s=mirrored.shape[:2], axes=(0, 1))[:height, :width]
    return np.asarray(np.clip(np.rint(drawn), 0, 255), dtype=np.uint8)
