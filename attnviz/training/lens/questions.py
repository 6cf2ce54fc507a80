"""What `lens` is asked for in training: single classes, whole answers, and what is not there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from attnviz.models.zoo.lens import shares_of_the_answer


@dataclass(frozen=True)
class Questions:
    """How often each kind of question is drawn; the others ask for the first answer.

    Attributes
    ----------
    others
        Share of questions for another of the first ten answers.
    whole
        Share of questions for all of these at once, as `shares_of_the_answer` has it.
    absent
        Share of questions for a class at random, in place of any of these.
    """

    others: float
    whole: float
    absent: float

    def drawn(self, logits: Tensor, random: np.random.Generator) -> tuple[Tensor, Tensor]:
        """Draw a question for each picture.

        Parameters
        ----------
        logits
            [N, classes], the answers.
        random
            Decides.

        Returns
        -------
        asked : Tensor
            [N, classes], the weight of each class; they sum to 1.
        present : Tensor
            bool [N], whether the picture shows what is asked for; it does in the first.
        """
        count, classes = logits.shape
        answer = shares_of_the_answer(logits)
        kind = torch.as_tensor(random.random(count))
        seed = torch.Generator().manual_seed(int(random.integers(1 << 31)))
        other = torch.multinomial(answer, 1, generator=seed)[:, 0]
        chosen = torch.where(kind < self.others, other, logits.argmax(1))
        absent = torch.as_tensor(random.random(count) < self.absent)
        absent[0] = False  # a batch without any class to keep has no loss
        strange = torch.as_tensor(random.integers(classes, size=count))
        asked = F.one_hot(torch.where(absent, strange, chosen), classes).to(answer.dtype)
        at_once = ~absent & (kind >= self.others) & (kind < self.others + self.whole)
        asked = torch.where(at_once[:, None], answer, asked)
        return asked, ~absent | (strange == chosen)
