"""Whether a network's decision is worth naming, or no more than a guess."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor

from attnviz.models.spec import CertaintyLimits
from attnviz.models.vision_model import VisionModel
from attnviz.words import listed

UNMEASURED = CertaintyLimits(margin=math.log(2))
"""Limits of networks that were not measured: the first class is twice as probable as the next."""


class Doubt(StrEnum):
    """Why a network is not sure.

    Attributes
    ----------
    FAR
        The picture's energy is higher than that of pictures like those of training.
    CLOSE
        The margin is small: another class is nearly as probable.
    NONE
        Labels are true or false each by itself, and none of them is likely.
    """

    FAR = "far"
    CLOSE = "close"
    NONE = "none"


@dataclass(frozen=True)
class Certainty:
    """How sure a network is of its top class.

    The energy is -log sum exp(logits), low on pictures like those of training (Liu et al.,
    *Energy-based Out-of-distribution Detection*, NeurIPS 2020, at temperature 1).

    Attributes
    ----------
    margin
        By how much the decision is for the top class, in logits.
    energy
        Of the picture.
    doubt
        Why the network is not sure; None if it is.
    """

    margin: float
    energy: float
    doubt: Doubt | None = None

    @property
    def sure(self) -> bool:
        """Whether the top class is worth naming."""
        return self.doubt is None


def certainty_of(model: VisionModel, logits: Tensor) -> Certainty | None:
    """Judge how sure a network is.

    Parameters
    ----------
    model
        The network, which has run; its spec holds the limits.
    logits
        float [classes], on the CPU.

    Returns
    -------
    Certainty or None
        None where there is nothing to be sure of: a network of features, or of a single label.
    """
    scores = model.read_as
    if not scores.has_classes or len(logits) < 2:
        return None
    margin = float(scores.margin(logits[None], logits.argmax()[None]))
    energy = -float(torch.logsumexp(logits.float(), 0))
    if not scores.exclusive:
        return Certainty(margin, energy, Doubt.NONE if margin < 0 else None)
    limits = model.spec.certainty or UNMEASURED
    if energy > limits.energy:
        return Certainty(margin, energy, Doubt.FAR)
    return Certainty(margin, energy, Doubt.CLOSE if margin < limits.margin else None)


def guess_sentence(likely: Sequence[tuple[str, float]], doubt: Doubt) -> str:
    """Name the likeliest classes as the guesses that they are.

    Parameters
    ----------
    likely
        Labels and probabilities, best first; one at least.
    doubt
        Why they are guesses.

    Returns
    -------
    str

    Examples
    --------
    >>> guess_sentence([("tabby", 0.31), ("tiger cat", 0.28), ("lynx", 0.1)], Doubt.CLOSE)
    'Not sure: its best guesses are tabby (0.31) and tiger cat (0.28).'
    """
    guesses = [f"{label} ({probability:.2f})" for label, probability in likely[:2]]
    if doubt is Doubt.CLOSE:
        return f"Not sure: its best guesses are {listed(guesses)}."
    why = {
        Doubt.FAR: "the picture is unlike those it was trained on",
        Doubt.NONE: "it finds none of its labels likely",
    }
    return f"Not sure: {why[doubt]}. Its best guess is {guesses[0]}."


def decision_facts(
    likely: Sequence[tuple[str, float]], certainty: Certainty | None
) -> dict[str, str]:
    """Return what the provenance says of the decision; empty where no classes are named.

    Parameters
    ----------
    likely
        Labels and probabilities, best first.
    certainty
        As from `certainty_of`.
    """
    if not likely:
        return {}
    best = f"{likely[0][0]} {likely[0][1]:.2f}"
    unsure = certainty is not None and not certainty.sure
    return {"top class": f"{best}, not sure" if unsure else best}
