"""Competition: classes compete for each position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attnviz.capture.dense.classifier_per_cell import DenseClassifier, find_dense_classifier
from attnviz.capture.dense.forward import DensePass, dense_pass
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.logits import target_classes
from attnviz.capture.readings import FeatureReading
from attnviz.capture.site import Kind
from attnviz.capture.taps.base import require
from attnviz.capture.taps.features import FeatureTap
from attnviz.errors import InternalError, MethodError
from attnviz.methods.base import METHODS, ChooseClasses, Method, Nature
from attnviz.methods.inference import Cost, Inference, LayerMaps, MethodResult
from attnviz.methods.smoothing import smoothed
from attnviz.methods.trace_method import require_gradient
from attnviz.models.scores import Scores
from attnviz.progress import report_progress

_TINY = 1e-12


@METHODS.add
@dataclass(frozen=True)
class Competition(Method):
    """How much each position supports the class, and the class rather than its rivals.

    Values from 0 up, in logits. Each position belongs to the class by its share, as in divisive
    normalisation (Reynolds & Heeger, Neuron 2009).

    The evidence z of a position is exact where the logits are its mean, but for the offset (a
    linear classifier behind global average pooling, SqueezeNet's convolution). The classifier of a
    vision transformer that reads the class token can be applied to each patch's token; the network
    itself never does that, so z then shows what the patch has become, not what it adds to the
    decision. For all others z is HiResCAM at the last block: what the position adds, to first
    order, by one short backward pass for each class.

    Blocks before the last get LayerCAM times the share, which comes from the same backward pass,
    scaled to the mean of the last block's map: they refine where the support lies, but their sums,
    of positive terms only, grow without bound towards the input. The last map is
    the mean of the formula's and of that of the deepest block with a finer grid. Without a finer
    block of the same layout, as between the tokens of a transformer, it is the formula's alone.

    On held-out photos of SqueezeNet, beside Grad-CAM's .667 in the grid pointing game, it has .908;
    the figures on single photos, where it is ahead by less, are in docs/faithfulness.md.

    Parameters
    ----------
    rivals
        How many other classes compete, above 0.
    temperature
        Softness of the competition, above 0.
    cap
        Largest weight of a rival, above 0.
    smoothing
        Standard deviation in cells of the Gaussian that smooths the maps of all classes before they
        compete, 0 for none: neighbouring cells see much of the same input, and a weak cell among
        strong ones matters too.
    exact
        Whether to refuse networks for which z is only exact to first order.

    Notes
    -----
    z_k is the evidence of a position for class k by the classifier, in logits, without its offset;
    c is the class, and k are its rivals, the strongest others. A rival counts by how present it is
    in the picture: `w_k = min(p_k / p_c, cap)`. T is `temperature` times the standard deviation of
    all z_c and z_k over positions, so the scale of a network's logits does not matter.

    Examples
    --------
    >>> import torch
    >>> from torch import nn
    >>> from attnviz.methods.inference import Inference
    >>> convolution, head = nn.Conv2d(3, 2, 1, bias=False), nn.Linear(2, 2, bias=False)
    >>> _ = convolution.weight.data.copy_(torch.eye(2, 3)[:, :, None, None])  # red and green
    >>> _ = head.weight.data.copy_(torch.eye(2))
    >>> network = nn.Sequential(convolution, nn.AdaptiveAvgPool2d(1), nn.Flatten(), head).eval()
    >>> red, green = torch.tensor([[4.0, 0.0]]), torch.tensor([[0.0, 2.0]])
    >>> inputs = torch.stack([red, green, torch.zeros(1, 2)])[None]  # [N, 3, H, W]
    >>> result = Competition(smoothing=0).run(Inference.of(network, inputs, target=0))
    >>> torch.from_numpy(result.layer_maps[-1].values)
    tensor([[[3.9882, 0.0000]]])
    """

    rivals: int = 20
    temperature: float = 0.5
    cap: float = 4.0
    smoothing: float = 1.0
    exact: bool = False

    name: ClassVar[str] = "competition"
    title: ClassVar[str] = "Competition of classes"
    paper: ClassVar[str] = "attnviz, after Desimone & Duncan, Annu. Rev. Neurosci. 1995"
    formula: ClassVar[str] = "relu(z_c) e^(z_c/T) / (e^(z_c/T) + sum over k of w_k e^(z_k/T))"
    nature: ClassVar[Nature] = Nature.RELEVANCE
    kind: ClassVar[Kind] = Kind.FEATURES
    gradients: ClassVar[bool] = True
    needs_class: ClassVar[bool] = True

    def cost(self, inference: Inference) -> Cost:
        """See `Method`; short backward passes through the classifier count as one."""
        return Cost(1, 1 if self._head(inference.module, inference.inputs)[0] else 2)

    def run(self, inference: Inference) -> MethodResult:
        """See `Method`."""
        with self._passed(inference.module, inference.inputs) as passed:
            report_progress(inference.progress, len(inference.inputs), len(inference.inputs))
            return self._result(passed, inference, inference.target, last=False)

    def run_for_classes(
        self, inference: Inference, choose: ChooseClasses, layer: str | None = None
    ) -> tuple[MethodResult, ...]:
        """See `Method`; all classes share the forward pass."""
        with self._passed(inference.module, inference.inputs) as passed:
            classes = choose(passed.logits.detach().float().cpu())
            return tuple(
                self._result(passed, inference, index, last=layer is None) for index in classes
            )

    def _result(
        self, passed: DensePass, inference: Inference, target: int | None, *, last: bool
    ) -> MethodResult:
        chosen = target_classes(passed.logits, target)
        layer_maps = self._maps(passed, inference.scores, chosen, last=last)
        logits = passed.logits.detach().float().cpu()
        notes = (f"Evidence is exact to first order only: {passed.problem}",) * bool(passed.problem)
        return MethodResult(layer_maps, logits, chosen.cpu(), layer_maps[-1].layer, notes)

    @contextmanager
    def _passed(self, module: nn.Module, inputs: Tensor) -> Iterator[DensePass]:
        if min(self.rivals, self.temperature, self.cap) <= 0 or self.smoothing < 0:
            raise MethodError(
                f"The options of {self} are out of range: rivals, temperature and cap must "
                "be above 0, and smoothing at least 0."
            )
        head, problem = self._head(module, inputs)
        with dense_pass(module, inputs, find_sites(module, Kind.FEATURES, inputs), head) as passed:
            if passed.problem and self.exact:
                raise MethodError(f"The classifier failed at single cells: {passed.problem}")
            yield replace(passed, problem=problem or passed.problem)

    def _head(self, module: nn.Module, inputs: Tensor) -> tuple[DenseClassifier | None, str]:
        """The classifier that can be applied at each cell, or what failed in the search for it."""
        try:
            return find_dense_classifier(module, inputs), ""
        except (MethodError, InternalError) as error:
            if self.exact:
                raise
            return None, str(error) if isinstance(error, InternalError) else ""

    def _maps(
        self, passed: DensePass, scores: Scores, chosen: Tensor, *, last: bool
    ) -> tuple[LayerMaps, ...]:
        """Of all blocks, or of the last one alone."""
        logits = scores.comparable(passed.logits.detach().float())
        classes, weights = contestants(logits, chosen, self.rivals, self.cap)
        if passed.evidence is None:
            evidence = _linearised(passed, classes)
        else:
            index = classes[:, :, None, None].expand(-1, -1, *passed.evidence.shape[2:])
            evidence = passed.evidence.float().gather(1, index)
        evidence = smoothed(evidence.detach(), self.smoothing)
        share = shares(evidence, weights, self.temperature)
        support = evidence[:, 0].relu() * share
        finer = _finer(passed.taps, support[0].numel())
        taps = list(passed.taps) if not last else [finer] if finer is not None else []
        score = passed.logits.gather(1, chosen[:, None]).sum()
        maps = {
            tap: _brought_to(support, self._layer_cam(reading, share))
            for tap, reading in passed.readings(score, taps)
        }
        maps[passed.taps[-1]] = (
            support if finer is None else (_enlarged(support, maps[finer]) + maps[finer]) / 2
        )
        shown = passed.taps[-1:] if last else passed.taps
        return tuple(
            LayerMaps(tap.site.layer, maps[tap].cpu().numpy().astype(np.float32)) for tap in shown
        )

    def _layer_cam(self, reading: FeatureReading, share: Tensor) -> Tensor:
        """LayerCAM of a block, smoothed, times the share."""
        gradient = require_gradient(reading.gradient, self.name, reading.layer)
        product = (gradient.relu() * reading.activation).sum(1, keepdim=True).relu()
        values = smoothed(product, self.smoothing)[:, 0]
        return values * _enlarged(share, values)


def contestants(logits: Tensor, chosen: Tensor, rivals: int, cap: float) -> tuple[Tensor, Tensor]:
    """Return the class and its strongest rivals, with the rivals' weights.

    Parameters
    ----------
    logits
        float [N, classes], or other values with the same differences, `Scores.comparable`.
    chosen
        int64 [N], the class of each input.
    rivals
        R, how many other classes compete; all if there are fewer.
    cap
        Largest weight.

    Returns
    -------
    tuple of Tensor
        Indices int64 [N, 1 + R], the class first, and weights `min(p_k / p_c, cap)` [N, R].
    """
    count = min(rivals, logits.shape[1] - 1)
    others = logits.scatter(1, chosen[:, None], -torch.inf).topk(count, 1).indices
    against = logits.gather(1, others) - logits.gather(1, chosen[:, None])
    return torch.cat([chosen[:, None], others], 1), against.exp().clamp(max=cap)


def shares(scores: Tensor, weights: Tensor, temperature: float) -> Tensor:
    """Return the share of each position that belongs to the class.

    Parameters
    ----------
    scores
        float [N, 1 + R, h, w], logits of the class and its rivals.
    weights
        float [N, R], weights of the rivals.
    temperature
        Relative to the standard deviation of `scores`.

    Returns
    -------
    Tensor
        float [N, h, w] in 0..1; 1 without rivals.
    """
    spread = scores.flatten(1).std(1, unbiased=False).clamp_min(_TINY)[:, None, None, None]
    scaled = scores / (temperature * spread)
    against = scaled[:, 1:] + weights.clamp_min(_TINY).log()[:, :, None, None]
    if against.shape[1] == 0:
        return torch.ones_like(scores[:, 0])
    return torch.sigmoid(scaled[:, 0] - against.logsumexp(1))


def _finer(taps: Sequence[FeatureTap], places: int) -> FeatureTap | None:
    """The deepest block with more than `places` positions and the layout of the last one."""
    for tap in reversed(taps):
        grid = tap.channels_first(require(tap.captured)).shape[2:]
        if tap.site.layout is taps[-1].site.layout and grid.numel() > places:
            return tap
    return None


def _enlarged(one: Tensor, like: Tensor) -> Tensor:
    """A map [N, h, w] on the grid of another, bilinear."""
    size = [like.shape[1], like.shape[2]]
    return F.interpolate(one[:, None], size, mode="bilinear", align_corners=False)[:, 0]


def _brought_to(won: Tensor, other: Tensor) -> Tensor:
    """The other map [N, h, w], scaled to the mean of the first; unscaled if either is empty."""
    means = [values.mean((1, 2), keepdim=True) for values in (won, other)]
    known = (means[0] > 0) & (means[1] > 0)
    return other * torch.where(known, means[0] / means[1].clamp_min(_TINY), 1.0)


def _linearised(passed: DensePass, classes: Tensor) -> Tensor:
    """HiResCAM of each class at the last influential block, times the number of positions.

    [N, 1 + R, h, w]; the derivatives are treated as constants. Behind the last attention to a class
    token, the other tokens do not influence the score: then an earlier block is taken.
    """
    scores = [passed.logits.gather(1, column[:, None]).sum() for column in classes.T]
    for tap in reversed(passed.taps):
        gradients = [passed.gradients(score, [tap])[0] for score in scores]
        maps = [_product(tap, gradient) for gradient in gradients]
        if any(bool(values.any()) for values in maps):
            break
    return torch.stack(maps, 1) * maps[0][0].numel()


def _product(tap: FeatureTap, slope: Tensor) -> Tensor:
    activation = tap.channels_first(require(tap.captured)).float()
    return (tap.channels_first(slope.detach()).float() * activation).sum(1)
