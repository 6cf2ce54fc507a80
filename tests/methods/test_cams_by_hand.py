"""Each CAM on a case small enough for pencil and paper: two channels on a 1 x 2 grid."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from attnviz.capture.readings import FeatureReading
from attnviz.capture.trace import Trace
from attnviz.errors import MethodError
from attnviz.methods import METHODS, TraceMethod

ACTIVATION = torch.tensor([[[[1.0, 3.0]], [[2.0, 0.0]]]])
GRADIENT = torch.tensor([[[[0.5, 1.5]], [[-1.0, 1.0]]]])
READING = FeatureReading("layer", ACTIVATION, GRADIENT)

# Grad-CAM++, channel 0: sum(A) = 4, so a = G^2 / (2 G^2 + 4 G^3): at G = .5: .25 / (.5 + .5) = .25,
# at G = 1.5: 2.25 / (4.5 + 13.5) = .125; w = .25 * .5 + .125 * 1.5 = .3125.
# Channel 1: sum(A) = 2; at G = 1: 1 / (2 + 2) = .25; at G = -1 relu(G) is 0; w = .25.
EXPECTED = {
    "grad-cam": [1.0 * 1 + 0.0 * 2, 1.0 * 3 + 0.0 * 0],
    "hires-cam": [0.0, 4.5],  # .5 * 1 - 1 * 2 = -1.5, cut at 0; 1.5 * 3 + 1 * 0
    "layer-cam": [0.5, 4.5],
    "xgrad-cam": [0.0, (0.5 + 4.5) / 4 * 3],  # w0 = 1.25, w1 = (-2 + 0) / 2 = -1: 1.25 - 2 < 0
    "grad-cam++": [0.3125 * 1 + 0.25 * 2, 0.3125 * 3],
}
FROM_TRACES = [method for method in METHODS if issubclass(method, TraceMethod)]


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_value(name: str) -> None:
    values = METHODS.get(name)().layer_map(READING)
    np.testing.assert_allclose(values[0, 0].numpy(), EXPECTED[name], rtol=1e-5, atol=1e-6)


def test_grad_cam_plus_plus_stays_finite_before_a_relu() -> None:
    """With G = .001 and sum(A) = -3000, 2 G^2 + sum(A) G^3 + 1e-6 vanishes: a is G^2 / 1e-6 = 1."""
    activation, gradient = torch.tensor([[[[1e3, -4e3]]]]), torch.tensor([[[[1e-3, 0.0]]]])
    reading = FeatureReading("layer", activation, gradient)
    values = METHODS.get("grad-cam++")().layer_map(reading)
    assert values.flatten().tolist() == pytest.approx([1.0, 0.0])


@pytest.mark.parametrize("name", sorted(EXPECTED))
def test_without_gradients_it_says_so(name: str) -> None:
    with pytest.raises(MethodError, match="gradients=True"):
        METHODS.get(name)().layer_map(FeatureReading("layer", ACTIVATION))


@pytest.mark.parametrize("method", FROM_TRACES, ids=lambda method: method.name)
def test_every_method_refuses_a_trace_without_its_sites(method: type) -> None:
    empty = Trace((), torch.zeros(1, 2), None, (8, 8))
    with pytest.raises(MethodError, match="Choose another method"):
        method()(empty)


@pytest.mark.parametrize("method", METHODS, ids=lambda method: method.name)
def test_every_method_says_what_it_is(method: type) -> None:
    for text in (method.title, method.paper, method.formula, method.__doc__):
        assert len(text) > 5
    assert method.nature in ("attention", "relevance", "similarity")
