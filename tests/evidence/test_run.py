"""Asking a network about changed pictures: what it sees, and that it is left as it was."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import attnviz
from attnviz.errors import ModelError, UnknownNameError
from attnviz.evidence.run import run_experiment
from attnviz.evidence.subject import Subject
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel
from tests.conftest import TinyCnn


def model() -> VisionModel:
    torch.manual_seed(0)
    return attnviz.wrap(
        TinyCnn().train(), Preprocess(size=48, multiple=8), labels=["ant", "bee", "cat", "dog"]
    )


def photo() -> attnviz.Picture:
    pixels = np.random.default_rng(0).integers(0, 256, (90, 140, 3)).astype(np.uint8)
    return attnviz.open_picture(pixels, name="noise")


def test_the_subject_is_the_picture_that_explain_uses() -> None:
    network, picture = model(), photo()
    found, notes = run_experiment(network, picture, lambda subject: subject)
    assert notes == ()
    expected, _ = network.preprocess.tensor(picture)
    torch.testing.assert_close(found.inputs, expected, atol=1e-5, rtol=1e-5)
    explained = attnviz.explain(network, picture, "grad-cam")
    assert explained.target is not None
    assert network.label(found.target) == explained.target.label


def test_a_class_is_asked_about_by_label_or_index() -> None:
    network = model()
    assert run_experiment(network, photo(), lambda subject: subject.target, "cat")[0] == 2
    assert run_experiment(network, photo(), lambda subject: subject.target, 3)[0] == 3
    with pytest.raises(UnknownNameError, match="no class named 'cow'"):
        run_experiment(network, photo(), lambda subject: subject.target, "cow")


def test_the_network_is_still_while_it_is_asked_and_as_before_afterwards() -> None:
    network = model()
    before = {name: weight.clone() for name, weight in network.module.state_dict().items()}
    modes = [part.training for part in network.module.modules()]

    def look(subject: Subject) -> None:
        assert not subject.module.training
        assert not any(weight.requires_grad for weight in subject.module.parameters())
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_experiment(network, photo(), look)
    assert [part.training for part in network.module.modules()] == modes
    for name, weight in network.module.state_dict().items():
        assert torch.equal(weight, before[name])
    assert run_experiment(network, photo(), lambda subject: subject.size)[0] == (48, 72)


def test_memory_that_runs_out_is_tried_again_on_a_smaller_input() -> None:
    sizes: list[tuple[int, int]] = []

    def look(subject: Subject) -> str:
        sizes.append(subject.size)
        if len(sizes) == 1:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return "seen"

    found, notes = run_experiment(model(), photo(), look)
    assert found == "seen"
    assert sizes[1][0] < sizes[0][0]
    assert len(notes) == 1


def test_damaged_weights_are_named_before_anything_is_asked() -> None:
    network = model()
    head = network.module.get_submodule("head")
    assert isinstance(head, nn.Linear)
    head.weight.data.fill_(float("nan"))
    with pytest.raises(ModelError):
        run_experiment(network, photo(), lambda _: pytest.fail("was asked"))
