"""One forward pass that keeps its graph: blocks, logits, and the logits of each place."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from attnviz.capture.dense.classifier_per_cell import DenseClassifier
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.readings import FeatureReading
from attnviz.capture.run import derivatives, logits_of
from attnviz.capture.site import Layout, Site
from attnviz.capture.taps.features import FeatureTap


@dataclass(frozen=True, eq=False)
class DensePass:
    """What the pass left, all in one graph that begins at the first block.

    logits: [N, classes]. taps: one for each block that was reached, in order. evidence: what the
    features of each place say for each class, [N, classes, h, w]; None without a `DenseClassifier`.
    """

    logits: Tensor
    taps: tuple[FeatureTap, ...]
    evidence: Tensor | None

    def gradients(self, score: Tensor, taps: Sequence[FeatureTap]) -> list[Tensor]:
        """The derivative of `score` by the output of each tap, laid out as the module has it.

        The score is of the type of `logits`, so that `derivatives` knows how small they may be.
        """
        watched = [tap.captured for tap in taps if tap.captured is not None]
        found = derivatives(score, watched, keep=True)
        return [
            torch.zeros_like(one) if slope is None else slope
            for one, slope in zip(watched, found, strict=True)
        ]

    def readings(
        self, score: Tensor, taps: Sequence[FeatureTap]
    ) -> list[tuple[FeatureTap, FeatureReading]]:
        """Each of some blocks with the derivative of `score` by it, from one backward pass."""
        slopes = self.gradients(score, taps) if taps else []
        return [(tap, tap.reading(slope)) for tap, slope in zip(taps, slopes, strict=True)]


@contextmanager
def dense_pass(
    module: nn.Module, inputs: Tensor, sites: Sequence[Site], head: DenseClassifier | None
) -> Iterator[DensePass]:
    """Run `module` on `inputs` [N, 3, H, W]; the graph lives as long as the block.

    sites: the blocks, in order. The caller holds the model's lock; whatever happens, the module is
    left as it was.
    """
    module, inputs = prepare_for_hooks(module, inputs)
    size = (inputs.shape[-2], inputs.shape[-1])
    taps = [FeatureTap(site, gradients=True, input_size=size) for site in sites]
    seen: list[Tensor] = []

    def see(_part: nn.Module, _entering: object, output: Tensor) -> None:
        seen.append(output)

    with state_guard(module, frozen=True), torch.inference_mode(False), torch.enable_grad():
        with ExitStack() as hung:
            for tap in taps:
                hung.callback(tap.attach(module.get_submodule(tap.site.module)).remove)
            if head is not None:  # behind the taps, whose tensors are those of the graph
                part = module.get_submodule(head.module)
                hung.callback(part.register_forward_hook(see).remove)
            logits = logits_of(module(inputs.detach()), module)
        reached = tuple(tap for tap in taps if tap.captured is not None)
        evidence = None
        if head is not None:
            evidence = head.evidence(module, seen[-1], _grid(reached, size))
        yield DensePass(logits, reached, evidence)


def _grid(taps: Sequence[FeatureTap], size: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of tokens, as in the last block of tokens."""
    for tap in reversed(taps):
        if tap.site.layout is Layout.TOKENS and tap.captured is not None:
            return tap.site.token_grid(size, tap.captured.shape[1])
    return size
