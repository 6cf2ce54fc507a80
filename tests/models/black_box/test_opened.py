"""Files of black boxes as models of a list: loaded as they are, with what their input is like."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import attnviz
from attnviz.errors import ModelError
from attnviz.models.black_box.opened import Colours, black_box_file
from tests.models.black_box.networks import small_network, write_onnx

pytest.importorskip("onnxruntime")


def test_a_file_is_loaded_as_it_is(tmp_path: Path) -> None:
    path = write_onnx(tmp_path / "net.onnx")
    spec = black_box_file(path, ["a", "b", "c"], side=20)
    model = attnviz.load_model(spec, "cpu")
    inputs = torch.randn(2, 3, 20, 20, generator=torch.Generator().manual_seed(1))
    with torch.no_grad():
        expected = small_network()(inputs)
    torch.testing.assert_close(model.module(inputs), expected, rtol=1e-4, atol=1e-5)
    assert (model.name, model.labels, model.preprocess.size) == ("net.onnx", ("a", "b", "c"), 20)
    assert model.weights_sha256 == attnviz.black_box(path, input_size=20).weights_sha256
    with pytest.raises(ModelError, match=r"net\.onnx takes inputs of 20 pixels only, not 40"):
        attnviz.load_model(spec, "cpu", input_size=40)


@pytest.mark.parametrize(
    ("colours", "black", "white"),
    [
        (Colours.NORMALISED, -0.485 / 0.229, (1 - 0.485) / 0.229),
        (Colours.SHARES, 0, 1),
        (Colours.SIGNED, -1, 1),
    ],
)
def test_the_colours_of_its_input(
    tmp_path: Path, colours: Colours, black: float, white: float
) -> None:
    spec = black_box_file(write_onnx(tmp_path / "net.onnx"), side=20, colours=colours)
    pixels = np.zeros((20, 20, 3), np.uint8)
    pixels[:, 10:] = 255
    inputs, _ = spec.preprocess.tensor(attnviz.open_picture(pixels))
    assert float(inputs[0, 0, 10, 2]) == pytest.approx(black)
    assert float(inputs[0, 0, 10, 17]) == pytest.approx(white)
    grey = replace(spec.preprocess, mean=(0.5,), std=(0.5,))
    assert colours.of(grey) == grey, "what is no RGB stays as it is"


@pytest.mark.parametrize("place", ["../secret.bin", "/etc/hostname"])
def test_a_file_reads_no_other_file(tmp_path: Path, place: str) -> None:
    onnx: Any = pytest.importorskip("onnx")
    (tmp_path / "secret.bin").write_bytes(bytes(10_000))
    folder = tmp_path / "uploads"
    folder.mkdir()
    made = onnx.load(write_onnx(folder / "net.onnx"))
    weight = made.graph.initializer[0]
    length = str(len(weight.raw_data))
    weight.ClearField("raw_data")
    weight.data_location = onnx.TensorProto.EXTERNAL
    for key, value in {"location": place, "offset": "0", "length": length}.items():
        weight.external_data.add(key=key, value=value)
    (folder / "net.onnx").write_bytes(made.SerializeToString())
    with pytest.raises(ModelError, match=r"net\.onnx cannot be loaded"):
        black_box_file(folder / "net.onnx", side=20)
