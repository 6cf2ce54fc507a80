"""The subject of an experiment: a network, one picture as its input, and one class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from attnviz.errors import EvidenceError
from attnviz.models.preprocess import pixels_to_tensor
from attnviz.models.scores import PLAIN_LOGITS, Scores
from attnviz.pictures.geometry import checked_map
from attnviz.render.focus import is_flat
from attnviz.types import FloatArray, Pixels


@dataclass(frozen=True, eq=False)
class Subject:
    """A network, one picture as its input, and the class whose score is measured.

    Attributes
    ----------
    module : nn.Module
        In evaluation mode; called without gradients.
    pixels : uint8 [h, w, 3]
        The picture at the network's input size, sRGB.
    normalise : callable
        Maps float [N, 3, h, w] in 0..1 to what the network takes, on its device and of its dtype.
    target : int
        Index of the class.
    batch_size : int
        Number of pictures in one pass.
    scores : Scores
        How the network's output is read.

    Raises
    ------
    EvidenceError
        If `pixels` is no picture, or `batch_size` is below 1.
    """

    module: nn.Module
    pixels: Pixels
    normalise: Callable[[Tensor], Tensor]
    target: int
    batch_size: int = 32
    scores: Scores = PLAIN_LOGITS

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.shape[2] != 3 or 0 in self.pixels.shape:
            raise EvidenceError(f"A picture is [h, w, 3], not {self.pixels.shape}.")
        if self.batch_size < 1:
            raise EvidenceError(f"A batch needs at least one picture, not {self.batch_size}.")

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the network's input."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @cached_property
    def inputs(self) -> Tensor:
        """The preprocessed picture, [1, 3, h, w]."""
        return self.prepare(self.pixels[None])

    def prepare(self, pixels: Pixels) -> Tensor:
        """Preprocess pictures, uint8 [N, h, w, 3], into inputs [N, 3, h, w]."""
        return self.normalise(pixels_to_tensor(pixels))

    def to_pixels(self, inputs: Tensor) -> Pixels:
        """Undo `prepare`: uint8 [N, h, w, 3] of preprocessed pictures [N, C, h, w].

        Values beyond black or white, as noise may give, are clipped. The inputs of a network of
        one channel give grey pictures; opacity is ignored.
        """
        black, white = (
            self.prepare(np.full((1, 1, 1, 3), end, np.uint8)).float() for end in (0, 255)
        )
        colours = slice(min(inputs.shape[1], 3))
        black, white = black[:, colours], white[:, colours]
        values = (inputs[:, colours].float() - black) / (white - black) * 255
        values = values.expand(-1, 3, -1, -1)
        return values.round().clamp(0, 255).permute(0, 2, 3, 1).to(torch.uint8).cpu().numpy()

    def resized_map(self, values: npt.ArrayLike) -> FloatArray:
        """Resize a map to the input size.

        Parameters
        ----------
        values : float [rows, columns]
            A map over the whole input, on any grid.

        Returns
        -------
        float32 [h, w]

        Raises
        ------
        EvidenceError
            If the map is flat: it ranks no position above another.
        """
        grid = checked_map(values)
        if is_flat(grid):
            raise EvidenceError(
                "This map is flat: it ranks no position above another, so it cannot be tested. "
                "Choose another layer or method."
            )
        height, width = self.size
        if grid.shape == (height, width):
            return grid
        enlarged = cv2.resize(grid, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(enlarged, dtype=np.float32)
