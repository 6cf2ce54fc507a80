"""A network that returns logits, whatever it returns otherwise, for the duration of a block."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from attnviz.capture.hooks.output_hook import output_hook
from attnviz.capture.logits import logits_of
from attnviz.models.scores import PLAIN_LOGITS, Scores


@contextmanager
def logit_outputs(module: nn.Module, scores: Scores) -> Iterator[None]:
    """Let a network return logits, by a hook that is gone afterwards.

    Parameters
    ----------
    module
        The network; the caller holds its lock.
    scores
        What it returns. Nothing is changed where these are logits.

    Yields
    ------
    None
    """
    if not scores.converts:
        yield
        return
    with output_hook(module, _Conversion(scores)):
        yield


def scores_read(module: nn.Module) -> Scores:
    """Return how a network's output is read at present, for what is cached of its logits."""
    hooks = module._forward_hooks.values()
    found = (hook.scores for hook in hooks if isinstance(hook, _Conversion))
    return next(found, PLAIN_LOGITS)


@dataclass(frozen=True)
class _Conversion:
    """The hook."""

    scores: Scores

    def __call__(self, network: nn.Module, inputs: tuple[Any, ...], output: object) -> Tensor:
        return self.scores.logits(logits_of(output, network, len(inputs[0])))
