"""The scores of boxes and regions, worked by hand on detectors that look at fixed places."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import attnviz
from attnviz.analysis.layer_trace import trace_layers
from attnviz.errors import GradientError, TargetError, UnknownClassError
from attnviz.methods.d_rise import DRise
from attnviz.methods.rise import RandomMasks
from attnviz.models.outputs.overlap import box_overlaps, mask_overlaps
from attnviz.targets.box import Box
from attnviz.targets.region import Region

LABELS = ["nothing", "red", "green"]
PLAIN = attnviz.Preprocess(size=8, fit="squash", mean=(0, 0, 0), std=(1, 1, 1))
LEFT, RIGHT = (0.0, 0.0, 4.0, 8.0), (4.0, 0.0, 8.0, 8.0)


class Halves(nn.Module):
    """Finds red in the left half of its input, and green in the right one: by how much there is."""

    def __init__(self, form: str = "boxes") -> None:
        super().__init__()
        self.cells = nn.Conv2d(3, 3, 1, bias=False)
        self.cells.weight.data = torch.eye(3)[:, :, None, None]
        self.form = form

    def forward(self, inputs: Tensor) -> Any:
        cells = self.cells(inputs)
        red, green = cells[:, 0, :, :4].mean((1, 2)), cells[:, 1, :, 4:].mean((1, 2))
        if self.form == "dense":
            return {"out": 3 * torch.cat([torch.zeros_like(cells[:, :1]), cells[:, :2]], 1)}
        boxes = torch.tensor([LEFT, RIGHT]).expand(len(inputs), -1, -1)
        if self.form == "queries":
            none = torch.zeros_like(red)
            logits = torch.stack(
                [torch.stack([none, 2 * red, none, none], 1),
                 torch.stack([none, none, 2 * green, none], 1)], 1,
            )  # fmt: skip
            centred = torch.tensor([[0.25, 0.5, 0.5, 1], [0.75, 0.5, 0.5, 1]])
            return {"logits": logits, "pred_boxes": centred.expand(len(inputs), -1, -1)}
        scores, labels = torch.stack([red, green], 1), torch.tensor([1, 2])
        found = [
            {"boxes": box, "scores": score, "labels": labels}
            for box, score in zip(boxes, scores, strict=True)
        ]
        if self.form == "masks":
            masks = torch.zeros(2, 1, 8, 8)
            masks[0, :, :, :4], masks[1, :, :, 4:] = 0.9, 0.9
            found = [{**one, "masks": masks} for one in found]
        if self.form == "nothing":
            found = [{name: value[:0] for name, value in one.items()} for one in found]
        return found


def wrapped(
    form: str = "boxes", labels: list[str] = LABELS, name: str = "halves"
) -> attnviz.VisionModel:
    kind = "dense" if form == "dense" else "boxes"
    return attnviz.wrap(Halves(form), PLAIN, labels, name=name, outputs=kind)


@pytest.fixture
def picture() -> attnviz.Picture:
    """Left half at .8 of red; green in the upper right quarter, at .6. Twice as large as inputs."""
    pixels = np.zeros((16, 16, 3), np.uint8)
    pixels[:, :8, 0], pixels[:8, 8:, 1] = 204, 153
    return attnviz.open_picture(pixels, name="two halves")


def value_of(model: attnviz.VisionModel, picture: attnviz.Picture, target: Any) -> float:
    result = attnviz.explain(model, picture, "grad-cam", target)
    (asked,) = result.asked
    return asked.prediction.probability


def test_a_box_has_the_score_of_what_overlaps_it(picture: attnviz.Picture) -> None:
    model = wrapped()
    assert value_of(model, picture, Box(0, 0, 0.5, 1)) == pytest.approx(0.8)
    assert value_of(model, picture, Box(0.5, 0, 1, 1)) == pytest.approx(0.3)
    # A quarter of the left half: IoU 1/2 with it. Over both halves it is 1/2 with each.
    assert value_of(model, picture, Box(0, 0, 0.5, 0.5)) == pytest.approx(0.4)
    assert value_of(model, picture, Box(0, 0, 1, 1)) == pytest.approx(0.4)
    assert value_of(model, picture, Box(0, 0, 1, 1, "green")) == pytest.approx(0.15)
    assert value_of(model, picture, Box(0, 0, 1, 1, 1)) == pytest.approx(0.4)


def test_gradients_flow_through_the_probability_of_the_class(picture: attnviz.Picture) -> None:
    result = attnviz.explain(wrapped(), picture, "hires-cam", Box(0, 0, 0.5, 1))
    expected = np.zeros((8, 8), np.float32)
    # The feature times its share of the mean over 4 x 8 cells, by d log-odds / dp = 1 / p (1 - p).
    expected[:, :4] = 0.8 / 32 / (0.8 * 0.2)
    np.testing.assert_allclose(result.maps[-1], expected, rtol=1e-4)
    assert result.target is not None
    assert result.target.label == "what is in the box 25 % from the left and 50 % from the top"
    assert result.target_text == "box:0,0,.5,1"
    assert result.predictions == ()


def test_queries_with_no_object_are_read_as_probabilities(picture: attnviz.Picture) -> None:
    found = attnviz.detect(wrapped("queries"), picture, least=0)
    chances = [np.exp(2 * cell) / (3 + np.exp(2 * cell)) for cell in (0.8, 0.3)]
    assert [one.label for one in found] == ["red", "green"]
    assert [one.score for one in found] == pytest.approx(chances)
    assert [one.target for one in found] == [Box(0, 0, 0.5, 1, "red"), Box(0.5, 0, 1, 1, "green")]


def test_queries_without_no_object_are_independent(picture: attnviz.Picture) -> None:
    model = wrapped("queries", [])
    found = attnviz.detect(model, picture, least=0)
    assert found[0].score == pytest.approx(1 / (1 + np.exp(-1.6)))
    assert found[0].label == "class 1"


def chance(*log_odds: float) -> float:
    """The probability of the mean of log-odds."""
    return float(1 / (1 + np.exp(-np.mean(log_odds))))


def test_a_segmenters_place_has_the_mean_log_odds_of_its_class(picture: attnviz.Picture) -> None:
    """Logits are 0, 3 x red and 3 x green: 2.4 for red, 1.8 for green where they are."""
    model = wrapped("dense")
    red, not_red, black = 2.4 - np.log(2), -np.log(1 + np.exp(1.8)), -np.log(2)
    green, not_green = 1.8 - np.log(2), -np.log(1 + np.exp(2.4))
    assert value_of(model, picture, Box(0, 0, 0.5, 1)) == pytest.approx(chance(red))
    assert value_of(model, picture, Box(0.5, 0, 1, 0.5)) == pytest.approx(chance(green))
    right = value_of(model, picture, Box(0.5, 0, 1, 1, "green"))
    assert right == pytest.approx(chance(green, black))
    mask = np.zeros((16, 16), bool)
    mask[:, 6:10] = True  # a half red, a quarter green, a quarter black
    found = value_of(model, picture, Region(mask))
    assert found == pytest.approx(chance(red, red, not_red, black))
    found = value_of(model, picture, Region(mask, "green"))
    assert found == pytest.approx(chance(not_green, not_green, green, black))


def test_a_class_whose_label_is_another_ones_too_goes_by_its_index(
    picture: attnviz.Picture,
) -> None:
    mask = np.zeros((16, 16), bool)
    mask[:, 8:] = True
    for labels in (["nothing", "fruit", "fruit"], []):
        model = wrapped("boxes", labels)
        for target in (Box(0.5, 0, 1, 1, 2), Region(mask, 2)):
            result = attnviz.explain(model, picture, "grad-cam", target)
            assert result.target is not None
            assert result.target.probability == pytest.approx(0.3)  # of the second kind of fruit
            assert result.asked[0].target == target


def test_what_a_segmenter_finds(picture: attnviz.Picture) -> None:
    found = attnviz.detect(wrapped("dense"), picture)
    assert [one.label for one in found] == ["red", "nothing", "green"]
    assert isinstance(found[0].target, Region)
    expected = np.zeros((16, 16), bool)
    expected[:, :8] = True
    np.testing.assert_array_equal(found[0].target.mask, expected)
    assert found[0].score == pytest.approx(np.exp(2.4) / (2 + np.exp(2.4)), rel=1e-5)


def test_regions_are_compared_with_masks_and_boxes_with_boxes(picture: attnviz.Picture) -> None:
    mask = np.zeros((16, 16), bool)
    mask[:8, :8] = True
    assert value_of(wrapped("masks"), picture, Region(mask)) == pytest.approx(0.4)
    assert value_of(wrapped("boxes"), picture, Region(mask)) == pytest.approx(0.4)
    found = attnviz.detect(wrapped("masks"), picture)
    assert [type(one.target) for one in found] == [Region]  # green has .3, and half is asked for


def test_without_a_question_the_most_probable_thing_is_explained(picture: attnviz.Picture) -> None:
    for question in ("auto", "decision"):
        result = attnviz.explain(wrapped(), picture, question)
        assert result.method == "layer-cam"
    assert result.target_text == "box:0,0,.5,1,red"


def test_a_picture_as_a_whole_has_the_scores_of_what_is_in_it(picture: attnviz.Picture) -> None:
    """So that layers, features and methods that need no question can be shown, too."""
    for form in ("boxes", "queries"):
        logits = trace_layers(wrapped(form), picture).trace.logits[0]
        chances = torch.tensor([0.0, 0.8, 0.3])
        if form == "queries":
            queries = torch.tensor([[0, 1.6, 0, 0], [0, 0, 0.6, 0]]).softmax(1)
            chances = queries[:, :3].amax(0)
        torch.testing.assert_close(logits.sigmoid(), chances, rtol=1e-4, atol=2e-6)
    logits = trace_layers(wrapped("dense"), picture).trace.logits[0]
    torch.testing.assert_close(logits, torch.tensor([0.0, 1.2, 0.45]), rtol=1e-4, atol=1e-6)
    assert trace_layers(wrapped("nothing"), picture).trace.logits.shape == (1, 3)
    assert trace_layers(wrapped("boxes", []), picture).trace.logits.shape == (1, 1)
    result = attnviz.explain(wrapped("nothing"), picture, "eigen-cam")
    assert result.asked == ()
    values = attnviz.features(wrapped(), picture).values
    np.testing.assert_allclose(values[0, 0], [0.8, 0, 0], atol=1e-6)


def test_all_boxes_come_from_one_forward_pass(picture: attnviz.Picture) -> None:
    model = wrapped()
    boxes = [Box(0, 0, 0.5, 1, "red"), Box(0.5, 0, 1, 1, "green"), Box(0, 0, 1, 1, "red")]
    attnviz.explain(model, picture, "grad-cam", boxes)  # sites are found once
    passes: list[int] = []
    handle = model.module.register_forward_hook(lambda *_: passes.append(1))
    result = attnviz.explain(model, picture, "grad-cam", boxes)
    handle.remove()
    assert len(passes) == 1
    assert [one.prediction.probability for one in result.asked] == pytest.approx([0.8, 0.3, 0.4])
    for one, box in zip(result.asked, boxes, strict=True):
        alone = attnviz.explain(model, picture, "grad-cam", box)
        np.testing.assert_allclose(one.maps[-1], alone.maps[-1], atol=1e-7)


def test_d_rise_equals_the_mean_over_the_same_masks(
    picture: attnviz.Picture,
) -> None:
    model = wrapped()
    result = attnviz.explain(model, picture, "d-rise", Box(0, 0, 0.5, 1))
    inputs = model.preprocess.tensor(picture)[0].double()
    drawn = RandomMasks.drawn(DRise().masks, (8, 8), DRise().grid, 0.5, seed=0)
    behind = inputs.mean((2, 3), keepdim=True)
    total, weight = torch.zeros(2, 8, 8, dtype=torch.float64)
    for mask in torch.cat(list(drawn.batches(99, torch.zeros(())))).double():
        variant = inputs * mask + behind * (1 - mask)
        total += variant[0, 0, :, :4].mean() * mask  # the right half is green: it does not count
        weight += mask
    np.testing.assert_allclose(result.maps[0], total / weight, rtol=1e-5)


def test_a_class_that_was_missed_can_be_asked_for(picture: attnviz.Picture) -> None:
    model = wrapped()
    with pytest.raises(GradientError, match=r"halves finds nothing in this .*such as d-rise"):
        attnviz.explain(wrapped("nothing"), picture, "grad-cam", Box(0, 0, 1, 1, "red"))
    result = attnviz.explain(model, picture, "occlusion", Box(0, 0, 0.5, 1, "green"))
    assert result.target is not None
    assert result.target.probability == pytest.approx(0, abs=2e-6)
    assert not result.maps[0].any()


@pytest.mark.parametrize(
    ("form", "target", "sentence"),
    [
        ("nothing", None, "halves finds nothing in two halves with a probability of 0.5 or more"),
        ("nothing", Box(0, 0, 1, 1), "finds nothing that overlaps the box 0,0,1,1"),
        ("boxes", "red", "cannot be asked for a class, .* asked for .*a box of the picture"),
        ("boxes", Box(0, 0, 1, 1, "blue"), "no class named 'blue'"),
        ("dense", Box(0, 0, 1, 1, 7), "no class 7"),
        ("dense", Region(np.ones((16, 30))), "has 16 x 30 positions, and the picture 16 x 16"),
    ],
)
def test_what_cannot_be_asked(
    picture: attnviz.Picture, form: str, target: Any, sentence: str
) -> None:
    with pytest.raises((TargetError, UnknownClassError), match=sentence):
        attnviz.explain(wrapped(form), picture, "auto", target)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: Box(0, 0, 120, 80), "The box 0, 0, 120, 80 reaches beyond the picture"),
        (lambda: Box(0, -0.1, 1, 1), "reaches beyond"),
        (lambda: Box(0, 0, float("nan"), 1), "reaches beyond"),
        (lambda: Box(0.5, 0, 0.5, 1), "has no area"),
        (lambda: Box(0.6, 0, 0.5, 1), "has no area"),
        (lambda: Region(np.zeros((4, 4))), "has no area"),
        (lambda: Region(np.ones(4)), "a mask bool .* not 4"),
        (lambda: Region(True), "not a single number"),
    ],
)
def test_places_that_are_none(make: Any, sentence: str) -> None:
    with pytest.raises(TargetError, match=sentence):
        make()


def test_a_classifier_finds_no_places(tiny_cnn: nn.Module, picture: attnviz.Picture) -> None:
    model = attnviz.wrap(tiny_cnn, PLAIN)
    with pytest.raises(TargetError, match="TinyCnn cannot be asked for a box of the picture"):
        attnviz.explain(model, picture, "auto", Box(0, 0, 1, 1))
    with pytest.raises(TargetError, match="TinyCnn finds neither boxes nor regions"):
        attnviz.detect(model, picture)


def test_overlaps_by_hand() -> None:
    boxes = torch.tensor([[0.0, 0, 4, 4], [2, 2, 6, 6], [4, 0, 8, 4], [1, 1, 1, 3]])
    found = box_overlaps(boxes, (0.0, 0.0, 4.0, 4.0))
    np.testing.assert_allclose(found, [1, 4 / 28, 0, 0], rtol=1e-6)
    masks = torch.zeros(2, 2, 2)
    masks[0, 0], masks[1] = 0.6, 0.4
    inside = torch.zeros(4, 4)
    inside[:, :2] = 1  # a half of each row of the masks
    np.testing.assert_allclose(mask_overlaps(masks, inside), [1 / 3, 0], rtol=1e-6)
