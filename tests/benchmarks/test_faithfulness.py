"""The benchmark's own arithmetic: cells, classes, tables."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import attnviz
from attnviz.models.lens_source import build_lens
from attnviz.models.preprocess import Preprocess
from attnviz.models.torchvision_source import imagenet_labels
from attnviz.models.zoo.lens import STEPS
from attnviz.pictures.geometry import Fit
from benchmarks.contestants import Contestant, contestants, last_block
from benchmarks.data import imagenet
from benchmarks.faithfulness import alike
from benchmarks.known_classes import classes_for
from benchmarks.mosaics import classifier_of, mosaics, share_in_cell
from benchmarks.report import Report, Results, best_peer


def test_the_share_in_a_cell_by_hand() -> None:
    values = np.array([[3.0, 1.0], [0.0, -5.0]], np.float32)
    large = values.repeat(8, 0).repeat(8, 1)
    found = [share_in_cell(large, cell, (16, 16)) for cell in range(4)]
    np.testing.assert_allclose(found, [0.75, 0.25, 0, 0], atol=0.03)  # bicubic at the borders
    assert share_in_cell(np.zeros((2, 2), np.float32), 1, (16, 16)) == 0.25


def test_a_mosaic_shows_four_classes_where_it_says() -> None:
    """Four plain colours of which the network is sure, and a grey one of which it is not."""
    network = nn.Sequential(nn.Conv2d(3, 4, 1, bias=False), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    network[0].weight.data.copy_(
        20 * torch.tensor([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1]])[:, :, None, None] - 9
    )
    model = attnviz.wrap(network.eval(), Preprocess(size=8, fit=Fit.SQUASH))
    colours = torch.tensor([[1.0, -1, -1], [-1, 1, -1], [-1, -1, 1], [2, 2, 2], [0, 0, 0]])
    inputs = colours[:, :, None, None].expand(-1, -1, 8, 8)
    named = network(inputs).softmax(1).max(1)
    assert named.indices[:4].tolist() == [0, 1, 2, 3]
    made = mosaics(model, inputs, 5)
    assert len(made) == 5
    for one in made:
        assert sorted(one.classes) == [0, 1, 2, 3]
        for cell, target in enumerate(one.classes):
            row, column = 8 * (cell // 2), 8 * (cell % 2)
            part = one.inputs[0, :, row : row + 8, column : column + 8]
            torch.testing.assert_close(part, inputs[target])


def test_things_of_coco_are_called_by_their_kind() -> None:
    labels = imagenet_labels()
    assert {labels[one] for one in classes_for("elephant", labels)} == {
        "Indian elephant",
        "African elephant",
    }
    dogs = [labels[one] for one in classes_for("dog", labels)]
    assert (len(dogs), dogs[0], dogs[-1]) == (118, "Chihuahua", "Mexican hairless")
    assert classes_for("person", labels) == ()
    assert classes_for("dog", ("tench", "English springer")) == (1,)


def test_every_name_in_the_table_of_classes_is_one_of_imagenet() -> None:
    from benchmarks import known_classes

    known = set(imagenet_labels())
    assert not {name for names in known_classes._table().values() for name in names} - known


def test_differences_are_taken_picture_by_picture_and_lower_may_be_better() -> None:
    def never(_inputs: Tensor, _target: int) -> np.ndarray:
        raise AssertionError("nothing is measured here")

    results = Results({}, {})
    for name, kept, taken in (("own", 0.1, -0.1), ("Peer (library)", 0.0, 0.0)):
        noise = np.random.default_rng(0).random(50)
        results.add(name, "kept", (noise + kept).tolist())
        results.add(name, "taken", (noise + taken).tolist())
    # One more peer, measured on more photos: the best there, not on those that all have seen.
    results.add("Late (library)", "kept", [-1.0] * 50 + [9.0] * 50)
    network = nn.Sequential(nn.Conv2d(3, 2, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten())
    methods = [
        Contestant("own", "attnviz", never),
        Contestant("Peer", "library", never, peer=True),
        Contestant("Late", "library", never, peer=True),
    ]
    assert best_peer(methods, results, "kept") == "Peer (library)"
    report = Report(attnviz.wrap(network), methods, results, 1).markdown()
    row = next(line for line in report.splitlines() if line.startswith("| own | **+"))
    assert row == "| own | **+0.100 [+0.100, +0.100]** (50) | **+0.100 [+0.100, +0.100]** (50) |"


def test_maps_are_alike_whatever_their_scale() -> None:
    values = np.random.default_rng(0).random((8, 8)).astype(np.float32)
    flat = np.ones((8, 8), np.float32)
    found = alike({"a": values, "b": values**2, "c": 7 * values + 3, "d": flat, "e": 2 * flat})
    assert found == [["a", "c"], ["b"], ["d", "e"]]


def test_photos_of_imagenet_are_their_centre_squares_by_name(tmp_path: Path) -> None:
    (tmp_path / "imagenet-100").mkdir()
    for name, left in (("b", 90), ("a", 10)):
        pixels = np.zeros((40, 120, 3), np.uint8)
        pixels[:, 40:80] = left
        Image.fromarray(pixels).save(tmp_path / "imagenet-100" / f"{name}.jpg", quality=100)
    squares = imagenet(tmp_path, 20)
    assert squares.shape == (2, 20, 20, 3)
    np.testing.assert_allclose(squares[:, 4:16, 4:16].mean((1, 2, 3)), [10, 90], atol=2)


def test_each_mask_of_lens_takes_part_for_the_class_and_its_classifier_judges() -> None:
    torch.manual_seed(0)
    lens = build_lens().eval()
    for step in STEPS:
        nn.init.normal_(lens.get_submodule(f"stride{step.stride}.score").weight, std=0.3)
    inputs = torch.randn(1, 3, 64, 64)
    found = {one.label: one for one in contestants(lens, inputs)}
    assert {one.label for one in found.values() if one.favourite} == {
        "class-mask, stride4",
        "class-mask, necessary",
        "competition",
    }
    assert "soft-mask" not in found  # is for no class
    scores = lens.scores(lens.features(inputs), torch.tensor([42]))[-1].sigmoid().detach() ** 4
    for index, layer in enumerate(("stride4", "necessary")):
        values = found[f"class-mask, {layer}"].map_for(inputs, 42)
        np.testing.assert_allclose(values, scores[0, index], atol=1e-5)
    assert classifier_of(lens) is lens.trunk
    assert classifier_of(lens.trunk) is lens.trunk


@pytest.mark.parametrize("name", ["GradCAM (torchcam)", "GradCAM (pytorch-grad-cam)"])
def test_peers_see_the_block_that_ours_sees(name: str) -> None:
    """Grad-CAM is the same in all three codes, so their maps must be too.

    Not behind layers that work in place: the peers keep the block's own tensor, which changes.
    """
    torch.manual_seed(0)
    network = nn.Sequential(
        nn.Conv2d(3, 6, 3, stride=4, padding=1), nn.Softplus(),
        nn.Conv2d(6, 8, 3, stride=2, padding=1), nn.Softplus(),
        nn.Conv2d(8, 4, 1), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
    ).eval().requires_grad_(requires_grad=False)  # fmt: skip
    inputs = torch.randn(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    found = {one.label: one for one in contestants(network, inputs)}
    own, other = (found[one].map_for(inputs, 2) for one in ("grad-cam", name))
    assert last_block(network, inputs).module == "3"  # 4 is the map of the classes itself
    if other.shape != own.shape:  # pytorch-grad-cam enlarges and stretches
        own = cv2.resize(own, other.shape[::-1], interpolation=cv2.INTER_LINEAR)
        own = own - own.min()
    assert own.max() > 0
    np.testing.assert_allclose(own / own.max(), other / other.max(), atol=1e-3)
