"""Knowledge distillation from a trained network (Hinton et al. 2015; Touvron et al. 2021)."""

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
    """A trained network that provides targets for the views that the student sees.

    Attributes
    ----------
    module
        The network, in evaluation mode; it is never changed.
    preprocess
        Normalises its inputs.
    temperature
        Divides the scores of teacher and student; 0 uses the teacher's top prediction only.
    share
        Share of the loss that comes from the teacher, 0..1.
    """

    module: nn.Module
    preprocess: Preprocess
    temperature: float
    share: float

    def loss(self, inputs: Tensor, logits: Tensor, own: Tensor) -> Tensor:
        """Mix the student's own loss with the distillation loss.

        At temperature 0 the latter is the cross entropy with the teacher's top prediction (DeiT's
        "hard distillation"); at T > 0 it is T^2 KL(teacher || student), both at temperature T, so
        that the size of its gradient does not depend on T.

        Parameters
        ----------
        inputs
            float [N, 3, s, s] in 0..1, not yet normalised. The teacher may have been trained at
            another size, but its predictions on far smaller inputs are worthless.
        logits
            float [N, classes], the student's scores.
        own
            Scalar, the student's loss against the true classes.

        Returns
        -------
        Tensor
            Scalar, the mixed loss.
        """
        with torch.no_grad():
            teacher = self.module(self.preprocess.normalised(inputs)).float()
        if self.temperature == 0:
            distilled = F.cross_entropy(logits, teacher.argmax(1))
        else:
            distilled = self.temperature**2 * F.kl_div(
                F.log_softmax(logits / self.temperature, 1),
                F.log_softmax(teacher / self.temperature, 1),
                reduction="batchmean",
                log_target=True,
            )
        return own.lerp(distilled, self.share)


def find_teacher(recipe: Recipe, classes: tuple[str, ...], device: torch.device) -> Teacher | None:
    """Load the recipe's teacher, or return None if it names none.

    Parameters
    ----------
    recipe
        Names the teacher.
    classes
        Class names of the data.
    device
        Where the teacher runs.

    Raises
    ------
    TrainingError
        The teacher's classes differ from `classes`, or are in another order.
    ModelError
        As `load_model`.
    """
    if not recipe.teacher:
        return None
    model = load_model(recipe.teacher, device)
    if len(model.labels) != len(classes):
        raise TrainingError(
            f"The teacher {recipe.teacher} knows {len(model.labels)} classes, but the data has "
            f"{len(classes)}. Choose a teacher that was trained on the same classes."
        )
    if model.labels != classes:
        raise TrainingError(
            f"The teacher {recipe.teacher} knows {', '.join(model.labels[:5])} ..., but the data "
            f"has {', '.join(classes[:5])} ...; its predictions would mean other classes. "
            "Choose a teacher that was trained on the same classes in the same order."
        )
    return Teacher(model.module, model.preprocess, recipe.temperature, recipe.distil)
