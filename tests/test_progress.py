"""What a caller's callback raises ends the work, and comes out as it was raised."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from torch import nn

import attnviz
from attnviz.capture.site import Kind
from attnviz.errors import MethodError, ModelError
from attnviz.evidence.faithfulness.insertion_deletion import insertion_deletion
from attnviz.evidence.fills.base import FILLS
from attnviz.evidence.run import run_experiment
from attnviz.methods.base import METHODS
from attnviz.models.preprocess import Preprocess
from attnviz.pictures import Picture
from attnviz.pictures.geometry import Fit
from attnviz.progress import raised_by_progress, report_progress
from tests.methods.pytorch_grad_cam.test_cams import StopError
from tests.state import left_as_it_was

RAISED: tuple[BaseException, ...] = (
    StopError("the user pressed stop"),
    StopIteration("enough"),
    IndexError("list index out of range"),
    MemoryError("the caller's own"),
    torch.OutOfMemoryError("the caller's own"),
    RuntimeError("out of memory"),
    ModelError("a model of the caller's"),
    MethodError("a method of the caller's"),
    KeyboardInterrupt(),
)


class Stopper:
    """A callback that raises, and counts how often it is called."""

    def __init__(self, error: BaseException) -> None:
        self.error = error
        self.calls = 0

    def __call__(self, _done: int, _total: int | None) -> None:
        self.calls += 1
        raise self.error


@pytest.fixture
def model(tiny_cnn: nn.Module) -> attnviz.VisionModel:
    return attnviz.wrap(tiny_cnn.eval(), Preprocess(size=64, fit=Fit.SQUASH))


@pytest.fixture
def opened(photo: Any) -> Picture:
    return attnviz.open_picture(photo)


def stopped(work: Any, error: BaseException) -> None:
    """The very object comes out, after one call."""
    stopper = Stopper(error)
    with pytest.raises(type(error)) as caught:
        work(progress=stopper)
    assert caught.value is error
    assert stopper.calls == 1


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_what_it_raises_comes_out_of_a_method(
    error: BaseException, model: attnviz.VisionModel, opened: Picture
) -> None:
    for method in ("score-cam", "competition", "grad-cam", "auto"):
        with left_as_it_was(model.module):
            stopped(partial(attnviz.explain, model, opened, method), error)


def test_it_comes_out_of_every_method(model: attnviz.VisionModel, opened: Picture) -> None:
    for kind in METHODS:
        if kind.kind is Kind.FEATURES:
            stopped(partial(attnviz.explain, model, opened, kind.name), StopIteration("enough"))


@pytest.mark.parametrize("error", RAISED, ids=lambda error: type(error).__name__)
def test_it_comes_out_of_an_experiment(
    error: BaseException, model: attnviz.VisionModel, opened: Picture
) -> None:
    values = attnviz.explain(model, opened, "grad-cam").map_of(-1)
    fill = FILLS.get("blur")()

    def work(progress: Stopper) -> None:
        test = partial(insertion_deletion, values=values, fill=fill, progress=progress)
        run_experiment(model, opened, test)

    stopped(work, error)


def test_the_networks_own_failure_is_not_taken_for_the_callers(
    model: attnviz.VisionModel, opened: Picture
) -> None:
    """Even inside a callback, and while another error of a callback is being handled."""
    broken = attnviz.wrap(nn.Sequential(nn.Conv2d(5, 2, 3)), Preprocess(size=64))
    try:
        attnviz.explain(model, opened, "competition", progress=Stopper(StopError()))
    except StopError:
        with pytest.raises(ModelError, match="5 channels"):
            attnviz.explain(broken, opened, "grad-cam")


def test_causes_are_looked_through() -> None:
    error = StopIteration("enough")

    def steps() -> Any:
        yield report_progress(Stopper(error), 1, 2)

    with pytest.raises(RuntimeError, match="generator raised StopIteration") as caught:
        list(steps())
    assert raised_by_progress(caught.value) is error
    assert raised_by_progress(RuntimeError("another")) is None
    report_progress(None, 1, 2)
