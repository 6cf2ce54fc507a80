from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from attnviz.errors import UnknownNameError, WeightsError
from attnviz.models.catalogue import find_model, list_models
from attnviz.models.loading import load_model
from attnviz.models.spec import ModelSpec, Source
from attnviz.models.torchvision_source import torchvision_specs
from attnviz.pictures.geometry import Fit
from tests.paths import ROOT

# The smallest of each family that can be built without values (RegNet cannot).


FAMILIES = [
    "alexnet",
    "convnext_tiny",
    "densenet121",
    "efficientnet_b0",
    "efficientnet_v2_s",
    "googlenet",
    "inception_v3",
    "maxvit_t",
    "mnasnet0_5",
    "mobilenet_v2",
    "mobilenet_v3_small",
    "resnet18",
    "resnext50_32x4d",
    "shufflenet_v2_x0_5",
    "squeezenet1_1",
    "swin_t",
    "swin_v2_t",
    "vgg11",
    "vit_b_16",
    "vit_h_14",
    "wide_resnet50_2",
]


def test_every_torchvision_classifier_is_listed() -> None:
    from torchvision import models

    specs = torchvision_specs()
    assert [spec.name for spec in specs] == models.list_models(module=models)
    assert len(specs) >= 80
    for spec in specs:
        assert spec.source is Source.TORCHVISION
        assert spec.weights.url == models.get_model_weights(spec.name).DEFAULT.url
        assert spec.weights.url.endswith("/" + spec.weights.file_name)
        assert f"-{spec.weights.sha256}." in spec.weights.file_name
        assert len(spec.weights.sha256) >= 8
        assert len(spec.labels) == 1000
        # Weights are float32, so a file has four bytes for each parameter and little more;
        # GoogLeNet's also holds two classifiers for training.
        most = 8.2 if spec.name == "googlenet" else 4.3
        assert 3.9 * spec.parameters < spec.download_bytes < most * spec.parameters
        assert not spec.embedded


def test_resnet50_is_described_as_torchvision_publishes_it() -> None:
    spec = find_model("resnet50")
    assert spec.weights.file_name == "resnet50-11ad3fa6.pth"
    assert spec.weights.sha256 == "11ad3fa6"
    assert spec.download_bytes == round(97.79 * 1024**2)
    assert spec.parameters == 25_557_032
    assert spec.labels[0] == "tench"
    assert spec.kinds == ("features",)
    assert (spec.preprocess.size, spec.preprocess.fit) == (224, Fit.WHOLE)
    assert spec.preprocess.mean == (0.485, 0.456, 0.406)


def test_each_network_wants_its_own_range() -> None:
    assert find_model("efficientnet_v2_l").preprocess.mean == (0.5, 0.5, 0.5)
    assert find_model("vit_h_14").preprocess.size == 518


@pytest.mark.parametrize("name", FAMILIES)
def test_the_fit_is_what_the_network_itself_accepts(name: str) -> None:
    spec = find_model(name)
    size, multiple = spec.preprocess.size, spec.preprocess.multiple
    shorter = max(multiple, round(size / multiple) * multiple)
    with torch.device("meta"):
        module = spec.build().eval()
        if spec.preprocess.fit is Fit.WHOLE:
            assert spec.preprocess.any_size
            assert module(torch.empty(1, 3, shorter, shorter + multiple)).shape == (1, 1000)
        else:
            assert spec.preprocess.fit is Fit.SQUASH
            assert not spec.preprocess.any_size
            assert module(torch.empty(1, 3, size, size)).shape == (1, 1000)
            with pytest.raises((AssertionError, RuntimeError)):
                module(torch.empty(1, 3, size, size + multiple))
    assert sum(one.numel() for one in module.parameters()) == spec.parameters


def test_only_networks_with_a_fixed_input_get_squashed_pictures() -> None:
    squashed = {s.name for s in torchvision_specs() if s.preprocess.fit is Fit.SQUASH}
    assert squashed == {"maxvit_t", "vit_b_16", "vit_b_32", "vit_h_14", "vit_l_16", "vit_l_32"}


def keys_of(spec: ModelSpec, **options: object) -> dict[str, torch.Tensor]:
    from torchvision import models

    with torch.device("meta"):
        return dict(models.get_model(spec.name, weights=None, **options).state_dict())


def test_googlenets_training_heads_are_left_out() -> None:
    spec = find_model("googlenet")
    published = keys_of(spec, aux_logits=True, init_weights=False)
    wanted = keys_of(spec, aux_logits=False, init_weights=False)
    assert len(published) > len(wanted)
    assert set(spec.weights.adapt(published)) == set(wanted)
    with torch.device("meta"):
        assert spec.build().transform_input


def test_densenets_old_keys_are_renamed() -> None:
    spec = find_model("densenet121")
    wanted = keys_of(spec)
    old = {
        key.replace(".norm1.", ".norm.1.").replace(".conv2.", ".conv.2."): value
        for key, value in wanted.items()
    }
    assert "features.denseblock1.denselayer1.norm.1.weight" in old
    adapted = spec.weights.adapt(old)
    assert set(adapted) == set(wanted)
    key = "features.denseblock1.denselayer1.conv2.weight"
    assert adapted[key] is wanted[key]


def test_listing_costs_less_than_importing_torchvision_which_the_catalogue_does_not() -> None:
    """CPU time against CPU time, so that the bound holds on every computer, busy or not."""
    code = (
        "import sys, attnviz.models.catalogue as c; assert 'torchvision' not in sys.modules;"
        "from time import process_time as now; start = now(); import torchvision;"
        "imported = now(); c.list_models(); print(imported - start, now() - imported)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
    )
    importing, listing = map(float, done.stdout.split())
    assert listing < importing


def test_names_are_unique() -> None:
    names = [spec.name for spec in list_models()]
    assert len(names) == len(set(names))


def test_an_unknown_name_brings_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="no model named 'resnet5O'") as caught:
        find_model("resnet5O")
    assert "resnet50" in caught.value.nearest


def test_a_network_takes_weights_from_a_file_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.pth"
    torch.manual_seed(3)
    module = find_model("squeezenet1_1").build()
    torch.save(module.state_dict(), path)
    spec = find_model(f"squeezenet1_1={path}")
    assert spec.name == "squeezenet1_1 (mine.pth)"
    assert spec.labels == find_model("squeezenet1_1").labels
    model = load_model(spec, "cpu")
    inputs = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        torch.testing.assert_close(model.module(inputs), module.eval()(inputs))
    assert model.weights_sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    with pytest.raises(WeightsError, match=r"no file .*gone\.pth with weights for squeezenet1_1"):
        find_model(f"squeezenet1_1={tmp_path / 'gone.pth'}")
    with pytest.raises(UnknownNameError, match="squeezenet1_1"):
        find_model(f"squeezenet11={path}")


def test_what_was_measured_on_other_weights_does_not_hold_for_ones_own() -> None:
    path = find_model("ran-small").weights.embedded
    assert find_model("ran-small").answers
    assert find_model(f"ran-small={path}").answers == {}


def test_listing_twice_makes_the_specs_of_other_projects_once() -> None:
    pairs = [
        (first, second)
        for first, second in zip(list_models(), list_models(), strict=True)
        if first.source is not Source.ATTNVIZ
    ]
    assert len(pairs) > 100
    assert all(first is second for first, second in pairs)
