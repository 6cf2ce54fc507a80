"""TorchScript, exported programs and quantized modules give what the module gives."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import attnviz
from attnviz.errors import ModelError
from tests.models.black_box.networks import small_network

INPUTS = torch.randn(5, 3, 20, 20, generator=torch.Generator().manual_seed(1))
TWO = torch.zeros(2, 3, 20, 20)

pytestmark = pytest.mark.filterwarnings(
    "ignore:.torch.jit:FutureWarning", "ignore:torch.ao.quantization", "ignore:torch.quantize_per"
)


def scripted(folder: Path) -> Path:
    torch.jit.script(small_network()).save(str(folder / "net.pt"))
    return folder / "net.pt"


def exported(folder: Path) -> Path:
    program = torch.export.export(
        small_network(), (TWO,), dynamic_shapes=({0: torch.export.Dim("n")},)
    )
    torch.export.save(program, folder / "net.pt2")
    return folder / "net.pt2"


@pytest.mark.parametrize(
    "make",
    [
        lambda _: small_network(),
        lambda _: torch.jit.script(small_network()),
        lambda _: torch.jit.trace(small_network(), TWO),
        lambda _: torch.export.export(small_network(), (TWO,)),  # of two pictures at a time
        scripted,
        exported,
    ],
)
def test_scores_are_those_of_the_module(make: Callable[[Path], Any], tmp_path: Path) -> None:
    model = attnviz.black_box(make(tmp_path), input_size=20)
    with torch.no_grad():
        expected = small_network()(INPUTS)
    torch.testing.assert_close(model.module(INPUTS), expected, rtol=1e-4, atol=1e-5)


def test_it_is_run_in_evaluation_mode_and_left_as_it_was() -> None:
    for network in (small_network(), torch.jit.script(small_network())):
        network.train()
        model = attnviz.black_box(network, input_size=20)
        first, second = model.module(INPUTS), model.module(INPUTS)
        assert torch.equal(first, second)  # no dropout
        assert all(part.training for part in network.modules())


def test_a_quantized_network_is_close_to_what_it_was_made_from() -> None:
    network = small_network()
    quantized = torch.ao.quantization.quantize_dynamic(network, {nn.Linear}, dtype=torch.qint8)
    model = attnviz.black_box(quantized, input_size=20)
    with torch.no_grad():
        expected = network(INPUTS)
    found = model.module(INPUTS)
    assert not torch.equal(found, expected)
    torch.testing.assert_close(found, expected, rtol=0.1, atol=0.05)


def test_half_precision_gets_its_own_type() -> None:
    model = attnviz.black_box(small_network().to(torch.bfloat16), input_size=20)
    with torch.no_grad():
        torch.testing.assert_close(
            model.module(INPUTS), small_network()(INPUTS), rtol=0.1, atol=0.05
        )


def test_the_same_weights_have_the_same_digest() -> None:
    digests = {
        attnviz.black_box(one).weights_sha256
        for one in (small_network(), torch.jit.script(small_network()))
    }
    assert len(digests) == 1


def test_an_exported_program_knows_its_size(tmp_path: Path) -> None:
    model = attnviz.black_box(exported(tmp_path))
    assert model.preprocess.size == 20
    with pytest.raises(ModelError, match="takes inputs of 20 pixels only"):
        attnviz.black_box(exported(tmp_path), input_size=24)


class Two(nn.Module):
    def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return (a + b).mean((2, 3))


def test_what_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="takes 2 inputs, and not one of pictures"):
        attnviz.black_box(torch.export.export(Two(), (TWO, TWO)))
    weights = tmp_path / "weights.pt"
    torch.save(small_network().state_dict(), weights)
    with pytest.raises(ModelError, match=r"weights\.pt cannot be loaded .* of weights alone"):
        attnviz.black_box(weights)
    with pytest.raises(ModelError, match=r"missing\.pt2 cannot be loaded"):
        attnviz.black_box(tmp_path / "missing.pt2")
