"""Features of patches: read where they are meant to be read, and compared as vectors."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from torch import nn

import attnviz
from attnviz.analysis.features import PatchFeatures, features, shared_basis
from attnviz.capture.discovery.final_features import final_features
from attnviz.errors import FocusError, ModelError, NoSitesError, UnknownNameError
from attnviz.models.loading import wrap
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, open_picture
from tests.capture.families import CONTEXT
from tests.conftest import TinyCnn

PLAIN = Preprocess(size=16, multiple=8, mean=(0, 0, 0), std=(1, 1, 1))


class PatchColours(nn.Module):
    """The mean colour of each 8 x 8 patch, and of the whole picture."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 3, 8, stride=8, bias=False)
        self.patches.weight.data = torch.eye(3)[:, :, None, None].expand(3, 3, 8, 8) / 64

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.patches(x).mean((2, 3))


def patches(*rows: tuple[tuple[int, int, int], ...]) -> Picture:
    """A picture of even patches of 8 x 8 pixels."""
    return open_picture(np.asarray(rows, np.uint8).repeat(8, 0).repeat(8, 1), name="patches")


@pytest.fixture
def colours() -> VisionModel:
    return wrap(PatchColours(), PLAIN, name="colours", scores="none")


@pytest.fixture
def four() -> Picture:
    red, grey, yellow, dark = (255, 0, 0), (128, 128, 128), (255, 255, 0), (51, 0, 0)
    return patches((red, grey), (yellow, dark))


def test_values_by_hand(colours: VisionModel, four: Picture) -> None:
    found = attnviz.features(colours, four)
    assert found.layer == "patches"
    np.testing.assert_allclose(
        found.values * 255, [[[255, 0, 0], [128] * 3], [[255, 255, 0], [51, 0, 0]]], atol=1e-3
    )
    expected = [[1, 1 / np.sqrt(3)], [1 / np.sqrt(2), 1]]
    np.testing.assert_allclose(found.similarity(0.1, 0.1), expected, atol=1e-6)
    np.testing.assert_allclose(
        found.similarity(0.9, 0.1), [[1 / np.sqrt(3), 1], [2 / np.sqrt(6), 1 / np.sqrt(3)]],
        atol=1e-6,
    )  # fmt: skip


def test_a_patch_is_looked_for_in_another_picture(colours: VisionModel, four: Picture) -> None:
    other = features(colours, patches(((0, 9, 0), (0, 0, 40), (7, 0, 0)), ((1, 1, 0),) * 3))
    found = features(colours, four).similarity(0.2, 0.8, other)  # of yellow
    half = np.sqrt(0.5)
    np.testing.assert_allclose(found, [[half, 0, half], [1, 1, 1]], atol=1e-6)


def test_a_mirrored_picture_has_mirrored_answers(colours: VisionModel) -> None:
    pixels = np.random.default_rng(3).integers(0, 255, (24, 32, 3), np.uint8)
    model = replace(colours, spec=replace(colours.spec, preprocess=replace(PLAIN, size=24)))
    plain, mirrored = (
        features(model, open_picture(p, name="p")) for p in (pixels, pixels[:, ::-1])
    )
    np.testing.assert_allclose(
        mirrored.similarity(0.9, 0.4), plain.similarity(0.1, 0.4)[:, ::-1], atol=1e-5
    )
    np.testing.assert_allclose(
        mirrored.principal_components(), plain.principal_components()[:, ::-1], atol=1e-5
    )


def test_points_beyond_a_cropped_edge_are_refused(colours: VisionModel) -> None:
    crop = replace(PLAIN, fit="crop")
    model = replace(colours, spec=replace(colours.spec, preprocess=crop))
    found = features(
        model,
        patches(
            ((255, 0, 0), (0, 255, 0), (0, 0, 255), (9, 9, 9)),
        ),
    )
    assert found.values.shape == (2, 2, 3)  # of the middle alone
    assert found.patch_at(0.45, 0.5) == (1, 0)
    assert found.patch_at(0.625, 1.0) == (1, 1), "the corner belongs to the last patch"
    with pytest.raises(FocusError, match=r"does not see the point \(0.05, 0.5\) of patches"):
        found.similarity(0.05, 0.5)


def test_components_are_those_of_scikit_learn(colours: VisionModel) -> None:
    pixels = np.random.default_rng(5).integers(0, 255, (32, 48, 3), np.uint8)
    model = replace(colours, spec=replace(colours.spec, preprocess=replace(PLAIN, size=32)))
    one = features(model, open_picture(pixels, name="a"))
    other = features(model, open_picture(255 - pixels[:, :32] // 2, name="b"))
    for together in ((), (other,)):
        vectors = np.concatenate([f.values.reshape(-1, 3) for f in (one, *together)])
        peer = PCA(2, svd_solver="full").fit(vectors)
        mine = one.principal_components(2, together=together)
        theirs = peer.transform(one.values.reshape(-1, 3)).reshape(mine.shape)
        signs = np.sign((mine * theirs).sum((0, 1)))
        np.testing.assert_allclose(mine, signs * theirs, atol=1e-5)
    forwards, backwards = shared_basis((one, other)), shared_basis((other, one))
    np.testing.assert_allclose(forwards.axes, backwards.axes, atol=1e-9)


def test_features_of_two_networks_do_not_compare(colours: VisionModel, four: Picture) -> None:
    one = features(colours, four)
    other = replace(one, values=np.ones((2, 2, 5), np.float32))
    with pytest.raises(FocusError, match="of 3 numbers"):
        one.similarity(0.5, 0.5, other)
    with pytest.raises(FocusError, match="of 3 and of 5 numbers"):
        one.principal_components(together=[other])


def test_a_block_is_asked_for_by_name(four: Picture) -> None:
    torch.manual_seed(0)
    module = TinyCnn().eval()
    model = wrap(module, replace(PLAIN, size=32))
    kept = []
    handle = module.features[0].register_forward_hook(lambda *call: kept.append(call[2].clone()))
    first = features(model, four, "features.2")
    handle.remove()
    expected = torch.relu(module.features[1](kept[-1]))[0].permute(1, 2, 0)
    np.testing.assert_allclose(first.values, expected.detach().numpy(), atol=1e-6)
    assert features(model, four).values.shape == (8, 8, 16)
    with pytest.raises(UnknownNameError, match="There is no layer named"):
        features(model, four, "features.9")


def test_what_has_no_features_says_so(four: Picture) -> None:
    flat = nn.Sequential(nn.Flatten(), nn.Linear(16 * 16 * 3, 4))
    with pytest.raises(NoSitesError, match="returns a feature map"):
        features(wrap(flat, PLAIN), four)
    damaged = PatchColours()
    damaged.patches.weight.data.fill_(torch.nan)
    with pytest.raises(ModelError, match="NaN"):
        features(wrap(damaged, PLAIN, scores="none"), four)


class Encoder(nn.Module):
    """The first layers of `TinyCnn`, as an encoder that returns its map, or several by name."""

    def __init__(self, *, named: bool) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.body = TinyCnn().features
        self.named = named

    def forward(self, x: torch.Tensor) -> object:
        found = self.body(x)
        return {"map": found, "half": found / 2} if self.named else found


@pytest.mark.parametrize("named", [False, True])
def test_an_encoder_need_not_return_a_vector(named: bool) -> None:
    pixels = np.random.default_rng(8).integers(0, 255, (32, 48, 3), np.uint8)
    module = Encoder(named=named).eval()
    prepare = replace(PLAIN, size=32)
    picture = open_picture(pixels, name="noise")
    found = features(wrap(module, prepare), picture)
    expected = module.body(prepare.tensor(picture)[0])[0].permute(1, 2, 0)
    np.testing.assert_allclose(found.values, expected.detach().numpy(), atol=1e-6)
    assert found.notes == ()


def published(name: str, module: nn.Module, inputs: torch.Tensor) -> torch.Tensor:
    """The features [N, h * w, C] as each library gives them, class tokens and registers removed."""
    grid = {"timm DINOv2": 4 * 6, "timm EVA-02": 4 * 6, "torchvision ViT": 16}
    with torch.no_grad():
        if name == "torchvision ViT":
            tokens = module._process_input(inputs)
            start = module.class_token.expand(len(inputs), -1, -1)
            values = module.encoder(torch.cat([start, tokens], 1))
        elif name.startswith("Hugging Face"):
            values = module.base_model(inputs).last_hidden_state
        else:
            values = module.forward_features(inputs)
    if values.ndim == 4:
        values = values if "Swin" in name else values.permute(0, 2, 3, 1)
        return values.flatten(1, 2)
    return values[:, -grid.get(name, values.shape[1] // 8 * 8) :]


@pytest.mark.parametrize(
    "name",
    ["torchvision ViT", "timm ViT", "timm DINOv2", "timm DINOv3", "timm SigLIP", "timm EVA-02",
     "timm BEiT", "timm Swin", "timm CoAtNet", "Hugging Face ViT", "Hugging Face DINOv2"],
)  # fmt: skip
def test_features_are_those_that_libraries_publish(name: str) -> None:
    family = CONTEXT[name]
    module = family.make()
    pixels = np.random.default_rng(1).integers(0, 255, (*family.size, 3), np.uint8)
    prepare = Preprocess(size=min(family.size), multiple=2)
    model = wrap(module, prepare)
    picture = open_picture(pixels, name="noise")
    found = features(model, picture)
    expected = published(name, module, prepare.tensor(picture)[0])[0].numpy()
    assert found.values.shape[:2] == final_grid(family.size, found)
    np.testing.assert_allclose(found.values.reshape(expected.shape), expected, atol=1e-5)


def final_grid(size: tuple[int, int], found: PatchFeatures) -> tuple[int, int]:
    """A grid of the picture's aspect with as many cells."""
    cells = found.values.shape[0] * found.values.shape[1]
    rows = round((cells * size[0] / size[1]) ** 0.5)
    return rows, cells // rows


def test_nothing_changes_a_network_that_is_read() -> None:
    family = CONTEXT["timm DINOv2"]
    module = family.make()
    inputs = family.inputs(1)
    before = module(inputs)
    assert final_features(module, inputs).layer == "norm"
    assert torch.equal(module(inputs), before)
    assert not any(part._forward_hooks for part in module.modules())
