"""The moving picture of README and first page: photos whose surround blurs as the aperture opens.

`python -m docs.scripts.moving_picture` writes `docs/moving.webp`, by the package's own renderer.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

import attnviz
from attnviz.pictures import open_sample

TARGET = Path(__file__).resolve().parents[1] / "moving.webp"
PHOTOS = ("china", "coffee", "rocket")
SIZE = (600, 400)
RADIUS = 18  # pixels: the largest disc at the end
STEPS = 14
STILL = 700  # ms at either end
MOVING = 60  # ms a frame


def frames(name: str) -> tuple[list[Image.Image], list[int]]:
    """Pictures of one photo, from all sharp to the focus alone, and their durations in ms."""
    picture = open_sample(name)
    picture = attnviz.open_picture(cropped(picture.pixels), name=name)
    focus = attnviz.explain(attnviz.load_model(device="cpu"), picture).focus()
    openings = (1 - np.cos(np.linspace(0, np.pi, STEPS))) / 2
    shown = [Image.fromarray(attnviz.bokeh(picture, focus, RADIUS * one)) for one in openings]
    return shown, [STILL, *[MOVING] * (STEPS - 2), 2 * STILL]


def cropped(pixels: np.ndarray) -> np.ndarray:
    """The middle of a photo, in the shape that all frames have."""
    photo = Image.fromarray(pixels)
    share = max(SIZE[0] / photo.width, SIZE[1] / photo.height)
    photo = photo.resize((round(photo.width * share), round(photo.height * share)))
    left, top = (photo.width - SIZE[0]) // 2, (photo.height - SIZE[1]) // 2
    return np.asarray(photo.crop((left, top, left + SIZE[0], top + SIZE[1])))


def main() -> None:
    """Write the picture."""
    shown: list[Image.Image] = []
    times: list[int] = []
    for name in PHOTOS:
        pictures, durations = frames(name)
        shown += pictures
        times += durations
    first, *others = shown
    first.save(
        TARGET, save_all=True, append_images=others, duration=times, loop=0, quality=72, method=6
    )
    print(f"{len(shown)} frames, {TARGET.stat().st_size / 1e6:.2f} MB -> {TARGET}")


if __name__ == "__main__":
    main()
