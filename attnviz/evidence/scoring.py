"""What a network makes of many variants of one picture, batch by batch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from attnviz.capture.run import logits_of, target_classes
from attnviz.errors import EvidenceError
from attnviz.evidence.subject import Subject
from attnviz.progress import Progress
from attnviz.types import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class VariantScores:
    """What the network says of each of m variants.

    probability: float32 [m], softmax of the asked class. logit: float32 [m]. margin: float32 [m],
    its logit less the strongest other one; above 0 where the class comes first. It does not
    saturate as the probability does. first: int64 [m], the most probable class. For a network with
    one class the margin is its logit.
    """

    probability: FloatArray
    logit: FloatArray
    margin: FloatArray
    first: IntArray


@torch.inference_mode()
def score_variants(
    subject: Subject, variants: Iterable[Tensor], total: int, progress: Progress | None = None
) -> VariantScores:
    """Send variants of the subject's picture through its network.

    Args:
        subject: the network and the class.
        variants: tensors [k, 3, h, w], normalised, of any k; each is made when the pass before it
            was handed to the device, and let go after its own.
        total: how many pictures they hold together.
        progress: told how many have been through; what it raises stops the work.

    Raises:
        EvidenceError: the answers are not finite.
        MethodError: the network has no such class.
    """
    parts = [_answer(subject, batch) for batch in _told(variants, total, progress)]
    if not parts:
        raise EvidenceError("There is no variant of the picture to ask about.")
    columns = (torch.cat(column).cpu().numpy() for column in zip(*parts, strict=True))
    probability, logit, margin, first = columns
    if not np.isfinite(logit).all():
        raise EvidenceError(
            "The network's answer to a changed picture is not a finite number. "
            "Its weights are damaged, or its numbers overflow."
        )
    return VariantScores(probability, logit, margin, first)


def _told(variants: Iterable[Tensor], total: int, progress: Progress | None) -> Iterator[Tensor]:
    done = 0
    for batch in variants:
        yield batch
        done += len(batch)
        if progress is not None:
            progress(done, total)


def _answer(subject: Subject, batch: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Left on the device: fetching it would wait for the pass, and the next batch with it."""
    logits = logits_of(subject.module(batch), subject.module).float()
    chosen = target_classes(logits, subject.target)[:, None]
    logit = logits.gather(1, chosen)[:, 0]
    others = logits.scatter(1, chosen, -torch.inf).amax(1)
    margin = torch.where(others.isinf(), logit, logit - others)
    probability = logits.softmax(1).gather(1, chosen)[:, 0]
    return probability, logit, margin, logits.argmax(1)
