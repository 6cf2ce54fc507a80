"""What a function is given, what it may return, and what is said if it returns something else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import attnviz
from attnviz.analysis.explain import probabilities
from attnviz.errors import ModelError, UnknownNameError
from attnviz.models.preprocess import IMAGENET_MEAN, IMAGENET_STD
from attnviz.models.scores import ScoreKind

PHOTO = np.random.default_rng(0).integers(0, 255, (16, 16, 3), dtype=np.uint8)


class Recorder:
    """Returns two scores for each picture, and keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[Any] = []

    def __call__(self, batch: Any) -> Any:
        self.given.append(batch)
        return [[0.0, 1.0 + index] for index in range(len(batch))]


def asked(scorer: Callable[[Any], Any], number: int = 1, **options: Any) -> np.ndarray:
    """The scores of copies of the photo, through the model's own network."""
    model = attnviz.black_box(scorer, input_size=16, **options)
    inputs, _ = model.preprocess.tensor(attnviz.open_picture(PHOTO))
    return model.module(inputs.expand(number, -1, -1, -1)).numpy()


def test_an_array_is_the_normalised_picture() -> None:
    recorder = Recorder()
    assert asked(recorder, 2).tolist() == [[0, 1], [0, 2]]
    (batch,) = recorder.given
    assert (type(batch), batch.dtype, batch.shape) == (np.ndarray, np.float32, (2, 3, 16, 16))
    assert batch.flags.c_contiguous
    expected = (PHOTO / 255 - IMAGENET_MEAN) / IMAGENET_STD
    np.testing.assert_allclose(batch[1], expected.transpose(2, 0, 1), atol=1e-5)


def test_a_tensor_has_the_same_values() -> None:
    arrays, tensors = Recorder(), Recorder()
    asked(arrays)
    asked(tensors, takes="tensor")
    assert isinstance(tensors.given[0], torch.Tensor)
    assert not tensors.given[0].requires_grad
    np.testing.assert_array_equal(tensors.given[0].numpy(), arrays.given[0])


def test_pictures_come_as_they_are() -> None:
    recorder = Recorder()
    asked(recorder, 2, takes="pictures")
    first, second = recorder.given[0]
    assert first.dtype == np.uint8
    np.testing.assert_array_equal(first, PHOTO)
    np.testing.assert_array_equal(second, PHOTO)


def test_batches_are_no_larger_than_asked_for() -> None:
    recorder = Recorder()
    scores = asked(recorder, 7, batch=3)
    assert [len(batch) for batch in recorder.given] == [3, 3, 1]
    assert scores[:, 1].tolist() == [1, 2, 3, 1, 2, 3, 1]
    recorder = Recorder()
    asked(recorder, 40)
    assert [len(batch) for batch in recorder.given] == [32, 8]


@pytest.mark.parametrize(
    ("returned", "values"),
    [
        (lambda n: torch.ones(n, 2, requires_grad=True), 1),
        (lambda n: np.ones((n, 2), np.float64), 1),
        (lambda n: [[3, 4]] * n, None),
        (lambda n: {"logits": torch.ones(n, 2)}, 1),
        (lambda n: (torch.ones(n, 2), torch.zeros(n, 5)), 1),
        (lambda n: np.ones((n, 2), bool), 1),
    ],
)
def test_scores_may_come_in_many_types(returned: Callable[[int], Any], values: float) -> None:
    scores = asked(lambda batch: returned(len(batch)), 3)
    assert (scores.dtype, scores.shape) == (np.float32, (3, 2))
    np.testing.assert_array_equal(scores, [[3, 4]] * 3 if values is None else values)


def test_a_single_score_for_each_picture_is_the_probability_of_its_class() -> None:
    def scorer(batch: np.ndarray) -> np.ndarray:
        return np.full(len(batch), 2.0)

    model = attnviz.black_box(scorer, ["cat", "dog"], input_size=16)
    chance = 1 / (1 + np.exp(-2.0))
    np.testing.assert_allclose(
        probabilities(model, attnviz.open_picture(PHOTO)), [1 - chance, chance], rtol=1e-6
    )


@pytest.mark.parametrize(
    ("returned", "sentence"),
    [
        (None, "returned nothing for 1 picture, and not numbers"),
        (3.0, "returned a single number for 1 picture"),
        ([0.1, 0.9], "returned a vector of 2 numbers for 1 picture"),
        ([[[1.0, 2.0]]], "returned an array of 1 x 1 x 2 numbers"),
        ([[1.0], [2.0]], "returned 2 rows of scores for 1 picture"),
        (np.ones((1, 0)), "returned an array of 1 x 0 numbers|a vector of"),
        ([[1.0, float("nan")]], "returned NaN for a picture"),
        ("a dog", "returned a value of the type str"),
        ([[1.0], [2.0, 3.0]], "returned a value of the type list"),
        ({"scores": 1}, "returned a value of the type dict"),
    ],
)
def test_anything_else_is_told_in_one_sentence(returned: Any, sentence: str) -> None:
    def classify(batch: np.ndarray) -> Any:
        return returned

    model = attnviz.black_box(classify, input_size=16)
    with pytest.raises(ModelError, match=f"^classify {sentence}"):
        attnviz.explain(model, PHOTO)


def test_other_classes_than_before_are_refused() -> None:
    counts = iter([2, 2, 3])

    def scorer(batch: np.ndarray) -> np.ndarray:
        return np.ones((len(batch), next(counts)))

    model = attnviz.black_box(scorer, input_size=16, batch=1)
    with pytest.raises(ModelError, match="returned 3 scores for a picture, and 2 before"):
        attnviz.explain(model, PHOTO, "occlusion")


def test_what_it_raises_is_told_with_the_batch() -> None:
    def scorer(batch: np.ndarray) -> np.ndarray:
        raise KeyError("weights")

    model = attnviz.black_box(scorer, input_size=16, name="mine")
    message = r"mine failed on 1 picture of 16 x 16 pixels \(KeyError: 'weights'\)"
    with pytest.raises(ModelError, match=message) as caught:
        attnviz.explain(model, PHOTO)
    assert isinstance(caught.value.__cause__, KeyError)


def test_labels_and_scores_that_do_not_fit() -> None:
    with pytest.raises(ModelError, match=r"returns 2 scores for a picture, but there are 3 labels"):
        attnviz.explain(attnviz.black_box(Recorder(), ["a", "b", "c"], input_size=16), PHOTO)

    def unsure(batch: np.ndarray) -> np.ndarray:
        return np.tile([0.25, 0.75], (len(batch), 1))

    inferred = attnviz.black_box(unsure, input_size=16)
    found = attnviz.explain(inferred, PHOTO, "occlusion")
    assert inferred.read_as.kind is ScoreKind.PROBABILITIES
    assert found.predictions[0].probability == pytest.approx(0.75)
    assert any("probabilities that sum to one" in note for note in found.notes)
    for wish in ("softmax", "probabilities", "sigmoid"):
        model = attnviz.black_box(unsure, input_size=16, scores=wish)
        attnviz.explain(model, PHOTO, "occlusion")
        assert model.read_as.kind == wish


def test_what_cannot_be_handed_over() -> None:
    with pytest.raises(ModelError, match="something that can be called, and int cannot"):
        attnviz.black_box(7)
    with pytest.raises(ModelError, match=r"net\.bin is no file that can be handed over"):
        attnviz.black_box("net.bin")
    with pytest.raises(UnknownNameError, match="Nearest: pictures"):
        attnviz.black_box(Recorder(), takes="picture")
    with pytest.raises(ModelError, match="at least one picture, not 0"):
        attnviz.black_box(Recorder(), batch=0)
    with pytest.raises(UnknownNameError, match="kind of scores"):
        attnviz.black_box(Recorder(), scores="percent")


def test_no_two_functions_are_taken_for_one_another() -> None:
    one, two = (attnviz.black_box(Recorder()) for _ in range(2))
    assert one.key != two.key
    assert one.name == two.name == "Recorder"
