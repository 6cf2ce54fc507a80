"""A network that returns scores of any kind in the place of logits, for the duration of a block."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor, nn

from attnviz.capture.hooks.output_hook import output_hook

Columns = Callable[[Tensor, Any, Any], Tensor]
"""From the inputs, what the network itself returned, and what other hooks made of it, to scores
[N, columns]."""


@contextmanager
def score_columns(module: nn.Module, columns: Columns, key: Hashable) -> Iterator[None]:
    """Let a network return scores, by hooks that are gone afterwards.

    Parameters
    ----------
    module
        The network; the caller holds its lock.
    columns
        Computes the scores of each pass; differentiable.
    key
        Says which scores these are, for what is cached of them.

    Yields
    ------
    None
    """
    hook = _Columns(columns, key)
    with output_hook(module, hook.keep, first=True), output_hook(module, hook):
        yield


def columns_key(module: nn.Module) -> Hashable:
    """Return the key of the scores that a network returns at present; None for its logits."""
    hooks = module._forward_hooks.values()
    return next((hook.key for hook in hooks if isinstance(hook, _Columns)), None)


@dataclass(eq=False)
class _Columns:
    """The last hook of the network, and what the first one left for it."""

    columns: Columns
    key: Hashable
    _returned: Any = field(default=None, repr=False)

    def keep(self, _network: nn.Module, _inputs: tuple[Any, ...], output: object) -> None:
        """The first hook: keep what the network itself returned."""
        self._returned = output

    def __call__(self, _network: nn.Module, inputs: tuple[Any, ...], output: object) -> Tensor:
        returned, self._returned = self._returned, None  # it holds the graph
        return self.columns(inputs[0], returned, output)
