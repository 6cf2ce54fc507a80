"""What live frames have in common with the frames of a video."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from attnviz.models.vision_model import VisionModel
from attnviz.video.explain import explain_video
from attnviz.video.live.looking import LiveLooking
from attnviz.video.opening import open_video
from tests.video.films import drawn, red_model, write_film
from tests.video.live.asked import question_of


@pytest.fixture(scope="module")
def model() -> VisionModel:
    return red_model()


def test_frames_that_come_live_give_the_maps_of_the_same_video(
    tmp_path: Path, model: VisionModel
) -> None:
    """Steadied alike, and begun anew at the cut; in the end both have one scale."""
    scenes = [drawn(30 + 3 * n, 48, seed=n) for n in range(6)]
    scenes += [255 - drawn(90, 40 + 2 * n, seed=n) // 3 for n in range(4)]
    film = open_video(write_film(tmp_path / "cut.mp4", scenes, range(0, 400, 40)))
    whole = explain_video(model, film, "attention")
    assert whole.cuts.nonzero()[0].tolist() == [0, 6]
    looking = LiveLooking(question_of(model))
    live = [looking(frame.pixels, 0.04 * n) for n, frame in enumerate(film.frames())]
    for one, shown in zip(live, whole.shown, strict=True):
        np.testing.assert_allclose(one.values, shown, atol=2e-5)
    assert live[-1].value_range == pytest.approx(whole.value_range, abs=2e-5)
    assert live[0].value_range == pytest.approx((whole.shown[0].min(), whole.shown[0].max()))


def test_after_a_pause_the_newest_frame_counts_for_more(model: VisionModel) -> None:
    question = question_of(model)
    here, there = drawn(30, 48), drawn(60, 48)
    fresh = LiveLooking(question)(there, 0.0).values

    def left_of(pause: float) -> float:
        """How far the steadied map is from the newest one."""
        looking = LiveLooking(question)
        for n in range(4):
            looking(here, 0.1 * n)
        return float(np.abs(looking(there, 0.3 + pause).values - fresh).max())

    assert left_of(0.5) / left_of(0.1) == pytest.approx(0.55**4, rel=1e-3)
