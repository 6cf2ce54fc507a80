"""What a network's numbers are, and the one way from them to what is told of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import torch
from torch import Tensor
from torch.nn import functional as F

from attnviz.errors import UnknownNameError


class ScoreKind(StrEnum):
    """What a network returns for each class.

    Attributes
    ----------
    SOFTMAX
        Logits of which one class is chosen: their softmax are the probabilities.
    SIGMOID
        Logits of labels that are true or false each by itself: the sigmoid of each is its
        probability, and they do not sum to one.
    PROBABILITIES
        Probabilities: the network's last step is a softmax or a sigmoid.
    NONE
        Features, an embedding, measurements: no classes, and no probabilities.
    """

    SOFTMAX = "softmax"
    SIGMOID = "sigmoid"
    PROBABILITIES = "probabilities"
    NONE = "none"


def score_kind(name: str | None) -> ScoreKind | None:
    """Return the kind of a name; None stays None, and UnknownNameError lists the kinds."""
    if name is not None and name not in set(ScoreKind):
        raise UnknownNameError("kind of scores", str(name), ScoreKind)
    return None if name is None else ScoreKind(name)


@dataclass(frozen=True)
class Scores:
    """How a network's output is read: the same for predictions, maps and evidence.

    Inside, every output is logits. Probabilities are turned into log-odds, by `logits`, before
    anything looks at them. The gradient of a class's log-odds has the direction of that of its
    probability, so maps explain what the network returns, but it does not vanish where the
    probability saturates. It is that of the logit where the last step is a sigmoid, and that of the
    logit against all others where it is a softmax.

    Attributes
    ----------
    kind
        What the network returns.
    exclusive
        Whether exactly one class is true, so that probabilities sum to one.
    pair
        Whether the network's only output stands for two classes: the second where it is high.
    logarithms
        Whether the probabilities are returned as their logarithms.
    flat
        Whether it is returned without a dimension of classes, [N].
    note
        A sentence for the user where `kind` was inferred, or does not seem to fit; may be empty.
    alone
        Whether the only output is the score of a question, which is answered with yes, 0, or no, 1.
    span
        Of values that are no probabilities: that of an empty picture, and a larger one that counts
        as all. What is told then is the share that is left between the two, and the decision is
        kept while that is at least a half.

    Examples
    --------
    >>> returned = torch.tensor([[0.1, 0.2, 0.7]])
    >>> scores = Scores(ScoreKind.PROBABILITIES)
    >>> scores.probabilities(scores.logits(returned))
    tensor([[0.1000, 0.2000, 0.7000]])
    >>> scores.margin(scores.logits(returned), torch.tensor([2])).exp()  # 0.7 against 0.2
    tensor([3.5000])
    """

    kind: ScoreKind = ScoreKind.SOFTMAX
    exclusive: bool = True
    pair: bool = False
    logarithms: bool = False
    flat: bool = False
    note: str = ""
    alone: bool = False
    span: tuple[float, float] | None = None

    @property
    def converts(self) -> bool:
        """Whether `logits` changes what the network returns."""
        return self.pair or self.flat or self.kind is ScoreKind.PROBABILITIES

    @property
    def has_classes(self) -> bool:
        """Whether the outputs are scores of classes."""
        return self.kind is not ScoreKind.NONE

    def logits(self, output: Tensor) -> Tensor:
        """Turn what the network returns into logits.

        Parameters
        ----------
        output
            [N, outputs]. Differentiable.

        Returns
        -------
        Tensor
            [N, classes]: `output` itself, or log-odds of its probabilities.
        """
        values = output
        if self.kind is ScoreKind.PROBABILITIES:
            values = _widened(output)
            if self.logarithms:
                values = values - _log_sum_of_others(values)
            else:
                values = _log_odds(values, exclusive=self.exclusive and output.shape[1] > 1)
            if output.dtype is torch.float16:  # tells whoever differentiates to scale
                values = values.to(output.dtype)
        return torch.cat([-values, values], 1) if self.pair else values

    def probabilities(self, logits: Tensor) -> Tensor:
        """Return the probability of each class.

        Parameters
        ----------
        logits
            float [..., classes], as from `logits`.

        Returns
        -------
        Tensor
            float [..., classes] in 0..1; of features, the values themselves.
        """
        if self.kind is ScoreKind.NONE:
            if self.span is None:
                return logits
            empty, whole = self.span
            return ((logits - empty) / (whole - empty)).clamp(0, 1)
        return logits.softmax(-1) if self.kind is ScoreKind.SOFTMAX else logits.sigmoid()

    def comparable(self, logits: Tensor) -> Tensor:
        """Return values whose differences are logarithms of the ratios of probabilities.

        Parameters
        ----------
        logits
            float [..., classes], as from `logits`.

        Returns
        -------
        Tensor
            float [..., classes].
        """
        if self.kind is ScoreKind.SOFTMAX or not self.has_classes:
            return logits
        return F.logsigmoid(logits)

    def margin(self, logits: Tensor, classes: Tensor) -> Tensor:
        """Return by how much the decision is for a class; unlike a probability, without bounds.

        Parameters
        ----------
        logits
            float [N, classes], as from `logits`.
        classes
            int64 [N].

        Returns
        -------
        Tensor
            float [N], in logits. Of exclusive classes, the class's log-probability minus the
            highest other one: above 0 where the class comes first. Of independent classes, and of a
            single one, its logit: above 0 where its probability is above a half. Of a value, by how
            much it is above the middle of its span.
        """
        chosen = classes[:, None]
        own = logits.gather(1, chosen)[:, 0]
        if self.span is not None:
            return own - sum(self.span) / 2
        if not self.exclusive or logits.shape[1] == 1 or not self.has_classes:
            return own
        ranked = self.comparable(logits)
        return ranked.gather(1, chosen)[:, 0] - ranked.scatter(1, chosen, -torch.inf).amax(1)

    def decision(self, logits: Tensor, classes: Tensor) -> Tensor:
        """Return the class for which the network decides.

        Parameters
        ----------
        logits, classes
            As for `margin`.

        Returns
        -------
        Tensor
            int64 [N]: the most probable class. Independent classes do not compete: the class asked
            for while its probability is at least a half, else the most probable one.
        """
        if self.alone:
            return (self.margin(logits, classes) < 0).long()
        best = logits.argmax(1)
        if self.exclusive and self.has_classes:
            return best
        return torch.where(self.margin(logits, classes) >= 0, classes, best)


PLAIN_LOGITS = Scores()
"""Logits of which one class is chosen: of all networks of the catalogue."""


def _widened(output: Tensor) -> Tensor:
    """In float32 at least. Gradients that float16 cannot hold become the largest that it can."""
    if output.dtype is torch.float64:
        return output
    values = output.float()
    if output.dtype is torch.float16 and values.requires_grad:
        most = torch.finfo(output.dtype).max
        values.register_hook(lambda slope: slope.clamp(-most, most))  # type: ignore[no-untyped-call]
    return values


def _log_odds(chances: Tensor, *, exclusive: bool) -> Tensor:
    """Log of probability over the rest: of the other classes' sum, or of one minus itself."""
    limits = torch.finfo(chances.dtype)
    # The others' sum is exact also where one minus the probability is lost in rounding.
    rest = _sum_of_others(chances) if exclusive else (1 - chances).clamp_min(limits.eps / 2)
    return chances.clamp_min(limits.tiny).log() - rest.clamp_min(limits.tiny).log()


def _sum_of_others(values: Tensor) -> Tensor:
    """For each entry of [N, C] the sum of all others, without subtracting it from the whole."""
    none = values.new_zeros(len(values), 1)
    before = torch.cat([none, values.cumsum(1)[:, :-1]], 1)
    after = torch.cat([values.flip(1).cumsum(1).flip(1)[:, 1:], none], 1)
    return before + after


def _log_sum_of_others(values: Tensor) -> Tensor:
    """For each entry of [N, C] the logarithm of the sum of the others' exponentials."""
    none = values.new_full((len(values), 1), torch.finfo(values.dtype).min)
    before = torch.cat([none, values.logcumsumexp(1)[:, :-1]], 1)
    after = torch.cat([values.flip(1).logcumsumexp(1).flip(1)[:, 1:], none], 1)
    return torch.logaddexp(before, after)
