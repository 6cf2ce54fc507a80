"""Speed of the models of human vision, against their budgets: `python -m benchmarks.vision`."""

from __future__ import annotations

import argparse

import cv2
import numpy as np

from attnviz.vision.foveation import foveate
from attnviz.vision.itti_koch import itti_koch
from attnviz.vision.retina import Retina, ViewingGeometry
from benchmarks.reference_bokeh import textured
from benchmarks.timing import HEADER, Budget, median_times

HEIGHT, WIDTH = 768, 1024


def measure(repeats: int, coarser: float) -> list[Budget]:
    """Foveation over one blur of the same picture, and Itti-Koch in milliseconds."""
    pixels = textured(HEIGHT, WIDTH)
    linear = (pixels / 255).astype(np.float32)
    looks = [(HEIGHT / 2, WIDTH / 2)]
    viewing, retina = ViewingGeometry(38.0), Retina(coarser=coarser)
    times = median_times(
        {
            "foveation": lambda: foveate(pixels, looks, viewing, retina),
            "blur": lambda: cv2.GaussianBlur(linear, (0, 0), 12),
            "itti-koch": lambda: itti_koch(pixels),
        },
        repeats=repeats,
    )
    return [
        Budget("foveation over GaussianBlur of sigma 12", times["foveation"] / times["blur"], 2.0),
        Budget("Itti-Koch, ms", 1000 * times["itti-koch"], 150.0),
    ]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=9, help="rounds of the timing")
    parser.add_argument("--threads", type=int, default=2, help="OpenCV's threads for all sides")
    parser.add_argument("--coarser", type=float, default=4.0, help="than a human eye")
    options = parser.parse_args()
    cv2.setNumThreads(options.threads)
    print(HEADER)
    for budget in measure(options.repeats, options.coarser):
        print(budget.line())


if __name__ == "__main__":
    main()
