"""Tokens that are chosen by what is in the picture are no places, however many they are."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from attnviz.capture.discovery.attention_sites import find_self_attention
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.site import Kind
from tests.models.outputs.test_families import rt_detr, seeded


@pytest.mark.parametrize("queries", [16, 64])  # as many as 4 x 4 and 8 x 8 cells
def test_queries_of_rt_detr_are_no_places(queries: int) -> None:
    network = seeded(lambda: rt_detr(queries))
    sites, left_out = find_self_attention(network, torch.randn(1, 3, 128, 128))
    assert [site.layer for site in sites] == ["model.encoder.aifi.0.layers.0.self_attn"]
    assert left_out == tuple(f"model.decoder.layers.{number}.self_attn" for number in (0, 1))
    features = find_sites(network, Kind.FEATURES, torch.randn(1, 3, 128, 128))
    assert features[-1].layer == "model.decoder_input_proj.2"  # and no layer of the decoder


class Ranked(nn.Module):
    """Self-attention among all patches, which are ranked by their first feature before."""

    def __init__(self, *, in_order: bool) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 8, 4, 4)
        self.mixed = nn.Linear(8, 24)
        self.in_order = in_order

    def forward(self, x: Tensor) -> Any:
        tokens = self.patches(x).flatten(2).mT
        order = tokens[..., 0].topk(tokens.shape[1], 1).indices
        if self.in_order:  # as where experts are chosen for each token
            order = order.sort(1).values
        chosen = tokens.gather(1, order[..., None].expand_as(tokens))
        return F.scaled_dot_product_attention(*self.mixed(chosen).chunk(3, -1)).mean(1)


@pytest.mark.parametrize("in_order", [True, False])
def test_places_are_those_that_every_picture_has(in_order: bool) -> None:
    network = seeded(lambda: Ranked(in_order=in_order))
    sites, _ = find_self_attention(network, torch.randn(1, 3, 16, 16))
    assert [site.layer for site in sites] == (["Ranked"] if in_order else [])
