"""The CAM methods of pytorch-grad-cam that have no file here, run by the library itself.

The library gets a stand-in for the network, which counts inputs and protects the parameters. Its
maps are taken before it rescales and enlarges them, with negative values set to 0 as it does: they
are in absolute values, on the block's own grid. Three methods combine rescaled maps of several
layers or windows (`fullgrad`, `refine-cam`, `sess`): theirs are in 0..1 for each picture, on the
grid of the input.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import groupby
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel

from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.discovery.last_block import influential_blocks
from attnviz.capture.gradients import require_normal_weights
from attnviz.capture.hooks.eager import prepare_for_hooks
from attnviz.capture.hooks.state_guard import state_guard
from attnviz.capture.run import capture
from attnviz.capture.site import Kind, Layout, Site
from attnviz.errors import AttnvizError, MethodError
from attnviz.methods.base import METHODS, Method, Nature, NetworkTraits
from attnviz.methods.chosen_layers import needed
from attnviz.methods.inference import Cost, Inference, LayerMaps, MethodResult
from attnviz.methods.pytorch_grad_cam.adapter import OutputTypes, class_targets, raw_maps, to_maps
from attnviz.methods.pytorch_grad_cam.full_grad import full_grad
from attnviz.methods.pytorch_grad_cam.sign import Sign
from attnviz.methods.pytorch_grad_cam.table import TABLE, Entry, Variation
from attnviz.methods.stand_in import StandIn, as_it_was
from attnviz.models.device import is_out_of_memory
from attnviz.progress import raised_by_progress
from attnviz.types import FloatArray

WHOLE = "whole network"


@dataclass(frozen=True)
class LibraryCam(Method):
    """Base of the methods that pytorch-grad-cam runs.

    Methods that run the network once for each channel, and those that decompose a matrix of
    positions x positions, read the last block only, because early ones would take minutes and
    gigabytes. Methods with gradients skip the blocks at the end whose gradients are 0 at all
    positions, such as the one behind the last attention to a class token.

    Values from 0 up.

    Parameters
    ----------
    blocks
        How many of the network's last blocks to read, 0 for all; the method's default if None.

    Notes
    -----
    A is the activation [C, h, w] and G the gradient of the class's score by it.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from attnviz.methods import METHODS, Inference
    >>> convolution, head = nn.Conv2d(3, 2, 1, bias=False), nn.Linear(2, 2, bias=False)
    >>> _ = convolution.weight.data.copy_(torch.eye(2, 3)[:, :, None, None])  # red and green
    >>> _ = head.weight.data.copy_(torch.eye(2))
    >>> network = nn.Sequential(convolution, nn.AdaptiveAvgPool2d(1), nn.Flatten(), head).eval()
    >>> red, green = torch.tensor([[4.0, 0.0]]), torch.tensor([[0.0, 2.0]])
    >>> inputs = torch.stack([red, green, torch.zeros(1, 2)])[None]  # [N, 3, H, W]
    >>> method = METHODS.get("grad-cam-elementwise")()
    >>> result = method.run(Inference.of(network, inputs, target=0))
    >>> torch.from_numpy(result.layer_maps[-1].values)
    tensor([[[2., 0.]]])
    """

    blocks: int | None = None

    kind: ClassVar[Kind] = Kind.FEATURES
    many_passes: ClassVar[bool] = True
    nature: ClassVar[Nature] = Nature.RELEVANCE
    cam_class: ClassVar[str]
    classless: ClassVar[bool]
    needs_class: ClassVar[bool]
    varies: ClassVar[Variation]
    all_blocks: ClassVar[bool]
    whole: ClassVar[bool]
    layouts: ClassVar[tuple[Layout, ...]]
    sign: ClassVar[Sign]
    needs: ClassVar[str] = "blocks of a layout that pytorch-grad-cam knows"

    @classmethod
    def fits(cls, network: NetworkTraits) -> bool:
        """See `Method`: the library supports some methods for some layouts only."""
        return super().fits(network) and network.layout in cls.layouts

    def cost(self, inference: Inference) -> Cost:
        """See `Method`: it depends on the channels of the blocks, or the windows of the input."""
        module, inputs = inference.module, inference.inputs
        sites = self._sites(module, inputs, inference.layers)
        if self.varies is Variation.CHANNELS:
            features = capture(module, inputs[:1], sites).features
            unchanged = 2 if self.cam_class == "AblationCAM" else 1  # two passes without ablation
            return Cost(unchanged + sum(reading.activation.shape[1] for reading in features), 0)
        if self.varies is Variation.LAYERS:
            return Cost(len(sites), len(sites))
        if self.varies is Variation.WINDOWS:
            windows = _windows(inputs.shape[-2], inputs.shape[-1])
            return Cost(1 + 2 * windows, windows)
        passes = len(_groups(sites, together=self.cam_class != "ShapleyCAM"))
        return Cost(passes, passes if self.gradients else 0)

    def run(self, inference: Inference) -> MethodResult:
        """See `Method`."""
        module, inputs = prepare_for_hooks(inference.module, inference.inputs)
        target, progress = inference.target, inference.progress
        sites = self._sites(module, inputs, inference.layers)
        total = 0
        if progress is not None:
            per_input = self.cost(replace(inference, module=module, inputs=inputs)).forward
            total = per_input * len(inputs)
        if self.gradients:
            require_normal_weights(module)
        watched = StandIn(module, inputs, target, progress, total, gradients=self.gradients)
        try:
            with as_it_was(module), state_guard(module, frozen=True), self._recording():
                layer_maps = self._run(watched, inputs.detach().float().clone(), sites, target)
        except Exception as error:
            if isinstance(error, AttnvizError) or is_out_of_memory(error):
                raise
            if raised_by_progress(error) is not None:
                raise
            raise MethodError(
                f"{self.title} of pytorch-grad-cam failed on {type(module).__name__}: {error!r}. "
                "Choose another method."
            ) from error
        logits = watched.first()
        self._check(layer_maps, logits, module)
        chosen = logits.argmax(1) if target is None else torch.full((len(logits),), target)
        return MethodResult(
            layer_maps, logits, None if self.classless else chosen, layer_maps[-1].layer
        )

    def _check(self, found: Sequence[LayerMaps], logits: Tensor, module: nn.Module) -> None:
        """Raise MethodError for maps that are not finite although the logits are."""
        if not bool(logits.isfinite().all()):
            return  # the caller reports that
        for maps in found:
            if not np.isfinite(maps.values).all():
                raise MethodError(
                    f"{self.title} of pytorch-grad-cam gave no finite values at {maps.layer} of "
                    f"{type(module).__name__}. Choose another method, or another type than float16 "
                    "if the network is in it: float16 ends at 65504."
                )

    @contextmanager
    def _recording(self) -> Iterator[None]:
        with ExitStack() as stack:
            stack.enter_context(torch.inference_mode(False))
            stack.enter_context(torch.set_grad_enabled(self.gradients))
            if self.cam_class == "ShapleyCAM":  # fused attention has no second derivatives
                stack.enter_context(sdpa_kernel(SDPBackend.MATH))
            yield

    def _sites(
        self, module: nn.Module, inputs: Tensor, layers: tuple[str, ...] | None
    ) -> tuple[Site, ...]:
        sites = find_sites(module, Kind.FEATURES, inputs)
        if self.gradients and not self.classless:
            sites = influential_blocks(module, sites, inputs)
        count = (0 if self.all_blocks else 1) if self.blocks is None else self.blocks
        if count < 0:
            raise MethodError(f"blocks is {count}; it must be at least 0.")
        every = layers is None or self.whole
        chosen = sites[-count:] if every else needed(sites, layers)
        fitting = [site for site in chosen if site.layout in self.layouts]
        if not fitting:
            raise MethodError(
                f"{self.title} does not work on tokens or channels-last blocks, and "
                f"{type(module).__name__} has no other. Choose another method."
            )
        if self.varies is Variation.LAYERS:  # the library takes one layout for all of them
            fitting = [site for site in fitting if _laid_out(site) == _laid_out(fitting[-1])]
        return tuple(fitting)

    def _run(
        self, watched: StandIn, inputs: Tensor, sites: Sequence[Site], target: int | None
    ) -> tuple[LayerMaps, ...]:
        classes = None if target is None else [target] * len(inputs)
        if self.varies is Variation.WINDOWS:  # the library's first pass is over windows
            with torch.no_grad():
                best = watched(inputs).argmax(1).tolist()
            classes = classes or best
        if self.whole:
            layer = sites[-1].layer if self.varies is Variation.WINDOWS else WHOLE
            return (LayerMaps(layer, self._of_group(watched, inputs, sites, classes)[0]),)
        layer_maps: list[LayerMaps] = []
        for group in _groups(sites, together=self.cam_class != "ShapleyCAM"):
            maps = self._of_group(watched, inputs, group, classes)
            layer_maps += [
                LayerMaps(site.layer, values) for site, values in zip(group, maps, strict=True)
            ]
        return tuple(layer_maps)

    def _of_group(
        self, watched: StandIn, inputs: Tensor, sites: Sequence[Site], classes: list[int] | None
    ) -> list[FloatArray]:
        """Maps [N, h, w] of blocks of one layout, or the single map of the whole network."""
        kind = self._library_class(watched, inputs)
        modules = self._parts(watched, sites)
        types = OutputTypes()
        for module in modules:  # hooks run in the order of their registration
            module.register_forward_hook(types.to_float)
        cam = self._library_cam(kind, watched, sites, (inputs.shape[-2], inputs.shape[-1]))
        for site in sites:
            if site.overwritten:  # the library stores the block's tensor, not a copy
                watched.part(site).register_forward_hook(lambda _part, _entering, out: out.clone())
        for module in modules:
            module.register_forward_hook(types.back)
        if self.cam_class == "FinerCAM":
            run = partial(cam, inputs, target_idx=classes[0] if classes else None)
            cam = cam.base_cam
        else:
            run = partial(cam, inputs, class_targets(classes))
        if self.whole:
            return [np.asarray(run(), np.float32)]
        with raw_maps(cam, self.sign) as raw:
            run()
        return raw

    def _library_class(self, watched: StandIn, inputs: Tensor) -> Any:
        import pytorch_grad_cam as library  # it imports matplotlib and scikit-learn

        if self.cam_class == "FullGrad":
            return full_grad(watched.network, inputs.to(watched.dtype))
        return getattr(library, self.cam_class)

    def _parts(self, watched: StandIn, sites: Sequence[Site]) -> list[nn.Module]:
        """The modules that the library hooks."""
        if self.cam_class == "FullGrad":
            layers = (nn.Conv2d, nn.BatchNorm2d)
            return [module for module in watched.modules() if isinstance(module, layers)]
        return [watched.part(site) for site in sites]

    def _library_cam(
        self, kind: Any, watched: StandIn, sites: Sequence[Site], size: tuple[int, int]
    ) -> Any:
        import pytorch_grad_cam as library

        layers = [] if self.cam_class == "FullGrad" else [watched.part(site) for site in sites]
        options: dict[str, object] = {}
        if self.cam_class == "AblationCAM":  # the library's default is one layer shared by all
            tokens = sites[0].layout.is_sequence
            ablation = library.AblationLayerVit if tokens else library.AblationLayer
            options["ablation_layer"] = ablation()
        if self.cam_class == "RandomCAM":
            np.random.seed(0)  # it draws from the global generator
        return kind(watched, layers, to_maps(sites, size), **options)


def _groups(sites: Sequence[Site], *, together: bool) -> list[list[Site]]:
    """Groups of sites that the library can take in one pass: neighbours of one layout."""
    if not together:
        return [[site] for site in sites]
    return [list(group) for _, group in groupby(sites, _laid_out)]


def _laid_out(site: Site) -> tuple[Layout, tuple[int, int], int]:
    return site.layout, site.stride, site.merged


def _windows(height: int, width: int) -> int:
    """Number of windows into which SESS divides a picture at its twelve sizes."""
    side = min(height, width)
    step = round(side * 2 / 7)
    scales = [side + step * index for index in range(12)]
    return sum(
        -(-(scale * height // side) // side) * -(-(scale * width // side) // side)
        for scale in scales
    )


def _method(entry: Entry) -> type[LibraryCam]:
    about = f"{entry.title} by pytorch-grad-cam; see `LibraryCam` for its option and its values."
    return type(
        entry.cam_class,
        (LibraryCam,),
        {**entry._asdict(), "__doc__": about, "__module__": __name__},
    )


for _entry in TABLE:
    METHODS.add(_method(_entry))
