"""timm's networks in the catalogue: listed without timm, loaded from files, at other sizes."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from attnviz.capture.discovery.find_sites import find_kinds, find_sites
from attnviz.capture.run import capture
from attnviz.capture.site import Kind
from attnviz.errors import ModelError
from attnviz.models.backbones_source import backbone_specs
from attnviz.models.catalogue import find_model, list_models
from attnviz.models.loading import load_model
from attnviz.models.spec import ModelSpec, Source
from attnviz.models.timm_source import timm_specs
from attnviz.models.weights import WEIGHTS_VARIABLE
from attnviz.models.words_source import words_specs
from attnviz.pictures import open_picture
from attnviz.pictures.geometry import Fit
from tests.models.published import assert_published
from tests.paths import ROOT

TINY = "vit_tiny_patch16_224.augreg_in21k_ft_in1k"


def put_weights(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, torch.Tensor]:
    torch.manual_seed(0)
    state = find_model(name).build().state_dict()
    save_file(state, folder / f"{name}.safetensors")
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(folder))
    return state


def test_the_table_is_what_timm_says() -> None:
    import timm

    for spec in timm_specs():
        config = timm.get_pretrained_cfg(spec.name)
        assert config.num_classes == len(spec.labels) == 1000
        assert_published(spec, config)
        assert (spec.preprocess.mean, spec.preprocess.std) == (config.mean, config.std)
        assert spec.preprocess.size == config.input_size[1]
        assert (spec.preprocess.fit is Fit.SQUASH) == bool(config.fixed_input_size)
        with torch.device("meta"):
            module = spec.build()
        assert spec.parameters == sum(weight.numel() for weight in module.parameters())
        assert (spec.resize is not None) == hasattr(module, "set_input_size")


def families() -> dict[str, list[ModelSpec]]:
    """timm's networks by the letters that their names begin with, the smallest of each first."""
    found: dict[str, list[ModelSpec]] = {}
    for spec in sorted(timm_specs(), key=lambda one: one.parameters):
        found.setdefault(str(re.match("[a-z]+", spec.name)[0]), []).append(spec)
    return found


LONG = ("swinv",)  # the better part of a minute at its own size


@pytest.mark.slow
@pytest.mark.parametrize("family", families())
def test_the_kinds_of_timms_networks_are_those_found(family: str) -> None:
    """In the smallest of each family; the others are of the same parts.

    Where any size is taken the picture is small, and wider than high. What takes longest is
    built for half its own size, of the same parts.
    """
    smallest, *others = families()[family]
    prepare = smallest.preprocess
    torch.manual_seed(0)
    module = smallest.build().eval()
    if prepare.any_size:
        prepare = replace(prepare, size=max(128, prepare.multiple))
    elif family in LONG and smallest.resize is not None:
        prepare = replace(prepare, size=prepare.side // 2)
        module = smallest.resize(module, prepare.size).eval()
    pixels = np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)
    inputs, _ = prepare.tensor(open_picture(pixels, name="oblong"))
    found = find_kinds(module, inputs)
    assert tuple(map(str, found)) == smallest.kinds
    assert all(other.kinds == smallest.kinds for other in others)


def test_timm_comes_last_and_its_names_are_its_own() -> None:
    specs = list_models()
    last = (*timm_specs(), *backbone_specs(), *words_specs())
    assert specs[-len(last) :] == last
    assert {spec.source for spec in last} <= {Source.TIMM, Source.OPEN_CLIP}
    assert len({spec.name for spec in specs}) == len(specs)


def test_listing_does_not_wait_for_timm() -> None:
    code = (
        "import sys; from attnviz.models.catalogue import list_models; list_models();"
        "assert 'timm' not in sys.modules"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_weights_are_loaded_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = put_weights(TINY, tmp_path, monkeypatch)
    model = load_model(TINY, "cpu")
    assert torch.equal(model.module.state_dict()["head.weight"], state["head.weight"])
    assert not model.module.training
    found = find_kinds(model.module, torch.randn(1, 3, 224, 224))
    assert tuple(map(str, found)) == model.spec.kinds == ("context", "features")


def test_weights_are_loaded_from_the_file_of_a_release(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the form in which torch wrote files before 1.6, as those of timm's releases are."""
    name = "mobilevit_xxs.cvnets_in1k"
    torch.manual_seed(0)
    state = find_model(name).build().state_dict()
    torch.save(state, tmp_path / f"{name}.pth", _use_new_zipfile_serialization=False)
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(tmp_path))
    loaded = load_model(name, "cpu").module.state_dict()
    assert all(torch.equal(loaded[key], state[key]) for key in loaded)


def test_a_vision_transformer_takes_larger_inputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its position embeddings are interpolated: the class token's stays, the corners stay near."""
    state = put_weights(TINY, tmp_path, monkeypatch)
    model = load_model(TINY, "cpu", input_size=448)
    assert model.preprocess.size == 448
    places = model.module.state_dict()["pos_embed"]
    assert places.shape == (1, 1 + 28 * 28, 192)
    torch.testing.assert_close(places[:, 0], state["pos_embed"][:, 0])
    with torch.no_grad():
        assert model.module(torch.zeros(1, 3, 448, 448)).shape == (1, 1000)


def test_halonet_takes_pictures_that_are_not_square() -> None:
    """Its blocks of 8 x 8 cells of 32 pixels divide nothing but multiples of 256 pixels."""
    spec = find_model("halonet26t.a1h_in1k")
    pixels = np.random.default_rng(0).integers(0, 255, (60, 100, 3), np.uint8)
    inputs, _ = spec.preprocess.tensor(open_picture(pixels, name="oblong"))
    assert inputs.shape == (1, 3, 256, 512)
    with torch.no_grad():
        assert spec.build().eval()(inputs).isfinite().all()


def test_a_network_of_fixed_size_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name = "cait_xxs24_224.fb_dist_in1k"
    put_weights(name, tmp_path, monkeypatch)
    with pytest.raises(ModelError, match="takes inputs of 224 pixels only, not 448"):
        load_model(name, "cpu", input_size=448)


def test_torchvisions_vit_takes_larger_inputs() -> None:
    spec = find_model("vit_b_32")
    assert spec.kinds == ("context", "features")
    assert spec.resize is not None
    torch.manual_seed(0)
    module = spec.build()
    torch.nn.init.normal_(module.encoder.pos_embedding)
    larger = spec.resize(module, 288)
    assert larger.encoder.pos_embedding.shape == (1, 1 + 81, 768)
    assert torch.equal(larger.encoder.pos_embedding[:, 0], module.encoder.pos_embedding[:, 0])
    with pytest.raises(ModelError, match="multiples of 32 pixels, not 300"):
        spec.resize(module, 300)


@pytest.mark.parametrize(
    "name", ["resnet18", "mobilenet_v3_small", "efficientnet_b0", "regnet_y_400mf", "swin_t"]
)
def test_the_kinds_of_torchvisions_networks_are_those_found(name: str) -> None:
    spec = find_model(name)
    torch.manual_seed(0)
    module, inputs = spec.build().eval(), torch.randn(1, 3, 96, 64)
    assert tuple(map(str, find_kinds(module, inputs))) == spec.kinds
    assert find_sites(module, Kind.FEATURES, inputs)[-1].layout == spec.layout


@pytest.mark.parametrize(
    ("name", "layout", "values"),
    [
        ("vit_b_32", "NTC", True),
        (TINY, "NTC", True),
        ("swin_tiny_patch4_window7_224.ms_in22k_ft_in1k", "NHWC", True),
        ("cait_xxs24_224.fb_dist_in1k", "NTC", False),
        ("pvt_v2_b0.in1k", "NCHW", True),
        ("gcresnet33ts.ra2_in1k", "NCHW", False),
    ],
)
def test_what_the_catalogue_says_of_layout_and_values_is_so(
    name: str, layout: str, values: bool
) -> None:
    spec = find_model(name)
    assert (spec.layout, spec.values) == (layout, values)
    torch.manual_seed(0)
    module, inputs = spec.build().eval(), torch.randn(1, 3, 224, 224)
    assert find_sites(module, Kind.FEATURES, inputs)[-1].layout == layout
    trace = capture(module, inputs, find_sites(module, Kind.CONTEXT, inputs))
    assert all(one.value_norms() is not None for one in trace.context) == values
