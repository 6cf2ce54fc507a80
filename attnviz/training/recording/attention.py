"""The attention that a recording keeps: one map for each layer that decides where to look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

from attnviz.analysis.layer_statistics import attention_facts
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.run import capture
from attnviz.capture.site import Kind, Site
from attnviz.capture.trace import Trace
from attnviz.errors import TrainingError
from attnviz.methods.trace_method import trace_method
from attnviz.training.recording.effects import gate_effect, watched_blocks
from attnviz.types import FloatArray

Maps = dict[tuple[str, str], FloatArray]
Numbers = dict[tuple[str, str], FloatArray]

# Of each kind, what is kept: the one map of a layer that can be compared over time, and of masks
# how much they do.
RECORDED: dict[Kind, tuple[str, ...]] = {
    Kind.SPATIAL: ("soft-mask", "mask-effect"),
    Kind.CONTEXT: ("raw-attention",),
}


@dataclass(frozen=True, eq=False)
class Attention:
    """One look at a network's attention.

    maps: float32 [pictures, h, w] by (method, layer). numbers: float32 [k] by (what, layer), means
    over the pictures. Of every layer where it is known "effect" [1], `|y - x| / |x|` of the block.
    Of self-attention for each head "entropy" [heads], its mean over queries as a share of even
    attention's, and "distance" [heads] with "even-distance" [1], in pixels of the input (see
    `attention_facts`). logits: [pictures, classes].
    """

    maps: Maps
    numbers: Numbers
    logits: Tensor


def read_attention(module: nn.Module, inputs: Tensor) -> Attention:
    """The maps and numbers that a recording keeps, in evaluation mode; leaves no hook behind.

    For masks the mask and its effect; for self-attention the weights with which the class token
    looks at each place, mean over heads. inputs: [pictures, 3, H, W], normalised.

    Raises TrainingError if the network has neither.
    """
    found = recorded_sites(module, inputs)
    sites = [site for some in found.values() for site in some]
    if not sites:
        raise TrainingError(
            f"{type(module).__name__} has no mask over places and no self-attention, so there is "
            "no attention to record. Train it without a recorder."
        )
    with watched_blocks(getattr(module, "_orig_mod", module), sites) as effects:
        trace = capture(module, inputs, sites)
    maps: Maps = {}
    for kind, names in RECORDED.items():
        for name in names if found[kind] else ():
            maps |= {(name, one.layer): one.values for one in trace_method(name)(trace)}
    return Attention(maps, _numbers(trace, effects), trace.logits)


def recorded_sites(module: nn.Module, inputs: Tensor) -> dict[Kind, Sequence[Site]]:
    """Where the attention lies that a recording keeps; without any, nothing can be recorded."""
    return {kind: find_sites(module, kind, inputs) for kind in RECORDED}


def _numbers(trace: Trace, effects: dict[str, float]) -> Numbers:
    effects = effects | {one.layer: gate_effect(one) for one in trace.soft_masks}
    numbers: Numbers = {
        ("effect", layer): np.array([value], np.float32) for layer, value in effects.items()
    }
    for facts in (attention_facts(one, trace.input_size) for one in trace.context):
        numbers["entropy", facts.layer] = facts.entropy.mean(0) / max(facts.even_entropy, 1e-12)
        if np.isfinite(facts.even_distance):
            numbers["distance", facts.layer] = facts.distance.mean(0)
            numbers["even-distance", facts.layer] = np.array([facts.even_distance], np.float32)
    return numbers
