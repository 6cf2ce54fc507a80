"""What is asked about a picture: the methods that can answer, and the explanation they give."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from torch import Tensor

from attnviz.analysis.answers import Answer, first_answer, stepped_aside
from attnviz.analysis.asked import choices_for_targets, class_alone, targets_of
from attnviz.analysis.certainty import certainty_of, decision_facts
from attnviz.analysis.detect import first_found
from attnviz.analysis.explanation import Explanation
from attnviz.analysis.kinds import kinds_and_doubts
from attnviz.analysis.prediction import AskedTarget
from attnviz.analysis.predictions import check_target, ranked_predictions
from attnviz.analysis.provenance import pass_provenance
from attnviz.analysis.target_maps import (
    TargetMaps,
    asked_targets,
    common_layers,
    competing_maps,
    explained,
    passed_over,
    run_for_targets,
)
from attnviz.capture.discovery.reach import reach_notes
from attnviz.methods.base import METHODS
from attnviz.methods.inference import Inference, MethodResult
from attnviz.methods.questions import Choice
from attnviz.models.spec import Source
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.targets import Target

SHOWN = 5

RunMethod = Callable[[Choice, Inference], MethodResult]
"""Runs a method for the top class, or for the one class that is asked."""

Reach = Callable[[VisionModel, Inference, Choice], tuple[str, ...]]
"""Returns what is to be said of where a user's network could be read."""


@dataclass(frozen=True, eq=False)
class Answered:
    """What a method returned for a picture.

    Attributes
    ----------
    answer
        Of the first method that did not fail.
    values
        float [targets], the scores of what was asked, where that is not one class alone.
    """

    answer: Answer
    values: Tensor | None


@dataclass(frozen=True, eq=False)
class Inquiry:
    """What is asked of a model, with the methods that can answer.

    Attributes
    ----------
    model
        The network.
    targets
        What is asked; empty for the top prediction.
    index
        Of the class, if one class alone is asked.
    choices
        The methods that can answer, the best first.
    doubts
        Sentences about what was not looked for in the network.
    layers
        The only layers that are needed, as for `chosen_layers`; all if None.
    """

    model: VisionModel
    targets: tuple[Target, ...]
    index: int | None
    choices: tuple[Choice, ...]
    doubts: tuple[str, ...]
    layers: tuple[str, ...] | None = None

    @property
    def scored(self) -> bool:
        """Whether something other than one class alone is asked."""
        return bool(self.targets) and self.index is None

    def answered(
        self,
        inference: Inference,
        run_method: RunMethod | None = None,
        reach: Reach | None = None,
    ) -> Answered:
        """Return what the first method gives that does not fail.

        Parameters
        ----------
        inference
            Of the picture; the caller holds the model's lock.
        run_method, reach
            In the place of running the method, and of looking how far the network can be read,
            where that was done for several pictures together.

        Returns
        -------
        Answered

        Raises
        ------
        AttnvizError
            As `first_answer`.
        """
        maps: list[TargetMaps] = []

        def run(choice: Choice, inference: Inference) -> tuple[MethodResult, ...]:
            if self.scored:
                maps.append(run_for_targets(self.model, choice, inference, self.targets))
                return tuple(result.only(self.layers) for result in maps[-1].results)
            check_target(self.model, choice.method, inference)
            return ((run_method or _run)(choice, inference).only(self.layers),)

        inference = replace(inference, layers=self.layers)
        answer = first_answer(self.model, inference, self.choices, run)
        notes = (reach or read_so_far)(self.model, inference, answer.choice)
        answer = replace(answer, notes=(*answer.notes, *notes))
        return Answered(answer, maps[-1].values if maps else None)

    def explanation(
        self, picture: Picture, answered: Answered, notes: tuple[str, ...]
    ) -> Explanation:
        """Return the explanation that an answer gives.

        Parameters
        ----------
        picture
            The picture.
        answered
            From `answered`.
        notes
            Sentences about the run.

        Returns
        -------
        Explanation
        """
        model, answer = self.model, answered.answer
        result, shown, geometry = answer.results[0], answer.choice, answer.geometry
        asked = self._asked(answered)
        predictions, classes = ranked_predictions(model, result.logits[0], SHOWN)
        certainty = certainty_of(model, result.logits[0])
        passed = passed_over(shown, self.targets, asked)
        return Explanation(
            picture=picture,
            choice=shown,
            layers=common_layers(answer.results),
            maps=competing_maps(answer.results, shown.layer),
            predictions=predictions,
            classes=classes,
            target=explained(model, result, asked),
            geometry=geometry,
            provenance={
                **pass_provenance(model, picture, geometry),
                "method": shown.method.name,
                "paper": shown.method.paper,
                **decision_facts(predictions, certainty),
            },
            notes=(*picture.notes, *self.doubts, *answer.notes, *notes, *passed),
            scores=model.read_as,
            asked=asked,
            certainty=certainty,
        )

    def _asked(self, answered: Answered) -> tuple[AskedTarget, ...]:
        """What was asked and is explained, with what the network says of it."""
        results, values = answered.answer.results, answered.values
        if values is None:
            if not self.targets or results[0].target is None:
                return ()
            values = results[0].logits[0, [self.index]]
        layer = answered.answer.choice.layer
        return asked_targets(self.model, self.targets, results, values, layer)


def inquiry_about(
    model: VisionModel,
    picture: Picture,
    method: str,
    target: Any,
    layers: Sequence[str] | str | None = None,
) -> Inquiry:
    """Return what is asked of a model, with the methods that can answer.

    Parameters
    ----------
    model, method, target, layers
        As for `attnviz.explain`.
    picture
        On which the network is looked at, where that is not known of it.

    Returns
    -------
    Inquiry

    Raises
    ------
    UnknownNameError, TargetError, MethodError, ModelError
        As `attnviz.explain`.
    """
    targets = targets_of(model, target) or first_found(model, picture, method)
    index = class_alone(model, targets)
    scored = bool(targets) and index is None
    kinds, doubts = (
        ((), ()) if method in METHODS else kinds_and_doubts(model, picture, any_output=scored)
    )
    choices = choices_for_targets(model, method, kinds, targets if scored else ())
    only = (layers,) if isinstance(layers, str) else layers
    asked = None if only is None else tuple(only)
    return Inquiry(model, targets, index, choices, doubts, asked)


def _run(choice: Choice, inference: Inference) -> MethodResult:
    return choice.method.run(inference)


def read_so_far(model: VisionModel, inference: Inference, choice: Choice) -> tuple[str, ...]:
    """Return what is to be said of where a user's network could be read, see `Reach`."""
    kind, chosen = choice.method.kind, choice.question is not None
    if model.spec.source is not Source.USER or kind is None:
        return ()
    try:
        return reach_notes(inference.module, kind, inference.inputs, attention=chosen)
    except Exception as error:
        stepped_aside(model, inference, error)  # raises what users must know
        return ()
