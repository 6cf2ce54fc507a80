"""Words as targets: scores worked by hand, the towers of three libraries, and bad input."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

import attnviz
from attnviz import Contrast, Words
from attnviz.errors import ModelError, TargetError
from attnviz.models.words_network import WordsNetwork, words_network
from tests.targets.colours import PLAIN as PLAIN
from tests.targets.colours import two_colours

NAMES = {"red": [1.0, 0, 0], "green": [0, 1.0, 0], "blue": [0, 0, 2.0], "photo": [1.0, 1.0, 1.0]}


class MeanColours(nn.Module):
    """A picture's embedding is its mean colour, a sentence's the sum of the colours it names."""

    def __init__(self, bias: float | None = None) -> None:
        super().__init__()
        self.cells = nn.Conv2d(3, 3, 1, bias=False)
        self.cells.weight.data = torch.eye(3)[:, :, None, None]
        self.logit_scale = nn.Parameter(torch.tensor(math.log(10)))
        if bias is not None:
            self.logit_bias = nn.Parameter(torch.tensor(bias))

    def encode_image(self, x: Tensor) -> Tensor:
        return self.cells(x).mean((2, 3))

    def encode_text(self, rows: Tensor) -> Tensor:
        return rows


def tokenize(texts: list[str]) -> Tensor:
    if any(not word.isascii() for text in texts for word in text.split()):
        raise KeyError(texts[0])
    none = [0.0, 0.0, 0.0]
    return torch.tensor(
        [
            np.sum([none, *(NAMES.get(word, none) for word in text.split())], 0).tolist()
            for text in texts
        ]
    )


@pytest.fixture
def picture() -> attnviz.Picture:
    """The mean is (1/2, 1/4, 0)."""
    return two_colours()


def reader() -> attnviz.VisionModel:
    return attnviz.wrap(MeanColours(), PLAIN, tokenizer=tokenize, name="colours")


@pytest.fixture
def model() -> attnviz.VisionModel:
    return reader()


def asked(model: attnviz.VisionModel, picture: attnviz.Picture, *words: Any) -> list[float]:
    found = attnviz.explain(model, picture, "grad-cam", list(words))
    return [one.prediction.probability for one in found.asked]


@pytest.mark.parametrize(
    ("prompt", "cosine"),
    [
        ("red", 2 / math.sqrt(5)),
        ("something green", 1 / math.sqrt(5)),
        ("blue", 0.0),
        ("red and green", 3 / math.sqrt(10)),
    ],
)
def test_the_score_is_the_scaled_cosine(
    model: attnviz.VisionModel, picture: attnviz.Picture, prompt: str, cosine: float
) -> None:
    assert asked(model, picture, Words(prompt)) == pytest.approx([10 * cosine], abs=1e-4)


def test_an_offset_that_was_learned_is_added_before_the_sigmoid(picture: attnviz.Picture) -> None:
    model = attnviz.wrap(MeanColours(bias=-3.0), PLAIN, tokenizer=tokenize)
    chance = 1 / (1 + math.exp(3 - 20 / math.sqrt(5)))
    assert asked(model, picture, Words("red")) == pytest.approx([chance], abs=1e-5)
    assert asked(model, picture, Contrast(Words("red"), Words("green"))) == pytest.approx(
        [1 / (1 + math.exp(-10 / math.sqrt(5)))], abs=1e-5
    )


def test_templates_share_the_mean_of_their_directions(
    model: attnviz.VisionModel, picture: attnviz.Picture
) -> None:
    # Directions (1, 0, 0) and, of "photo red", (2, 1, 1) / sqrt 6.
    mean = np.array([1.0, 0, 0]) + np.array([2, 1, 1]) / math.sqrt(6)
    cosine = mean @ [2, 1, 0] / math.sqrt(5) / np.linalg.norm(mean)
    words = Words("red", ("{}", "photo {}"))
    assert asked(model, picture, words) == pytest.approx([10 * cosine], abs=1e-4)


def test_the_map_shows_what_brings_the_picture_nearer_to_the_words(
    model: attnviz.VisionModel, picture: attnviz.Picture
) -> None:
    found = attnviz.explain(model, picture, "hires-cam", Words("green"))
    # d(10 cos)/d mean = 10 (t - cos f/|f|) / |f|, times 1/64 for each pixel and its colour.
    mean = np.array([0.5, 0.25, 0.0])
    length = np.linalg.norm(mean)
    slope = 10 * (np.array([0, 1.0, 0]) - mean[1] / length * mean / length) / length / 64
    expected = np.zeros((8, 8))
    expected[:4, 4:] = slope[1]
    assert slope[0] < 0, "what is red is against it"
    np.testing.assert_allclose(np.maximum(found.maps[-1], 0), expected, atol=1e-5)
    assert found.target is not None
    assert (found.target.label, found.target_text) == ("green", "words:green")


def test_prompts_that_compete_share_the_picture(
    model: attnviz.VisionModel, picture: attnviz.Picture
) -> None:
    found = attnviz.explain(model, picture, "hires-cam", [Words("red"), Words("green")])
    together = attnviz.explain(model, picture, "hires-cam", "words:red").maps[-1]
    assert [one.prediction.label for one in found.asked] == ["red", "green"]
    # Slopes 10 (1 - 4/5) on 32 pixels and 10 (1 - 1/5) on 16, so half of it for red.
    assert [one.share for one in found.asked] == pytest.approx([1 / 3, 2 / 3])
    corners = [found.maps[-1][y, x] for y, x in ((0, 0), (7, 0), (0, 7), (7, 7))]
    assert corners == pytest.approx([0.5, 0.5, 1, 0], abs=1e-5)
    np.testing.assert_allclose(found.asked[0].maps[-1], together, atol=1e-6)


def hugging_face(kind: str) -> tuple[nn.Module, Any]:
    """A tiny network of Hugging Face with random weights, and its embeddings by its own forward."""
    import transformers

    small = {"hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2,
             "num_hidden_layers": 1}  # fmt: skip
    text = small | {"vocab_size": 9, "max_position_embeddings": 4, "bos_token_id": 7,
                    "eos_token_id": 8, "pad_token_id": 8}  # fmt: skip
    vision = small | {"image_size": 8, "patch_size": 4}
    config = getattr(transformers, f"{kind}Config")(text_config=text, vision_config=vision)
    torch.manual_seed(0)
    joint = getattr(transformers, f"{kind}Model")(config).eval()
    return joint, lambda ids, x: joint(input_ids=ids, pixel_values=x).logits_per_image


def indices(texts: list[str]) -> Tensor:
    """Letters as numbers, the last one the end."""
    return torch.tensor([[ord(text[0]) % 7, ord(text[-1]) % 7, 8, 8] for text in texts])


@pytest.mark.parametrize("kind", ["CLIP", "Siglip"])
def test_scores_are_those_of_hugging_faces_own_forward_pass(
    kind: str, picture: attnviz.Picture
) -> None:
    joint, own = hugging_face(kind)
    model = attnviz.wrap(joint, tokenizer=indices)
    assert model.preprocess.size == 8
    assert model.preprocess.mean[0] == pytest.approx(0.5 if kind == "Siglip" else 0.48145466)
    with torch.no_grad():
        expected = own(indices(["cat", "dog"]), model.preprocess.tensor(picture)[0])[0]
        expected = expected.sigmoid() if kind == "Siglip" else expected  # each by itself
    found = asked(model, picture, Words("cat"), Words("dog"))
    assert found == pytest.approx(expected.tolist(), abs=1e-4)


def test_a_network_that_takes_patches_is_given_them_as_by_its_processor() -> None:
    import transformers

    small = {"hidden_size": 16, "intermediate_size": 16, "num_attention_heads": 2,
             "num_hidden_layers": 1}  # fmt: skip
    config = transformers.Siglip2Config(
        text_config=small | {"vocab_size": 9, "max_position_embeddings": 4, "eos_token_id": 8,
                             "bos_token_id": 7},
        vision_config=small | {"patch_size": 4, "num_patches": 16},
    )  # fmt: skip
    torch.manual_seed(0)
    joint = transformers.Siglip2Model(config).eval()
    model = attnviz.wrap(joint, tokenizer=indices)
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    processor = transformers.Siglip2ImageProcessor(patch_size=4, max_num_patches=16)
    given = processor(torch.from_numpy(pixels).permute(2, 0, 1), return_tensors="pt")
    with torch.no_grad():
        own = joint(input_ids=indices(["cat"]), **given).logits_per_image.sigmoid()
    found = attnviz.explain(model, pixels, "legrad", Words("cat"))
    assert found.asked[0].prediction.probability == pytest.approx(float(own), abs=1e-5)
    assert found.maps[0].shape == (4, 4)


def test_scores_are_those_of_open_clips_own_forward_pass(picture: attnviz.Picture) -> None:
    open_clip = pytest.importorskip("open_clip")
    torch.manual_seed(0)
    vision = {"layers": 2, "width": 32, "head_width": 8, "patch_size": 4, "image_size": 8}
    text = {"context_length": 16, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1}
    joint = open_clip.CLIP(
        embed_dim=8, vision_cfg=open_clip.CLIPVisionCfg(**vision),
        text_cfg=open_clip.CLIPTextCfg(**text),
    ).eval()  # fmt: skip
    tokenizer = open_clip.SimpleTokenizer(context_length=16)
    model = attnviz.wrap(joint, tokenizer=tokenizer)
    prompts = ["a red car", "\N{AUTOMOBILE} \N{SMILING FACE WITH SMILING EYES}"]
    with torch.no_grad():
        images = joint.encode_image(model.preprocess.tensor(picture)[0], normalize=True)
        texts = joint.encode_text(tokenizer(prompts), normalize=True)
        expected = joint.logit_scale.exp() * images @ texts.T
    assert asked(model, picture, *map(Words, prompts)) == pytest.approx(
        expected[0].tolist(), abs=1e-4
    )
    found = attnviz.explain(model, picture, "legrad", Words(prompts[0]))
    assert [one.shape for one in found.maps] == [(2, 2)] * 2


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: Words(""), "Write what to look for"),
        (lambda: Words(" \n "), "Write what to look for"),
        (lambda: Words("red " * 2500), "9,999 characters"),
        (lambda: Words("red", ("no place",)), "holds {} once"),
        (lambda: Words("red", ("{} {}",)), "holds {} once"),
        (lambda: Words("red", "tlh"), r"de, es, fr.*'tlh' is neither"),
        (lambda: Words("red", ()), "one template at least"),
    ],
)
def test_impossible_words_are_refused_in_a_sentence(made: Any, said: str) -> None:
    with pytest.raises(TargetError, match=said):
        made()


def test_words_that_the_tokenizer_cannot_read_are_named(
    model: attnviz.VisionModel, picture: attnviz.Picture
) -> None:
    with pytest.raises(TargetError, match="cannot read '\N{PARTY POPPER}'"):
        attnviz.explain(model, picture, "grad-cam", Words("\N{PARTY POPPER}"))


def test_a_network_that_reads_no_words_lists_what_it_can_be_asked(
    picture: attnviz.Picture, tiny_cnn: nn.Module
) -> None:
    model = attnviz.wrap(tiny_cnn.eval(), PLAIN)
    with pytest.raises(TargetError, match="cannot be asked for words, as in words:red"):
        attnviz.explain(model, picture, "grad-cam", Words("red"))


def test_a_missing_tokenizer_or_tower_is_named(picture: attnviz.Picture) -> None:
    model = attnviz.wrap(MeanColours(), PLAIN)
    with pytest.raises(TargetError, match="wrapped without its tokenizer"):
        attnviz.explain(model, picture, "grad-cam", Words("red"))
    with pytest.raises(ModelError, match="has not both towers"):
        attnviz.wrap(nn.Conv2d(3, 3, 1), PLAIN, tokenizer=tokenize)


def test_new_weights_give_new_directions(picture: attnviz.Picture) -> None:
    joint = WithWords()
    network = WordsNetwork(joint, lambda texts: torch.zeros(len(texts), 1, dtype=torch.long))
    assert words_network(torch.nn.Identity()) is None
    assert words_network(network) is network
    before = network.sentences(["a"])
    assert network.sentences(["a"]) is before, "read once"
    with torch.no_grad():
        joint.words.weight.copy_(torch.tensor([[0.0, 3.0]]))
    assert network.sentences(["a"]).tolist() == [0.0, 1.0]


class WithWords(MeanColours):
    def __init__(self) -> None:
        super().__init__()
        self.words = nn.Embedding(1, 2)

    def encode_text(self, rows: Tensor) -> Tensor:
        return F.relu(self.words(rows)[:, 0].abs())


def test_what_a_sigmoid_learned_does_not_depend_on_what_else_is_asked(
    picture: attnviz.Picture,
) -> None:
    model = attnviz.wrap(MeanColours(bias=-8.0), PLAIN, tokenizer=tokenize)
    alone = [asked(model, picture, Words(one))[0] for one in ("red", "green")]
    expected = [1 / (1 + math.exp(8 - 10 * cosine / math.sqrt(5))) for cosine in (2, 1)]
    assert alone == pytest.approx(expected, abs=1e-5)
    assert asked(model, picture, Words("red"), Words("green")) == pytest.approx(alone, abs=1e-6)
