"""ONNX files and sessions: the same values as the module's, and what a file may lack."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import attnviz
from attnviz.errors import ModelError
from attnviz.models.vision_model import VisionModel
from tests.models.black_box.networks import small_network, write_onnx

pytest.importorskip("onnxruntime")

INPUTS = torch.randn(5, 3, 20, 20, generator=torch.Generator().manual_seed(1))


def scores(model: VisionModel) -> torch.Tensor:
    return model.module(INPUTS)


@pytest.fixture
def expected() -> torch.Tensor:
    with torch.no_grad():
        return small_network()(INPUTS)


@pytest.mark.parametrize("shape", [("N", 3, "H", "W"), (2, 3, 20, 20), (1, 3, 20, 20)])
def test_a_file_gives_what_the_module_gives(
    tmp_path: Path, shape: tuple[int | str, ...], expected: torch.Tensor
) -> None:
    """Also where it takes two pictures at a time, and there are five."""
    path = write_onnx(tmp_path / "net.onnx", shape)
    model = attnviz.black_box(path, ["a", "b", "c"], input_size=20 if shape[0] == "N" else None)
    torch.testing.assert_close(scores(model), expected, rtol=1e-4, atol=1e-5)
    assert (model.name, model.preprocess.size, len(model.weights_sha256)) == ("net.onnx", 20, 64)


def test_inputs_need_not_be_square(tmp_path: Path) -> None:
    model = attnviz.black_box(write_onnx(tmp_path / "net.onnx", (1, 3, 20, 24)))
    inputs, geometry = model.preprocess.tensor(
        attnviz.open_picture(np.full((30, 30, 3), 99, np.uint8))
    )
    assert geometry.input_size == (20, 24)
    with torch.no_grad():
        expected = small_network()(inputs)
    torch.testing.assert_close(model.module(inputs), expected, rtol=1e-4, atol=1e-5)


def test_channels_may_come_last(tmp_path: Path, expected: torch.Tensor) -> None:
    path = write_onnx(tmp_path / "net.onnx", ("N", 20, 20, 3), channels_last=True)
    model = attnviz.black_box(str(path))
    torch.testing.assert_close(scores(model), expected, rtol=1e-4, atol=1e-5)


def test_a_session_can_be_passed(tmp_path: Path, expected: torch.Tensor) -> None:
    import onnxruntime

    session = onnxruntime.InferenceSession(str(write_onnx(tmp_path / "net.onnx")))
    model = attnviz.black_box(session, input_size=20)
    torch.testing.assert_close(scores(model), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "options", "sentence"),
    [
        (("N", 3, "H", "W"), {}, "has dynamic axes: it takes inputs of any size. Say which"),
        (("N", 3, 20, "W"), {}, "has dynamic axes"),
        (("N", 3, 20, 24), {"input_size": 20}, "takes inputs of 20 x 24 pixels only, not 20"),
        (("N", 3, 20, 20), {"input_size": 32}, "takes inputs of 20 pixels only, not 32"),
        (
            ("N", 3, 20, 20),
            {"preprocess": attnviz.Preprocess(size=20)},
            "takes inputs of 20 pixels, and",
        ),
        (
            ("N", 3, 20, 20),
            {"preprocess": attnviz.Preprocess(size=20, fit="crop", mean=0.5, std=0.5)},
            "takes 3 channels, and the preprocessing makes 1",
        ),
    ],
)
def test_inputs_that_do_not_fit(
    tmp_path: Path, shape: tuple[int | str, ...], options: dict[str, Any], sentence: str
) -> None:
    path = write_onnx(tmp_path / "net.onnx", shape)
    with pytest.raises(ModelError, match=sentence):
        attnviz.black_box(path, **options)


def test_files_that_cannot_be_loaded(tmp_path: Path) -> None:
    custom = write_onnx(tmp_path / "custom.onnx", operator="Swirl", domain="acme")
    with pytest.raises(ModelError, match=r"uses the operator acme:Swirl.*pass the session"):
        attnviz.black_box(custom, input_size=20)
    broken = tmp_path / "broken.onnx"
    broken.write_bytes(b"no protobuf")
    with pytest.raises(ModelError, match=r"broken\.onnx cannot be loaded"):
        attnviz.black_box(broken)
    with pytest.raises(ModelError, match=r"There is no file .*missing\.onnx"):
        attnviz.black_box(tmp_path / "missing.onnx")


def test_without_onnx_runtime_its_name_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, real = write_onnx(tmp_path / "net.onnx"), builtins.__import__

    def importing(name: str, *args: Any, **options: Any) -> Any:
        if name == "onnxruntime":
            raise ImportError(name)
        return real(name, *args, **options)

    monkeypatch.setattr(builtins, "__import__", importing)
    with pytest.raises(ModelError, match=r"pip install 'attnviz\[onnx\]'"):
        attnviz.black_box(path)


def test_two_inputs_are_refused(tmp_path: Path) -> None:
    import onnx
    import onnxruntime

    helper, kind = onnx.helper, onnx.TensorProto.FLOAT
    values = [helper.make_tensor_value_info(name, kind, ["N", 3]) for name in ("a", "b", "c")]
    node = helper.make_node("Add", ["a", "b"], ["c"])
    graph = helper.make_graph([node], "sum", values[:2], values[2:])
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    session = onnxruntime.InferenceSession(made.SerializeToString())
    with pytest.raises(ModelError, match=r"other inputs than one of pictures.*a: tensor\(float\)"):
        attnviz.black_box(session)


def test_a_size_that_fails_is_told_when_it_runs(tmp_path: Path) -> None:
    model = attnviz.black_box(write_onnx(tmp_path / "net.onnx"), input_size=2)
    with pytest.raises(ModelError, match=r"net\.onnx failed on 1 picture of 2 x 2 pixels"):
        attnviz.explain(model, np.zeros((4, 4, 3), np.uint8))
