"""Which channels of a picture a decision rests on: each is taken away, and each is left alone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor

from attnviz.analysis.explain import class_index
from attnviz.analysis.inference import run_inference
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.logits import logits_of
from attnviz.evidence.run import measured_class
from attnviz.methods.inference import Inference
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, PictureSource, as_picture
from attnviz.progress import Progress, report_progress
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
    target: int | str | None = None,
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
        Index or label of the class; the most probable one if None.
    progress
        Called after each batch; what it raises stops the work.

    Returns
    -------
    ChannelEvidence

    Raises
    ------
    EvidenceError
        The network names no classes, and no component of its features is asked for.
    UnknownClassError, ModelError, OutOfMemoryError
        As `attnviz.explain`.
    """
    picture = as_picture(picture)
    index = None if target is None else class_index(model, target)
    work = partial(_measured, model, progress)
    (label, values), notes = run_inference(model, picture, work, target=index)
    count = model.preprocess.channels
    read = picture.channels if model.preprocess.reads_channels(picture) else None
    names = read.names if read else _COLOURS.get(count) or tuple(map(str, range(count)))
    return ChannelEvidence(
        names, model.label(label), float(values[0]), float(values[1]), values[2 : 2 + count],
        values[2 + count :], notes,
    )  # fmt: skip


def _measured(
    model: VisionModel, progress: Progress | None, inference: Inference
) -> tuple[int, FloatArray]:
    """The class that is asked for, and its probability for each variant."""
    module, inputs = prepare_for_hooks(inference.module, inference.inputs)
    found: list[Tensor] = []
    target: int | None = None
    total = 2 * inputs.shape[1] + 2
    with state_guard(module, frozen=True), torch.inference_mode():
        for batch in _variants(inputs):
            logits = logits_of(module(batch), module)
            if target is None:
                target = measured_class(model, inference, logits[:1])
            found.append(inference.scores.probabilities(logits.float())[:, target].cpu())
            report_progress(progress, sum(map(len, found)), total)
    assert target is not None
    return target, np.asarray(torch.cat(found).numpy(), dtype=np.float32)


def _variants(inputs: Tensor) -> Iterator[Tensor]:
    """The input, its means, each channel replaced by its mean, and all others: [k, C, h, w]."""
    count = inputs.shape[1]
    kept = torch.eye(count, dtype=torch.bool, device=inputs.device)
    all_kept = torch.ones_like(kept[:1])
    masks = torch.cat([all_kept, ~all_kept, ~kept, kept])
    means = inputs.mean((2, 3), keepdim=True)
    for some in torch.split(masks, _BATCH):
        yield torch.where(some[:, :, None, None], inputs, means)
