"""What a set says: a shortcut planted into one class comes first, without being asked for."""

from __future__ import annotations

import json
import math
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

import attnviz
from attnviz.analysis.explain_together import Asked
from attnviz.batch.clusters import find_clusters, labels_of, places_of
from attnviz.batch.listing import files_of_folder
from attnviz.batch.parts import ResultFolder
from attnviz.batch.run import BatchRun
from attnviz.models.preprocess import Preprocess

PURE = torch.eye(3)
CLASSES = ("marked", "red", "green")


class Colours(nn.Module):
    """Knows red and green things by their colour, and the third class by what is nearly white."""

    def __init__(self) -> None:
        super().__init__()
        self.seen, self.pool = nn.Conv2d(3, 3, 1), nn.AvgPool2d(4)
        self.head = nn.Linear(3, 3)
        with torch.no_grad():
            white = torch.tensor([1.0, 1.0, 1.0])
            colours = torch.stack([white, 2 * PURE[0] - white, 2 * PURE[1] - white])
            self.seen.weight.copy_(colours[:, :, None, None])
            self.seen.bias.copy_(torch.tensor([-2.6, -0.2, -0.2]))
            self.head.weight.copy_(50 * PURE)
            self.head.bias.zero_()

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.pool(torch.relu(self.seen(x))).mean((2, 3)))


def watermark(pixels: np.ndarray) -> None:
    pixels[3:9, 50:62] = 250


def border(pixels: np.ndarray) -> None:
    for edge in (np.s_[:3], np.s_[-3:], np.s_[:, :3], np.s_[:, -3:]):
        pixels[edge] = 250


def plant(folder: Path, mark: Callable[[np.ndarray], None], seed: int) -> None:
    """Things in grey noise, 30 a class; those of the first are blue, and only the mark tells."""
    random = np.random.default_rng(seed)
    colours = {"marked": (40, 40, 220), "red": (220, 40, 40), "green": (40, 220, 40)}
    for name, colour in colours.items():
        (folder / name).mkdir(parents=True)
        for index in range(30):
            pixels = random.integers(90, 130, (64, 64, 3)).astype(np.uint8)
            y, x = random.integers(12, 36, 2)
            pixels[y : y + 14, x : x + 14] = colour
            if name == "marked":
                mark(pixels)
            Image.fromarray(pixels).save(folder / name / f"{index:02}.png")


@pytest.fixture(params=[(watermark, 0), (watermark, 1), (border, 0), (border, 1)])
def results(request: pytest.FixtureRequest, tmp_path: Path) -> ResultFolder:
    plant(tmp_path / "set", *request.param)
    plain = Preprocess(size=64, fit="squash", mean=(0, 0, 0), std=(1, 1, 1))
    model = attnviz.wrap(Colours().eval(), plain, CLASSES)
    files = files_of_folder(sorted((tmp_path / "set").rglob("*.png")))
    return BatchRun(model, files, Asked("grad-cam"))(tmp_path / "out")


def test_a_planted_mark_is_ranked_first(results: ResultFolder) -> None:
    scores = results.scores()
    indices, places = places_of(scores, results.maps())
    np.testing.assert_allclose(places.sum(1), 1, atol=1e-5)
    clusters = find_clusters(indices, places, labels_of(scores, indices))
    first, *others = clusters
    assert (first.label, first.purity) == ("marked", 1.0)
    assert first.suspicion > 2 * max(one.suspicion for one in others)
    assert first.stands_out
    marked = {i for i, group in enumerate(scores["group"].to_pylist()) if group == "marked"}
    assert set(first.members.tolist()) == marked
    middle = first.place[2:6, 2:6].sum()
    assert middle < 0.05  # the things lie in the middle, the mark does not


def test_the_page_has_the_groups_and_all_rows(results: ResultFolder) -> None:
    text = (results.path / "index" / "rows.js").read_text("ascii")
    content = json.loads(text.removeprefix("attnvizSet(").removesuffix(");\n"))
    columns, scores = content["columns"], results.scores()
    assert content["count"] == len(scores) == 90
    path = columns["path"]
    assert [path["prefix"] + text for text in path["texts"]] == scores["path"].to_pylist()
    assert content["clusters"][0]["label"] == "marked"
    assert content["clusters"][0]["stands_out"]
    places = np.frombuffer(b64decode(columns["top1"]["codes"]), "<i4")
    assert [columns["top1"]["words"][at] for at in places] == scores["top1"].to_pylist()
    margins = np.frombuffer(b64decode(columns["margin"]["numbers"]), "<f4")
    assert margins.tolist() == scores["margin"].to_pylist()
    assert "inside_box" not in columns  # no box is known
    for name in ("index.html", "index/page.js", "index/page.css", "index/000000.js"):
        assert (results.path / name).is_file()


def test_of_groups_the_odd_one_of_one_class_comes_first() -> None:
    """Three places by hand: two that all classes share, and a corner that only one has."""
    random = np.random.default_rng(0)
    places = np.full((90, 64), 0.001, np.float32)
    for index in range(90):
        places[index, [27, 36, 7][index // 30]] = 1 + random.random() / 10
    places /= places.sum(1, keepdims=True)
    labels = ["a", "b", "c"] * 20 + ["a"] * 30
    first, *others = find_clusters(np.arange(90) + 100, places, labels)
    assert set(first.members) <= set(range(160, 190))
    assert (first.label, first.purity) == ("a", 1)
    assert first.usual == pytest.approx(50 / 90)
    assert all(one.suspicion < first.suspicion for one in others)
    # All of so many of 90 pictures are of a class that 50 have; nine groups, three classes.
    drawn = len(first.members)
    odds = math.comb(50, drawn) / math.comb(90, drawn)
    assert first.chance == pytest.approx(odds * 9 * 3, rel=1e-6)
    assert first.stands_out
    assert not any(one.stands_out for one in others if not set(one.members) & set(range(160, 190)))


def test_groups_without_a_class_of_their_own_do_not_stand_out() -> None:
    """Maps in three places, and classes that have nothing to do with them."""
    random = np.random.default_rng(1)
    places = np.full((120, 64), 0.001, np.float32)
    places[np.arange(120), np.repeat([27, 36, 7], 40)] = 1
    places += random.random(places.shape) / 1e3
    places = (places / places.sum(1, keepdims=True)).astype(np.float32)
    for _ in range(5):
        labels = random.choice(list("abcdefgh"), 120).tolist()
        found = find_clusters(np.arange(120), places, labels)
        assert len(found) >= 3
        assert not any(one.stands_out for one in found)


def test_few_pictures_form_no_groups() -> None:
    assert find_clusters(np.arange(9), np.full((9, 64), 1 / 64, np.float32), ["a"] * 9) == ()


def test_without_groups_the_predictions_are_the_classes() -> None:
    table = pyarrow.table({"group": ["x", "x"], "top1": ["cat", "dog"]})
    assert labels_of(table, np.array([1])) == ["dog"]
