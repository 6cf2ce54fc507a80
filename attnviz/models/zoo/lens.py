"""`lens`: a frozen classifier with a decoder that says, for any class, what must stay sharp.

After Dabkowski & Gal, *Real Time Image Saliency for Black Box Classifiers* (NeurIPS 2017, arXiv
1705.07857): a decoder over a classifier's features learns which places a class needs. It is trained
with blur as a lens makes it, and reads the masks of any class in one pass, without gradients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from attnviz.models.zoo.residual_attention import SoftMaskGate

# Channels of the features at strides 4, 8 and 16, and of the last map, at stride 32.
CHANNELS = (24, 40, 112, 1280)
_BLOCKS = (1, 2, 4)  # the blocks of EfficientNet-Lite0 that end at strides 4, 8 and 16
_CODE = 96
_STANDARD_FLOOR = 1e-3
_ANSWERS = 10  # classes, in what is asked for as a whole

AskFor = Callable[[Tensor], Tensor]
"""Logits [N, classes] -> what is asked for: classes, int64 [K], or weights, float [K, classes]."""


@dataclass(frozen=True)
class Step:
    """One step of the decoder: the features of a stride, and what is made of them.

    Attributes
    ----------
    stride, channels
        Of the features.
    heads
        Rank of what the asked class changes in how they are read.
    width
        Channels of the result.
    """

    stride: int
    channels: int
    heads: int
    width: int


STEPS = (Step(32, _CODE, 16, 48), Step(16, 112, 16, 48), Step(8, 40, 16, 32), Step(4, 24, 8, 16))


class DecoderStep(nn.Module):
    """Reads the features of a stride as the asked class demands, and refines the scores so far.

    Parameters
    ----------
    step
        Its widths.
    inputs
        Channels that come from the step before.
    """

    def __init__(self, step: Step, inputs: int) -> None:
        super().__init__()
        self.heads = step.heads
        self.see = nn.Linear(step.channels, step.width)
        self.ask = nn.Linear(_CODE, step.heads * step.channels)
        self.hear = nn.Linear(step.heads, step.width, bias=False)
        self.carry = nn.Conv2d(inputs, step.width, 1, bias=False)
        self.mix = nn.Sequential(nn.BatchNorm2d(step.width), nn.ReLU(inplace=True))
        self.body = nn.Sequential(
            nn.Conv2d(step.width, step.width, 3, padding=1, bias=False),
            nn.BatchNorm2d(step.width),
            nn.ReLU(inplace=True),
        )
        self.score = nn.Conv2d(step.width, 2, 1)
        self.gate = SoftMaskGate()
        nn.init.zeros_(self.score.weight)
        nn.init.zeros_(self.score.bias)  # type: ignore[arg-type]

    def forward(
        self, features: Tensor, code: Tensor, below: Tensor, scores: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Return features [K, width, h, w] and refined scores [K, 2, h, w].

        Parameters
        ----------
        features
            [N, C, h, w] of this stride, with N = 1 or K.
        code
            [K, 96], what is asked for.
        below
            [K, inputs, ...] of the step before, coarser or as large.
        scores
            [K, 2, ...] so far, likewise.
        """
        size = features.shape[-2:]
        asked = self.ask(code).unflatten(1, (self.heads, -1)) / self.ask.in_features**0.5
        weights = self.see.weight + self.hear.weight @ asked
        seen = _products(weights, features) + self.see.bias.view(-1, 1, 1)
        # What is carried is enlarged last: the convolution costs a quarter before.
        mixed = self.body(self.mix(seen + _enlarged(self.carry(below), size)))
        return mixed, _enlarged(scores, size) + self.score(mixed)


class LensNetwork(nn.Module):
    """Logits [N, classes] of inputs [N, 3, H, W], and masks for the whole answer to each.

    The logits are the classifier's own. On the way each step of the decoder sends its mask through
    a gate, where capture finds it: `stride32` to `stride4` hold what suffices for the class, in
    growing detail, and `necessary` all that speaks for it. Nothing of it reaches the logits.

    Parameters
    ----------
    trunk
        EfficientNet-Lite0 as timm builds it.
    """

    def __init__(self, trunk: nn.Module) -> None:
        super().__init__()
        self.trunk: Any = trunk.requires_grad_(False)
        self.code = nn.Linear(CHANNELS[-1], _CODE, bias=False)
        self.top = nn.Conv2d(CHANNELS[-1], _CODE, 1)
        # How much of the class's own map goes into both scores from the start.
        self.own = nn.Parameter(torch.tensor([1.5, 1.5]))
        widths = (1, *(step.width for step in STEPS[:-1]))
        for step, inputs in zip(STEPS, widths, strict=True):
            self.add_module(f"stride{step.stride}", DecoderStep(step, inputs))
        self.necessary = nn.ModuleDict({"gate": SoftMaskGate()})
        self._ask: AskFor = shares_of_the_answer

    def forward(self, x: Tensor) -> Tensor:
        """See the class."""
        features = self.features(x)
        logits: Tensor = self.trunk.forward_head(features[-1])
        scores = self.scores(features, self._ask(logits))
        for step, values, trunk in zip(STEPS, scores, reversed(features), strict=True):
            self.get_submodule(f"stride{step.stride}.gate")(mask_of(values[:, :1]), trunk, None)
        self.necessary["gate"](mask_of(scores[-1][:, 1:]), features[0], None)
        return logits

    def features(self, x: Tensor) -> tuple[Tensor, ...]:
        """Return the trunk's features at strides 4, 8, 16 and 32."""
        trunk = self.trunk
        x = trunk.bn1(trunk.conv_stem(x))
        kept = []
        for index, block in enumerate(trunk.blocks):
            x = block(x)
            if index in _BLOCKS:
                kept.append(x)
        return *kept, trunk.bn2(trunk.conv_head(x))

    def scores(self, features: Sequence[Tensor], asked: Tensor) -> tuple[Tensor, ...]:
        """Return the scores of every step, coarse to fine, of which `mask_of` makes masks.

        Parameters
        ----------
        features
            Of `features`, for N inputs.
        asked
            One question for each input, or K for a single one: classes, int64 [K], or the weight
            of each class in the question, float [K, classes].

        Returns
        -------
        tuple of Tensor
            [K, 2, h, w] at strides 32, 16, 8 and 4: what suffices, and all that speaks for it.
        """
        classifier = self.trunk.classifier.weight
        weights = asked @ classifier if asked.is_floating_point() else classifier[asked]
        code = self.code(weights)
        own = _standardised(_products(weights[:, None], features[-1])).to(self.own.dtype)
        below, scores = own, own * self.own.view(1, 2, 1, 1)
        found = []
        for step, seen in zip(STEPS, (self.top(features[-1]), *features[-2::-1]), strict=True):
            below, scores = self.get_submodule(f"stride{step.stride}")(seen, code, below, scores)
            found.append(scores)
        # The finest scores follow single cells, but what they read is as wide as several.
        suffices, speaks = F.avg_pool2d(found[-1], 3, 1, 1, count_include_pad=False).chunk(2, 1)
        found[-1] = torch.cat([suffices, _smoothed(speaks)], 1)
        return tuple(found)

    @contextmanager
    def asking(self, choose: AskFor) -> Iterator[None]:
        """Ask for single classes instead of the whole answer, in the passes inside the block.

        Parameters
        ----------
        choose
            One question for each input, or K for a single one, whose masks are then [K, 1, h, w].
        """
        self._ask = choose
        try:
            yield
        finally:
            self._ask = shares_of_the_answer


@torch.no_grad()
def begin_with_classifier(lens: LensNetwork) -> None:
    """Let the decoder begin with the directions that tell the classes apart.

    Parameters
    ----------
    lens
        With the trunk's trained weights; its first layers are set to the strongest singular vectors
        of the classifier.
    """
    weights = lens.trunk.classifier.weight.float()
    _, strength, directions = torch.linalg.svd(weights - weights.mean(0), full_matrices=False)
    scale = strength[:_CODE].mean()
    lens.code.weight.copy_(directions[:_CODE] * len(weights) ** 0.5 / scale)
    lens.top.weight.copy_(directions[:_CODE, :, None, None])
    nn.init.zeros_(lens.top.bias)  # type: ignore[arg-type]


def mask_of(scores: Tensor) -> Tensor:
    """Masks in 0..1 of scores.

    The fourth power of the sigmoid, so that what is in between counts little: of a mosaic's mask
    nine tenths are then in the right cell, and of the sigmoid itself six. The order of the places
    is the same.
    """
    return torch.sigmoid(scores).square().square()


def shares_of_the_answer(logits: Tensor) -> Tensor:
    """Weights of the first ten classes of each answer, by the roots of their probabilities.

    Parameters
    ----------
    logits
        [N, classes].

    Returns
    -------
    Tensor
        Float [N, classes]; they sum to 1. Where the network is sure, one class has most of it.
    """
    first, classes = logits.softmax(1).topk(min(_ANSWERS, logits.shape[1]))
    shares = first.sqrt() / first.sqrt().sum(1, keepdim=True)
    return torch.zeros_like(logits).scatter(1, classes, shares.to(logits.dtype))


def _products(weights: Tensor, features: Tensor) -> Tensor:
    """Products [K, n, h, w] of weights [K, n, C] and features [N, C, h, w], with N = 1 or K."""
    products = torch.matmul(weights, features.flatten(2))
    return products.view(*products.shape[:2], *features.shape[-2:])


def _standardised(values: Tensor) -> Tensor:
    """Maps [K, 1, h, w] with mean 0 and deviation 1 over their places."""
    deviation, mean = torch.std_mean(values.float(), (2, 3), keepdim=True, correction=0)
    return (values - mean) / (deviation + _STANDARD_FLOOR)


def _smoothed(values: Tensor) -> Tensor:
    """Maps without detail of less than some eight cells.

    Under a thin lattice of blur what it leaves still names the class: to take that away, whole
    areas must be blurred.
    """
    coarse = F.avg_pool2d(values, 8, 4, 2, count_include_pad=False)
    return _enlarged(coarse, values.shape[-2:])


def _enlarged(values: Tensor, size: torch.Size) -> Tensor:
    if values.shape[-2:] == size:
        return values
    return F.interpolate(values, size=tuple(size), mode="bilinear", align_corners=False)
