"""What a network says of a picture, without maps: one forward pass that reads nothing inside it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from attnviz.analysis.certainty import Certainty, certainty_of
from attnviz.analysis.inference import check_logits, run_inference
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.logits import logits_of
from attnviz.errors import ModelError
from attnviz.methods.inference import Inference
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.types import FloatArray


def plain_logits(model: VisionModel, picture: Picture) -> Tensor:
    """Return the logits float32 [classes], on the CPU.

    Parameters
    ----------
    model
        From `load_model` or `wrap`.
    picture
        From `open_picture`.

    Raises
    ------
    ModelError, OutOfMemoryError
        As `explain`.
    """

    def work(inference: Inference) -> Tensor:
        module, inputs = prepare_for_hooks(inference.module, inference.inputs)
        with state_guard(module), torch.inference_mode():
            logits = logits_of(module(inputs), module).float().cpu()
        check_logits(model, logits)
        return logits[0]

    return run_inference(model, picture, work)[0]


def judged(model: VisionModel, picture: Picture) -> tuple[FloatArray, Certainty | None]:
    """Return the probability of each class, and how sure the network is of the most probable.

    Parameters
    ----------
    model
        From `load_model` or `wrap`.
    picture
        From `open_picture`.

    Returns
    -------
    tuple
        float32 [classes] in 0..1, and the certainty; None for a network of a single label.

    Raises
    ------
    ModelError, OutOfMemoryError
        As `explain`, and for a network that returns features.
    """
    logits = plain_logits(model, picture)
    if not model.has_classes:
        raise ModelError(f"{model.name} names no classes: it returns features, not probabilities.")
    chances = np.asarray(model.read_as.probabilities(logits).numpy())
    return chances, certainty_of(model, logits)
