"""Curves of recognition on a network that looks at one patch."""

from __future__ import annotations

import math

import numpy as np
import pytest

from attnviz.evidence.faithfulness.recognition import recognise
from attnviz.pictures.geometry import Fit, fit_picture, resample
from attnviz.vision.bubbleview.bubbles import BubbleCentre, blur_picture, open_bubble
from tests.evidence.looking import PATCH, SIDE, PatchNet, picture, subject

WHOLE = fit_picture((SIDE, SIDE), SIDE, Fit.SQUASH)
MIDDLE = BubbleCentre(6 / SIDE, 14 / SIDE)  # of the patch
EVERYWHERE = [
    BubbleCentre(y, x)
    for y in np.arange(0.02, 1, 0.04).tolist()
    for x in np.arange(0.02, 1, 0.04).tolist()
]


def said(pixels: np.ndarray) -> float:
    """What `PatchNet` says of a picture, worked out without it."""
    told = 8.0 * (float(pixels[PATCH].mean()) / 255 - 0.5)
    return 1 / (1 + math.exp(-told))


def test_ends_are_the_blurred_and_the_sharp_picture() -> None:
    found = recognise(subject(), picture(), WHOLE, [EVERYWHERE, []])
    assert found.sharp.probability[0] == pytest.approx(said(picture()), abs=1e-5)
    for curve in found.curves:
        assert curve.probability[0] == pytest.approx(said(blur_picture(picture())), abs=1e-5)
    assert len(found.curves[0].probability) == len(EVERYWHERE) + 1
    assert found.curves[0].probability[-1] == found.sharp.probability[0]
    assert found.curves[0].margin[-1] == found.sharp.margin[0]
    assert len(found.curves[1].probability) == 1
    assert found.target == 1


def test_a_bubble_counts_where_the_network_looks_and_stays_open() -> None:
    away = BubbleCentre(0.9, 0.1)
    found = recognise(subject(), picture(), WHOLE, [[away, MIDDLE, away], [MIDDLE]])
    first, second = (one.probability for one in found.curves)
    assert first[1] == pytest.approx(first[0])
    assert first[2] > first[0] + 0.02
    assert first[3] == first[2] == pytest.approx(second[1], abs=1e-6)
    expected = said(open_bubble(blur_picture(picture()), picture(), MIDDLE))
    assert second[1] == pytest.approx(expected, abs=1e-5)


def test_the_network_sees_the_crop_that_it_takes() -> None:
    """The same picture with margins that the network cuts off, and bubbles on its own scale."""
    wide = np.zeros((SIDE, 2 * SIDE, 3), np.uint8)
    wide[:, SIDE // 2 : SIDE // 2 + SIDE] = picture()
    geometry = fit_picture((SIDE, 2 * SIDE), SIDE, Fit.CROP)
    place = BubbleCentre(MIDDLE.y, (14 + SIDE / 2) / (2 * SIDE))
    found = recognise(subject(), wide, geometry, [[BubbleCentre(0.5, 0.05)], [place]])
    assert found.sharp.probability[0] == pytest.approx(said(picture()), abs=1e-5)
    assert found.curves[0].probability[1] == found.curves[0].probability[0]
    shown = resample(open_bubble(blur_picture(wide), wide, place), geometry)
    assert found.curves[1].probability[1] == pytest.approx(said(shown), abs=1e-5)


def test_pictures_go_through_in_batches_and_progress_is_told() -> None:
    net, told = PatchNet(), []
    paths = [[MIDDLE] * 6, [MIDDLE] * 7]
    recognise(subject(net, batch=4), picture(), WHOLE, paths, lambda *at: told.append(at))
    assert net.batches == [4, 4, 4, 3]
    assert told == [(4, 15), (8, 15), (12, 15), (15, 15)]
