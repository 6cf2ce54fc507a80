"""Speed, fidelity and memory of the server's bokeh, against its budgets.

`python -m benchmarks.bokeh` takes about a minute; `--large` renders 48 megapixels as well.
"""

from __future__ import annotations

import argparse
import sys

import cv2
import numpy as np

from attnviz.render.bokeh import bokeh
from benchmarks.reference_bokeh import (
    leakage,
    matte_scene,
    own_radius_gather,
    psnr,
    soft_focus,
    textured,
)
from benchmarks.timing import HEADER, Budget, median_times

RADIUS = 24.0


def speed(repeats: int) -> Budget:
    """A picture of 1024 x 768 with a soft field, which needs every disc, over one GaussianBlur."""
    pixels, focus = textured(768, 1024), soft_focus(768, 1024)
    linear = (pixels / 255).astype(np.float32)
    works = {
        "ours": lambda: bokeh(pixels, focus, RADIUS),
        "gauss": lambda: cv2.GaussianBlur(linear, (0, 0), RADIUS / 2),
    }
    times = median_times(works, repeats=repeats)
    return Budget("time over GaussianBlur of sigma 12", times["ours"] / times["gauss"], 2.0)


def fidelity() -> list[Budget]:
    """Against the brute-force gather on a soft field, and against the truth on an exact matte."""
    pixels, focus = textured(384, 384, seed=1), soft_focus(384, 384)
    exact = own_radius_gather(pixels, RADIUS * (1 - focus))
    scene = matte_scene(radius=16)
    shown = bokeh(scene.pixels, scene.matte, 16)
    rim = (scene.matte > 0) & (scene.matte < 1)
    return [
        Budget(
            "PSNR over brute force, dB",
            psnr(bokeh(pixels, focus, RADIUS), exact),
            45.0,
            at_least=True,
        ),
        Budget("leakage of an exact matte, dB", leakage(shown, scene.matte, 16), -50.0),
        Budget("PSNR of its edge, dB", psnr(shown, scene.truth, rim), 35.0, at_least=True),
    ]


def large_memory() -> Budget:
    """Peak of the whole process, in GB, when it renders 8000 x 6000 px."""
    tile = textured(600, 800)
    pixels = np.tile(tile, (10, 10, 1))
    bokeh(pixels, cv2.resize(soft_focus(600, 800), (8000, 6000)), RADIUS)
    import resource  # not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Linux counts in KiB, macOS in bytes.
    return Budget(
        "peak memory at 48 megapixels, GB", peak / (1e9 if sys.platform == "darwin" else 1e6), 2.0
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="also render 48 megapixels")
    parser.add_argument("--repeats", type=int, default=9, help="rounds of the timing")
    parser.add_argument("--threads", type=int, default=1, help="OpenCV's threads for both sides")
    options = parser.parse_args()
    cv2.setNumThreads(options.threads)
    rows = [speed(options.repeats), *fidelity()]
    if options.large:
        rows.append(large_memory())
    print(HEADER)
    for row in rows:
        print(row.line())


if __name__ == "__main__":
    main()
