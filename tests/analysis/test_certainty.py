"""When a decision is called sure: values by hand, in every form in which networks return them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from attnviz.analysis.certainty import UNMEASURED, Doubt, guess_sentence
from attnviz.analysis.explain import explain
from attnviz.analysis.plain_pass import judged
from attnviz.models.catalogue import find_model, list_models
from attnviz.models.loading import load_model, wrap
from attnviz.models.preprocess import Preprocess
from attnviz.models.spec import CertaintyLimits
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, open_sample

GREY = Picture(np.full((8, 8, 3), 128, np.uint8), "grey.png", "0" * 64)


class Says(nn.Module):
    """Returns the same numbers for every picture, and depends on the picture all the same."""

    def __init__(self, *numbers: float, last: nn.Module | None = None) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, len(numbers), 1)
        self.last = last or nn.Identity()
        nn.init.zeros_(self.conv.weight)
        self.conv.bias.data = torch.tensor(numbers)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.last(self.conv(x).mean((2, 3)))
        return out


def model(*numbers: float, limits: CertaintyLimits | None = None, **options: object) -> VisionModel:
    last = options.pop("last", None)
    labels = options.pop("labels", [f"c{n}" for n in range(len(numbers))])
    made = wrap(Says(*numbers, last=last), Preprocess(size=8), labels, **options)  # type: ignore[arg-type]
    made.spec = replace(made.spec, certainty=limits)
    return made


def judge(made: VisionModel) -> tuple[float, float, Doubt | None] | None:
    found = explain(made, GREY, "grad-cam").certainty
    assert judged(made, GREY)[1] == found, "one rule, whoever asks"
    return None if found is None else (found.margin, found.energy, found.doubt)


def test_the_margin_is_that_of_the_two_best_and_the_energy_that_of_all_logits() -> None:
    margin, energy, doubt = judge(model(math.log(8), 0.0, math.log(2))) or (0, 0, None)
    assert margin == pytest.approx(math.log(4), abs=1e-5)
    assert energy == pytest.approx(-math.log(8 + 1 + 2), abs=1e-5)
    assert doubt is None


@pytest.mark.parametrize(("ratio", "doubt"), [(1.9, Doubt.CLOSE), (2.1, None)])
def test_unmeasured_networks_are_sure_of_what_is_twice_as_probable(
    ratio: float, doubt: Doubt | None
) -> None:
    assert pytest.approx(math.log(2)) == UNMEASURED.margin
    for shift in (-5.0, 5.0):  # their energy says nothing
        found = judge(model(shift + math.log(ratio), shift, shift - 9))
        assert found is not None
        assert found[2] is doubt


@pytest.mark.parametrize(
    ("limits", "doubt"),
    [
        (CertaintyLimits(1.3, -2.3), None),
        (CertaintyLimits(1.4, -2.3), Doubt.CLOSE),
        (CertaintyLimits(1.3, -2.5), Doubt.FAR),
        (CertaintyLimits(1.4, -2.5), Doubt.FAR),  # the graver one
        (CertaintyLimits(1.3), None),
    ],
)
def test_measured_limits_of_margin_and_energy_decide(
    limits: CertaintyLimits, doubt: Doubt | None
) -> None:
    # margin log 4 = 1.386, energy -log 11 = -2.398
    found = judge(model(math.log(8), 0.0, math.log(2), limits=limits))
    assert found is not None
    assert found[2] is doubt


def test_probabilities_are_judged_by_their_ratio_as_logits_are() -> None:
    numbers = math.log(0.6), math.log(0.15), math.log(0.25)
    plain, returned = model(*numbers), model(*numbers, last=nn.Softmax(1))
    margins = [(judge(one) or (math.nan,))[0] for one in (plain, returned)]
    assert margins == pytest.approx([math.log(0.6 / 0.25)] * 2, abs=1e-4)


@pytest.mark.parametrize(("best", "doubt"), [(0.4, None), (-0.4, Doubt.NONE)])
def test_independent_labels_are_sure_where_one_is_more_likely_than_not(
    best: float, doubt: Doubt | None
) -> None:
    logits = model(-3.0, best, -0.5, scores="sigmoid")
    returned = model(-3.0, best, -0.5, last=nn.Sigmoid())
    for made in (logits, returned):
        found = judge(made)
        assert found is not None
        assert found[0] == pytest.approx(best, abs=1e-4)
        assert found[2] is doubt


def test_two_classes_of_one_number_are_judged_by_their_ratio() -> None:
    close = judge(model(0.3, labels=["cat", "dog"]))  # 0.3 in log-odds; twice that between both
    assert close is not None
    assert close[2] is Doubt.CLOSE
    sure = judge(model(-3.0, labels=["cat", "dog"]))
    assert sure is not None
    assert sure[2] is None


@pytest.mark.parametrize("name", [spec.name for spec in list_models() if spec.embedded])
def test_limits_were_measured_for_all_that_comes_along(name: str) -> None:
    found = find_model(name).certainty
    assert found is not None
    assert 0 < found.margin < 4


@pytest.mark.parametrize(
    ("sample", "top", "doubt"),
    [("china", "church", None), ("astronaut", "French horn", Doubt.FAR),
     ("motorcycle", "French horn", Doubt.CLOSE)],
)  # fmt: skip
def test_a_network_of_ten_classes_names_what_it_knows_and_doubts_the_rest(
    sample: str, top: str, doubt: Doubt | None
) -> None:
    found = explain(load_model("ran-small", "cpu"), open_sample(sample), "soft-mask")
    assert found.predictions[0].label == top
    assert found.certainty is not None
    assert found.certainty.doubt is doubt


def test_a_single_label_and_features_are_not_judged() -> None:
    assert judge(model(-3.0, labels=["tumour"])) is None
    features = model(1.0, 2.0, labels=None, scores="none")
    found = explain(features, GREY, "grad-cam", target=0)
    assert found.certainty is None
    assert found.sure
    assert not found.guessed
    assert "top class" not in found.provenance


def test_a_guess_is_told_as_one_and_a_chosen_class_is_none() -> None:
    close = model(1.0, 0.9, 0.0)
    found = explain(close, GREY, "grad-cam")
    assert found.guessed
    assert found.provenance["top class"] == "c0 0.44, not sure"
    assert not explain(close, GREY, "grad-cam", target="c2").guessed, "it was asked for"
    sure = explain(model(3.0, 0.0, 0.0), GREY, "grad-cam")
    assert sure.sure
    assert sure.provenance["top class"] == "c0 0.91"


@pytest.mark.parametrize(
    ("doubt", "said"),
    [
        (Doubt.CLOSE, "Not sure: its best guesses are lynx (0.31) and tabby (0.30)."),
        (Doubt.FAR, "Not sure: the picture is unlike those it was trained on. "
                    "Its best guess is lynx (0.31)."),
        (Doubt.NONE, "Not sure: it finds none of its labels likely. "
                     "Its best guess is lynx (0.31)."),
    ],
)  # fmt: skip
def test_the_sentence_gives_the_reason_and_the_guess(doubt: Doubt, said: str) -> None:
    assert guess_sentence([("lynx", 0.31), ("tabby", 0.3), ("fox", 0.1)], doubt) == said
