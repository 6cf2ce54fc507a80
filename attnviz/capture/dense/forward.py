"""One forward pass that retains its graph: blocks, logits, and the evidence of each cell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from attnviz.capture.dense.classifier_per_cell import DenseClassifier
from attnviz.capture.gradients import derivatives, require_graph, require_normal_weights
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.logits import logits_of
from attnviz.capture.readings import FeatureReading
from attnviz.capture.site import Layout, Site
from attnviz.capture.taps.features import FeatureTap
from attnviz.models.device import is_out_of_memory


@dataclass(frozen=True, eq=False)
class DensePass:
    """Result of a pass, all in one graph that begins at the first block.

    Attributes
    ----------
    logits
        [N, classes].
    taps
        One for each block that was reached, in order.
    evidence
        The classifier's output at each cell, without its offset, [N, classes, h, w]; None without
        a classifier.
    problem
        Why there is no evidence although there is a classifier; empty otherwise.
    """

    logits: Tensor
    taps: tuple[FeatureTap, ...]
    evidence: Tensor | None
    problem: str = ""

    def gradients(self, score: Tensor, taps: Sequence[FeatureTap]) -> list[Tensor]:
        """Differentiate a score with respect to the outputs of some blocks; the graph is retained.

        Parameters
        ----------
        score
            A scalar in the type of `logits`, from which `derivatives` chooses its scale.
        taps
            Some of `self.taps`.

        Returns
        -------
        list of Tensor
            Gradients in the layout of the blocks; zeros where the score does not depend on one.
        """
        captured = [tap.captured for tap in taps if tap.captured is not None]
        grads = derivatives(score, captured, keep_graph=True)
        return [
            torch.zeros_like(value) if grad is None else grad
            for value, grad in zip(captured, grads, strict=True)
        ]

    def readings(
        self, score: Tensor, taps: Sequence[FeatureTap]
    ) -> list[tuple[FeatureTap, FeatureReading]]:
        """Read some blocks with the gradient of a score, from one backward pass.

        Parameters
        ----------
        score
            A scalar in the type of `logits`.
        taps
            Some of `self.taps`.

        Returns
        -------
        list of tuple
            Each tap with its reading.
        """
        grads = self.gradients(score, taps) if taps else []
        return [(tap, tap.reading(grad)) for tap, grad in zip(taps, grads, strict=True)]


@contextmanager
def dense_pass(
    module: nn.Module, inputs: Tensor, sites: Sequence[Site], head: DenseClassifier | None
) -> Iterator[DensePass]:
    """Run a network and retain the graph for the duration of the block.

    The caller holds the model's lock; the module is left as it was, also after an error.

    Parameters
    ----------
    module
        The network.
    inputs
        [N, 3, H, W], normalised as the network expects.
    sites
        The blocks to read, in order.
    head
        The classifier to apply at each cell; None for no evidence.

    Yields
    ------
    DensePass
    """
    module, inputs = prepare_for_hooks(module, inputs)
    require_normal_weights(module)
    size = (inputs.shape[-2], inputs.shape[-1])
    taps = [FeatureTap(site, gradients=True, input_size=size) for site in sites]
    outputs: list[Tensor] = []

    def store(_module: nn.Module, _inputs: object, output: Tensor) -> None:
        outputs.append(output)

    with state_guard(module, frozen=True), torch.inference_mode(False), torch.enable_grad():
        with ExitStack() as hooks:
            for tap in taps:
                hooks.callback(tap.attach(module.get_submodule(tap.site.module)).remove)
            if head is not None:  # after the taps, which replace outputs by tensors of the graph
                submodule = module.get_submodule(head.module)
                hooks.callback(submodule.register_forward_hook(store).remove)
            logits = logits_of(module(inputs.detach()), module)
        reached = tuple(tap for tap in taps if tap.captured is not None)
        if reached:
            require_graph(logits, module)
        evidence, problem = None, ""
        grid = _grid(reached, size)
        if head is not None and (grid or not head.layout.is_sequence):
            try:
                evidence = head.evidence(module, outputs[-1], grid or size)
            except Exception as error:  # it was not made to be called like this
                if is_out_of_memory(error):
                    raise
                problem = str(error) or type(error).__name__
        yield DensePass(logits, reached, evidence, problem)


def _grid(taps: Sequence[FeatureTap], size: tuple[int, int]) -> tuple[int, int] | None:
    """Rows and columns of tokens in the last block that returns tokens; None if none does."""
    for tap in reversed(taps):
        if tap.site.layout.is_sequence and tap.captured is not None:
            tokens = tap.captured.shape[int(tap.site.layout is Layout.TOKENS)]
            return tap.site.token_grid(size, tokens)
    return None
