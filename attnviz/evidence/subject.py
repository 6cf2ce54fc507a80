"""What a question is about: one picture as a network takes it, and one class."""

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
from attnviz.pictures.geometry import checked_map
from attnviz.render.focus import is_flat
from attnviz.types import FloatArray, Pixels


@dataclass(frozen=True, eq=False)
class Subject:
    """One picture as a network takes it, and the class that is asked about.

    module: in evaluation mode; it is called without gradients. pixels: uint8 [h, w, 3] sRGB, the
    picture on the network's input. normalised: takes float [N, 3, h, w] in 0..1 to what the network
    wants, on its device and of its type. target: index of the class. batch: pictures sent at once.
    """

    module: nn.Module
    pixels: Pixels
    normalised: Callable[[Tensor], Tensor]
    target: int
    batch: int = 32

    def __post_init__(self) -> None:
        if self.pixels.ndim != 3 or self.pixels.shape[2] != 3 or 0 in self.pixels.shape:
            raise EvidenceError(f"A picture is [h, w, 3], not {self.pixels.shape}.")
        if self.batch < 1:
            raise EvidenceError(f"A batch holds one picture or more, not {self.batch}.")

    @property
    def size(self) -> tuple[int, int]:
        """Height and width of the network's input."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @cached_property
    def inputs(self) -> Tensor:
        """The picture [1, 3, h, w], normalised."""
        return self.of(self.pixels[None])

    def of(self, pixels: Pixels) -> Tensor:
        """Pictures uint8 [N, h, w, 3] as the network wants them, [N, 3, h, w]."""
        return self.normalised(pixels_to_tensor(pixels))

    def seen(self, inputs: Tensor) -> Pixels:
        """The way back from `of`: uint8 [N, h, w, 3] of normalised pictures [N, 3, h, w].

        What lies beyond black or white, as noise may, is cut off.
        """
        black, white = (self.of(np.full((1, 1, 1, 3), end, np.uint8)).float() for end in (0, 255))
        values = (inputs.float() - black) / (white - black) * 255
        return values.round().clamp(0, 255).permute(0, 2, 3, 1).to(torch.uint8).cpu().numpy()

    def order(self, values: npt.ArrayLike) -> FloatArray:
        """A map, float [rows, columns] over the whole input, at the input's size: float32 [h, w].

        Raises EvidenceError for a flat map, which puts no place before another.
        """
        grid = checked_map(values)
        if is_flat(grid):
            raise EvidenceError(
                "This map is flat: no place in it comes before another, so nothing can be tested "
                "with it. Choose another layer or method."
            )
        height, width = self.size
        if grid.shape == (height, width):
            return grid
        enlarged = cv2.resize(grid, (width, height), interpolation=cv2.INTER_LINEAR)
        return np.asarray(enlarged, dtype=np.float32)
