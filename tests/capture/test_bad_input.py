"""Networks that cannot be read, or only with care: a clear error or the right answer."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from attnviz.analysis.explain import explain, predict
from attnviz.analysis.kinds import network_kinds
from attnviz.capture.discovery.find_sites import find_kinds, find_sites
from attnviz.capture.run import capture
from attnviz.capture.site import Kind
from attnviz.errors import ModelError, NoSitesError
from attnviz.models.loading import wrap
from attnviz.models.preprocess import Preprocess
from attnviz.pictures import Picture, open_picture
from tests.capture.families import CONTEXT, FAMILIES
from tests.state import left_as_it_was

VIT = CONTEXT["timm ViT"]


@pytest.fixture
def picture() -> Picture:
    pixels = np.random.default_rng(0).integers(0, 255, (64, 96, 3), dtype=np.uint8)
    return open_picture(pixels, name="noise")


def wanted(size: int = 64) -> Preprocess:
    return Preprocess(size=size, multiple=16)


def test_a_network_without_attention_and_features_is_refused(picture: Picture) -> None:
    flat = nn.Sequential(nn.Flatten(), nn.Linear(3 * 64 * 96, 2))
    assert find_kinds(flat, torch.zeros(1, 3, 64, 96)) == ()
    with (
        left_as_it_was(flat),
        pytest.raises(NoSitesError, match="Sequential returns a feature map"),
    ):
        explain(wrap(flat, wanted()), picture)


def test_a_traced_network_is_refused_by_name(tiny_cnn: nn.Module, picture: Picture) -> None:
    traced = torch.jit.trace(tiny_cnn.eval(), torch.zeros(1, 3, 64, 96))
    with (
        left_as_it_was(traced),
        pytest.raises(ModelError, match="TinyCnn is traced or scripted as a whole"),
    ):
        explain(wrap(traced, wanted()), picture, "grad-cam")
    inside = nn.Sequential(traced)
    with (
        left_as_it_was(inside),
        pytest.raises(ModelError, match='Sequential is traced or scripted in its submodule "0"'),
    ):
        capture(inside, torch.zeros(1, 3, 64, 96), ())


def test_a_compiled_network_is_read_as_the_eager_one() -> None:
    module, inputs = VIT.make(), VIT.inputs(1)
    expected = capture(module, inputs, find_sites(module, Kind.CONTEXT, inputs))
    compiled = torch.compile(module, backend="eager")
    with left_as_it_was(compiled):
        trace = capture(compiled, inputs, find_sites(compiled, Kind.CONTEXT, inputs))
    assert torch.equal(trace.logits, expected.logits)
    every = torch.arange(trace.context[1].queries.tokens)
    assert torch.equal(trace.context[1].rows(every), expected.context[1].rows(every))


def test_a_part_compiled_in_place_runs_its_layers_while_it_is_read() -> None:
    module, inputs = VIT.make(), VIT.inputs(1)
    expected = capture(module, inputs, find_sites(module, Kind.CONTEXT, inputs))
    again = VIT.make()
    again.blocks.compile(backend="eager")
    with left_as_it_was(again):
        trace = capture(again, inputs, find_sites(again, Kind.CONTEXT, inputs))
    assert len(trace.context) == 2
    assert torch.equal(trace.logits, expected.logits)


def test_a_network_that_moved_to_another_device_is_refused(picture: Picture) -> None:
    module = VIT.make()
    model = wrap(module, wanted())
    module.to("meta")
    with (
        left_as_it_was(module),
        pytest.raises(ModelError, match="VisionTransformer is on meta, but its input on cpu"),
    ):
        explain(model, picture)


@pytest.mark.parametrize("method", ["auto", "decision", "competition", "eigen-cam"])
def test_train_mode_is_left_as_it_was(method: str, picture: Picture) -> None:
    """The running means of norms as well, which a pass in train mode would move."""
    module = FAMILIES["timm CBAM"].make().train()
    with left_as_it_was(module):
        first = explain(wrap(module, wanted()), picture, method)
        second = explain(wrap(module, wanted()), picture, method)
    assert first.predictions == second.predictions
    assert module.training


class Boxed(nn.Module):
    """A network whose logits come in a box."""

    def __init__(self, inner: nn.Module, box: Any) -> None:
        super().__init__()
        self.inner = inner
        self.box = box

    def forward(self, x: Tensor) -> Any:
        return self.box(self.inner(x))


@pytest.mark.parametrize(
    "box", [lambda out: (out, "more"), lambda out: {"logits": out}, lambda out: [out]]
)
def test_tuples_lists_and_dictionaries_are_opened(box: Any, picture: Picture) -> None:
    module = VIT.make()
    expected = explain(wrap(module, wanted()), picture)
    assert explain(wrap(Boxed(module, box), wanted()), picture).predictions == expected.predictions


@pytest.mark.parametrize(
    ("box", "said"),
    [
        (lambda out: {"out": out, "aux": out}, "a dictionary with the keys 'out', 'aux'"),
        (
            lambda out: dict.fromkeys(range(9), out),
            "a dictionary with the keys 0, 1, 2, 3, 4, 5, 6, 7, ...",
        ),
        (lambda _: {}, "a dictionary with the keys none"),
        (lambda out: ({"boxes": out}, 1), "a tuple that begins with a dictionary with the keys 'b"),
        (lambda out: out[0], "a tensor of the shape [7]"),
        (lambda _: None, "a value of the type NoneType"),
    ],
)
def test_what_holds_no_logits_is_told_with_the_networks_name(
    box: Any, said: str, picture: Picture
) -> None:
    module = Boxed(VIT.make(), box)
    sentence = re.escape(f"Boxed returned {said}")
    for method in ("auto", "grad-cam", "competition", "eigen-cam"):
        with left_as_it_was(module), pytest.raises(ModelError, match=sentence):
            explain(wrap(module, wanted()), picture, method)
    with left_as_it_was(module), pytest.raises(ModelError, match=sentence):
        predict(wrap(module, wanted()), picture)


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("ViT", (4, 6), (4, 6)), ("DINOv2", (4, 6), (4, 6)), ("Swin", (16, 24), (8, 12))],
)
def test_a_hugging_face_network_is_explained(
    name: str, first: tuple[int, int], last: tuple[int, int], picture: Picture
) -> None:
    """By rollout, by LeGrad, and by a CAM that is not flat; shares of attention sum to 1."""
    family = CONTEXT[f"Hugging Face {name}"]
    module = family.make()
    model = wrap(module, wanted())
    assert network_kinds(model, picture) == (Kind.CONTEXT, Kind.FEATURES)
    inputs, _ = wanted().tensor(picture)
    sites = find_sites(module, Kind.CONTEXT, inputs)
    trace = capture(module, inputs, sites)
    assert len(trace.context) == family.context
    with torch.no_grad():
        torch.testing.assert_close(trace.logits, module(inputs).logits)
    for one in trace.context:
        rows = one.rows(torch.arange(one.queries.tokens))
        torch.testing.assert_close(rows.sum(-1), torch.ones(rows.shape[:-1]))
    for method in ("auto", "decision", "grad-cam"):
        with left_as_it_was(module):
            result = explain(model, picture, method)
        best = result.map_of(result.best_layer)
        # Rollout and LeGrad sum up all layers, on the finest of their grids.
        assert result.maps[-1].shape == (last if method == "grad-cam" else first)
        assert np.isfinite(best).all()
        assert best.max() > best.min() >= 0


def test_nan_weights_are_named(picture: Picture) -> None:
    module = VIT.make()
    with torch.no_grad():
        module.blocks[0].attn.qkv.weight[0, 0] = torch.nan
    for method in ("grad-cam", "auto", "competition", "eigen-grad-cam"):
        with left_as_it_was(module), pytest.raises(ModelError, match="broken returned NaN"):
            explain(wrap(module, wanted(), name="broken"), picture, method)
    with left_as_it_was(module), pytest.raises(ModelError, match="broken returned NaN"):
        predict(wrap(module, wanted(), name="broken"), picture)


def test_a_size_that_the_network_refuses_is_told(picture: Picture) -> None:
    model = wrap(VIT.make(), wanted(80), name="mine")
    for method in ("grad-cam", "auto", "competition"):
        with (
            left_as_it_was(model.module),
            pytest.raises(ModelError, match=r"mine failed on an input of 80 x \d+ pixels"),
        ):
            explain(model, picture, method)


def test_sites_of_another_size_are_refused() -> None:
    module = CONTEXT["timm PVT-v2"].make()
    sites = find_sites(module, Kind.CONTEXT, torch.zeros(1, 3, 64, 96))
    with left_as_it_was(module), pytest.raises(ModelError, match="another size than 96 x 64"):
        capture(module, torch.zeros(1, 3, 96, 64), sites)


@pytest.mark.parametrize("name", ["timm ViT", "torchvision ViT", "timm CBAM"])
def test_hooks_of_others_still_work_and_stay(name: str) -> None:
    family = FAMILIES[name]
    module, inputs = family.make(), family.inputs()
    kinds = (Kind.CONTEXT, Kind.CHANNEL, Kind.SPATIAL)
    sites = [site for kind in kinds for site in find_sites(module, kind, inputs)]
    part = module.get_submodule(sites[0].module)
    called: list[str] = []
    handles = [
        part.register_forward_pre_hook(lambda *_: called.append("before")),
        part.register_forward_hook(lambda *_: called.append("after")),
    ]
    with torch.no_grad():
        alone = module(inputs)
    called.clear()
    trace = capture(module, inputs, sites)
    assert called == ["before", "after"]
    assert torch.equal(trace.logits, alone)
    assert [*part._forward_pre_hooks] == [handles[0].id]
    assert [*part._forward_hooks] == [handles[1].id]


@pytest.mark.parametrize("method", ["auto", "grad-cam", "competition", "finer-cam"])
def test_a_hook_of_others_that_changes_the_output_is_heeded(method: str, picture: Picture) -> None:
    """The maps and the predictions are those of the network as it runs, hook and all."""
    module, changed = (FAMILIES["timm CBAM"].make() for _ in range(2))
    norm = module.layer3[0].bn1
    with torch.no_grad():
        changed.layer3[0].bn1.weight.mul_(2)
        changed.layer3[0].bn1.bias.mul_(2)
    norm.register_forward_hook(lambda _part, _given, out: out * 2)
    with left_as_it_was(module):
        found = explain(wrap(module, wanted()), picture, method, target=1)
    plain = explain(wrap(FAMILIES["timm CBAM"].make(), wanted()), picture, method, target=1)
    expected = explain(wrap(changed, wanted()), picture, method, target=1)
    assert found.predictions != plain.predictions
    for one, other in zip(found.maps, expected.maps, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-3, atol=1e-4 * float(np.abs(other).max()))
    for one, shown in zip(found.predictions, expected.predictions, strict=True):
        assert one.label == shown.label
        assert one.probability == pytest.approx(shown.probability, rel=1e-4)
