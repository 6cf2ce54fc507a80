"""What long work costs in seconds, by the measured pace of this machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st
import torch

from attnviz.analysis.inference import run_inference
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.methods.inference import Cost, Inference
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.ui.kit.shared import CacheShelf, shared
from attnviz.ui.kit.text import duration

_BATCH = 4
# A backward pass computes two products for each one of the forward pass.
_BACKWARD = 2.0
_LONGEST_MEMORY = 500  # kinds of work whose pace is kept


@dataclass(frozen=True, eq=False)
class Pace:
    """How long a kind of work takes here, with one network and one picture.

    Attributes
    ----------
    work : str
        Name of the kind of work: each has its own overhead, which is learned.
    model : VisionModel
        The network.
    picture : Picture
        The picture; its shape decides the size of the inputs.
    cost : callable
        Returns what the work sends through the network.
    """

    work: str
    model: VisionModel
    picture: Picture
    cost: Callable[[], Cost]

    def seconds(self) -> float:
        """Estimate the duration; measures a pass of the network first, where that was not done."""
        return self._by_passes() * _overheads().get(self._key, 1.0)

    def text(self) -> str:
        """Return the estimate in words, such as "about 40 s here"."""
        return f"about {duration(max(self.seconds(), 1.0))} here"

    def learn(self, seconds: float) -> None:
        """Correct further estimates by how long the work did take."""
        expected, overheads = self._by_passes(), _overheads()
        if expected > 0 and seconds > 0:
            overheads[self._key] = seconds / expected
            while len(overheads) > _LONGEST_MEMORY:
                del overheads[next(iter(overheads))]

    @property
    def _key(self) -> tuple[str, ...]:
        return (self.work, *self.model.key)

    def _by_passes(self) -> float:
        cost = self.cost()
        inputs = cost.forward + _BACKWARD * cost.backward
        shape = self.picture.width / self.picture.height
        return inputs * seconds_per_input(self.model.key, round(shape, 1), self.model, self.picture)


@st.cache_resource(show_spinner=False)
def _overheads() -> dict[tuple[str, ...], float]:
    """Measured duration over that of the passes alone, for all sessions of this machine."""
    return {}


@shared(CacheShelf.EXPLANATIONS)
def seconds_per_input(
    key: tuple[str, ...], shape: float, _model: VisionModel, _picture: Picture
) -> float:
    """Measure how long one input takes in a forward pass, in a small batch.

    Parameters
    ----------
    key : tuple of str
        Key of the network.
    shape : float
        Width of the picture over its height.
    _model : VisionModel
        The network.
    _picture : Picture
        The picture.

    Returns
    -------
    float
        Seconds.
    """
    del key, shape

    def measured(inference: Inference) -> float:
        module, inputs = prepare_for_hooks(inference.module, inference.inputs)
        batch = inputs.repeat(_BATCH, 1, 1, 1)
        with state_guard(module), torch.inference_mode():
            started = time.perf_counter()
            output = module(batch)
            # The result is needed on the CPU, or a GPU would only have been asked.
            torch.as_tensor(output if isinstance(output, torch.Tensor) else 0.0).sum().item()
        return (time.perf_counter() - started) / _BATCH

    seconds, _ = run_inference(_model, _picture, measured, any_output=True)
    return seconds
