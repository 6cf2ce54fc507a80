"""The figures on the card of `lens`, on a few pictures, recomputed one by one."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from attnviz.analysis.explain import explain
from attnviz.cli.program import cli
from attnviz.errors import TrainingError
from attnviz.metrics.saliency import nss
from attnviz.models import loading
from attnviz.models.lens_source import build_lens
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel
from attnviz.models.zoo.lens import STEPS
from attnviz.pictures import open_picture, open_sample
from attnviz.training.lens.counterfactual import disc_stack
from attnviz.training.lens.evaluation import evaluate_lens, highest

SIDE = 64


@pytest.fixture(scope="module")
def model() -> VisionModel:
    torch.manual_seed(0)
    network = build_lens()
    for step in STEPS:
        torch.nn.init.normal_(network.get_submodule(f"stride{step.stride}.score").weight, std=0.3)
    preprocess = Preprocess(size=SIDE, mean=(0.5,) * 3, std=(0.5,) * 3)
    return loading.wrap(network.eval(), preprocess, [str(index) for index in range(1000)])


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory, model: VisionModel) -> Path:
    """Two photos, of which one bears the network's own answer as its label, and three scenes."""
    folder = tmp_path_factory.mktemp("data")
    photos, scenes = folder / "imagenet-100", folder / "osie"
    photos.mkdir()
    (scenes / "images").mkdir(parents=True)
    pixels = open_sample("chelsea").reduced(120).pixels
    for name, shown in {"a.png": pixels, "b.png": pixels[:, ::-1]}.items():
        Image.fromarray(shown).save(photos / name)
    said = explain(model, photos / "a.png", "class-mask").predictions[0]
    labels = [
        {"file": "b.png", "class_index": 5},
        {"file": "a.png", "class_index": int(said.label)},
    ]
    (photos / "labels.json").write_text(json.dumps(labels))
    for number in range(3):
        Image.fromarray(np.roll(pixels, 30 * number, 1)).save(scenes / "images" / f"{number}.png")
    seen = [{"x": [20.0, 60.0], "y": [30.0, 50.0]}]
    (scenes / "fixations.json").write_text(json.dumps({f"{n}.png": seen for n in range(3)}))
    return folder


def test_every_figure_is_that_of_the_pictures_one_by_one(model: VisionModel, data: Path) -> None:
    found = evaluate_lens(model, data)
    assert (found.photos, found.scenes, found.top1) == (2, 1, 0.5)  # scenes 0 and 2 are trained on
    scene = explain(model, data / "osie" / "images" / "1.png", "soft-mask")
    values = scene.geometry.spread(scene.map_of("necessary"))
    assert found.nss == pytest.approx(nss(values, np.array([30, 50]), np.array([20, 60])), abs=1e-3)
    kept, taken = [], []
    for name in ("a.png", "b.png"):
        picture = open_picture(data / "imagenet-100" / name)
        shown = explain(model, picture, "class-mask")
        inputs, geometry = model.preprocess.tensor(picture)
        stack = disc_stack(inputs / 2 + 0.5, 0.1 * SIDE)
        for layer, values, sharp in (("stride4", kept, 1.0), ("necessary", taken, 0.0)):
            large = _enlarged(shown.map_of(shown.layers.index(layer)), geometry.input_size)
            for share in (0.05, 0.1, 0.2, 0.3, 0.5):
                top = large > np.quantile(large, 1 - share)
                focus = torch.from_numpy(np.where(top, sharp, 1 - sharp).astype(np.float32))
                seen = 2 * stack.bokeh(focus[None, None]) - 1
                with torch.no_grad():
                    values.append(
                        float(model.module(seen).softmax(1)[0, int(shown.predictions[0].label)])
                    )
    assert found.kept == pytest.approx(np.mean(kept), abs=2e-4)
    assert found.taken == pytest.approx(np.mean(taken), abs=2e-4)


def _enlarged(values: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    grid = torch.tensor(np.asarray(values))[None, None]
    return torch.nn.functional.interpolate(grid, size=size, mode="bicubic")[0, 0].numpy()


def test_the_highest_part_of_a_map_by_hand() -> None:
    values = np.array([[1.0, 9.0, 3.0, 3.0], [0.0, 2.0, 3.0, 8.0]], np.float32)
    few, more = highest(values, (2, 4), (0.25, 0.5))[:, 0]
    assert few.tolist() == [[0, 1, 0, 0], [0, 0, 0, 1]]
    assert more.tolist() == [[0, 1, 1, 1], [0, 0, 0, 1]]  # of the three that tie, the first two


def test_the_command_prints_the_figures(
    model: VisionModel, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "load_model", lambda *_: model)
    shown = CliRunner().invoke(cli, ["evaluate", "--model", "lens", "--data", str(data)])
    found = evaluate_lens(model, data)
    assert shown.output.strip() == (
        f"lens: top-1 0.5000, kept {found.kept:.4f}, taken {found.taken:.4f} on 2 photos, "
        f"NSS {found.nss:.4f} on 1 scenes"
    )
    words = ["evaluate", "--model", "lens", "--data", str(data), "--json"]
    told = json.loads(CliRunner().invoke(cli, words).output)
    assert told == {"model": "lens", **asdict(found)}


def test_a_folder_without_the_photos_is_refused(
    model: VisionModel, data: Path, tmp_path: Path
) -> None:
    with pytest.raises(TrainingError, match=r"labels.json cannot be read"):
        evaluate_lens(model, tmp_path)
    (tmp_path / "imagenet-100").symlink_to(data / "imagenet-100")
    with pytest.raises(TrainingError, match="has no folder osie"):
        evaluate_lens(model, tmp_path)
