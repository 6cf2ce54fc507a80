"""Networks of the catalogue that read words: their entries, and a file of one's own weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from attnviz import Words, explain, load_model
from attnviz.errors import WeightsError, WeightsUnavailableError
from attnviz.models import words_source
from attnviz.models.catalogue import find_model, list_models
from attnviz.models.scores import ScoreKind
from attnviz.models.words_tokenizer import INSTALL
from attnviz.pictures import open_sample

CONFIG = {
    "embed_dim": 8,
    "vision_cfg": {"layers": 1, "width": 32, "head_width": 8, "patch_size": 56, "image_size": 224},
    "text_cfg": {
        "context_length": 77, "vocab_size": 49408, "width": 8, "heads": 2, "layers": 1,
    },
}  # fmt: skip


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """OpenCLIP builds a tiny network, whose file is in a folder of the user's."""
    open_clip = pytest.importorskip("open_clip")
    monkeypatch.setattr(open_clip, "get_model_config", lambda _: CONFIG)
    monkeypatch.setenv("ATTNVIZ_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    torch.manual_seed(3)
    joint = open_clip.CLIP(**CONFIG).eval()
    save_file(joint.state_dict(), tmp_path / "clip-words-base32.safetensors")
    return joint


def test_a_users_file_gives_its_own_scores(tiny: Any) -> None:
    import open_clip

    model = load_model("clip-words-base32", "cpu")
    assert (model.preprocess.size, model.labels, model.has_classes) == (224, (), False)
    picture, prompts = open_sample("coffee"), ["a cup of coffee", "a dog"]
    inputs, _ = model.preprocess.tensor(picture)
    with torch.no_grad():
        images = tiny.encode_image(inputs, normalize=True)
        texts = tiny.encode_text(open_clip.tokenize(prompts), normalize=True)
        expected = (tiny.logit_scale.exp() * images @ texts.T)[0].tolist()
    found = explain(model, picture, "decision", list(map(Words, prompts)))
    assert [one.prediction.probability for one in found.asked] == pytest.approx(expected, abs=1e-4)
    assert found.maps[-1].shape == (4, 4)
    assert found.provenance["model"] == "clip-words-base32"


def test_a_file_without_the_text_tower_is_refused(tiny: Any, tmp_path: Path) -> None:
    half = {name: value for name, value in tiny.state_dict().items() if "visual" in name}
    save_file(half, tmp_path / "clip-words-base32.safetensors")
    with pytest.raises(WeightsError, match=r"clip-words-base32\.safetensors"):
        load_model("clip-words-base32", "cpu")


@pytest.mark.usefixtures("tiny")
def test_each_says_what_it_is() -> None:
    specs = words_source.words_specs()
    assert {spec.name for spec in specs} <= {spec.name for spec in list_models()}
    for spec in specs:
        assert (spec.scores, spec.labels) == (ScoreKind.NONE, ())
        assert "finds what is asked for in words" in spec.note


def test_names_addresses_and_numbers_are_those_that_open_clip_declares() -> None:
    open_clip = pytest.importorskip("open_clip")
    specs = {spec.name: spec for spec in words_source.words_specs()}
    for reader in words_source._READERS:
        declared = open_clip.get_pretrained_cfg(reader.architecture, reader.tag)
        config = open_clip.get_model_config(reader.architecture)
        weights, preprocess = specs[reader.name].weights, specs[reader.name].preprocess
        assert weights is not None
        assert (weights.url or weights.unpinned_url) == (
            f"https://huggingface.co/{declared['hf_hub']}resolve/{reader.revision or 'main'}/"
            f"{open_clip.constants.HF_SAFE_WEIGHTS_NAME}"
        )
        assert preprocess.size == config["vision_cfg"]["image_size"]
        assert (preprocess.mean, preprocess.std) == (declared["mean"], declared["std"])
        with torch.device("meta"):
            if "hf_model_name" not in config["text_cfg"]:  # its configuration is a file
                built = words_source.build_reader(reader.architecture, reader.name)
                assert sum(map(torch.numel, built.parameters())) == reader.parameters


def test_without_open_clip_one_sentence_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(words_source, "find_spec", lambda _: None)
    names = {spec.name for spec in list_models()}
    assert not names & set(words_source.reader_names())
    with pytest.raises(WeightsUnavailableError, match=r"pip install 'attnviz\[words\]'"):
        find_model("clip-words-base16")
    assert INSTALL in words_source.missing_words()
