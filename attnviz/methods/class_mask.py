"""The mask that a network has learned for a class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.logits import target_classes
from attnviz.capture.readings import SoftMaskReading
from attnviz.capture.run import capture
from attnviz.capture.site import Kind
from attnviz.capture.trace import Trace
from attnviz.errors import MethodError
from attnviz.methods.base import METHODS, ChooseClasses, Method, Nature, NetworkTraits
from attnviz.methods.inference import Cost, Inference, LayerMaps, MethodResult
from attnviz.models.zoo.lens import LensNetwork
from attnviz.progress import report_progress


@METHODS.add
@dataclass(frozen=True)
class ClassMask(Method):
    """The soft mask of a network that was trained to say what a class needs, for the class asked.

    `stride32` to `stride4` show what suffices for the class, in growing detail, and `necessary` all
    that speaks for it. No gradients; several classes share one forward pass.

    Notes
    -----
    M_c is the mask for class c. In training, the photo that is sharp in M_c and blurred elsewhere
    keeps the class, and the photo that is blurred in it loses the class.

    Examples
    --------
    >>> ClassMask().name, ClassMask.gradients, ClassMask.shares
    ('class-mask', False, True)
    """

    name: ClassVar[str] = "class-mask"
    title: ClassVar[str] = "Learned mask of the class"
    paper: ClassVar[str] = "after Dabkowski & Gal, Real Time Image Saliency, NeurIPS 2017"
    formula: ClassVar[str] = "M_c = sigmoid(decoder(features, c))^4"
    nature: ClassVar[Nature] = Nature.RELEVANCE
    kind: ClassVar[Kind] = Kind.SPATIAL
    shares: ClassVar[bool] = True
    needs_class: ClassVar[bool] = True
    needs: ClassVar[str] = "masks that were trained for single classes"

    @classmethod
    def fits(cls, network: NetworkTraits) -> bool:
        """See `Method`: only networks that were trained for it have such masks."""
        return network.class_masks

    def cost(self, inference: Inference) -> Cost:
        """See `Method`."""
        del inference
        return Cost(1, 0)

    def run(self, inference: Inference) -> MethodResult:
        """See `Method`."""
        trace, classes = _traced(inference, lambda logits: target_classes(logits, inference.target))
        maps = tuple(_maps(reading, reading.mask) for reading in trace.soft_masks)
        return MethodResult(maps, trace.logits.cpu(), classes, maps[-1].layer)

    def run_for_classes(
        self, inference: Inference, choose: ChooseClasses, layer: str | None = None
    ) -> tuple[MethodResult, ...]:
        """See `Method`; all classes share one pass."""
        del layer
        trace, classes = _traced(
            inference, lambda logits: _chosen(logits, choose(logits.float().cpu()))
        )
        logits = trace.logits.cpu()
        results = []
        for index in range(len(classes)):
            maps = tuple(_maps(one, one.mask[index : index + 1]) for one in trace.soft_masks)
            target = classes[index : index + 1]
            results.append(MethodResult(maps, logits, target, maps[-1].layer))
        return tuple(results)


def _traced(inference: Inference, choose: Callable[[Tensor], Tensor]) -> tuple[Trace, Tensor]:
    """The trace of one pass that asks for the chosen classes, and those classes, int64 [K]."""
    module, inputs = inference.module, inference.inputs
    network = _lens_of(module)
    asked: list[Tensor] = []

    def ask(logits: Tensor) -> Tensor:
        asked.append(choose(logits))
        return asked[-1]

    sites = find_sites(module, Kind.SPATIAL, inputs)
    with network.asking(ask):
        trace = capture(module, inputs, sites)
    report_progress(inference.progress, len(inputs), len(inputs))
    return trace, asked[-1].cpu()


def _chosen(logits: Tensor, classes: Sequence[int]) -> Tensor:
    return torch.cat([target_classes(logits, index) for index in classes])


def has_class_masks(module: nn.Module) -> bool:
    """Return whether a network, or a part of it, has a mask for any class it is asked for."""
    return any(isinstance(one, LensNetwork) for one in module.modules())


def _lens_of(module: nn.Module) -> LensNetwork:
    for one in module.modules():
        if isinstance(one, LensNetwork):
            return one
    raise MethodError(
        f"class-mask does not work on {type(module).__name__}, which has no masks for single "
        "classes. Choose another method, or the model lens."
    )


def _maps(reading: SoftMaskReading, mask: Tensor) -> LayerMaps:
    return LayerMaps(reading.layer, mask.mean(1).cpu().numpy())
