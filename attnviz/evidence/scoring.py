"""The class scores of many variants of one picture, computed batch by batch."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from attnviz.capture.logits import logits_of, target_classes
from attnviz.errors import EvidenceError
from attnviz.evidence.subject import Subject
from attnviz.progress import Progress, report_progress
from attnviz.types import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class VariantScores:
    """The network's output for each of m variants.

    Attributes
    ----------
    probability : float32 [m]
        Probability of the target class, as `Scores` has it.
    logit : float32 [m]
        Logit of the target class; its log-odds where the network returns probabilities.
    margin : float32 [m]
        That logit minus the highest other one; above 0 where the class comes first. Unlike the
        probability it does not saturate. For a network with one class, and where classes are
        independent, it equals the logit.
    first : int64 [m]
        The most probable class; of independent ones the target while it is more likely than not.
    """

    probability: FloatArray
    logit: FloatArray
    margin: FloatArray
    first: IntArray


@torch.inference_mode()
def score_variants(
    subject: Subject, variants: Iterable[Tensor], total: int, progress: Progress | None = None
) -> VariantScores:
    """Run variants of the subject's picture through its network.

    Parameters
    ----------
    subject : Subject
        The network and the target class.
    variants : iterable of Tensor [k, 3, h, w]
        Preprocessed batches of any size k. Each is generated while the device works on the one
        before it, and released after its own pass.
    total : int
        Number of pictures in all batches together.
    progress : Progress, optional
        Called after each batch with the number of pictures done; what it raises stops the work.

    Returns
    -------
    VariantScores

    Raises
    ------
    EvidenceError
        If there are no variants, or a logit is not finite.
    UnknownClassError
        If the network has no such class.
    """
    parts, done = [], 0
    for batch in variants:
        parts.append(_scores_of_batch(subject, batch))
        done += len(batch)
        report_progress(progress, done, total)
    if not parts:
        raise EvidenceError("There are no variants of the picture to score.")
    columns = (torch.cat(column).cpu().numpy() for column in zip(*parts, strict=True))
    probability, logit, margin, first = columns
    if not np.isfinite(logit).all():
        raise EvidenceError(
            "The network's output for a changed picture is not finite. "
            "Its weights are damaged, or values overflow."
        )
    return VariantScores(probability, logit, margin, first)


def _scores_of_batch(subject: Subject, batch: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Score one batch, without waiting for the device."""
    logits = logits_of(subject.module(batch), subject.module).float()
    chosen = target_classes(logits, subject.target)
    scores = subject.scores
    logit, probability = (
        values.gather(1, chosen[:, None])[:, 0] for values in (logits, scores.probabilities(logits))
    )
    return probability, logit, scores.margin(logits, chosen), scores.decision(logits, chosen)
