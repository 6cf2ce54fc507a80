"""The shipped masks of `lens` belong to their card, their trunk and their recording."""

from __future__ import annotations

import hashlib
import json
from importlib.metadata import PackageNotFoundError

import numpy as np
import pytest
import torch

from attnviz.analysis.explain import explain
from attnviz.assets import assets_folder
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.site import Kind
from attnviz.methods import METHODS
from attnviz.models import lite0_source
from attnviz.models.catalogue import list_models
from attnviz.models.lens_source import NAME, lens_specs
from attnviz.models.loading import load_model
from attnviz.models.preprocess import pixels_to_tensor
from attnviz.models.vision_model import VisionModel
from attnviz.models.zoo.lens import LensNetwork
from attnviz.pictures import open_sample
from attnviz.training.data.data import squash
from attnviz.training.recording.attention import read_attention
from attnviz.training.recording.file import Recording
from attnviz.training.recording.size import resize_maps

LAYERS = {"stride32", "stride16", "stride8", "stride4", "necessary"}


@pytest.fixture(scope="module")
def model() -> VisionModel:
    return load_model(NAME, "cpu")


def test_card_and_file_belong_together(model: VisionModel) -> None:
    weights = assets_folder() / "weights" / "lens.safetensors"
    card = json.loads(weights.with_suffix(".json").read_text(encoding="utf-8"))
    assert hashlib.sha256(weights.read_bytes()).hexdigest() == card["sha256"]
    assert weights.stat().st_size < 3e6
    own = {name for name, _ in model.module.named_parameters() if not name.startswith("trunk.")}
    count = sum(model.module.get_parameter(name).numel() for name in own)
    assert count == card["parameters"] <= 1_500_000
    assert tuple(card["classes"]) == model.labels
    for entry in ("data", "recipe", "steps", "pictures_seen", "seconds", "machine", "measured"):
        assert card[entry], entry


def test_its_logits_are_those_of_its_trunk_alone(model: VisionModel) -> None:
    inputs = torch.randn(1, 3, 96, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        torch.testing.assert_close(
            model.module(inputs), load_model(lite0_source.NAME, "cpu").module(inputs)
        )


def test_its_answers_are_masks_that_it_has(model: VisionModel) -> None:
    sites = find_sites(model.module, Kind.SPATIAL, torch.zeros(1, 3, 64, 64))
    assert {site.layer for site in sites} == LAYERS
    assert set(model.spec.answers) == {"attention", "decision"}
    for answer in model.spec.answers.values():
        assert METHODS.get(answer.method).fits(model.spec)
        assert answer.layer in LAYERS
        assert answer.score is not None


def test_both_questions_are_answered_and_relevance_of_features_still_works(
    model: VisionModel,
) -> None:
    picture = open_sample("chelsea").reduced(160)
    attention, decision = (explain(model, picture, name) for name in ("attention", "decision"))
    assert attention.target is None
    assert decision.target == decision.predictions[0]
    assert 0 < attention.map_of(-1).min() < attention.map_of(-1).max() < 1
    # The whole answer and its first class are two questions, but no strangers.
    whole, first = (one.map_of(one.layers.index("stride4")) for one in (attention, decision))
    assert 0.6 < np.corrcoef(whole.ravel(), first.ravel())[0, 1] < 0.9999
    for name in ("grad-cam", "competition", "mask-effect"):
        assert np.isfinite(explain(model, picture, name).map_of(-1)).all()


def test_the_recording_ends_at_these_weights(model: VisionModel) -> None:
    recording = Recording.load(assets_folder() / "recordings" / "lens.attn")
    assert recording.snapshots[0].step == 0
    last = recording.snapshots[-1]
    photos = [open_sample(one.removeprefix("sample:")).pixels for one in recording.pictures]
    pixels = np.stack([squash(one, model.preprocess.side) for one in photos])
    inputs = model.preprocess.normalised(pixels_to_tensor(pixels))
    assert isinstance(model.module, LensNetwork)
    with model.module.asking(lambda logits: logits.argmax(1)):
        seen = read_attention(model.module, inputs)
    assert {layer for _, layer in last.maps} == LAYERS
    for key, values in last.maps.items():
        shown = resize_maps(seen.maps[key], values.shape[1:])
        np.testing.assert_allclose(values, shown, rtol=0, atol=0.02 * float(shown.max()))


def test_without_its_trunk_it_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(lite0_source, "distribution", missing)
    assert lens_specs() == ()
    assert NAME not in {spec.name for spec in list_models()}
