"""Wrong labels, for experiments on what a network learns from them."""

from __future__ import annotations

import numpy as np

from attnviz.types import IntArray

_NOISE = 1  # makes wrong labels independent of the pictures that the same seed holds out


def noisy_labels(labels: IntArray, share: float, classes: int, seed: int) -> IntArray:
    """Replace a share of the labels by wrong ones.

    Which labels, and which other class each gets, is decided by `seed` alone, with equal
    probabilities. Exactly round(share * N) labels are wrong; Wang et al. 2017 draw each label
    independently, so that their share varies.

    Parameters
    ----------
    labels
        int64 [N].
    share
        0..1.
    classes
        Number of classes.
    seed
        Random seed.

    Returns
    -------
    IntArray
        int64 [N], a copy.
    """
    wrong = round(share * len(labels))
    random = np.random.default_rng([seed, _NOISE])
    chosen = random.permutation(len(labels))[:wrong]
    noisy = labels.copy()
    noisy[chosen] = (labels[chosen] + random.integers(1, classes, wrong)) % classes
    return noisy
