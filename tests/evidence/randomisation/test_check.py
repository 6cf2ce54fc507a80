"""The sanity check on whole models: the user's network stays as it is."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from attnviz.analysis.explain import explain
from attnviz.errors import EvidenceError, UnknownNameError
from attnviz.evidence.randomisation.cascade import SHUFFLES
from attnviz.evidence.randomisation.check import CONTROLS, check_sanity
from attnviz.models.loading import wrap
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, open_picture


@pytest.fixture
def model(tiny_cnn: nn.Module) -> VisionModel:
    return wrap(tiny_cnn.train(), Preprocess(size=64))


@pytest.fixture
def opened(photo: np.ndarray) -> Picture:
    return open_picture(photo, name="photo")


def state(module: nn.Module) -> dict[str, torch.Tensor]:
    return {key: value.clone() for key, value in module.state_dict().items()}


def assert_same(module: nn.Module, before: dict[str, torch.Tensor]) -> None:
    after = module.state_dict()
    assert list(after) == list(before)
    assert all(torch.equal(after[key], before[key]) for key in before)
    assert module.training
    assert all(weight.requires_grad and weight.grad is None for weight in module.parameters())
    assert not any(part._forward_hooks or part._forward_pre_hooks for part in module.modules())


def test_a_cam_is_followed_to_the_random_network(model: VisionModel, opened: Picture) -> None:
    before, told = state(model.module), []
    found = check_sanity(
        model, opened, "grad-cam", "features.5", 1, progress=lambda *one: told.append(one)
    )
    assert_same(model.module, before)
    names = ["", "head", "features.6", "features.4", "features.1", "features.0"]
    assert [step.name for step in found.steps] == names
    real = explain(model, opened, "grad-cam", 1).map_of("features.5")
    np.testing.assert_array_equal(found.steps[0].values, real)
    assert not np.array_equal(found.steps[-1].values, real)
    total = len(names) + CONTROLS + SHUFFLES - 1
    assert told == [(done, total) for done in range(total + 1)]
    again = check_sanity(model, opened, "grad-cam", "features.5", 1)
    for one, other in zip(found.steps, again.steps, strict=True):
        np.testing.assert_array_equal(one.values, other.values)
    assert found.control == again.control
    assert found.final_ranks == again.final_ranks
    assert len(set(found.final_ranks)) == SHUFFLES, "each shuffle is another network"


def test_stopped_in_the_middle_it_leaves_no_trace(model: VisionModel, opened: Picture) -> None:
    class Stop(Exception):  # noqa: N818
        pass

    def stop(done: int, total: int) -> None:
        if done > total / 2:
            raise Stop

    before = state(model.module)
    with pytest.raises(Stop):
        check_sanity(model, opened, "grad-cam", "features.5", progress=stop)
    assert_same(model.module, before)


def test_methods_of_many_passes_tell_each_of_them(model: VisionModel, opened: Picture) -> None:
    told: list[tuple[int, int]] = []
    check_sanity(
        model, opened, "score-cam", "features.6", 1, progress=lambda *one: told.append(one)
    )
    done, total = told[-1]
    assert done == total
    assert len(told) > 3 * (6 + CONTROLS)
    assert [one for one, _ in told] == sorted(one for one, _ in told)


def test_what_cannot_be_copied_and_what_is_not_there(model: VisionModel, opened: Picture) -> None:
    class Single(nn.Module):
        def __deepcopy__(self, memo: dict[int, object]) -> Single:
            raise RuntimeError("there is only one")

    with pytest.raises(EvidenceError, match=r"cannot be copied \(there is only one"):
        check_sanity(wrap(Single()), opened, "grad-cam", "features.5")
    with pytest.raises(UnknownNameError, match="layer"):
        check_sanity(model, opened, "grad-cam", "features.99")


def test_a_compiled_network_is_checked_in_the_one_it_was_made_from(
    model: VisionModel, opened: Picture
) -> None:
    plain = check_sanity(model, opened, "grad-cam", "features.5", 1)
    compiled = torch.compile(copy.deepcopy(model.module))
    again = check_sanity(wrap(compiled, Preprocess(size=64)), opened, "grad-cam", "features.5", 1)
    np.testing.assert_array_equal(plain.steps[-1].values, again.steps[-1].values)
