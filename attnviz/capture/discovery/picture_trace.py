"""Trace tokens back to the picture through the whole network.

`token_probe` asks the module around a call, which must be given a map or all tokens, batch first.
Networks also put the sequence first, cut patches by reshaping, or let learned queries ask. So the
network itself is run with random weights, and a tensor that surely lies over the
picture is perturbed: the output of a convolution, or the picture. Whatever the layouts in between,
a row that responds lies there, and a row that never responds has no place. Attention passes each
token on, or nothing where it asks for other tokens.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from attnviz.capture.discovery.random_weights import random_weights
from attnviz.capture.discovery.token_origins import (
    STEP,
    Perturb,
    TokenOrigins,
    by_proportion,
    responding,
)
from attnviz.capture.discovery.token_probe import (
    CallReachedError,
    identity_output,
    queries_and_keys,
)
from attnviz.capture.hooks.call_listener import CallListener
from attnviz.capture.hooks.calls import Call, FactorCall, SoftmaxCall
from attnviz.capture.hooks.choice_listener import ChoiceListener
from attnviz.capture.hooks.full_precision import FullPrecision
from attnviz.capture.hooks.multihead_attention import ProjectedCall
from attnviz.capture.hooks.outputs import only_tensor
from attnviz.capture.site import Form
from attnviz.models.device import is_out_of_memory

CallKey = tuple[str, Form, int]
"""Name of the calling module, form, and index among its calls of this form."""

OutputKey = tuple[str, int]
"""Name of a module, and index among its calls: what it returns is traced."""

TracedKey = CallKey | OutputKey
Sides = dict[TracedKey, list[Tensor]]
Locate = Callable[[Perturb, tuple[int, int]], list[TokenOrigins]]

_NO_RESPONSE = 1e-3
_MAX_CHANNELS = 32  # of queries and keys that are compared; they all respond alike


@dataclass(frozen=True)
class PlacedTensor:
    """A tensor of a pass that lies over the picture.

    Attributes
    ----------
    grid
        Rows and columns of its cells.
    module, call
        Name of the convolution that returns it, and index among its calls; the picture itself if
        the name is None.
    """

    grid: tuple[int, int]
    module: str | None = None
    call: int = 0


class _SilencedError(Exception):
    """Starts again, because a call was found whose queries have no place."""


class PictureTrace:
    """Runs a network up to some calls and outputs, with its source perturbed.

    Parameters
    ----------
    module
        The network; the caller holds its lock and has set its state.
    example
        [1, C, H, W], an input that the network accepts.
    source
        What to perturb.
    wanted
        Calls of self-attention, and outputs of modules.
    picture
        Which random picture it is run on.

    Attributes
    ----------
    responses
        Which rows respond if the whole source is perturbed, bool [..., rows], for each side of what
        the run has reached: queries and keys, keys alone, or an output's rows.
    after_choice
        What comes behind something that was ranked, so that its tokens may have been chosen.
    """

    def __init__(
        self, module: nn.Module, example: Tensor, source: PlacedTensor,
        wanted: Sequence[TracedKey], picture: int = 0,
    ) -> None:  # fmt: skip
        random = torch.Generator().manual_seed(0)
        self._module, self._source, self._picture = module, source, picture
        self._weights = random_weights(module, random)
        self._wanted = set(wanted)
        self._silenced: set[CallKey] = set()
        self.after_choice: set[TracedKey] = set()
        self._example = torch.randn(example.shape, generator=random).to(example.device)
        self._noise: tuple[Tensor, Tensor] | None = None
        self._base: Sides = {}
        self._everywhere: Sides = {}
        self.responses = self._responses()

    def _responses(self) -> Sides:
        while True:
            self._base = {}
            self._base = self._run(None)
            try:
                changes = self._run(torch.ones(self._source.grid), silencing=True)
            except _SilencedError:
                continue
            self._everywhere = {key: changes[key] for key in changes if key in self._wanted}
            return {
                key: [responding(side) for side in sides] for key, sides in self._everywhere.items()
            }

    def origins(
        self, keys: Sequence[TracedKey], grid: tuple[int, int], locate: Locate = by_proportion
    ) -> list[list[TokenOrigins]]:
        """Find where rows originate.

        Parameters
        ----------
        keys
            Some of the calls and outputs, all reached.
        grid
            Rows and columns of cells of the source.
        locate
            How: by `by_proportion`, or by `by_extent`.

        Returns
        -------
        list
            For each of them its sides, as in `responses`.
        """
        self._wanted = set(keys)

        def perturb(code: Tensor) -> list[Tensor]:
            # The whole source was perturbed before, and a run costs a pass.
            sides = self._everywhere if bool((code == 1).all()) else self._run(code)
            return [side for key in keys for side in sides[key]]

        flat = iter(locate(perturb, grid))
        return [[next(flat) for _ in self.responses[key]] for key in keys]

    def _run(self, code: Tensor | None, *, silencing: bool = False) -> Sides:
        """Sides of all calls and of the wanted outputs, or their changes if there is a base."""
        found: Sides = {}
        choices = ChoiceListener()

        def store(key: TracedKey, sides: Sequence[Tensor]) -> None:
            if choices.chose:
                self.after_choice.add(key)
            found[key] = [_some_channels(side) for side in sides]
            if self._base:
                pairs = zip(found[key], self._base[key], strict=True)
                found[key] = [(new - old) / STEP for new, old in pairs]
            if self._wanted <= found.keys():
                raise CallReachedError

        def on_call(name: str, form: Form, index: int, call: Call) -> Tensor | None:
            sides = [] if isinstance(call, FactorCall) else queries_and_keys(call)
            if not sides:
                return None
            key = (name, form, index)
            store(key, sides)
            output = None if key in self._silenced else identity_output(call)
            if output is not None and silencing and _without_place(found[key]):
                self._silenced.add(key)
                raise _SilencedError
            return _nothing(call) if output is None else output

        listening = CallListener(on_call).attach(self._module.named_modules())
        with (
            FullPrecision(self._example),
            self._at_source(code) as inputs,
            self._outputs(store),
            suppress(CallReachedError),
            choices,
            listening,
        ):
            functional_call(self._module, self._weights, (inputs,))
        return found

    @contextmanager
    def _outputs(self, store: Callable[[TracedKey, Sequence[Tensor]], None]) -> Iterator[None]:
        """Inside, the wanted outputs are stored, each as one side [1, rows, C]."""
        counts: Counter[str] = Counter()

        def on_return(name: str, _module: nn.Module, _inputs: object, output: object) -> None:
            key, value = (name, counts[name]), only_tensor(output)
            counts[name] += 1
            if key in self._wanted and value is not None:
                store(key, [value.reshape(1, -1, value.shape[-1])])

        handles = [
            self._module.get_submodule(name).register_forward_hook(partial(on_return, name))
            for name in {key[0] for key in self._wanted if len(key) == 2}
        ]
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    @contextmanager
    def _at_source(self, code: Tensor | None) -> Iterator[Tensor]:
        """Yield the network's input; inside, the source has its perturbed value."""
        if self._source.module is None:
            yield self._perturbed(self._example, code)
            return
        calls = 0

        def replace(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
            nonlocal calls
            calls += 1
            return self._perturbed(output, code) if calls - 1 == self._source.call else output

        convolution = self._module.get_submodule(self._source.module)
        handle = convolution.register_forward_hook(replace)
        try:
            yield self._example
        finally:
            handle.remove()

    def _perturbed(self, value: Tensor, code: Tensor | None) -> Tensor:
        """Noise in the shape of the source, changed in proportion to `code` at each cell."""
        if self._noise is None:
            random = torch.Generator().manual_seed(1 + self._picture)
            pair = (torch.randn(value.shape, generator=random) for _ in range(2))
            self._noise = next(pair).to(value.device), next(pair).to(value.device)
        noise, direction = self._noise
        if code is None:
            return noise
        factor = F.interpolate(code[None, None], value.shape[-2:]).to(value.device)
        return noise + STEP * factor * direction


@contextmanager
def stepping_aside() -> Iterator[None]:
    """End the block at an error of a network that does not run on noise with random weights.

    Yields
    ------
    None
    """
    try:
        yield
    except Exception as error:
        if is_out_of_memory(error):
            raise


def _some_channels(side: Tensor) -> Tensor:
    return side[..., :: -(-side.shape[-1] // _MAX_CHANNELS)]


def _without_place(sides: Sequence[Tensor]) -> bool:
    """Whether keys respond and queries do not."""
    if len(sides) != 2:
        return False
    queries, keys = (float(side.abs().max()) for side in sides)
    return queries < _NO_RESPONSE * keys


def _nothing(call: Call) -> Tensor:
    """Attention that returns zeros, so that only what is added to it is passed on."""
    if isinstance(call, SoftmaxCall):
        return torch.zeros_like(call.weights)
    assert not isinstance(call, FactorCall)
    nothing = torch.zeros_like(call.output)
    # `F.multi_head_attention_forward` returns tokens first.
    return nothing.transpose(0, 1) if isinstance(call, ProjectedCall) else nothing
