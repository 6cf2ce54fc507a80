"""Networks whose tokenizer is a file beside the weights: SigLIP, and XLM-R as text tower."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

from attnviz import Words, explain, load_model, wrap
from attnviz.errors import WeightsUnavailableError
from attnviz.models.words_network import WordsNetwork
from attnviz.models.words_tokenizer import PublishedTokenizer
from attnviz.pictures import open_sample

open_clip = pytest.importorskip("open_clip")
transformers = pytest.importorskip("transformers")

VISION = {"layers": 1, "width": 32, "head_width": 8, "patch_size": 56, "image_size": 224}
SIGLIP = {
    "embed_dim": 8, "init_logit_bias": -2, "custom_text": True, "vision_cfg": VISION,
    "text_cfg": {
        "context_length": 6, "vocab_size": 8, "width": 8, "heads": 2, "layers": 1,
        "no_causal_mask": True, "pool_type": "last", "hf_tokenizer_name": "nobody/siglip",
        "tokenizer_kwargs": {"clean": "canonicalize"},
    },
}  # fmt: skip
ROBERTA = {
    "embed_dim": 8, "vision_cfg": VISION,
    "text_cfg": {
        "hf_model_name": "nobody/roberta", "hf_tokenizer_name": "nobody/roberta",
        "hf_pooler_type": "mean_pooler",
    },
}  # fmt: skip
VOCABULARY = ["<pad>", "</s>", "<unk>", "ein", "rotes", "auto", "hund", "a"]
PROMPTS = ["ein rotes Auto", "Hund!"]
TOKENS = [[3, 4, 5, 0, 0, 0], [6, 0, 0, 0, 0, 0]]  # lower case, without the exclamation mark


def published(folder: Path) -> None:
    """Write what a repository holds beside the weights."""
    import tokenizers

    words = {word: index for index, word in enumerate(VOCABULARY)}
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(words, unk_token="<unk>"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    made.normalizer = tokenizers.normalizers.Lowercase()
    transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token="<pad>", unk_token="<unk>", model_max_length=99
    ).save_pretrained(folder)
    transformers.XLMRobertaConfig(
        vocab_size=8, hidden_size=8, num_hidden_layers=1, num_attention_heads=2,
        intermediate_size=8, max_position_embeddings=80, pad_token_id=0, type_vocab_size=1,
    ).save_pretrained(folder)  # fmt: skip


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The user's folder of weights; there is no network."""
    monkeypatch.setenv("ATTNVIZ_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return tmp_path


def offered(monkeypatch: pytest.MonkeyPatch, config: dict[str, Any]) -> None:
    """Let OpenCLIP build a tiny network for whatever it is asked."""
    monkeypatch.setattr(open_clip, "get_model_config", lambda _: json.loads(json.dumps(config)))


def own_scores(joint: Any, model: Any, tokens: torch.Tensor) -> list[float]:
    """The library's own numbers for the sample."""
    inputs, _ = model.preprocess.tensor(open_sample("coffee"))
    with torch.no_grad():
        logits = joint.get_logits(inputs, tokens)[0][0]
    return (logits if joint.logit_bias is None else logits.sigmoid()).tolist()


def told(model: Any) -> list[float]:
    found = explain(model, open_sample("coffee"), "grad-cam", list(map(Words, PROMPTS)))
    return [one.prediction.probability for one in found.asked]


def test_siglips_words_have_the_librarys_own_probabilities(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered(monkeypatch, SIGLIP)
    published(folder / "siglip-words-base16")
    torch.manual_seed(0)
    joint = open_clip.CustomTextCLIP(**{k: v for k, v in SIGLIP.items() if k != "custom_text"})
    save_file(joint.eval().state_dict(), folder / "siglip-words-base16.safetensors")
    model = load_model("siglip-words-base16", "cpu")
    assert model.preprocess.mean == (0.5, 0.5, 0.5)
    assert told(model) == pytest.approx(own_scores(joint, model, torch.tensor(TOKENS)), abs=1e-5)


def test_a_text_tower_of_hugging_face_is_built_from_the_files_beside_the_weights(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    offered(monkeypatch, ROBERTA)
    place = folder / "clip-words-languages"
    published(place)
    text = ROBERTA["text_cfg"] | {"hf_model_name": str(place), "hf_model_pretrained": False}
    torch.manual_seed(0)
    joint = open_clip.CustomTextCLIP(8, VISION, text).eval()
    state = joint.state_dict() | {
        "text.transformer.embeddings.position_ids": torch.arange(80)[None]  # of old versions
    }
    save_file(state, folder / "clip-words-languages.safetensors")
    model = load_model("clip-words-languages", "cpu")
    tokens = torch.zeros(2, 77, dtype=torch.long)
    tokens[:, :6] = torch.tensor([[3, 4, 5, 0, 0, 0], [6, 2, 0, 0, 0, 0]])
    assert told(model) == pytest.approx(own_scores(joint, model, tokens), abs=1e-4)


def test_open_clips_own_tokenizer_keeps_its_length_and_cleaning(folder: Path) -> None:
    published(folder)
    torch.manual_seed(0)
    joint = open_clip.CustomTextCLIP(**{k: v for k, v in SIGLIP.items() if k != "custom_text"})
    tokenizer = open_clip.tokenizer.HFTokenizer(str(folder), context_length=6, clean="canonicalize")
    model = wrap(joint.eval(), tokenizer=tokenizer)
    assert told(model) == pytest.approx(own_scores(joint, model, torch.tensor(TOKENS)), abs=1e-5)


def test_a_missing_tokenizer_says_where_its_files_may_be_put(folder: Path) -> None:
    tokenizer = PublishedTokenizer("siglip-words-base16", "nobody/siglip", 6)
    with pytest.raises(WeightsUnavailableError) as caught:
        tokenizer(["a"])
    said = str(caught.value)
    assert said.startswith("The tokenizer of siglip-words-base16 could not be read from nobody/si")
    assert str(folder / "torch/hub/checkpoints/siglip-words-base16") in said
    assert said.endswith("or the folder siglip-words-base16 in the one that ATTNVIZ_WEIGHTS names.")


def test_many_languages_are_told_by_the_vocabulary() -> None:
    with torch.device("meta"):
        small, large = (
            open_clip.CustomTextCLIP(8, VISION, SIGLIP["text_cfg"] | {"vocab_size": count})
            for count in (32_000, 250_000)
        )
    assert not WordsNetwork(small).knows_languages
    assert WordsNetwork(large).knows_languages
