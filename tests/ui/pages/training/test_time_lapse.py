"""The frames of a saved time-lapse: all of them, and those of the run beside it, on one scale."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from attnviz.export.layers_gif import LayersGif
from attnviz.export.layers_mp4 import LayersMp4
from attnviz.render.heat import heat_overlay
from attnviz.ui.pages.training.attention_view import RecordedMaps, with_shared_scale
from attnviz.ui.pages.training.runs import open_recording
from attnviz.ui.pages.training.save import map_series
from tests.ui.pages.training.training_pages import assert_fine, made, opened

SIDE = 40
LAYER = "gate"
CORNERS = ((0, 0), (0, SIDE - 1), (SIDE - 1, 0), (SIDE - 1, SIDE - 1))


def halves(left: float, right: float) -> npt.NDArray[np.float32]:
    """A map [4, 4] with one value in its left half, another in its right one."""
    return np.repeat([[left, left, right, right]], 4, axis=0).astype(np.float32)


def watched(path: Path, *maps: npt.NDArray[np.float32]) -> RecordedMaps:
    pixels = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3)).astype(np.uint8)
    run = open_recording(made(path, {("soft-mask", LAYER): maps}, pixels=pixels))
    return RecordedMaps(run, "soft-mask", 0, pixels)


def heat(frame: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """The right half of a frame without its caption."""
    return frame[:SIDE, SIDE:]


def assert_corners(
    frame: npt.NDArray[np.uint8], one: RecordedMaps, shares: tuple[float, float, float, float]
) -> None:
    """Beyond the middles of the outer cells, a map is what it is in them."""
    for (row, column), share in zip(CORNERS, shares, strict=True):
        whole = heat_overlay(one.pixels, np.full((SIDE, SIDE), share, np.float32))
        assert heat(frame)[row, column].tolist() == whole[row, column].tolist()


def test_equal_values_have_equal_colours_at_every_checkpoint(tmp_path: Path) -> None:
    one = watched(tmp_path / "run.attn", halves(0.2, 0.1), halves(0.2, 0.5), halves(0.5, 0.5))
    frames = map_series(one, LAYER).frames()
    assert [frame.shape for frame in frames] == [(SIDE + 26, 2 * SIDE, 3)] * 3
    # The scale ends at 0.5, the largest of all checkpoints; the first alone would end at 0.2.
    assert_corners(frames[0], one, (0.4, 0.2, 0.4, 0.2))
    assert_corners(frames[1], one, (0.4, 1, 0.4, 1))
    assert_corners(frames[2], one, (1, 1, 1, 1))
    left = slice(0, SIDE * 3 // 8)  # up to the middle of the second column of cells
    np.testing.assert_array_equal(heat(frames[0])[:, left], heat(frames[1])[:, left])
    # Where everything is at the top of the scale, everything is sharp.
    np.testing.assert_array_equal(frames[2][:SIDE, :SIDE], one.pixels)


def test_a_gif_tells_its_progress_and_is_stopped_by_what_that_raises(tmp_path: Path) -> None:
    series = map_series(watched(tmp_path / "run.attn", *[halves(0.2, 0.1)] * 3), LAYER)
    told: list[tuple[int, int | None]] = []
    made = LayersGif().write(series, lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    with Image.open(io.BytesIO(made)) as picture:
        assert picture.size == (2 * SIDE, SIDE + 26)
        facts = json.loads(picture.info["comment"])
    assert facts["layer"] == LAYER

    def stop(done: int, total: int | None) -> None:
        told.append((done, total))
        raise InterruptedError

    with pytest.raises(InterruptedError):
        LayersMp4().write(series, stop)
    assert told[3:] == [(1, 3)]


def test_the_menu_offers_films_of_the_layer(tmp_path: Path) -> None:
    page = opened(made(tmp_path / "run.attn", {("soft-mask", LAYER): [halves(0.2, 0.1)] * 2}))
    assert_fine(page)
    titles = [one.proto.label for one in page.get("download_button")]
    assert titles == [
        *("Filmstrip", "All maps, animated WebP", "All maps, GIF", "All maps, MP4"),
        "Values of all maps",
    ]


def test_a_run_beside_it_shares_the_scale(tmp_path: Path) -> None:
    weak = watched(tmp_path / "weak.attn", halves(0.2, 0.08))
    strong = watched(tmp_path / "strong.attn", halves(0.2, 1))
    assert_corners(map_series(weak, LAYER).frames()[0], weak, (1, 0.4, 1, 0.4))
    both = with_shared_scale([weak, strong])
    assert [one.scale_ends(LAYER) for one in both] == [pytest.approx((0, 1))] * 2
    first, second = (map_series(one, LAYER).frames()[0] for one in both)
    assert_corners(first, weak, (0.2, 0.08, 0.2, 0.08))
    assert_corners(second, strong, (0.2, 1, 0.2, 1))
