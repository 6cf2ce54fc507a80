"""A picture as a game of its regions: who is there is sharp, who is not is blurred away."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from skimage.segmentation import slic
from torch import Tensor, nn

from attnviz.capture.run import chosen_classes, logits_of
from attnviz.errors import EvidenceError
from attnviz.evidence.games import Coalitions
from attnviz.evidence.sufficiency import gaussian_blurred
from attnviz.methods.base import Progress

Labels = npt.NDArray[np.int64]


def grid_regions(size: tuple[int, int], rows: int, columns: int) -> Labels:
    """int64 [H, W]: rectangles numbered row by row from 0, as equal as whole pixels allow.

    Raises EvidenceError where there are more rows or columns than pixels, or none.
    """
    height, width = size
    if not (1 <= rows <= height and 1 <= columns <= width):
        raise EvidenceError(
            f"{rows} x {columns} regions do not fit into {height} x {width} pixels. Ask for fewer."
        )
    down = np.arange(height) * rows // height
    across = np.arange(width) * columns // width
    return np.asarray(down[:, None] * columns + across, dtype=np.int64)


def superpixels(pixels: npt.NDArray[np.uint8], count: int, compactness: float = 10.0) -> Labels:
    """int64 [H, W]: about `count` connected regions of like colour, numbered from 0 without gaps.

    SLIC (Achanta et al., TPAMI 2012) in CIELAB, scikit-image's code. pixels: uint8 [H, W, 3].
    compactness: how much nearness counts beside colour; larger is squarer. A picture without any
    structure may come out as a single region.

    Raises EvidenceError for less than one region, or more than there are pixels.
    """
    if not 1 <= count <= pixels.shape[0] * pixels.shape[1]:
        raise EvidenceError(
            f"{count} regions cannot be cut from {pixels.shape[0]} x {pixels.shape[1]} pixels."
        )
    found = slic(pixels, n_segments=count, compactness=compactness, start_label=0)
    return np.asarray(np.unique(found, return_inverse=True)[1], np.int64).reshape(found.shape)


@dataclass(frozen=True, eq=False)
class RegionGame:
    """The logit of a class, while only some regions of the picture are sharp.

    module: in evaluation mode; it is called without gradients. inputs: [1, C, h, w], normalised.
    labels: int64 [h, w], a region's number at each pixel of the input, from 0 without gaps.
    target: index of the class. sigma: of the blur, in input pixels; 7 % of the side hides what
    stands in a region (`attnviz.evidence.sufficiency`). batch: coalitions at once. progress: told
    how many of a question's coalitions are answered; what it raises stops the work.

    The logit and not the probability, which saturates and would show redundancy everywhere. The
    blur is taken of the whole picture, so colour from a region reaches some pixels beyond it.

    Raises EvidenceError where labels and inputs do not fit; when asked, MethodError for a class
    that is not there.
    """

    module: nn.Module
    inputs: Tensor
    labels: Labels
    target: int
    sigma: float
    batch: int = 32
    progress: Progress | None = None

    def __post_init__(self) -> None:
        if self.inputs.ndim != 4 or len(self.inputs) != 1:
            raise EvidenceError(f"One picture at a time, not inputs {tuple(self.inputs.shape)}.")
        if self.labels.shape != tuple(self.inputs.shape[-2:]):
            raise EvidenceError(
                f"The regions are marked on {self.labels.shape} pixels, but the network's input "
                f"has {tuple(self.inputs.shape[-2:])}. Mark them on the input."
            )
        if not np.array_equal(np.unique(self.labels), np.arange(self.players)):
            raise EvidenceError("Regions must be numbered from 0 without gaps.")

    @property
    def players(self) -> int:
        """How many regions there are."""
        return int(self.labels.max()) + 1

    @torch.inference_mode()
    def __call__(self, coalitions: Coalitions) -> npt.NDArray[np.float64]:
        """The class's logit, float64 [m], for each coalition, bool [m, regions]."""
        blurred = gaussian_blurred(self.inputs, self.sigma)
        place = torch.from_numpy(self.labels).to(self.inputs.device)
        answers: list[Tensor] = []
        for start in range(0, len(coalitions), self.batch):
            present = torch.from_numpy(coalitions[start : start + self.batch])
            sharp = present.to(self.inputs.device)[:, place][:, None]
            logits = logits_of(self.module(torch.where(sharp, self.inputs, blurred)))
            classes = chosen_classes(logits, self.target)
            answers.append(logits.gather(1, classes[:, None])[:, 0].double().cpu())
            if self.progress is not None:
                self.progress(start + len(present), len(coalitions))
        return np.asarray(torch.cat(answers).numpy(), dtype=np.float64)
