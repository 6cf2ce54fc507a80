"""The attention that a recording keeps: one map for each layer that decides where to look."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from torch import Tensor, nn

from attnviz.capture.run import capture
from attnviz.capture.sites import find_sites
from attnviz.capture.trace import Kind
from attnviz.errors import TrainingError
from attnviz.methods.base import trace_method

Maps = dict[tuple[str, str], npt.NDArray[np.float32]]

# Of each kind, what is kept: the one map of a layer that can be compared over time, and of masks
# how much they do.
RECORDED: dict[Kind, tuple[str, ...]] = {
    Kind.SPATIAL: ("soft-mask", "mask-effect"),
    Kind.CONTEXT: ("raw-attention",),
}


def read_attention(module: nn.Module, inputs: Tensor) -> tuple[Maps, Tensor]:
    """Maps float32 [pictures, h, w] by (method, layer), and logits [pictures, classes].

    For masks the mask and its effect; for self-attention the weights with which the class token
    looks at each place, mean over heads. Runs in evaluation mode and leaves no hook behind.
    inputs: [pictures, 3, H, W], normalised.

    Raises TrainingError if the network has neither.
    """
    found = {kind: find_sites(module, kind, inputs) for kind in RECORDED}
    sites = [site for some in found.values() for site in some]
    if not sites:
        raise TrainingError(
            f"{type(module).__name__} has no mask over places and no self-attention, so there is "
            "no attention to record. Train it without a recorder."
        )
    trace = capture(module, inputs, sites)
    maps: Maps = {}
    for kind, names in RECORDED.items():
        for name in names if found[kind] else ():
            maps |= {(name, one.layer): one.values for one in trace_method(name)(trace)}
    return maps, trace.logits
