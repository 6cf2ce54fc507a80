"""How large live frames are drawn, on machines whose speed is given."""

from __future__ import annotations

import pytest

from attnviz.video.live.adapting import FLOOR, RATE, FramePace

CAMERA = (720, 1280)


def _settled(looking: float, per_megapixel: float, begin: FramePace | None = None) -> FramePace:
    """The pace after sixty frames of a machine that draws in proportion to the pixels."""
    pace = begin or FramePace()
    for _ in range(60):
        pace = pace.after(CAMERA, looking=looking, drawing=per_megapixel * _megapixels(pace.side))
    return pace


def _megapixels(side: int) -> float:
    drawn = min(side, CAMERA[1])
    return drawn * drawn * CAMERA[0] / CAMERA[1] / 1e6


@pytest.mark.parametrize("looking", [0.02, 0.08, 0.14])
@pytest.mark.parametrize("per_megapixel", [0.3, 0.8])
def test_enough_frames_are_shown_and_none_is_smaller_than_it_must_be(
    looking: float, per_megapixel: float
) -> None:
    pace = _settled(looking, per_megapixel)
    spent = looking + per_megapixel * _megapixels(pace.side)
    assert spent <= 1 / RATE / 0.95**2, "within the tolerance for a picture that keeps its size"
    larger = looking + per_megapixel * _megapixels(int(1.2 * pace.side) + 16)
    assert larger > 1 / RATE or pace.side == CAMERA[1]


def test_a_fast_machine_draws_the_camera_s_own_size_and_a_slow_one_the_smallest() -> None:
    assert _settled(0.01, 0.1).side == CAMERA[1]
    assert _settled(0.01, 50).side == FLOOR
    small = FramePace()
    for _ in range(9):
        small = small.after((120, 160), looking=0.01, drawing=0.001)
    assert small.side == 160, "nothing is enlarged"


def test_behind_a_slow_pass_the_picture_keeps_a_quarter_of_its_time() -> None:
    pace = _settled(2.0, 0.8)
    assert 0.8 * _megapixels(pace.side) <= 0.25 * 2.0
    assert pace.side >= 900, "half the size would save an eighth of the time"


def test_the_size_follows_the_machine_and_holds_still_otherwise() -> None:
    slow = _settled(0.05, 2.0)
    fast = _settled(0.05, 0.2, begin=slow)
    assert slow.side == 352
    assert 900 <= fast.side <= 1120
    wavering = slow
    for drawing in (1.9, 2.1, 2.05, 1.95) * 5:
        wavering = wavering.after(
            CAMERA, looking=0.05, drawing=drawing * _megapixels(wavering.side)
        )
        assert wavering.side == slow.side
