"""A network that returns the scores of targets, for the duration of a block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from attnviz.capture.candidates import Candidates, heard_candidates
from attnviz.capture.discovery.final_features import final_features
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.hooks.score_columns import score_columns
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.logits import logits_of
from attnviz.capture.site import Site
from attnviz.capture.taps.base import require
from attnviz.capture.taps.features import FeatureTap
from attnviz.errors import GradientError, ModelError, TargetError
from attnviz.methods.inference import Inference
from attnviz.models.scores import ScoreKind, Scores
from attnviz.models.vision_model import VisionModel
from attnviz.targets.base import Passed, Scorer, Target
from attnviz.targets.text import format_target


@dataclass(eq=False)
class Head:
    """Computes the scores, one column for each target, and keeps those of the picture itself.

    Attributes
    ----------
    targets
        What is asked, in the order of the columns.
    inference
        The network with the inputs of the picture.
    kind
        How the score of the first is read.
    candidates
        What a detector weighs before it chooses, see `Passed`.
    site
        The block whose features the scores read, if any.
    classes
        float32 [N, classes], on the CPU: the logits of the picture; no columns where the network
        returns none.
    values
        float32 [N, targets], on the CPU: the scores of the picture.
    """

    targets: tuple[Target, ...]
    inference: Inference
    scorers: tuple[Scorer, ...]
    kind: ScoreKind
    candidates: Candidates | None = None
    site: Site | None = None
    classes: Tensor = field(default_factory=lambda: torch.empty(0, 0))
    values: Tensor = field(default_factory=lambda: torch.empty(0, 0))
    _tap: FeatureTap | None = field(default=None, repr=False)
    _handle: RemovableHandle | None = field(default=None, repr=False)

    @property
    def scores(self) -> Scores:
        """How the columns are read: one stands for itself, several compete."""
        if len(self.targets) > 1:
            return Scores(ScoreKind.SOFTMAX)
        return Scores(self.kind, exclusive=False, alone=True)

    def measured(self, empty: Tensor) -> Scores:
        """Return how experiments read the columns: of a value, by the share that is left of it.

        Parameters
        ----------
        empty
            float [1, targets], the scores of an empty picture.

        Returns
        -------
        Scores

        Raises
        ------
        TargetError
            The picture has no more of it than an empty one, so there are no shares.
        """
        scores, span = self.scores, (float(empty[0, 0]), float(self.values[0, 0]))
        if scores.kind is not ScoreKind.NONE:
            return scores
        if not span[1] > span[0]:
            raise TargetError(
                f"The score of {format_target(self.targets[0])} is {span[1]:.3g} on this picture, "
                f"and {span[0]:.3g} on an empty one. An experiment measures how much is left of "
                "what the picture adds, and here it adds nothing."
            )
        return replace(scores, span=span)

    @property
    def asked(self) -> Inference:
        """What methods run on: the network, whose classes are now the columns."""
        return replace(self.inference, target=0, scores=self.scores)

    def columns(self, inputs: Tensor, returned: Any, output: Any) -> Tensor:
        """Return the scores [N, targets] of a pass."""
        try:
            logits = logits_of(output, self.inference.module, len(inputs))
        except ModelError:
            logits = None
        geometry = self.inference.geometry
        passed = Passed(returned, logits, self._features(), geometry, self.candidates)
        graph = logits is not None and logits.requires_grad
        scores = torch.stack(
            [
                _checked(target, scorer(passed), inputs, graph=graph)
                for target, scorer in zip(self.targets, self.scorers, strict=True)
            ],
            1,
        )
        if not len(self.values) and self._is_picture(inputs):
            self.values = scores.detach().float().cpu()
            none = torch.empty(len(inputs), 0)
            self.classes = none if logits is None else logits.detach().float().cpu()
        return scores

    def enter(self, network: nn.Module, inputs: tuple[Any, ...]) -> None:
        """The first hook of a pass: tap the block behind all that a method has hooked there."""
        self.leave()
        if self.site is not None:
            height, width = inputs[0].shape[-2:]
            self._tap = FeatureTap(self.site, gradients=False, input_size=(height, width))
            self._handle = self._tap.attach(network.get_submodule(self.site.module))

    def leave(self) -> None:
        """Remove the tap of the last pass."""
        if self._handle is not None:
            self._handle.remove()
        self._tap = self._handle = None

    def _features(self) -> Tensor | None:
        if self._tap is None:
            return None
        features = self._tap.channels_first(require(self._tap.captured))
        self.leave()  # the tap holds the graph
        return features

    def _is_picture(self, inputs: Tensor) -> bool:
        """Whether these are the inputs of the picture, and none that somebody has changed."""
        known = self.inference.inputs
        return inputs.shape == known.shape and torch.equal(inputs.detach(), known.to(inputs.dtype))


@contextmanager
def score_head(
    model: VisionModel, inference: Inference, targets: Sequence[Target]
) -> Iterator[Head]:
    """Let a network return the scores of targets, in this order, in the place of logits.

    Parameters
    ----------
    model
        The network; the caller holds its lock.
    inference
        The network, with the inputs of the picture.
    targets
        What is asked, at least one.

    Yields
    ------
    Head

    Raises
    ------
    TargetError
        What is asked cannot be computed of this picture, or not for this network.
    UnknownClassError
        There is no such class.
    """
    module, inputs = prepare_for_hooks(inference.module, inference.inputs)
    scorers = tuple(target.scorer(model, inference) for target in targets)
    head = Head(tuple(targets), inference, scorers, targets[0].score_kind(model))
    if any(target.reads_features for target in targets):
        head.site = final_features(module, inputs)
    key = tuple((format_target(target), hash(target)) for target in targets)
    entering = module.register_forward_pre_hook(head.enter)
    try:
        with (
            heard_candidates(module) as head.candidates,
            score_columns(module, head.columns, key),
        ):
            yield head
            if not len(head.values):  # no method has run on the picture as it is
                with state_guard(module), torch.inference_mode():
                    module(inputs)
    finally:
        entering.remove()
        head.leave()


def _checked(target: Target, score: Tensor, inputs: Tensor, *, graph: bool) -> Tensor:
    """The score as [N], on the device of the inputs."""
    count = len(inputs)
    if score.numel() != count or score.ndim > 2 or not score.is_floating_point():
        raise TargetError(
            f"The score of {format_target(target)} is one number for each picture, [{count}], not "
            f"{list(score.shape)} of {score.dtype}."
        )
    if bool(score.isnan().any()):
        raise TargetError(
            f"The score of {format_target(target)} is NaN for this picture, so nothing can be "
            "explained by it. Ask for something else."
        )
    if graph and torch.is_grad_enabled() and not score.requires_grad:
        raise GradientError(
            f"The score of {format_target(target)} has no gradients, as after detach, NumPy or "
            "argmax. Compute it without these, or choose a method that needs none, such as "
            "score-cam."
        )
    return score.reshape(count).to(inputs.device)
