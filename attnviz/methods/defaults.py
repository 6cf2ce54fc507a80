"""The methods that answer a question where nothing was measured for a network."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from attnviz.capture.site import Kind


class Question(StrEnum):
    """`ATTENTION`: what does the network attend to? `DECISION`: what does this decision rest on?"""

    ATTENTION = "attention"
    DECISION = "decision"


# The first kind that the network has gives the answer; the next one follows where that fails.
_DEFAULTS: dict[Question, tuple[tuple[Kind, str], ...]] = {
    Question.ATTENTION: (
        (Kind.SPATIAL, "mask-effect"),
        (Kind.CONTEXT, "rollout"),
        (Kind.CONTEXT, "raw-attention"),
        (Kind.CHANNEL, "channel-gate"),
    ),
    Question.DECISION: ((Kind.CONTEXT, "legrad"),),
}
# Of networks that learned no classes. Where they have no attention either, objects are all that
# there is to show.
_WITHOUT_CLASSES = (
    (Kind.SPATIAL, "mask-effect"),
    (Kind.CONTEXT, "carried-attention"),
    (Kind.CONTEXT, "head-consensus"),
    (Kind.CONTEXT, "raw-attention"),
    (Kind.FEATURES, "normalised-cut"),
)
_FIRST = {Question.ATTENTION: "mask-effect", Question.DECISION: "competition"}
_EVERYWHERE = ("competition", "grad-cam")  # of networks that have a feature map


def default_methods(
    question: Question, kinds: Collection[Kind], *, has_classes: bool = True
) -> tuple[str, ...]:
    """Return the names of the methods that answer a question by default, the best first.

    Parameters
    ----------
    question
        What is asked.
    kinds
        What can be read in the network.
    has_classes
        Whether the network names classes.

    Returns
    -------
    tuple of str

    Notes
    -----
    Why these:

    - Attention, soft masks: the effect of the mask, because its mean often marks the background.
    - Attention, self-attention: rollout, which finds objects better than the attention of a single
      layer (ImageNet-Segmentation: mIoU 55 against 46; Chefer et al., CVPR 2021).
    - Attention, self-attention of networks without classes: the attention on which heads agree,
      which on held-out photos of OSIE has an NSS of 1.96 where rollout has 0.45 (DINOv2; see
      docs/objects.md), carried on to patches alike: NSS 1.91, but the focus covers .42 of the thing
      that fits it best instead of .34 (intersection over union on COCO).
    - Attention, gates alone: the positions that they favour.
    - Decision, convolutions: competition, which on held-out photos of SqueezeNet has .90 of its map
      in the right cell of a mosaic where Grad-CAM has .65, and keeps .020 more of the class's
      probability in its top 5 to 50 % (95 % interval .002 to .038; see docs/faithfulness.md).
    - Decision, self-attention: LeGrad, the cheapest of its kind. Grad-CAM on tokens is weak (mIoU
      41 in the same table), and LeGrad is ahead of Chefer's relevance in its own comparison (59
      against 47; Bousselham et al. 2024).
    """
    defaults = _DEFAULTS[question]
    if question is Question.ATTENTION and not has_classes:
        defaults = _WITHOUT_CLASSES
    names = [method for kind, method in defaults if kind in kinds] or [_FIRST[question]]
    return (*names, *(_EVERYWHERE if question is Question.DECISION else ()))
