"""The score of a place in a picture: of the thing found there, or of the class of its positions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

import torch
from torch import Tensor

from attnviz.capture.hooks.picture_outputs import own_output
from attnviz.errors import GradientError, TargetError, UnknownClassError
from attnviz.methods.inference import Inference
from attnviz.models.outputs.base import Found, Outputs
from attnviz.models.outputs.overlap import Edges, box_overlaps, mask_overlaps, on_grid
from attnviz.models.outputs.whole_picture import log_odds
from attnviz.models.vision_model import VisionModel
from attnviz.targets.base import Passed, Scorer

_THERE = 0.5  # overlap of what is at a place
_LEAST, _TINY = 1e-30, 1e-6  # probabilities

_RETURNED: WeakKeyDictionary[Inference, Any] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class SeenPlace:
    """A place of the picture as the network sees it.

    Attributes
    ----------
    edges
        The box around it, in pixels of the input.
    inside
        float32 [h, w], the share of each pixel of the input that belongs to it.
    text
        Of the target, for messages.
    box
        Whether it is a box, which is compared with boxes even where there are masks.
    """

    edges: Edges
    inside: Tensor
    text: str
    box: bool

    @property
    def size(self) -> tuple[int, int]:
        """(height, width) of the input."""
        return self.inside.shape[0], self.inside.shape[1]

    @property
    def middle(self) -> tuple[float, float]:
        """(y, x) of the middle of its box, in 0..1 of the input."""
        left, top, right, bottom = self.edges
        return (top + bottom) / 2 / self.size[0], (left + right) / 2 / self.size[1]

    def overlaps(self, found: Found) -> Tensor:
        """Return how much each thing overlaps it, [K] in 0..1, without gradients."""
        if self.box or found.masks is None:
            return box_overlaps(found.boxes.detach(), self.edges)
        return mask_overlaps(found.masks.detach(), self.inside)


def outputs_of(model: VisionModel) -> Outputs:
    """Return how a model's output is read; TargetError of a model that finds no places."""
    if model.spec.outputs is None:
        raise TargetError(
            f"{model.name} finds neither boxes nor regions. Say what it returns to `wrap`, as in "
            'outputs="boxes", if it does.'
        )
    return model.spec.outputs


def returned_by(inference: Inference) -> Any:
    """Return what the network returns for the picture; it runs once for all who ask."""
    if inference not in _RETURNED:
        _RETURNED[inference] = own_output(inference.module, inference.inputs)
    return _RETURNED[inference]


def place_scorer(
    model: VisionModel, inference: Inference, place: SeenPlace, index: int | None
) -> Scorer:
    """Prepare the score of a place.

    Parameters
    ----------
    model
        A detector or a segmenter.
    inference
        The network with the inputs of the picture.
    place
        Where.
    index
        Of the class; None for that of what is there, which takes a pass.

    Returns
    -------
    Scorer
        Log-odds: of things, of the highest product of overlap and probability of the class; of
        positions, the mean of the class's log-odds.

    Raises
    ------
    TargetError
        Nothing is there, and no class was named.
    UnknownClassError
        There is no such class.

    The score raises GradientError where gradients are wanted, and nothing was found.
    """
    outputs = outputs_of(model)
    if outputs.things is not None:
        read = outputs.things
        wanted = matched(model, inference, place)[0] if index is None else index

        def score_of_things(passed: Passed) -> Tensor:
            every = read(passed.output, place.size)
            if passed.candidates is None:
                _check_gradients(model, every)
                return log_odds(torch.stack([_best(found, place, wanted) for found in every]))
            missed = [not _is_there(found, place, wanted) for found in every]
            weighed = passed.candidates(wanted, place.edges, place.size) if any(missed) else every
            return torch.stack(
                [
                    _nearest(one, place) if absent else log_odds(_best(found, place, wanted))
                    for found, one, absent in zip(every, weighed, missed, strict=True)
                ]
            )

        return score_of_things
    if outputs.dense is None:
        raise TargetError(f"{model.name} finds neither boxes nor regions.")
    dense = outputs.dense
    wanted = _dominant(dense(returned_by(inference)), place) if index is None else index

    def score(passed: Passed) -> Tensor:
        logits = dense(passed.output)
        if wanted >= logits.shape[1]:
            raise UnknownClassError(wanted, model.labels, logits.shape[1])
        return _mean(_class_log_odds(logits.float(), wanted), place)

    return score


def matched(
    model: VisionModel, inference: Inference, place: SeenPlace, index: int | None = None
) -> tuple[int, int]:
    """Return what a detector found at a place: the class, and its number among all it found.

    Parameters
    ----------
    model, inference, place
        As for `place_scorer`.
    index
        A class that it has to be; None for any.

    Returns
    -------
    tuple of int

    Raises
    ------
    TargetError
        It found nothing there.
    """
    read = outputs_of(model).things
    if read is None:
        raise TargetError(f"{model.name} finds no things, but the class of each position.")
    found = read(returned_by(inference), place.size)[0]
    classes, chances = found.top()
    values = place.overlaps(found) * (chances if index is None else found.of_class(index)).float()
    if not len(found) or not float(values.max()) > 0:
        what = "nothing" if index is None else f"no {model.label(index)}"
        raise TargetError(
            f"{model.name} finds {what} that overlaps {place.text}. Choose another place, or name "
            "the class that it misses there, and a method that explains its score, such as "
            "layer-cam or d-rise."
        )
    best = int(values.argmax())
    return (int(classes[best]) if index is None else index), best


def _best(found: Found, place: SeenPlace, index: int) -> Tensor:
    """The highest overlap times probability of a class; gradients flow through the latter."""
    if not len(found):
        return found.scores.new_zeros(())
    return (place.overlaps(found).to(found.scores) * found.of_class(index)).max()


def _check_gradients(model: VisionModel, every: Sequence[Found]) -> None:
    """Raise GradientError where gradients are asked for, and nothing is found that has any."""
    if torch.is_grad_enabled() and not any(map(len, every)):
        raise GradientError(
            f"{model.name} finds nothing in this picture, so there is no probability whose "
            "gradients could be followed. Choose a method that hides parts of the picture, such as "
            "d-rise."
        )


def _is_there(found: Found, place: SeenPlace, index: int) -> bool:
    """Whether a thing of a class is found that overlaps a place by half."""
    there = found.of_class(index).detach() * (place.overlaps(found) >= _THERE)
    return bool((there > 0).any())


def _nearest(weighed: Found, place: SeenPlace) -> Tensor:
    """Log-odds of what was weighed that overlaps a place by half, or else the most.

    Its probability may be far too low for a thing that is found; its log-odds have gradients.
    """
    overlaps = box_overlaps(weighed.boxes, place.edges)
    near = overlaps >= overlaps.max().clamp_max(_THERE)
    chances = overlaps[near].to(weighed.scores) * weighed.scores[near]
    return chances.max().float().clamp(_LEAST, 1 - _TINY).logit()


def _class_log_odds(logits: Tensor, index: int) -> Tensor:
    """[N, h, w]: of a class against all others, of logits [N, classes, h, w]."""
    others = torch.cat([logits[:, :index], logits[:, index + 1 :]], 1)
    return logits[:, index] - others.logsumexp(1) if others.shape[1] else logits[:, index]


def _dominant(logits: Tensor, place: SeenPlace) -> int:
    """The class with the highest mean probability at the positions of a place."""
    chances = logits[:1].float().softmax(1)[0]
    return int(torch.stack([_mean(one[None], place)[0] for one in chances]).argmax())


def _mean(values: Tensor, place: SeenPlace) -> Tensor:
    """[N]: the mean of values [N, h, w] over the positions of a place."""
    weights = on_grid(place.inside, (values.shape[-2], values.shape[-1])).to(values)
    return (values * weights).sum((1, 2)) / weights.sum().clamp_min(1e-6)
