"""How a recording shows itself in a notebook."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from attnviz.training.recording.file import Recording, Snapshot


def snapshot(step: int, value: float) -> Snapshot:
    """A map that is low but for one corner, which rises."""
    grid = np.zeros((2, 4, 4), np.float32)
    grid[:, :2, :2] = value
    maps = {("soft-mask", "first"): grid[:, ::-1].copy(), ("soft-mask", "last"): grid}
    return Snapshot(step, step / 10, maps, np.full((2, 3), 1 / 3))


def recording(count: int) -> Recording:
    shots = tuple(snapshot(10 * n, n / max(1, count - 1)) for n in range(count))
    grey = np.full((2, 40, 40, 3), 128, np.uint8)
    return Recording(("a", "b", "c"), ("one", "two"), snapshots=shots, pixels=grey)


def shown(one: Recording) -> np.ndarray:
    drawn = one._repr_png_()
    assert drawn is not None
    return np.asarray(Image.open(io.BytesIO(drawn)))


def test_four_checkpoints_on_one_scale() -> None:
    """Each 40 px high with a caption of 26, the focus picture left and the map right of it."""
    picture = shown(recording(7))
    assert picture.shape == (4 * 66, 80, 3)
    corners = [int(picture[66 * n + 5, 45].sum()) for n in range(4)]
    others = [int(picture[66 * n + 35, 75].sum()) for n in range(4)]
    assert corners[0] < corners[1] < corners[2] < corners[3], "attention to it rises"
    assert len(set(others)) == 1, "and nowhere else"


def test_few_checkpoints_are_shown_once_each() -> None:
    assert shown(recording(2)).shape == (2 * 66, 80, 3)
    assert shown(recording(1)).shape == (66, 80, 3)
    assert Recording(("a",), ("one",))._repr_png_() is None


def test_sample_photos_are_found_by_their_names() -> None:
    one = recording(1)
    sample = Recording(one.classes, ("sample:china", "two"), snapshots=one.snapshots)
    assert shown(sample).shape == (173 + 26, 2 * 260, 3), "427 x 640, reduced to 260"


def test_it_is_a_line() -> None:
    assert repr(recording(7)) == "<Recording of 2 pictures at 7 checkpoints, epochs 0 to 6>"
    assert repr(Recording(("a",), ("one",))) == "<Recording of 1 picture at 0 checkpoints>"
