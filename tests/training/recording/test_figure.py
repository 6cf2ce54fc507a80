"""A recording as a figure: what is drawn, and on which scale."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest

from attnviz.errors import TrainingError, UnknownNameError
from attnviz.training.recording.file import Recording
from tests.training.recording.test_picture import recording


def images(one: Recording, **options: object) -> list[np.ndarray]:
    figure = one.plot(**options)
    return [np.asarray(drawn.get_array()) for axes in figure.axes for drawn in axes.get_images()]


def test_a_row_for_each_layer_shares_one_scale_over_time() -> None:
    figure = recording(7).plot(checkpoints=3)
    drawn = [axes.get_images()[0] for axes in figure.axes if axes.get_images()]
    assert len(drawn) == 1 + 2 * 3
    last = drawn[4:]
    assert [float(one.get_array().max()) for one in last] == [0, 0.5, 1]
    assert {one.get_clim() for one in last} == {(0.0, 1.0)}
    np.testing.assert_array_equal(drawn[0].get_array(), recording(7).pixels[0])
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == ["one", "epoch 0", "epoch 3", "epoch 6"]
    assert [axes.get_ylabel() for axes in figure.axes if axes.get_ylabel()] == ["first", "last"]


def test_layers_and_pictures_are_chosen_by_name() -> None:
    chosen = images(recording(2), layers=["first"], picture="two")
    assert len(chosen) == 1 + 2
    assert float(chosen[2][:, 0].max()) == 1  # upside down, as the layer has it
    for options, reason in (
        ({"layers": ["fist"]}, "Nearest: first"),
        ({"picture": 5}, "no picture named '5'"),
        ({"picture": "three"}, "no picture named 'three'"),
        ({"method": "rollout"}, "no method named 'rollout'"),
    ):
        with pytest.raises(UnknownNameError, match=reason):
            recording(2).plot(**options)
    with pytest.raises(TrainingError, match="nothing to draw"):
        Recording(("a",), ("one",)).plot()


def test_accuracy_and_loss_are_drawn_where_they_were_measured() -> None:
    shots = tuple(
        replace(shot, accuracy=0.5 + number / 10, loss=float("nan") if number else 2.0)
        for number, shot in enumerate(recording(3).snapshots)
    )
    figure = replace(recording(3), snapshots=shots).plot()
    curves = {axes.get_ylabel(): axes.get_lines()[0] for axes in figure.axes if axes.get_lines()}
    np.testing.assert_allclose(curves["accuracy"].get_xydata(), [[0, 0.5], [1, 0.6], [2, 0.7]])
    np.testing.assert_allclose(curves["loss"].get_xydata(), [[0, 2]])
    file = io.BytesIO()
    figure.savefig(file, format="svg")
    assert b">accuracy</text>" in file.getvalue()
