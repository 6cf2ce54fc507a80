"""Distillation: the loss by hand, a run's identity, and unsuitable teachers."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from attnviz.errors import TrainingError, UnknownNameError
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel
from attnviz.pictures.geometry import Fit
from attnviz.training.data.augment import Batch
from attnviz.training.data.data import ClassFolder, load_class_folder
from attnviz.training.loop import distillation as teaching
from attnviz.training.loop.distillation import Teacher, find_teacher
from attnviz.training.loop.trainer import Trainer
from attnviz.training.recipe import Recipe

CLASSES = ("red disc", "blue square")
PREPROCESS = Preprocess(size=32, fit=Fit.SQUASH)
UNCHANGED = Preprocess(size=32, fit=Fit.SQUASH, mean=(0, 0, 0), std=(1, 1, 1))


class Brightness(nn.Module):
    """Logits (a, 0), with a = 4 x the mean of the first channel."""

    def forward(self, x: Tensor) -> Tensor:
        first = 4 * x[:, 0].mean((1, 2))
        return torch.stack([first, torch.zeros_like(first)], 1)


class Linear(nn.Module):
    """A student of two weights: logits (weight 0, weight 1) for any input."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.tensor([1.0, -1.0]))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight.expand(len(x), -1)


# The teacher's scores: (2, 0) for the first picture and (-2, 0) for the second.
INPUTS = torch.stack([torch.full((3, 4, 4), 0.5), torch.full((3, 4, 4), -0.5)])
LOGITS = torch.tensor([[1.0, -1.0], [1.0, -1.0]])


def log_shares(*scores: float) -> list[float]:
    total = math.log(sum(math.exp(score) for score in scores))
    return [score - total for score in scores]


def test_hard_labels_by_hand() -> None:
    """The teacher predicts class 0, then class 1: cross entropies 0.1269 and 2.1269."""
    wrong = -log_shares(1, -1)[1]
    right = -log_shares(1, -1)[0]
    loss = Teacher(Brightness(), UNCHANGED, 0.0, 0.25).loss(INPUTS, LOGITS, torch.tensor(3.0))
    assert float(loss) == pytest.approx(0.75 * 3 + 0.25 * (right + wrong) / 2, abs=1e-6)


def test_soft_labels_by_hand() -> None:
    """T^2 times the mean of sum p (ln p - ln q), with all scores divided by T = 2."""
    student = log_shares(0.5, -0.5)
    divergence = 0.0
    for scores in ((1.0, 0.0), (-1.0, 0.0)):
        taught = log_shares(*scores)
        divergence += sum(math.exp(p) * (p - q) for p, q in zip(taught, student, strict=True)) / 2
    loss = Teacher(Brightness(), UNCHANGED, 2.0, 0.25).loss(INPUTS, LOGITS, torch.tensor(3.0))
    assert float(loss) == pytest.approx(0.75 * 3 + 0.25 * 4 * divergence, abs=1e-6)


def test_a_teacher_normalises_as_it_was_trained() -> None:
    """With a mean of 1, the first picture's mean of 0.5 becomes -0.5: class 1 for both."""
    darker = dataclasses.replace(UNCHANGED, mean=(1, 1, 1))
    loss = Teacher(Brightness(), darker, 0.0, 1.0).loss(INPUTS, LOGITS, torch.tensor(3.0))
    assert float(loss) == pytest.approx(-log_shares(1, -1)[1], abs=1e-6)


@pytest.fixture(scope="module")
def data(shapes: Path) -> ClassFolder:
    return load_class_folder(shapes, side=32)


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Puts `Brightness` into the catalogue's place; the list holds its labels."""
    labels = [CLASSES]

    def load(name: str, device: torch.device) -> VisionModel:
        from attnviz.models.loading import wrap

        return wrap(Brightness(), UNCHANGED, labels[0], name=name)

    monkeypatch.setattr(teaching, "load_model", load)
    return labels


def test_a_step_follows_both_losses(
    data: ClassFolder, recipe: Recipe, tmp_path: Path, known: list[tuple[str, ...]]
) -> None:
    """The gradient of a cross entropy by the logits is softmax - target, so one step is known."""
    recipe = dataclasses.replace(
        recipe, teacher="bright", distil=0.25, smoothing=0.0, weight_decay=0.0
    )
    student = Linear()
    trainer = Trainer(
        student, data, recipe, PREPROCESS, tmp_path, torch.device("cpu"), show=False, stop_after=1
    )
    trainer.run()
    with torch.no_grad():
        student.weight.copy_(torch.tensor([1.0, -1.0]))
    trainer._optimizer = torch.optim.SGD(student.parameters(), lr=1.0)
    batch = Batch(INPUTS, torch.tensor([[1.0, 0.0], [0.5, 0.5]]))
    loss = trainer._step(batch, epoch=0.25)
    log_p = log_shares(1, -1)
    own = -(log_p[0] + (log_p[0] + log_p[1]) / 2) / 2
    taught = -(log_p[0] + log_p[1]) / 2
    assert loss == pytest.approx(0.75 * own + 0.25 * taught, abs=1e-6)
    target = 0.75 * 0.75 + 0.25 * 0.5  # mean share of class 0 in the labels, and in the teacher's
    gradient = math.exp(log_p[0]) - target
    rate = recipe.rate_at(0.25)
    assert student.weight.tolist() == pytest.approx(
        [1 - rate * gradient, -1 + rate * gradient], abs=1e-6
    )


def test_by_default_there_is_no_teacher(recipe: Recipe) -> None:
    assert find_teacher(recipe, CLASSES, torch.device("cpu")) is None


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (("red", "blue", "green"), "knows 3 classes, but the data has 2"),
        (tuple(reversed(CLASSES)), "same classes in the same order"),
    ],
)
def test_a_teacher_of_other_classes_is_refused(
    recipe: Recipe, known: list[tuple[str, ...]], labels: tuple[str, ...], words: str
) -> None:
    known[0] = labels
    recipe = dataclasses.replace(recipe, teacher="bright")
    with pytest.raises(TrainingError, match=words):
        find_teacher(recipe, CLASSES, torch.device("cpu"))


def test_an_unknown_teacher_is_refused(recipe: Recipe) -> None:
    recipe = dataclasses.replace(recipe, teacher="ran-smal")
    with pytest.raises(UnknownNameError):
        find_teacher(recipe, CLASSES, torch.device("cpu"))


def test_the_teacher_is_part_of_a_runs_identity(recipe: Recipe) -> None:
    taught = dataclasses.replace(recipe, teacher="ran-small")
    softly = dataclasses.replace(taught, temperature=2.0)
    less = dataclasses.replace(taught, distil=0.1)
    assert len({one.to_json() for one in (recipe, taught, softly, less)}) == 4
    for one in (taught, softly, less):
        assert Recipe.from_json(one.to_json()) == one


def test_recipes_from_before_there_were_teachers_are_read_and_written_as_they_were(
    recipe: Recipe,
) -> None:
    text = recipe.to_json()
    assert not {"teacher", "distil", "temperature"} & set(json.loads(text))
    assert Recipe.from_json(text) == recipe


@pytest.mark.parametrize("wrong", [{"distil": 1.5}, {"distil": -0.1}, {"temperature": -1.0}])
def test_impossible_values_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(TrainingError, match="distil"):
        Recipe(teacher="ran-small", **wrong)  # type: ignore[arg-type]
