"""Fills, which replace a removed region of the picture.

No fill is neutral: black is a picture no network has seen, grey shows the mask's shape, a blur
leaves colours, and a good imputation may restore the object. Use two of them at least.
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

# Maps masks bool [k, h, w], True where the picture is removed, to inputs [k, 3, h, w].
FillFunction = Callable[[Tensor], Tensor]


class Fill(ABC):
    """Replaces the removed positions of a subject's picture."""

    name: ClassVar[str]
    title: ClassVar[str]

    @abstractmethod
    def for_subject(self, subject: Subject) -> FillFunction:
        """Prepare the fill for one subject.

        Parameters
        ----------
        subject : Subject

        Returns
        -------
        callable
            Takes masks bool [k, h, w], True where the picture is removed, and returns preprocessed
            pictures [k, 3, h, w]. What does not depend on the masks is computed only once.
        """


class _Background(Fill):
    """A fill by a second picture, which shows through where positions are removed."""

    @abstractmethod
    def background(self, subject: Subject) -> Tensor:
        """The second picture, preprocessed, [1, 3, h, w] or [1, 3, 1, 1]."""

    def for_subject(self, subject: Subject) -> FillFunction:
        """See `Fill`."""
        background, inputs = self.background(subject), subject.inputs

        def filling(removed: Tensor) -> Tensor:
            return torch.where(removed.to(inputs.device)[:, None], background, inputs)

        return filling


FILLS: Registry[type[Fill]] = Registry("fill")


@FILLS.add
@dataclass(frozen=True)
class StrongBlur(_Background):
    """The picture blurred by a Gaussian of `sigma` times its shorter side, as in the app.

    The often used 3 px leave every outline visible; 7 % of the side do not.
    """

    sigma: float = 0.07
    name: ClassVar[str] = "blur"
    title: ClassVar[str] = "Strong blur"

    def background(self, subject: Subject) -> Tensor:
        """See `_Background`."""
        return gaussian_blur(subject.inputs, self.sigma * min(subject.size))


@FILLS.add
@dataclass(frozen=True)
class MeanGrey(_Background):
    """The mean colour of the network's training pictures: 0 after normalisation."""

    name: ClassVar[str] = "grey"
    title: ClassVar[str] = "Mean grey"

    def background(self, subject: Subject) -> Tensor:
        """See `_Background`."""
        return torch.zeros_like(subject.inputs[:, :, :1, :1])


@FILLS.add
@dataclass(frozen=True)
class Black(_Background):
    """Black pixels."""

    name: ClassVar[str] = "black"
    title: ClassVar[str] = "Black"

    def background(self, subject: Subject) -> Tensor:
        """See `_Background`."""
        return subject.prepare(np.zeros((1, 1, 1, 3), np.uint8))


# OpenCV releases the GIL, so several pictures are filled in parallel; more threads than processors
# would only wait for it.
_WORKERS = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="fill")


@FILLS.add
@dataclass(frozen=True)
class Road(Fill):
    """Smooth imputation from the remaining pixels, with a little noise (ROAD).

    Attributes
    ----------
    noise : float
        Standard deviation of the noise added after normalisation; the paper's is 0.01.
    seed : int
        Seed of the noise.
    exact : bool
        Solve the paper's linear system exactly, instead of as far as the noise lets it be seen;
        up to fifty times slower.

    References
    ----------
    Rong et al., "A consistent and efficient evaluation strategy for attribution methods" (ROAD),
    ICML 2022, arXiv 2202.00449.
    """

    noise: float = 0.01
    seed: int = 0
    exact: bool = False
    name: ClassVar[str] = "road"
    title: ClassVar[str] = "Imputed (ROAD)"

    def for_subject(self, subject: Subject) -> FillFunction:
        """See `Fill`."""
        inputs = subject.inputs
        planes = inputs[0].float().cpu().numpy()
        picture = np.ascontiguousarray(planes.transpose(1, 2, 0))
        generator = torch.Generator().manual_seed(self.seed)
        # The same noise for all variants, so that a picture that is shown is the one that was
        # scored.
        noise = (self.noise * torch.randn(planes.shape, generator=generator)).numpy()

        def fill(removed: BoolArray, into: FloatArray) -> None:
            if self.exact:
                into[:] = impute(planes, removed)
            else:
                cv2.split(impute_multigrid(picture, removed), mv=list(into))
            np.add(into, noise, out=into, where=removed)

        def filling(removed: Tensor) -> Tensor:
            masks = removed.cpu().numpy()
            filled = np.empty((len(masks), *planes.shape), np.float32)
            for _ in _WORKERS.map(fill, masks, filled):
                pass  # iterating raises what a worker raised
            return torch.from_numpy(filled).to(inputs)

        return filling
