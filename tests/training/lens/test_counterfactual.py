"""The blur that `lens` is trained through is the one that the app draws."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnviz.pictures import open_sample
from attnviz.render.bokeh import bokeh
from attnviz.render.linear_light import linear_to_srgb as exact_to_srgb
from attnviz.render.linear_light import srgb_to_linear as exact_to_linear
from attnviz.training.lens.counterfactual import disc_stack, linear_to_srgb, srgb_to_linear

SIDE = 160
ROWS, COLUMNS = np.mgrid[:SIDE, :SIDE].astype(np.float32) / (SIDE - 1)
FIELDS = {
    "all blurred": np.zeros((SIDE, SIDE), np.float32),
    "half blurred": np.full((SIDE, SIDE), 0.5, np.float32),
    "all sharp": np.ones((SIDE, SIDE), np.float32),
    "from left to right": COLUMNS,
    "from the middle": np.exp(-8 * ((ROWS - 0.5) ** 2 + (COLUMNS - 0.4) ** 2)),
}


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return np.ascontiguousarray(
        open_sample("chelsea").reduced(400).pixels[60 : 60 + SIDE, 80 : 80 + SIDE]
    )


def trained_through(photo: np.ndarray, focus: np.ndarray, radius: float, levels: int) -> np.ndarray:
    picture = torch.from_numpy(photo).permute(2, 0, 1)[None].float() / 255
    shown = disc_stack(picture, radius, levels).bokeh(torch.from_numpy(focus)[None, None])
    return 255 * shown[0].permute(1, 2, 0).numpy()


@pytest.mark.parametrize("radius", [5.0, 10.0, 24.0])
@pytest.mark.parametrize("name", sorted(FIELDS))
def test_it_looks_as_the_apps_bokeh_does(photo: np.ndarray, name: str, radius: float) -> None:
    focus = FIELDS[name]
    drawn = bokeh(photo, focus, radius).astype(np.float32)
    trained = trained_through(photo, focus, radius, levels=8)
    inner = slice(24, -24)  # the two reflect at borders by half a pixel's difference
    difference = np.abs(trained - drawn)[inner, inner]
    assert difference.mean() < 2.5
    unblurred = np.abs(photo.astype(np.float32) - drawn)[inner, inner].mean()
    assert difference.mean() < 0.25 * unblurred + 1


def test_two_levels_are_enough_to_train_with(photo: np.ndarray) -> None:
    focus = FIELDS["from the middle"]
    few, many = (trained_through(photo, focus, 16.0, levels=levels) for levels in (2, 16))
    assert np.abs(few - many).mean() < 4


def test_a_disc_keeps_the_light_and_an_even_picture() -> None:
    even = torch.full((1, 3, 64, 64), 0.4)
    for level in disc_stack(even, 12.0, 3).levels:
        torch.testing.assert_close(level, srgb_to_linear(even), rtol=1e-4, atol=1e-4)


def test_the_curves_are_the_standards() -> None:
    values = np.linspace(0.001, 1, 400)
    tensor = torch.from_numpy(values)
    np.testing.assert_allclose(srgb_to_linear(tensor), exact_to_linear(values), rtol=1e-12)
    np.testing.assert_allclose(linear_to_srgb(tensor), exact_to_srgb(values), rtol=1e-12)


def test_its_derivative_is_that_of_its_differences(photo: np.ndarray) -> None:
    picture = torch.from_numpy(photo[:32, :32]).permute(2, 0, 1)[None].double() / 255
    stack = disc_stack(picture, 4.0, 2)
    focus = torch.full((1, 1, 32, 32), 0.3, dtype=torch.float64, requires_grad=True)
    weights = torch.randn(1, 3, 32, 32, generator=torch.Generator().manual_seed(0)).double()
    (stack.bokeh(focus) * weights).sum().backward()
    step = 1e-5
    for row, column in ((3, 4), (16, 20), (30, 1)):
        moved = focus.detach().clone()
        moved[0, 0, row, column] += step
        change = ((stack.bokeh(moved) - stack.bokeh(focus.detach())) * weights).sum() / step
        assert focus.grad is not None
        assert float(focus.grad[0, 0, row, column]) == pytest.approx(
            float(change), rel=1e-3, abs=1e-6
        )
