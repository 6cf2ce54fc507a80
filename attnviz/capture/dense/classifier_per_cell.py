"""Apply a network's classifier at each cell of its last feature map.

Most classifiers average over positions and then apply a linear map, so the logits are the mean of
that map's outputs at all cells. Vision transformers classify a class token instead; what their
classifier returns for the other tokens does not contribute to the logits, but is in the same space.
Neither is looked up by class name: the modules of one pass are recorded, and the classifier's input
is searched among the maps before it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from attnviz.capture.discovery.structure import StructureCache, structure_key
from attnviz.capture.grids import MAX_PREFIX, tokens_to_map
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.hooks.hook_every_module import run_with_hooks
from attnviz.capture.hooks.logit_outputs import scores_read
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.logits import logits_of
from attnviz.capture.site import Layout
from attnviz.errors import AttnvizError, InternalError, MethodError
from attnviz.models.device import is_out_of_memory

_MAX_EVENTS = 64  # modules at the end of a pass among which the classifier is searched
_TOLERANCE = 1e-3
_EPS_FACTOR = 2  # half precision rounds at each step


@dataclass(frozen=True)
class DenseClassifier:
    """How logits are computed from the output of one module, cell by cell.

    Attributes
    ----------
    module
        Dotted name of the module.
    layout
        Of its output.
    rectified
        Whether a ReLU that is no module follows.
    steps
        Dotted names of the modules that then map a cell's channels to logits.
    spatial
        For each step, whether it takes [N, C, 1, 1] instead of [N, C].
    token
        Index of the token that the network itself classifies; None if it averages over positions,
        so that the logits are the mean of the cells' logits.
    """

    module: str
    layout: Layout
    rectified: bool
    steps: tuple[str, ...]
    spatial: tuple[bool, ...]
    token: int | None = None

    def logits(self, network: nn.Module, output: Tensor, grid: tuple[int, int]) -> Tensor:
        """Compute the logits of every cell.

        Parameters
        ----------
        network
            The network that holds the modules.
        output
            What `module` returned, in its layout.
        grid
            Rows and columns of tokens; ignored for other layouts.

        Returns
        -------
        Tensor
            [N, classes, rows, columns].
        """
        if self.layout.is_sequence:
            output = tokens_to_map(_batch_first(output, self.layout), grid)
        last = output if self.layout is Layout.CHANNELS_LAST else output.movedim(1, -1)
        return self.apply(network, last).movedim(-1, 1)

    def evidence(self, network: nn.Module, output: Tensor, grid: tuple[int, int]) -> Tensor:
        """Compute the logits of every cell without the classifier's offset.

        The offset, its output for zero features, is the same at all cells, so it distinguishes
        none of them.

        Parameters
        ----------
        network, output, grid
            As for `logits`.

        Returns
        -------
        Tensor
            [N, classes, rows, columns].
        """
        logits = self.logits(network, output, grid)
        axis = 1 if self.layout is Layout.CHANNELS_FIRST else -1
        zeros = torch.zeros_like(output.movedim(axis, -1).flatten(0, -2)[:1])
        return logits - self.apply(network, zeros)[:, :, None, None]

    def apply(self, network: nn.Module, channels: Tensor) -> Tensor:
        """Apply the classifier to vectors of channels.

        Parameters
        ----------
        network
            The network that holds the modules.
        channels
            [..., C].

        Returns
        -------
        Tensor
            [..., classes].
        """
        flat = channels.flatten(0, -2)
        flat = flat.relu() if self.rectified else flat
        for step, spatial in zip(self.steps, self.spatial, strict=True):
            module = network.get_submodule(step)
            flat = _in_type_of(module, flat)  # the network may have run in another, by autocast
            flat = module(flat[:, :, None, None] if spatial else flat).flatten(1)
        return flat.reshape(*channels.shape[:-1], flat.shape[1])


@dataclass(frozen=True, eq=False)
class _LeafCall:
    """A module that returned: its name, first input and output, by reference."""

    name: str
    leaf: bool
    input: Tensor
    output: Tensor


@dataclass(frozen=True)
class _Refusal:
    """Why there is no classifier; `failed` if the search ended in an error."""

    reason: str
    failed: bool = False


_CACHE = StructureCache[DenseClassifier | _Refusal]()


def find_dense_classifier(module: nn.Module, example: Tensor) -> DenseClassifier:
    """Find how a network's classifier can be applied at each cell, with one pass.

    The result is cached. The caller holds the model's lock; the module is left as it was.

    Parameters
    ----------
    module
        The network.
    example
        [N, 3, H, W] that the network accepts; only the first input is used.

    Raises
    ------
    MethodError
        The logits are neither the mean of the cells' logits nor those of a class token.
    ModelError
        The network cannot be hooked.
    InternalError
        The search failed.
    """
    module, example = prepare_for_hooks(module, example)
    key = structure_key(module, example), scores_read(module)
    result = _CACHE.of(module, key, lambda: _tried_search(module, example[:1]))
    if isinstance(result, _Refusal):
        text = f"The classifier of {type(module).__name__} cannot be applied at each cell: "
        text += f"{result.reason}. Choose another method."
        raise InternalError(text) if result.failed else MethodError(text)
    return result


def _tried_search(module: nn.Module, example: Tensor) -> DenseClassifier | _Refusal:
    try:
        return _search(module, example)
    except Exception as error:
        if isinstance(error, AttnvizError) or is_out_of_memory(error):
            raise
        return _Refusal(str(error).partition("\n")[0].rstrip(".") or repr(error), failed=True)


def _search(module: nn.Module, example: Tensor) -> DenseClassifier | _Refusal:
    """Walk back from the logits, module by module, until the current vector is a pooled map."""
    events, logits = _record(module, example)
    vector, steps, spatial, earlier = logits, list[str](), list[bool](), events
    with state_guard(module), torch.no_grad():
        while True:
            for classifier in _candidates(events, vector, tuple(steps), tuple(spatial)):
                if _is_right(module, classifier, events, logits):
                    return classifier
            producer = _producer(earlier, vector)
            if producer is None:
                return _Refusal(
                    "its logits are neither the mean over the cells' logits nor the logits of a "
                    "class token"
                )
            earlier = earlier[earlier.index(producer) + 1 :]
            steps.insert(0, producer.name)
            spatial.insert(0, producer.input.ndim == 4)
            vector = producer.input.flatten(1)


def _record(module: nn.Module, example: Tensor) -> tuple[list[_LeafCall], Tensor]:
    """The last modules of a pass, latest first; tensors changed in place later appear changed."""
    events: deque[_LeafCall] = deque(maxlen=_MAX_EVENTS)

    def on_return(name: str, module: nn.Module, inputs: tuple[Any, ...], output: object) -> None:
        first = next((value for value in inputs if isinstance(value, Tensor)), None)
        if name and first is not None and isinstance(output, Tensor):
            leaf = next(module.children(), None) is None
            events.appendleft(_LeafCall(name, leaf, first, output))

    logits = logits_of(run_with_hooks(module, example, on_return), module)
    return list(events), logits


def _producer(events: list[_LeafCall], vector: Tensor) -> _LeafCall | None:
    """The leaf module that computed `vector` [1, C] from another vector."""
    for event in events:
        if not event.leaf or event.input.numel() != event.input.shape[1]:
            continue
        if event.output.ndim not in (2, 4):
            continue
        output = event.output.flatten(1)
        if not torch.equal(output, event.input.flatten(1)) and _equal(output, vector):
            return event
    return None


def _candidates(
    events: list[_LeafCall], vector: Tensor, steps: tuple[str, ...], spatial: tuple[bool, ...]
) -> Iterator[DenseClassifier]:
    """Outputs whose mean over positions, or one of whose tokens, is `vector` [1, C]."""
    for event in events:
        value, channels = event.output, vector.shape[1]
        if value.ndim == 4 and value[0].numel() > max(value.shape[1], value.shape[3]):
            for layout, axes in ((Layout.CHANNELS_FIRST, (2, 3)), (Layout.CHANNELS_LAST, (1, 2))):
                for rectified in (False, True):
                    rectified_value = value.relu() if rectified else value
                    if _equal(rectified_value.mean(axes), vector):
                        yield DenseClassifier(event.name, layout, rectified, steps, spatial)
        if value.ndim != 3 or value.shape[2] != channels:
            continue
        layout = Layout.SEQUENCE_FIRST if value.shape[1] == 1 else Layout.TOKENS
        value = _batch_first(value, layout)
        for prefix in range(min(MAX_PREFIX, value.shape[1] - 1)):
            pooled = DenseClassifier(event.name, layout, False, steps, spatial)
            if _equal(value[:, prefix:].mean(1), vector):
                yield pooled
            if _equal(value[:, prefix], vector):
                yield replace(pooled, token=prefix)


def _is_right(
    module: nn.Module, classifier: DenseClassifier, events: list[_LeafCall], logits: Tensor
) -> bool:
    """Whether it reproduces the network's logits: as the mean over positions, or at its token."""
    value = next(event.output for event in events if event.name == classifier.module)
    value = _batch_first(value, classifier.layout)
    if classifier.token is not None:
        return _equal(classifier.apply(module, value[:, classifier.token]), logits)
    if classifier.layout is Layout.CHANNELS_FIRST:
        value = value.movedim(1, -1)
    cells = classifier.apply(module, value).flatten(1, -2)
    prefixes = range(min(MAX_PREFIX, value.shape[1] - 1)) if value.ndim == 3 else (0,)
    return any(_equal(cells[:, prefix:].mean(1), logits) for prefix in prefixes)


def _batch_first(value: Tensor, layout: Layout) -> Tensor:
    """A tensor [T, N, C] as [N, T, C]; those of other layouts unchanged."""
    return value.transpose(0, 1) if layout is Layout.SEQUENCE_FIRST else value


def _in_type_of(module: nn.Module, value: Tensor) -> Tensor:
    weight = next((one for one in module.parameters() if one.is_floating_point()), None)
    return value if weight is None else value.to(weight.dtype)


def _equal(value: Tensor, expected: Tensor) -> bool:
    """Whether two tensors are equal up to rounding in the coarser one's type."""
    if value.shape != expected.shape:
        return False
    rounding = (_EPS_FACTOR * torch.finfo(tensor.dtype).eps for tensor in (value, expected))
    tolerance = max(_TOLERANCE, *rounding)
    value, expected = value.float(), expected.float()
    size = float(expected.abs().max())
    return bool((value - expected).abs().max() <= tolerance * max(size, 1e-6))
