"""Long work on a network while others look through it: nobody waits, no maps are mixed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from attnviz.analysis.explain import explain, probabilities
from attnviz.analysis.inference import run_inference
from attnviz.evidence.faithfulness.insertion_deletion import InsertionDeletion, insertion_deletion
from attnviz.evidence.fills.base import Black
from attnviz.evidence.run import run_experiment
from attnviz.evidence.subject import Subject
from attnviz.methods.inference import Inference
from attnviz.models.apart import network_held, set_apart
from attnviz.models.loading import wrap
from attnviz.models.preprocess import Preprocess
from attnviz.models.zoo.ran_small import ran_small
from attnviz.models.zoo.vit_small import vit_small
from attnviz.pictures import Picture, open_picture
from attnviz.progress import Progress

LONG = 120  # seconds after which a look that should not wait has failed


class Patched(nn.Module):
    """A network whose forward is a function of its own: a copy would run these very layers."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(nn.Conv2d(3, 4, 7, 4), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
        self.head = nn.Linear(4, 3)
        self.forward = self._run  # type: ignore[method-assign]

    def _run(self, x: Tensor) -> Tensor:
        return self.head(self.layers(x).flatten(1))  # type: ignore[no-any-return]


def transformer() -> nn.Module:
    module = vit_small(4, width=32, depth=2, heads=2)
    for name, weight in module.named_parameters():
        if name.endswith("qkv.weight"):
            nn.init.normal_(weight, std=0.3)
    return module


NETWORKS: dict[str, Callable[[], nn.Module]] = {
    "masks": partial(ran_small, 4, width=8),
    "transformer": transformer,
}


def made(build: Callable[[], nn.Module]) -> Any:
    torch.manual_seed(0)
    return wrap(build().eval(), Preprocess(size=64, multiple=16))


def drawn(seed: int) -> Picture:
    random = np.random.default_rng(seed)
    return open_picture(random.integers(0, 255, (60, 80, 3), np.uint8), name=f"{seed}")


@pytest.mark.parametrize(("name", "method"), [("masks", "occlusion"), ("transformer", "score-cam")])
def test_looks_pass_between_the_batches_of_long_work(name: str, method: str) -> None:
    model, short = made(NETWORKS[name]), "auto"
    alone = explain(model, drawn(1), short), explain(model, drawn(2), method)
    assert all(np.ptp(one.map_of(one.best_layer)) > 0 for one in alone)
    with ThreadPoolExecutor(1) as pool:
        looked = []

        def between(done: int, total: int | None) -> None:
            """Another visitor's look, in the middle of this one's."""
            if len(looked) < 2:
                looked.append(pool.submit(explain, model, drawn(1), short).result(LONG))

        long = explain(model, drawn(2), method, progress=between)
    assert len(looked) == 2
    for found, expected in zip((*looked, long), (alone[0], alone[0], alone[1]), strict=True):
        assert found.layers == expected.layers
        assert found.predictions == expected.predictions
        for mine, theirs in zip(found.maps, expected.maps, strict=True):
            np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-6)
    left = [one for one in model.module.modules() if one._forward_hooks or one._forward_pre_hooks]
    assert not left


def test_looks_pass_between_the_steps_of_an_experiment() -> None:
    model = made(NETWORKS["masks"])
    alone = probabilities(model, drawn(3))
    looked: list[Any] = []

    def curves(progress: Progress | None, subject: Subject) -> InsertionDeletion:
        values = np.random.default_rng(0).random(subject.size, np.float32)
        return insertion_deletion(subject, values, Black(), steps=4, progress=progress)

    with ThreadPoolExecutor(1) as pool:

        def between(done: int, total: int | None) -> None:
            looked.append(pool.submit(probabilities, model, drawn(3)).result(LONG))

        meanwhile, _ = run_experiment(model, drawn(1), partial(curves, between))
    again, _ = run_experiment(model, drawn(1), partial(curves, None))
    assert looked
    assert all(np.allclose(one, alone, rtol=1e-5) for one in looked)
    assert np.ptp(again.deletion.probability) > 0
    np.testing.assert_allclose(meanwhile.deletion.probability, again.deletion.probability, 1e-4)


def test_weights_are_shared_and_each_has_its_own_flags() -> None:
    model = made(NETWORKS["masks"])
    model.module.requires_grad_(True)
    with set_apart(model) as own:
        pairs = list(zip(model.module.parameters(), own.module.parameters(), strict=True))
        assert all(mine.data_ptr() == theirs.data_ptr() for mine, theirs in pairs)
        assert not set(map(id, own.module.modules())) & set(map(id, model.module.modules()))
        own.module.requires_grad_(False)
        own.module.train()
        own.notes = ("found out on the way",)
    assert all(one.requires_grad for one in model.module.parameters())
    assert not model.module.training
    assert model.notes == ("found out on the way",)


def test_a_network_that_cannot_be_copied_lets_nobody_in_meanwhile() -> None:
    model = made(Patched)
    assert np.ptp(explain(model, drawn(1), "occlusion").maps[0]) > 0

    def free() -> bool:
        taken: list[bool] = []
        other = threading.Thread(target=lambda: taken.append(model.lock.acquire(blocking=False)))
        other.start()
        other.join()
        return taken[0]

    with set_apart(model) as own:
        assert own is model
        assert not free()


class OfOneSize(nn.Module):
    """A network that only takes inputs of 96 px."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, 4, 8, 8)
        self.head = nn.Linear(4 * 12 * 12, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layer(x).flatten(1))  # type: ignore[no-any-return]


def test_long_work_stays_apart_where_the_size_of_its_input_is_found_by_trying() -> None:
    torch.manual_seed(0)
    model = wrap(OfOneSize().eval())
    seen = []

    def work(inference: Inference) -> None:
        seen.append((tuple(inference.inputs.shape[-2:]), network_held()))

    run_inference(model, drawn(1), work, long=True)
    assert seen[-1] == ((96, 96), False)
    assert not model.inferred
    assert any("found by trying" in note for note in model.notes)
