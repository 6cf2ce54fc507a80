"""Which channels of a picture a decision rests on: each is taken away, and each is left alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from attnviz.analysis.asked import class_alone, targets_of
from attnviz.analysis.inference import run_inference
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.logits import logits_of
from attnviz.evidence.run import measured_class
from attnviz.methods.inference import Inference
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, PictureSource, as_picture
from attnviz.progress import Progress, report_progress
from attnviz.targets import Target
from attnviz.targets.head import score_head
from attnviz.types import FloatArray

_BATCH = 16
_COLOURS = {1: ("grey",), 3: ("red", "green", "blue"), 4: ("red", "green", "blue", "opacity")}


@dataclass(frozen=True, eq=False)
class ChannelEvidence:
    """What becomes of a class's probability without each channel, and with it alone.

    A channel that is taken away has its mean over the picture everywhere: what it says of places is
    gone. A channel that matters lowers the probability when it goes (necessary), or keeps it up
    when it stays alone (sufficient); of two that say the same, neither is necessary.

    Attributes
    ----------
    names
        Name of each channel.
    label
        The class.
    whole
        Its probability with all channels; of features, the component's value.
    none
        The same with none.
    without, alone
        float32 [C]: the same without each channel, and with each alone.
    notes
        Sentences for the user.
    """

    names: tuple[str, ...]
    label: str
    whole: float
    none: float
    without: FloatArray
    alone: FloatArray
    notes: tuple[str, ...] = ()

    @property
    def lost(self) -> FloatArray:
        """float32 [C]: by how much the probability falls without each channel."""
        return np.asarray(self.whole - self.without, dtype=np.float32)


def channel_evidence(
    model: VisionModel,
    picture: Picture | PictureSource,
    target: Any = None,
    progress: Progress | None = None,
) -> ChannelEvidence:
    """Take away each channel of a network's input, and leave each alone.

    2 C + 2 inputs of C channels go forward, in batches, and none backward.

    Parameters
    ----------
    model
        From `load_model` or `wrap`.
    picture
        From `open_channels` or `open_picture`, or anything that `open_picture` opens.
    target
        What to measure, as in `attnviz.explain`; the most probable class if None. Of a score that
        is no probability, what is told is the share that is left of it.
    progress
        Called after each batch; what it raises stops the work.

    Returns
    -------
    ChannelEvidence

    Raises
    ------
    EvidenceError
        The network names no classes, and no component of its features is asked for.
    UnknownClassError, TargetError, ModelError, OutOfMemoryError
        As `attnviz.explain`.
    """
    picture = as_picture(picture)
    targets = targets_of(model, target)
    index = class_alone(model, targets)
    scored = targets if index is None else ()
    work = partial(_measured, model, scored, progress)
    (measured, values), notes = run_inference(
        model, picture, work, target=index, any_output=bool(scored), long=True
    )
    count = model.preprocess.channels
    read = picture.channels if model.preprocess.reads_channels(picture) else None
    names = read.names if read else _COLOURS.get(count) or tuple(map(str, range(count)))
    return ChannelEvidence(
        names=names,
        label=scored[0].words(model) if scored else model.label(measured),
        whole=float(values[0]),
        none=float(values[1]),
        without=values[2 : 2 + count],
        alone=values[2 + count :],
        notes=notes,
    )


def _measured(
    model: VisionModel,
    targets: Sequence[Target],
    progress: Progress | None,
    inference: Inference,
) -> tuple[int, FloatArray]:
    """The class that is asked for, and its probability, or that of targets, for each variant."""
    module, inputs = prepare_for_hooks(inference.module, inference.inputs)
    found: list[Tensor] = []
    total = 2 * inputs.shape[1] + 2
    head = score_head(model, inference, targets) if targets else nullcontext()
    with state_guard(module, frozen=True), head as asked, torch.inference_mode():
        for batch in _variants(inputs):
            found.append(logits_of(module(batch), module).float().cpu())
            report_progress(progress, sum(map(len, found)), total)
        logits = torch.cat(found)
        if asked is None:
            target, scores = measured_class(model, inference, logits[:1]), inference.scores
        else:
            target, scores = 0, asked.measured(logits[1:2])  # of what a picture without places has
    return target, np.asarray(scores.probabilities(logits)[:, target].numpy(), dtype=np.float32)


def _variants(inputs: Tensor) -> Iterator[Tensor]:
    """The input, its means, each channel replaced by its mean, and all others: [k, C, h, w]."""
    count = inputs.shape[1]
    kept = torch.eye(count, dtype=torch.bool, device=inputs.device)
    all_kept = torch.ones_like(kept[:1])
    masks = torch.cat([all_kept, ~all_kept, ~kept, kept])
    means = inputs.mean((2, 3), keepdim=True)
    for some in torch.split(masks, _BATCH):
        yield torch.where(some[:, :, None, None], inputs, means)
