"""The attention that a recording stores: one map per layer, and statistics of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor, nn

from attnviz.analysis.layer_statistics import attention_facts
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.hooks.logit_outputs import logit_outputs
from attnviz.capture.run import capture
from attnviz.capture.site import Kind, Site
from attnviz.capture.trace import Trace
from attnviz.errors import TrainingError
from attnviz.methods.fuse import FUSED
from attnviz.methods.inference import Inference
from attnviz.methods.trace_method import trace_method
from attnviz.models.scores import PLAIN_LOGITS, Scores
from attnviz.training.recording.effects import gate_effect, record_block_effects
from attnviz.types import FloatArray

Maps = dict[tuple[str, str], FloatArray]
Numbers = dict[tuple[str, str], FloatArray]

# Methods whose maps are recorded, by kind: the map of a layer that can be compared over time, and
# for masks also their effect.
RECORDED: dict[Kind, tuple[str, ...]] = {
    Kind.SPATIAL: ("soft-mask", "mask-effect"),
    Kind.CONTEXT: ("raw-attention",),
}


@dataclass(frozen=True, eq=False)
class RecordedAttention:
    """A network's attention at one moment.

    Attributes
    ----------
    maps
        float32 [pictures, h, w] by (method, layer).
    numbers
        float32 [k] by (quantity, layer), means over the pictures. For every layer where it is known
        "effect" [1], `|y - x| / |x|` of the block. For self-attention "entropy" [heads], the mean
        over queries as a share of uniform attention's, and "distance" [heads] with "even-distance"
        [1], in input pixels (see `attention_facts`).
    logits
        float [pictures, classes].
    """

    maps: Maps
    numbers: Numbers
    logits: Tensor


def read_attention(
    module: nn.Module,
    inputs: Tensor,
    scores: Scores = PLAIN_LOGITS,
    method: str | None = None,
    targets: Tensor | None = None,
) -> RecordedAttention:
    """Read the maps and numbers that a recording stores, in evaluation mode.

    For masks these are the mask and its effect; for self-attention the weights that the class token
    gives to each position, averaged over heads. No hook is left behind.

    Parameters
    ----------
    module
        The network.
    inputs
        float [pictures, 3, H, W], normalised.
    scores
        How the network's output is read.
    method
        Name of a method that reads one pass, whose maps are read in the place of these.
    targets
        int64 [pictures], the classes that the method explains; the top prediction of each if None.

    Raises
    ------
    TrainingError
        The network has no attention to record.
    UnknownNameError, MethodError
        There is no such method, or it needs more than one pass.
    NoSitesError
        The network has nothing that the method reads.
    """
    chosen = None if method is None else trace_method(method)
    if chosen is None:
        sites = _attention_sites(module, inputs)
    else:
        sites = [*chosen.sites_for(Inference.of(module, inputs), FUSED)]
    attention = [site for site in sites if site.kind in RECORDED]
    gradients = chosen is not None and chosen.gradients
    eager = getattr(module, "_orig_mod", module)
    with logit_outputs(module, scores), record_block_effects(eager, attention) as effects:
        trace = capture(module, inputs, sites, gradients=gradients, target=targets)
    kinds = {site.kind for site in sites}
    names = [name for kind in RECORDED if kind in kinds for name in RECORDED[kind]]
    maps: Maps = {}
    for one in [chosen] if chosen is not None else map(trace_method, names):
        maps |= {(one.name, layer.layer): layer.values for layer in one(trace)}
    return RecordedAttention(maps, _numbers(trace, effects), trace.logits)


def _attention_sites(module: nn.Module, inputs: Tensor) -> list[Site]:
    sites = [site for group in recorded_sites(module, inputs).values() for site in group]
    if not sites:
        raise TrainingError(
            f"{type(module).__name__} has no spatial mask and no self-attention, so there is "
            'no attention to record. Record relevance, such as method="grad-cam", or train it '
            "without a recorder."
        )
    return sites


def recorded_sites(module: nn.Module, inputs: Tensor) -> dict[Kind, Sequence[Site]]:
    """Find the sites whose attention a recording stores, by kind.

    Parameters
    ----------
    module
        The network.
    inputs
        float [N, 3, H, W], normalised.

    Returns
    -------
    dict[Kind, Sequence[Site]]
        Empty sequences for kinds that the network does not have.
    """
    return {kind: find_sites(module, kind, inputs) for kind in RECORDED}


def _numbers(trace: Trace, effects: dict[str, float]) -> Numbers:
    effects = effects | {mask.layer: gate_effect(mask) for mask in trace.soft_masks}
    numbers: Numbers = {
        ("effect", layer): np.array([value], np.float32) for layer, value in effects.items()
    }
    for facts in (attention_facts(reading, trace.input_size) for reading in trace.context):
        numbers["entropy", facts.layer] = facts.entropy.mean(0) / max(facts.even_entropy, 1e-12)
        if np.isfinite(facts.even_distance):
            numbers["distance", facts.layer] = facts.distance.mean(0)
            numbers["even-distance", facts.layer] = np.array([facts.even_distance], np.float32)
    return numbers
