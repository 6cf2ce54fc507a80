"""Maps of channel gates on a case worked by hand: two channels on a 1 x 3 grid."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnviz.capture.readings import GateReading
from attnviz.capture.trace import Trace
from attnviz.errors import MethodError
from attnviz.methods import METHODS

FEATURES = torch.tensor([[[[1.0, 3.0, 0.0]], [[-1.0, 1.0, 0.0]]]])
READING = GateReading("se", torch.tensor([[0.2, 0.8]]), FEATURES)
EXPECTED = {
    "channel-gate": [(0.2 + 0.8) / 2, (0.6 + 0.8) / 4, (0.2 + 0.8) / 2],  # nothing active: mean
    "gate-effect": [(0.2 + 0.8) / 2, (0.6 + 0.8) / 2, 0.0],
}


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_value(name: str) -> None:
    (maps,) = METHODS.get(name)()(Trace((READING,), torch.zeros(1, 2), None, (8, 24)))
    assert maps.layer == "se"
    np.testing.assert_allclose(maps.values[0, 0], EXPECTED[name], rtol=2e-3)


def test_every_gate_method_has_a_case_here() -> None:
    assert {method.name for method in METHODS if method.kind == "channel"} == set(EXPECTED)


def test_a_gate_that_prefers_nothing_gives_a_flat_map() -> None:
    flat = GateReading("se", torch.full((1, 2), 0.7), FEATURES)
    values = METHODS.get("channel-gate")().layer_map(flat)
    np.testing.assert_allclose(values.numpy(), 0.7, rtol=1e-6)


def test_gates_without_feature_maps_have_no_picture() -> None:
    bare = GateReading("se", torch.ones(1, 2), torch.ones(1, 2))
    with pytest.raises(MethodError, match="channel sites"):
        METHODS.get("channel-gate")()(Trace((bare,), torch.zeros(1, 2), None, (8, 8)))
