"""Maps from far inside a network say so, and so does attention that is left out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import attnviz
from attnviz.analysis.explanation import Explanation

WIDTH, SIDE, CELLS = 16, 32, 16


class Steps(nn.Module):
    """Patches, then steps on what is given; `turn` says how the tokens lie."""

    def __init__(self, turn: str, *layers: nn.Module) -> None:
        super().__init__()
        self.turn = turn
        self.stem, self.head = nn.Conv2d(3, WIDTH, 8, 8), nn.Linear(WIDTH, 4)
        self.layers = nn.Sequential(*layers)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        if self.turn == "channels first":
            return self.head(self.layers(x.flatten(2)).mean(2))
        if self.turn == "columns first":
            x = x.transpose(2, 3)
        return self.head(self.layers(x.flatten(2).transpose(1, 2)).mean(1))


class AmongChannels(nn.Module):
    """Attention between channels, as in XCiT."""

    def __init__(self) -> None:
        super().__init__()
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (one.transpose(1, 2) for one in self.qkv(x).chunk(3, 2))
        return x + ((q @ k.transpose(1, 2)).softmax(-1) @ v).transpose(1, 2)


class Choosy(nn.Module):
    """Fails on anything that is not what its own stem returned."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(WIDTH, 2, 24)

    def forward(self, x: Tensor) -> Tensor:
        if not torch.equal(self.layer.linear1.bias, torch.zeros(24)):
            raise RuntimeError("other weights than expected")
        return self.layer(x.transpose(0, 1)).transpose(0, 1)


def explained(net: nn.Module, method: str) -> Explanation:
    pixels = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3)).astype(np.uint8)
    torch.manual_seed(0)
    for weight in net.parameters():
        nn.init.normal_(weight, std=0.3) if weight.ndim > 1 else nn.init.zeros_(weight)
    model = attnviz.wrap(net.eval(), attnviz.Preprocess(size=SIDE))
    return attnviz.explain(model, attnviz.open_picture(pixels), method)


def mlp(features: int) -> nn.Module:
    return nn.Sequential(nn.Linear(features, 8), nn.GELU(), nn.Linear(8, features))


class Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.mlp = mlp(WIDTH)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.mlp(x)


def encoder(layers: int) -> nn.Module:
    return nn.Sequential(
        *(nn.TransformerEncoderLayer(WIDTH, 2, 24, batch_first=True) for _ in range(layers))
    )


@pytest.mark.parametrize("method", ["auto", "competition"])
def test_the_decision_has_a_map_where_only_the_stem_has_places(method: str) -> None:
    found = explained(Steps("", mlp(WIDTH), mlp(WIDTH)), method)
    assert found.layers == ("stem",)
    assert np.isfinite(found.maps[0]).all()
    assert len(found.notes) == 1


UNREADABLE = {
    "tokens as channels": Steps("channels first", mlp(CELLS), mlp(CELLS)),
    "columns first": Steps("columns first", *(mlp(WIDTH) for _ in range(2))),
}


@pytest.mark.parametrize("style", UNREADABLE)
def test_a_map_of_the_stem_says_that_it_is_one(style: str) -> None:
    found = explained(UNREADABLE[style], "grad-cam")
    assert found.layers == ("stem",)
    assert found.notes == (
        "stem is the last layer that could be read over the picture, but 4 of the network's 5 "
        "steps on more than one position follow it. Its map may show an early stage, and not what "
        "the output rests on.",
    )


def test_early_attention_says_so_too() -> None:
    net = Steps("", encoder(1), *(mlp(WIDTH) for _ in range(3)))
    notes = explained(net, "auto").notes
    assert len(notes) == 1
    assert notes[0].startswith("layers.0.0.self_attn is the last layer")
    assert "but 8 of the network's 10 steps" in notes[0]


READABLE = {
    "convolutions and a deep head": nn.Sequential(
        nn.Conv2d(3, 8, 3, 2, 1), nn.ReLU(), nn.Conv2d(8, 8, 3, 2, 1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(2), nn.Flatten(), *(nn.Linear(32, 32) for _ in range(5)),
    ),
    "encoder": Steps("", encoder(3)),
    "a single layer": Steps("", encoder(1)),
    "tokens without attention": Steps("", Residual(), Residual(), Residual()),
}  # fmt: skip


@pytest.mark.parametrize("method", ["auto", "grad-cam", "decision"])
@pytest.mark.parametrize("style", READABLE)
def test_nothing_is_said_where_the_end_was_read(style: str, method: str) -> None:
    assert explained(READABLE[style], method).notes == ()


@pytest.mark.parametrize(
    ("count", "named"),
    [
        (1, "layers.1"),
        (2, "layers.1 and layers.2"),
        (5, "layers.1, layers.2, layers.3 and 2 more layers"),
    ],
)
def test_attention_between_channels_is_left_out_and_named_once(count: int, named: str) -> None:
    net = Steps("", encoder(1), *(AmongChannels() for _ in range(count)), encoder(1))
    found = explained(net, "raw-attention")
    assert [layer.endswith("self_attn") for layer in found.layers] == [True, True]
    assert found.notes == (
        f"The attention of {named} could not be placed over the picture, so it is left out.",
    )


@pytest.mark.parametrize(
    ("method", "said"), [("auto", True), ("decision", True), ("grad-cam", False)]
)
def test_a_question_is_answered_without_it_and_says_so(method: str, said: bool) -> None:
    """Who asks for a method by its name asks for no attention."""
    found = explained(Steps("", AmongChannels(), AmongChannels()), method)
    assert found.layers[-1] == "layers.1"
    assert found.notes == (
        ("The attention of layers.0 and layers.1 could not be placed over the picture, so it is "
         "left out.",) if said else ()
    )  # fmt: skip


def test_a_network_that_does_not_run_on_noise_is_read_as_far_as_it_can() -> None:
    net = Steps("", encoder(1), Choosy())
    found = explained(net, "raw-attention")
    assert found.layers == ("layers.0.0.self_attn",)
    assert found.notes[0].startswith("The attention of layers.1.layer.self_attn could not be")
    assert explained(net, "grad-cam").layers[0] == "stem"
