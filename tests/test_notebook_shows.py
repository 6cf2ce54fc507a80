"""Pictures, focus maps and models in a notebook or at a prompt: a picture, or a short line."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

import attnviz
from attnviz.pictures.geometry import Fit, fit_picture
from attnviz.render.focus import focus_map


def opened(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)))


def test_a_picture_is_itself() -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (30, 40, 3)).astype(np.uint8)
    picture = attnviz.open_picture(pixels, name="noise")
    np.testing.assert_array_equal(opened(picture._repr_png_()), pixels)
    wide = attnviz.open_picture(np.zeros((10, 4000, 3), np.uint8), name="wide")
    assert opened(wide._repr_png_()).shape == (3, 1024, 3)


def test_a_focus_map_is_white_where_it_is_sharp() -> None:
    grid = np.zeros((4, 4), np.float32)
    grid[:2] = 2
    focus = focus_map(grid, fit_picture((40, 60), 40, Fit.SQUASH), layer="block <1>")
    shown = opened(focus._repr_png_())
    assert shown.shape == (40, 60)
    assert (shown[:5] == 255).all()
    assert (shown[-5:] == 0).all()
    sharp = round(100 * float(focus.values.mean()))
    assert repr(focus) == f"<FocusMap of 'block <1>', 40 x 60: 0 to 2, {sharp}% sharp>"
    flat = focus_map(np.ones((4, 4), np.float32), fit_picture((40, 60), 40, Fit.SQUASH))
    assert "flat, 50% sharp" in repr(flat)


def test_models_are_named_and_not_listed() -> None:
    models = attnviz.list_models()
    text = repr(models)
    assert text.startswith(f"<{len(models):,} models: {models[0].name}, ")
    assert text.endswith(f" and {len(models) - 6} more models>")
    assert len(text) < 200
    longest = max(map(repr, models), key=len)
    assert len(longest) < 160, longest
    (small,) = [spec for spec in models if spec.name == "ran-small"]
    assert (
        repr(small)
        == "<ModelSpec 'ran-small': spatial, features; 10 named classes; on this computer>"
    )
