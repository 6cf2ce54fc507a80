"""Many pictures: the same results as one by one, in order, lazily, and errors in their place."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import Dataset

import attnviz
from attnviz.batch.explain_many import ExplainedPicture, explain_many
from attnviz.errors import (
    MethodError,
    PictureError,
    TargetError,
    UnknownClassError,
    UnknownNameError,
)
from attnviz.methods.base import METHODS
from attnviz.models.lens_source import build_lens
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel
from attnviz.models.zoo.vit_small import vit_small
from attnviz.pictures import Picture, open_picture
from attnviz.pictures.geometry import Fit
from tests.conftest import TinyCnn

SIZES = ((64, 64), (64, 96), (96, 64), (64, 64), (64, 96), (64, 64), (64, 64))
WHOLE = Preprocess(size=32, fit=Fit.WHOLE, multiple=16)


def noise(count: int, sizes: tuple[tuple[int, int], ...] = SIZES) -> list[Picture]:
    random = np.random.default_rng(0)
    return [
        open_picture(random.integers(0, 255, (*sizes[i % len(sizes)], 3), np.uint8), name=f"{i}")
        for i in range(count)
    ]


@pytest.fixture
def cnn(tiny_cnn: nn.Module) -> VisionModel:
    return attnviz.wrap(tiny_cnn.eval(), WHOLE, ("a", "b", "c", "d"))


class Gated(nn.Module):
    """A network with a soft mask, gates and self-attention, of inputs of any size."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 10, 8, 8)
        self.mask, self.gate = nn.Conv2d(10, 10, 1), nn.Linear(10, 10)
        self.qkv, self.body = nn.Linear(10, 30), nn.Conv2d(10, 10, 3, padding=1)
        self.head = nn.Linear(10, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = torch.relu(self.stem(x))
        x = x * torch.sigmoid(self.mask(x))
        x = x * torch.sigmoid(self.gate(x.mean((2, 3))))[:, :, None, None]
        tokens = x.flatten(2).transpose(1, 2)
        q, k, v = (one[:, None] for one in self.qkv(tokens).chunk(3, 2))
        seen = nn.functional.scaled_dot_product_attention(4 * q, 4 * k, v)[:, 0]
        x = (tokens + seen).transpose(1, 2).reshape(x.shape)
        return self.head(torch.relu(self.body(x)).mean((2, 3)))


def wrapped(network: nn.Module, preprocess: Preprocess = WHOLE) -> VisionModel:
    return attnviz.wrap(network.eval(), preprocess)


@pytest.fixture(scope="module")
def gated() -> VisionModel:
    torch.manual_seed(0)
    return wrapped(Gated())


def assert_equal(many: ExplainedPicture, one: attnviz.Explanation) -> None:
    found = many.explanation
    assert found is not None, many.error
    for name in ("method", "layers", "best_layer", "notes", "classes", "geometry"):
        assert getattr(found, name) == getattr(one, name), name
    assert found.provenance.keys() == one.provenance.keys()
    for predicted, expected in zip(found.predictions, one.predictions, strict=True):
        assert predicted.label == expected.label
        assert predicted.probability == pytest.approx(expected.probability, abs=1e-5)
    for values, expected in zip(found.maps, one.maps, strict=True):
        largest = max(1.0, float(np.abs(expected).max()))
        np.testing.assert_allclose(values, expected, rtol=0, atol=1e-5 * largest)


def assert_as_one_by_one(model: VisionModel, method: str, **options: Any) -> None:
    pictures = noise(4, ((64, 64), (64, 96), (64, 64), (64, 64)))  # alone, alone, two together
    results = list(explain_many(model, pictures, method, batch_size=2, **options))
    assert [one.index for one in results] == list(range(4))
    assert [one.name for one in results] == [one.name for one in pictures]
    for result, picture in zip(results, pictures, strict=True):
        assert_equal(result, attnviz.explain(model, picture, method, **options))


ELSEWHERE = ("class-mask", "direct-contributions")
TOGETHER = [one.name for one in METHODS if not one.many_passes and one.name not in ELSEWHERE]


@pytest.mark.parametrize("method", ["auto", "decision", *TOGETHER, "occlusion"])
def test_every_method_gives_what_explain_gives(method: str, gated: VisionModel) -> None:
    assert_as_one_by_one(gated, method)


@pytest.mark.parametrize("method", ["grad-cam", "soft-mask", "channel-gate", "rollout"])
def test_one_layer_alone_is_read_of_all_pictures(method: str, gated: VisionModel) -> None:
    layer = attnviz.explain(gated, noise(1)[0], method).layers[-1]
    assert_as_one_by_one(gated, method, layers=[layer])
    (one,) = explain_many(gated, noise(1), method, layers=layer)
    assert [found.layers for found in (one.explanation,) if found] == [(layer,)]
    with pytest.raises(UnknownNameError, match="no layer named 'none'"):
        next(explain_many(gated, noise(1), method, layers="none"))


def test_methods_that_need_a_certain_network() -> None:
    torch.manual_seed(0)
    assert_as_one_by_one(wrapped(build_lens()), "class-mask")
    transformer = vit_small(4, width=16, depth=2, heads=2)
    square = Preprocess(size=64, fit=Fit.SQUASH)
    assert_as_one_by_one(wrapped(transformer, square), "direct-contributions")


@pytest.mark.parametrize("target", [2, [0, 1], attnviz.Patch(0.2, 0.7)])
def test_what_is_asked_of_all(target: Any, gated: VisionModel) -> None:
    assert_as_one_by_one(gated, "grad-cam", target=target)


class Counted(TinyCnn):
    """A network that notes the size of each batch; NaN where the first pixel is white."""

    def __init__(self, most: int = 100) -> None:
        super().__init__()
        self.most, self.batches = most, []

    def forward(self, x: Tensor) -> Tensor:
        if len(x) > self.most:
            raise RuntimeError("not enough memory: you tried to allocate 1 TB")
        self.batches.append(len(x))
        logits = super().forward(x)
        return torch.where(x[:, :1, 0, 0] > 2.2, torch.nan, logits)


@pytest.fixture
def counted() -> Counted:
    torch.manual_seed(0)
    return Counted()


def test_pictures_of_one_size_share_a_pass(counted: Counted) -> None:
    pictures = noise(9, ((64, 64), (64, 64), (64, 96)))  # the first is explained alone
    list(explain_many(wrapped(counted), pictures, "grad-cam", batch_size=3))
    del counted.batches[:]
    list(explain_many(wrapped(counted), pictures, "grad-cam", batch_size=3))
    passes = [size for size in counted.batches if size > 1]
    assert passes == [3, 3, 2]


def test_where_memory_runs_out_batches_are_halved(counted: Counted) -> None:
    counted.most = 1
    assert_as_one_by_one(wrapped(counted), "grad-cam")
    del counted.batches[:]
    counted.most = 2
    list(explain_many(wrapped(counted), noise(8, ((64, 64),)), "grad-cam", batch_size=7))
    assert max(counted.batches) == 2


def test_what_fails_on_one_picture_is_its_error_alone(counted: Counted, tmp_path: Path) -> None:
    pictures: list[Any] = noise(6, ((64, 64),))
    white = open_picture(np.full((64, 64, 3), 255, np.uint8), name="white")
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    pictures[1:1] = [tmp_path / "broken.jpg", white, tmp_path / "missing.png"]
    model = wrapped(counted)
    results = list(explain_many(model, pictures, "grad-cam", batch_size=4))
    assert [one.index for one in results if one.error] == [1, 2, 3]
    assert isinstance(results[1].error, PictureError)
    assert results[1].name == str(tmp_path / "broken.jpg")
    assert "returned NaN" in str(results[2].error)
    assert "missing.png" in str(results[3].error)
    for index in (0, 4, 8):
        assert_equal(results[index], attnviz.explain(model, pictures[index], "grad-cam"))


def test_what_is_impossible_for_all_is_raised(cnn: VisionModel) -> None:
    for wrong, error in (
        ({"method": "gradcam"}, UnknownNameError),
        ({"target": "dog"}, UnknownClassError),
        ({"method": "rollout"}, MethodError),
    ):
        with pytest.raises(error):
            next(explain_many(cnn, noise(1), **wrong))
    with pytest.raises(UnknownNameError, match="bfloat16"):
        explain_many(cnn, noise(1), precision="bfloat")
    with pytest.raises(TargetError):
        explain_many(cnn, noise(1), target=attnviz.Words("dog"))


def test_pictures_are_read_as_results_are_taken(cnn: VisionModel) -> None:
    read = []

    def source() -> Iterator[Picture]:
        for picture in noise(60):
            read.append(picture.name)
            yield picture

    results = explain_many(cnn, source(), "grad-cam", batch_size=3)
    assert read == []
    next(results)
    assert len(read) == 1
    for taken, _ in enumerate(results, 2):
        assert len(read) <= taken + 4 * 3


def test_memory_stays_flat(cnn: VisionModel) -> None:
    sides = 256, 320, 384

    def source() -> Iterator[np.ndarray]:
        for index in range(120):
            yield np.full((256, sides[index % 3], 3), index, np.uint8)

    held = {}
    tracemalloc.start()
    try:
        for done, _ in enumerate(explain_many(cnn, source(), "grad-cam", batch_size=4), 1):
            if done in (36, 108):  # whole numbers of rounds of three sizes in batches of four
                gc.collect()
                held[done] = tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()
    assert held[108] <= 1.05 * held[36]


class Labelled(Dataset[Any]):
    """Pairs of an image and a label, in several forms; the fourth cannot be read."""

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> Any:
        pixels = noise(5)[index].pixels
        channels_first = torch.from_numpy(pixels.copy()).permute(2, 0, 1)
        if index == 3:
            raise KeyError("annotation")
        forms = Image.fromarray(pixels), pixels, channels_first, None, channels_first / 255
        return forms[index], index


@pytest.mark.parametrize("workers", [0, 1])
def test_a_data_set_of_torch(workers: int, cnn: VisionModel) -> None:
    results = list(explain_many(cnn, Labelled(), "grad-cam", batch_size=2, workers=workers))
    assert [one.name for one in results] == [f"picture {index}" for index in range(5)]
    assert "KeyError" in str(results[3].error)
    for index in (0, 1, 2, 4):
        expected = attnviz.explain(cnn, noise(5)[index], "grad-cam")
        found = results[index].explanation
        assert found is not None
        np.testing.assert_array_equal(found.picture.pixels, expected.picture.pixels)
        assert not found.picture.pixels.flags.writeable
        np.testing.assert_allclose(found.maps[-1], expected.maps[-1], atol=1e-5)


def test_tensors_that_are_normalised_are_refused(cnn: VisionModel) -> None:
    results = list(explain_many(cnn, [noise(1)[0], torch.randn(3, 8, 8), torch.ones(8, 8)]))
    assert all("not normalised" in str(one.error) for one in results[1:])


@pytest.mark.parametrize("precision", ["bfloat16", "float16"])
def test_half_precision_is_within_its_tolerance(precision: str, cnn: VisionModel) -> None:
    pictures = noise(4)
    half = explain_many(cnn, pictures, "grad-cam", target=1, precision=precision)
    for found, picture in zip(half, pictures, strict=True):
        expected = attnviz.explain(cnn, picture, "grad-cam", 1)
        assert found.explanation is not None
        for one, other in zip(found.explanation.maps, expected.maps, strict=True):
            assert np.abs(one - other).mean() <= 0.03 * np.abs(other).max()


def test_progress_counts_and_stops(cnn: VisionModel) -> None:
    calls: list[tuple[int, int | None]] = []

    def stop(done: int, total: int | None) -> None:
        calls.append((done, total))
        if done == 3:
            raise KeyError("enough")

    with pytest.raises(KeyError, match="enough"):
        list(explain_many(cnn, noise(7), "grad-cam", batch_size=2, progress=stop))
    assert calls == [(1, 7), (2, 7), (3, 7)]
