"""One small network, as a module and as an ONNX file that is written operator by operator."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import nn


def small_network() -> nn.Sequential:
    """From [N, 3, h, w] to the logits of three classes; seeded."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        network = nn.Sequential(
            nn.Conv2d(3, 6, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
            nn.Dropout(), nn.Linear(6, 3),
        )  # fmt: skip
    return network.eval()


def write_onnx(
    path: Path,
    shape: tuple[int | str, ...] = ("N", 3, "H", "W"),
    *,
    channels_last: bool = False,
    operator: str = "Relu",
    domain: str = "",
) -> Path:
    """Write the small network as an ONNX file; its activation may be of another domain."""
    onnx: Any = __import__("pytest").importorskip("onnx")
    numbers, helper, network = onnx.numpy_helper, onnx.helper, small_network()
    weights = {
        "weight": network[0].weight, "bias": network[0].bias,
        "matrix": network[5].weight, "offset": network[5].bias,
    }  # fmt: skip
    nodes = [
        helper.make_node("Conv", ["planes", "weight", "bias"], ["a"], strides=[2, 2]),
        helper.make_node(operator, ["a"], ["b"], domain=domain),
        helper.make_node("GlobalAveragePool", ["b"], ["c"]),
        helper.make_node("Flatten", ["c"], ["d"]),
        helper.make_node("Gemm", ["d", "matrix", "offset"], ["logits"], transB=1),
    ]
    source = "planes"
    if channels_last:
        source = "pixels"
        turn = helper.make_node("Transpose", ["pixels"], ["planes"], perm=[0, 3, 1, 2])
        nodes = [turn, *nodes]
    kind = onnx.TensorProto.FLOAT
    graph = helper.make_graph(
        nodes, "small",
        [helper.make_tensor_value_info(source, kind, shape)],
        [helper.make_tensor_value_info("logits", kind, [shape[0], 3])],
        [numbers.from_array(value.detach().numpy(), name) for name, value in weights.items()],
    )  # fmt: skip
    domains = [helper.make_opsetid("", 17)]
    domains += [helper.make_opsetid(domain, 1)] if domain else []
    onnx.save(helper.make_model(graph, opset_imports=domains, ir_version=9), path)
    return path
