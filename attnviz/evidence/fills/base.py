"""What stands where a part of the picture was taken away.

No fill is innocent: black is a picture no network has seen, grey shows the mask's shape, a blur
leaves colours, and a good guess may bring the object back. Ask with two of them at least.
"""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar

import cv2
import numpy as np
import torch
from torch import Tensor

from attnviz.evidence.faithfulness.sufficiency import gaussian_blur
from attnviz.evidence.fills.noisy_linear import impute
from attnviz.evidence.fills.noisy_linear_multigrid import impute_multigrid
from attnviz.evidence.subject import Subject
from attnviz.registry import Registry
from attnviz.types import BoolArray, FloatArray

# Takes bool [k, h, w], True where the picture is taken away, to normalised pictures [k, 3, h, w].
FillFunction = Callable[[Tensor], Tensor]


class Fill(ABC):
    """Fills the places that were taken away from a subject's picture."""

    name: ClassVar[str]
    title: ClassVar[str]

    @abstractmethod
    def of(self, subject: Subject) -> FillFunction:
        """The filling for one subject; what does not depend on the places is done here, once."""


class _Background(Fill):
    """A fill that is one whole picture, of which the places show a part."""

    @abstractmethod
    def ground(self, subject: Subject) -> Tensor:
        """The other picture, normalised, [1, 3, h, w] or [1, 3, 1, 1]."""

    def of(self, subject: Subject) -> FillFunction:
        """See `Fill`."""
        ground, inputs = self.ground(subject), subject.inputs

        def filling(removed: Tensor) -> Tensor:
            return torch.where(removed.to(inputs.device)[:, None], ground, inputs)

        return filling


FILLS: Registry[type[Fill]] = Registry("fill")


@FILLS.add
@dataclass(frozen=True)
class StrongBlur(_Background):
    """The picture behind a Gaussian of `sigma` of its shorter side: the app's own surround.

    The 3 px that are often taken leave every outline to be seen; 7 % of the side do not.
    """

    sigma: float = 0.07
    name: ClassVar[str] = "blur"
    title: ClassVar[str] = "Strong blur"

    def ground(self, subject: Subject) -> Tensor:
        """See `_Background`."""
        return gaussian_blur(subject.inputs, self.sigma * min(subject.size))


@FILLS.add
@dataclass(frozen=True)
class MeanGrey(_Background):
    """The mean colour of the network's training pictures: 0 after normalisation."""

    name: ClassVar[str] = "grey"
    title: ClassVar[str] = "Mean grey"

    def ground(self, subject: Subject) -> Tensor:
        """See `_Background`."""
        return torch.zeros_like(subject.inputs[:, :, :1, :1])


@FILLS.add
@dataclass(frozen=True)
class Black(_Background):
    """No light."""

    name: ClassVar[str] = "black"
    title: ClassVar[str] = "Black"

    def ground(self, subject: Subject) -> Tensor:
        """See `_Background`."""
        return subject.of(np.zeros((1, 1, 1, 3), np.uint8))


# OpenCV lets go of Python's lock, so that several pictures are filled at once; more threads than
# processors would only wait for that lock.
_WORKERS = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="fill")


@FILLS.add
@dataclass(frozen=True)
class Road(Fill):
    """A smooth guess from what is left, with a little noise (`fills.noisy_linear`).

    noise: standard deviation added to the guess, after normalisation; the paper's is 0.01. seed: of
    the noise. exact: solve the paper's linear system to the last digit, and not only as far as the
    noise lets it be seen; that takes up to fifty times as long.
    """

    noise: float = 0.01
    seed: int = 0
    exact: bool = False
    name: ClassVar[str] = "road"
    title: ClassVar[str] = "Guessed (ROAD)"

    def of(self, subject: Subject) -> FillFunction:
        """See `Fill`."""
        inputs = subject.inputs
        planes = inputs[0].float().cpu().numpy()
        picture = np.ascontiguousarray(planes.transpose(1, 2, 0))
        source = torch.Generator().manual_seed(self.seed)
        # One field of noise for all, so that a picture that is shown is the one that was asked.
        noise = (self.noise * torch.randn(planes.shape, generator=source)).numpy()

        def fill(removed: BoolArray, into: FloatArray) -> None:
            if self.exact:
                into[:] = impute(planes, removed)
            else:
                cv2.split(impute_multigrid(picture, removed), mv=list(into))
            np.add(into, noise, out=into, where=removed)

        def filling(removed: Tensor) -> Tensor:
            places = removed.cpu().numpy()
            filled = np.empty((len(places), *planes.shape), np.float32)
            for _ in _WORKERS.map(fill, places, filled):
                pass  # what a worker raises comes out here
            return torch.from_numpy(filled).to(inputs)

        return filling
