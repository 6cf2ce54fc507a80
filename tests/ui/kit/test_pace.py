"""What long work costs in seconds: measured once a network, and corrected by what it took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import streamlit as st
import torch
from torch import Tensor, nn

from attnviz.methods.inference import Cost
from attnviz.models.loading import wrap
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, open_picture
from attnviz.ui.kit import pace as pace_module
from attnviz.ui.kit.pace import Pace, seconds_per_input
from tests.targets.test_places_by_hand import wrapped as halves

HALF_SECOND = 0.5


class Counted(nn.Module):
    """A network on a clock of its own: each input takes half a second."""

    def __init__(self, clock: list[float]) -> None:
        super().__init__()
        self.clock, self.head = clock, nn.Linear(3, 2)

    def forward(self, x: Tensor) -> Tensor:
        self.clock[0] += HALF_SECOND * len(x)
        scores: Tensor = self.head(x.mean((2, 3)))
        return scores


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    st.cache_resource.clear()
    now = [0.0]

    class Clock:
        perf_counter = staticmethod(lambda: now[0])

    monkeypatch.setattr(pace_module, "time", Clock)
    yield now
    st.cache_resource.clear()


def counted(clock: list[float], seed: int = 0) -> VisionModel:
    torch.manual_seed(seed)
    return wrap(Counted(clock), Preprocess(size=8))


def photo(width: int = 12) -> Picture:
    return open_picture(np.full((8, width, 3), 90, np.uint8), name="photo")


def test_a_backward_pass_counts_as_two_and_the_network_is_measured_once(clock: Any) -> None:
    model, picture = counted(clock), photo()
    assert Pace("look", model, picture, lambda: Cost(10, 0)).seconds() == pytest.approx(5)
    measured = clock[0]
    assert 0 < measured <= 4, "a few inputs are enough"
    assert Pace("look", model, picture, lambda: Cost(10, 10)).seconds() == pytest.approx(15)
    assert Pace("other", model, picture, lambda: Cost(1, 0)).seconds() == pytest.approx(0.5)
    assert clock[0] == measured
    assert seconds_per_input(model.key, 1.5, model, picture) == pytest.approx(0.5)


def test_what_a_kind_of_work_took_corrects_its_next_estimate_and_no_other(clock: Any) -> None:
    model, picture = counted(clock), photo()
    sanity = Pace("sanity", model, picture, lambda: Cost(100, 0))
    assert sanity.text() == "about 50 s here"
    sanity.learn(100.0)
    assert sanity.text() == "about 2 min here"
    assert Pace("sanity", model, picture, lambda: Cost(10, 0)).seconds() == pytest.approx(10)
    assert Pace("budget", model, picture, lambda: Cost(100, 0)).seconds() == pytest.approx(50)
    other = counted(clock, seed=1)
    assert Pace("sanity", other, picture, lambda: Cost(100, 0)).seconds() == pytest.approx(50)


def test_an_estimate_is_never_none_at_all(clock: Any) -> None:
    model = counted(clock)
    assert Pace("look", model, photo(), lambda: Cost(1, 0)).text() == "about 1 s here"
    nothing = Pace("look", model, photo(), lambda: Cost(0, 0))
    nothing.learn(3.0)
    assert nothing.seconds() == 0


def test_the_time_is_that_of_real_passes() -> None:
    """Without the clock of the tests: a network that sleeps takes as long as it sleeps, or more."""

    class Sleeping(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            time.sleep(0.02 * len(x))
            return x.mean((2, 3))

    st.cache_resource.clear()
    pace = Pace("look", wrap(Sleeping(), Preprocess(size=8)), photo(), lambda: Cost(1000, 0))
    assert pace.seconds() >= 19


@pytest.mark.parametrize("form", ["boxes", "dense"])
def test_networks_that_return_boxes_or_regions_have_a_pace_too(form: str) -> None:
    st.cache_resource.clear()
    model = halves(form)
    assert Pace("look", model, photo(), lambda: Cost(10, 0)).seconds() > 0
