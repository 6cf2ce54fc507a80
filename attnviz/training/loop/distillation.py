"""Learning from a network that is trained already (Hinton et al. 2015; Touvron et al. 2021)."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attnviz.errors import TrainingError
from attnviz.models.loading import load_model
from attnviz.models.preprocess import Preprocess
from attnviz.training.recipe import Recipe


@dataclass(frozen=True)
class Teacher:
    """Says what it sees in the very views that the student is shown.

    module: a trained network in evaluation mode; it is never changed. preprocess: how it wants
    its inputs normalised. temperature: divides its scores; at 0 its first choice alone counts.
    share: of the loss that its word gets, 0..1.
    """

    module: nn.Module
    preprocess: Preprocess
    temperature: float
    share: float

    def loss(self, inputs: Tensor, logits: Tensor, own: Tensor) -> Tensor:
        """`own`, the student's loss by the true classes, mixed with its loss by the teacher's word.

        At temperature 0 that is the cross entropy with the teacher's first choice (DeiT's "hard
        distillation"); at T > 0 it is T^2 KL(teacher || student), both at temperature T, so that
        the size of its gradient does not depend on T.

        Args:
            inputs: [N, 3, s, s] in 0..1, not yet normalised. Its sides need not be those that the
                teacher was trained at, but far smaller ones make its word worthless.
            logits: [N, classes], the student's scores.
            own: a number.
        """
        with torch.no_grad():
            says = self.module(self.preprocess.normalised(inputs)).float()
        if self.temperature == 0:
            taught = F.cross_entropy(logits, says.argmax(1))
        else:
            taught = self.temperature**2 * F.kl_div(
                F.log_softmax(logits / self.temperature, 1),
                F.log_softmax(says / self.temperature, 1),
                reduction="batchmean",
                log_target=True,
            )
        return own.lerp(taught, self.share)


def find_teacher(recipe: Recipe, classes: tuple[str, ...], device: torch.device) -> Teacher | None:
    """The recipe's teacher on `device`, or None if it names none.

    Raises TrainingError if the teacher knows other classes than `classes`, in their order, and
    what `load_model` raises.
    """
    if not recipe.teacher:
        return None
    known = load_model(recipe.teacher, device)
    if len(known.labels) != len(classes):
        raise TrainingError(
            f"The teacher {recipe.teacher} knows {len(known.labels)} classes, but the data has "
            f"{len(classes)}. Choose a teacher that was trained on the same classes."
        )
    if known.labels != classes:
        raise TrainingError(
            f"The teacher {recipe.teacher} knows {', '.join(known.labels[:5])} ..., but the data "
            f"has {', '.join(classes[:5])} ...; its word would stand for other things. Choose a "
            "teacher that was trained on the same classes in the same order."
        )
    return Teacher(known.module, known.preprocess, recipe.temperature, recipe.distil)
