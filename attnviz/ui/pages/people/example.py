"""A small example folder: sample photos with invented fixations."""

from __future__ import annotations

import functools
import io
import json
import tempfile
import zipfile
from pathlib import Path

import numpy as np

from attnviz.errors import VisionError
from attnviz.metrics.fixations import FILE
from attnviz.pictures import list_samples, open_sample
from attnviz.pictures.jpeg import jpeg

NAME = "invented-example"
_VIEWERS, _SIDE = 6, 640
# Plausible fixations as shares of width and height, the first most often; invented, not measured.
_POINTS: dict[str, tuple[tuple[float, float], ...]] = {
    "china": ((0.32, 0.1), (0.32, 0.33), (0.3, 0.62), (0.52, 0.83), (0.73, 0.54)),
    "chelsea": ((0.38, 0.38), (0.72, 0.45), (0.58, 0.79)),
    "astronaut": ((0.4, 0.2), (0.44, 0.28), (0.83, 0.25), (0.34, 0.75), (0.86, 0.85)),
    "coffee": ((0.48, 0.37), (0.61, 0.7), (0.36, 0.72)),
    "flower": ((0.48, 0.52), (0.48, 0.42), (0.53, 0.94)),
}


def example_files() -> dict[str, bytes]:
    """Make the example's files.

    Returns
    -------
    dict of str to bytes
        Pictures, `fixations.json` and the photos' sources by file name; the same on every call.
    """
    random = np.random.default_rng(7)
    samples = {sample.name: sample for sample in list_samples()}
    files, table, sources = {}, {}, []
    for name, points in _POINTS.items():
        picture = open_sample(name).reduced(_SIDE)
        files[f"{name}.jpg"] = jpeg(picture.pixels, 88)
        sides = np.asarray([picture.width, picture.height])
        viewers = []
        for _ in range(_VIEWERS):
            chosen = random.choice(len(points), random.integers(5, 9), p=_fading(len(points)))
            gaze = np.asarray(points)[chosen] * sides + random.normal(0, 0.022 * _SIDE, (1, 2))
            gaze = np.clip(gaze + random.normal(0, 0.015 * _SIDE, gaze.shape), 1, sides - 1)
            x, y = np.round(gaze.T, 1).tolist()
            ms = np.rint(random.gamma(6, 45, len(gaze)) + 40).astype(int).tolist()
            viewers.append({"x": x, "y": y, "ms": ms})
        table[f"{name}.jpg"] = viewers
        sample = samples[name]
        sources.append(f"{name}.jpg: {sample.credit} {sample.licence}. {sample.source}")
    files[FILE] = json.dumps(table).encode()
    sources.append(f"{FILE}: invented, to show the format. Nobody looked at these photos.")
    files["CREDITS.txt"] = "\n".join(sources).encode()
    return files


def _fading(count: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    chances = 0.7 ** np.arange(count)
    return np.asarray(chances / chances.sum())


def example_zip() -> bytes:
    """Pack the example's folder as a ZIP file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in example_files().items():
            packed.writestr(f"{NAME}/{name}", content)
    return file.getvalue()


@functools.cache
def example_folder() -> Path:
    """Write the example to a temporary folder, once for each start of the app.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    VisionError
        If it cannot be written.
    """
    try:
        folder = Path(tempfile.mkdtemp(prefix="attnviz-")) / NAME
        folder.mkdir()
        for name, content in example_files().items():
            (folder / name).write_bytes(content)
    except OSError as error:
        raise VisionError(
            f"The example cannot be written ({error.strerror}). Free some space for temporary "
            "files."
        ) from error
    return folder
