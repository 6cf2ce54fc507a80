"""Arrays as NPY files."""

from __future__ import annotations

import io

import numpy as np

from attnviz.types import FloatArray


def npy(values: FloatArray) -> bytes:
    """Encode an array as NPY, which `numpy.load` reads without pickle.

    Parameters
    ----------
    values : float32 [...]
        The array.

    Returns
    -------
    bytes
        The NPY file.
    """
    file = io.BytesIO()
    np.save(file, values, allow_pickle=False)
    return file.getvalue()
