"""Weights and cards in the folder `assets`, and the networks that are listed by them."""

import hashlib
import json
import math
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from attnviz.errors import WeightsError
from attnviz.models import zoo_source
from attnviz.models.card import read_limits
from attnviz.models.catalogue import find_model, list_models
from attnviz.models.loading import load_model
from attnviz.models.spec import CertaintyLimits, RecommendedMap, Source
from attnviz.models.zoo.registry import build_network
from attnviz.models.zoo_source import damaged_cards
from attnviz.pictures.geometry import Fit

# The smallest of each family that can be built without values (RegNet cannot).


@pytest.fixture
def assets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty assets folder in place of the project's own."""
    monkeypatch.setattr(zoo_source, "assets_folder", lambda: tmp_path)
    (tmp_path / "weights").mkdir()
    return tmp_path / "weights"


def publish(folder: Path, **changes: object) -> dict[str, object]:
    """Put a fresh `ran-small` for three classes into `folder`, with its card."""
    torch.manual_seed(0)
    path = folder / "ran-small.safetensors"
    save_file(build_network("ran-small", 3).state_dict(), path)
    card: dict[str, object] = {
        "classes": ["tench", "dog", "radio"],
        "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        "input_side": 96,
        "answers": {"attention": {"method": "mask-effect", "layer": "stage2.attention"}},
        "top1": 0.934,
        "data": "Imagenette",
        "recipe": {"epochs": 3},
    }
    (folder / "ran-small.json").write_text(json.dumps(card | changes))
    return card


def test_without_weights_or_card_the_zoo_lists_nothing(assets: Path) -> None:
    assert zoo_source.zoo_specs() == ()
    publish(assets)
    assert [spec.name for spec in zoo_source.zoo_specs()] == ["ran-small"]
    (assets / "ran-small.json").unlink()
    assert zoo_source.zoo_specs() == ()


def test_a_network_that_comes_along_is_described_by_its_card(assets: Path) -> None:
    card = publish(assets)
    spec = list_models()[0]
    assert spec is not None
    assert (spec.name, spec.source, spec.embedded) == ("ran-small", Source.ATTNVIZ, True)
    assert spec.download_bytes is None
    assert spec.labels == ("tench", "dog", "radio")
    assert spec.weights.sha256 == card["sha256"]
    assert (spec.preprocess.size, spec.preprocess.fit) == (96, Fit.SQUASH)
    assert spec.answers == {"attention": RecommendedMap("mask-effect", "stage2.attention")}
    assert spec.kinds == ("spatial", "features")
    assert spec.note == (
        "Knows only 3 classes (trained on Imagenette): tench, dog, radio; "
        "names 93% of held-out pictures correctly."
    )
    hash(spec)


def test_a_network_that_comes_along_loads_without_a_network(assets: Path, cache: Path) -> None:
    card = publish(assets)
    model = load_model("ran-small", "cpu")
    assert model.weights_sha256 == card["sha256"]
    torch.manual_seed(0)
    original = build_network("ran-small", 3).eval()
    inputs = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        torch.testing.assert_close(model.module(inputs), original(inputs))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"classes": []}, '"classes" must be a list of names'),
        ({"classes": ["a", 3]}, '"classes" must be a list of names'),
        ({"sha256": "abc"}, '"sha256" must hold 64'),
        ({"input_side": 0}, '"input_side" must be a whole number'),
        ({"input_side": "96"}, '"input_side" must be a whole number'),
        ({"answers": []}, '"answers" must be an object'),
        ({"answers": {"decision": {"method": "x"}}}, 'the answer to "decision"'),
        (
            {"answers": {"decision": {"method": "x", "layer": "y", "score": math.nan}}},
            'the "score" of the answer to "decision" must be a number',
        ),
        (  # JSON holds it, and no float does
            {"answers": {"decision": {"method": "x", "layer": "y", "score": -(10**400)}}},
            'the "score" of the answer to "decision" must be a number',
        ),
        ({"top1": 93.4}, '"top1" must be a number in'),
        ({"top1": 10**400}, '"top1" must be a number in'),
        ({"parameters": -1}, '"parameters" must be'),
        ({"certainty": []}, '"certainty" must hold a number "margin"'),
        ({"certainty": {"margin": 1, "energy": "low"}}, '"certainty" must hold a number "margin"'),
        ({"certainty": {"margin": math.nan}}, '"certainty" must hold a number "margin"'),
    ],
)
def test_a_wrong_card_is_named_with_the_entry(
    assets: Path, changes: dict[str, object], reason: str
) -> None:
    publish(assets, **changes)
    assert "ran-small" not in {spec.name for spec in list_models()}
    with pytest.raises(WeightsError, match=reason) as caught:
        find_model("ran-small")
    assert str(assets / "ran-small.json") in str(caught.value)


@pytest.mark.parametrize(
    ("entry", "limits"),
    [
        (None, None),
        ({"margin": 1.5, "energy": None, "measured": {}}, CertaintyLimits(1.5)),
        ({"margin": 1, "energy": -3.25}, CertaintyLimits(1, -3.25)),
    ],
)
def test_a_card_may_hold_the_limits_of_a_sure_decision(
    assets: Path, entry: object, limits: CertaintyLimits | None
) -> None:
    publish(assets, certainty=entry)
    assert list_models()[0].certainty == limits
    assert read_limits(assets / "ran-small.json") == limits
    assert read_limits(assets / "none.json") is None


@pytest.mark.parametrize("text", ["", "{", "[1]", '"x"'])
def test_a_card_that_is_no_table_is_named(assets: Path, text: str) -> None:
    publish(assets)
    (assets / "ran-small.json").write_text(text)
    assert list(damaged_cards()) == ["ran-small"]
    with pytest.raises(WeightsError, match=r"ran-small\.json"):
        find_model("ran-small")


def test_a_damaged_card_costs_its_own_network_alone(assets: Path) -> None:
    publish(assets)
    shutil.copy(assets / "ran-small.safetensors", assets / "cbam-small.safetensors")
    (assets / "cbam-small.json").write_text("[" * 100_000)
    names = [spec.name for spec in list_models()]
    assert names[0] == "ran-small"
    assert "cbam-small" not in names
    assert list(damaged_cards()) == ["cbam-small"]
    assert "nested too deeply" in str(damaged_cards()["cbam-small"])


def test_names_in_a_card_can_be_shown(assets: Path) -> None:
    """JSON holds halves of characters, which no message can carry, and texts without end."""
    publish(assets, classes=["a\ud800b", "\u202ecat", "x" * 5000], data="\ud800" + "y" * 5000)
    spec = list_models()[0]
    assert spec.labels == ("ab", "cat", "x" * 179 + "…" + "x" * 20)
    assert len(spec.note.encode()) < 1000


def test_weights_that_are_not_those_of_the_card_are_not_loaded(assets: Path) -> None:
    publish(assets, sha256="0" * 64)
    with pytest.raises(WeightsError, match="is damaged or another file"):
        load_model("ran-small", "cpu")
