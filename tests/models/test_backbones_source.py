"""Networks without classes: what the catalogue says of them, and one of them with real weights."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from attnviz.analysis.explain import explain, predict, probabilities
from attnviz.analysis.features import PatchFeatures, features
from attnviz.capture.discovery.find_sites import find_kinds, find_sites
from attnviz.capture.site import Kind
from attnviz.errors import MethodError, ModelError
from attnviz.models.backbones_source import backbone_specs
from attnviz.models.catalogue import find_model
from attnviz.models.loading import load_model
from attnviz.models.spec import ModelSpec
from attnviz.models.state import load_state
from attnviz.models.timm_source import as_timm_loads, build_timm
from attnviz.models.vision_model import VisionModel
from attnviz.models.weights import WEIGHTS_VARIABLE
from attnviz.pictures.geometry import Fit
from tests.models.published import assert_published
from tests.paths import ROOT

SPECS = pytest.mark.parametrize("spec", backbone_specs(), ids=lambda spec: spec.name)
DINOV2 = "dinov2-small"


@SPECS
def test_the_table_is_what_timm_says(spec: ModelSpec) -> None:
    import timm

    (name,) = spec.build.args
    config = timm.get_pretrained_cfg(name)
    assert_published(spec, config)
    assert (spec.preprocess.mean, spec.preprocess.std) == (config.mean, config.std)
    assert spec.licence.lower().replace(" ", "-") == config.license
    with torch.device("meta"):
        module = spec.build()
    assert module.num_classes == (512 if spec.name == "clip-base" else 0)
    assert spec.parameters == sum(weight.numel() for weight in module.parameters())
    both_towers = "open_clip_model" in (spec.weights.url or "")
    assert (spec.download_bytes == 4 * spec.parameters) != both_towers
    assert spec.preprocess.multiple == module.patch_embed.patch_size[0]
    assert spec.preprocess.size % spec.preprocess.multiple == 0
    assert not spec.labels
    assert "no classes" in spec.note


def small(spec: ModelSpec) -> torch.nn.Module:
    """The same network with two narrow blocks."""
    options = {"embed_dim": 48, "depth": 2, "num_heads": 3, **spec.build.keywords}
    if spec.name == "sam-base":
        options["global_attn_indexes"] = (1,)
    torch.manual_seed(0)
    return build_timm(*spec.build.args, **options).eval()


@SPECS
def test_they_take_pictures_of_any_shape(spec: ModelSpec) -> None:
    prepare = spec.preprocess
    assert prepare.fit is Fit.WHOLE
    inputs = torch.randn(1, 3, 4 * prepare.multiple, 6 * prepare.multiple)
    module = small(spec)
    with torch.no_grad():
        assert module(inputs).ndim == 2
    assert tuple(map(str, find_kinds(module, inputs))) == spec.kinds
    last = find_sites(module, Kind.FEATURES, inputs)[-1]
    assert last.layout == spec.layout
    registers = {"dinov2-small-registers": 4, "dinov2-base-registers": 4}
    registers |= {"dinov3-small": 4, "dinov3-base": 4}
    class_token = not spec.name.startswith(("siglip", "sam"))
    assert last.prefix == class_token + registers.get(spec.name, 0)


def test_dinov2_is_read_in_its_authors_words() -> None:
    """Their class token has a place, and registers have other names."""
    spec = find_model("dinov2-small-registers")
    module = small(spec)
    own = dict(module.state_dict())
    theirs = {
        "mask_token": torch.ones(1, 48),
        "register_tokens": torch.randn(1, 4, 48),
        "cls_token": torch.randn(1, 1, 48),
        "pos_embed": torch.randn(1, 1 + own["pos_embed"].shape[1], 48),
    }
    changed = own.keys() & {"reg_token", "cls_token", "pos_embed"}
    rest = {key: own[key] for key in own.keys() - changed}
    state = as_timm_loads(lambda: small(spec), {**rest, **theirs})
    load_state(module, state, Path("theirs.pth"))
    torch.testing.assert_close(module.reg_token, theirs["register_tokens"], rtol=0, atol=0)
    torch.testing.assert_close(module.pos_embed, theirs["pos_embed"][:, 1:], rtol=0, atol=0)
    expected = theirs["cls_token"] + theirs["pos_embed"][:, :1]
    torch.testing.assert_close(module.cls_token, expected)


def test_clips_image_tower_is_found_in_the_file_of_both() -> None:
    open_clip = pytest.importorskip("open_clip")
    vision = {"layers": 2, "width": 48, "head_width": 16, "patch_size": 16, "image_size": 224}
    text = {"context_length": 4, "vocab_size": 8, "width": 8, "heads": 2, "layers": 1}
    torch.manual_seed(0)
    both = open_clip.CLIP(512, vision, text, quick_gelu=True).eval()
    spec = find_model("clip-base")
    module = small(spec)
    state = as_timm_loads(lambda: small(spec), dict(both.state_dict()))
    load_state(module, state, Path("both.safetensors"))
    inputs = torch.randn(1, 3, 224, 224)
    with torch.no_grad():
        torch.testing.assert_close(module(inputs), both.encode_image(inputs), rtol=1e-4, atol=1e-5)


def test_weights_are_loaded_from_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In half precision, as some publish them."""
    torch.manual_seed(0)
    state = {key: one.half() for key, one in find_model("dino-small").build().state_dict().items()}
    save_file(state, tmp_path / "dino-small.safetensors")
    monkeypatch.setenv(WEIGHTS_VARIABLE, str(tmp_path))
    model = load_model("dino-small", "cpu", input_size=64)
    loaded = model.module.state_dict()["blocks.3.attn.qkv.weight"]
    assert torch.equal(loaded, state["blocks.3.attn.qkv.weight"].float())
    assert not model.has_classes


@pytest.fixture(scope="module")
def dinov2(data_folder: Path) -> Iterator[VisionModel]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(WEIGHTS_VARIABLE, str(data_folder))
        yield load_model(DINOV2, "cpu", input_size=112)


@pytest.fixture(scope="module")
def found(dinov2: VisionModel, data_folder: Path) -> PatchFeatures:
    return features(dinov2, min((data_folder / "coco128" / "images").glob("*.jpg")))


def test_no_predictions_are_made_up(dinov2: VisionModel, found: PatchFeatures) -> None:
    assert predict(dinov2, found.picture) == ()
    result = explain(dinov2, found.picture)
    assert (result.predictions, result.classes, result.target) == ((), (), None)
    assert result.choice.question == "attention"
    with pytest.raises(ModelError, match="dinov2-small names no classes"):
        probabilities(dinov2, found.picture)
    with pytest.raises(MethodError, match="dinov2-small names no classes"):
        explain(dinov2, found.picture, "decision")


def test_similarity_is_that_of_timms_own_features(
    dinov2: VisionModel, found: PatchFeatures, data_folder: Path
) -> None:
    module = build_timm("vit_small_patch14_dinov2", num_classes=0, dynamic_img_size=True).eval()
    module.load_state_dict(load_file(data_folder / "dinov2-small.safetensors"))
    inputs, _ = dinov2.preprocess.tensor(found.picture)
    with torch.no_grad():
        tokens = module.float().forward_features(inputs)[0, 1:].double()
    rows, columns, _ = found.values.shape
    assert (rows, columns) == (inputs.shape[2] // 14, inputs.shape[3] // 14)
    tokens = torch.nn.functional.normalize(tokens, dim=1)
    patch = 2 * columns + 3
    expected = (tokens @ tokens[patch]).reshape(rows, columns)
    similarity = found.similarity((3 + 0.5) / columns, (2 + 0.5) / rows)
    np.testing.assert_allclose(similarity, expected.numpy(), atol=1e-5)
    assert similarity[2, 3] == pytest.approx(1)
    assert similarity.min() < 0.5


def test_the_documentation_lists_them() -> None:
    text = (ROOT / "docs" / "backbones.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{spec.name}` | `{spec.build.args[0]}` | {spec.preprocess.size} | "
        f"{spec.preprocess.multiple} | {spec.download_bytes / 1e6:.0f} | {spec.licence} |"
        for spec in backbone_specs()
    ]
