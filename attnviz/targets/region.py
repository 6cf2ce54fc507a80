"""A region of any shape: which class is it, and why?"""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Self

import cv2
import numpy as np
import numpy.typing as npt
import torch

from attnviz.errors import TargetError
from attnviz.methods.inference import Inference
from attnviz.models.vision_model import VisionModel
from attnviz.pictures.geometry import PictureGeometry
from attnviz.targets.base import TARGETS, Part, TextContext
from attnviz.targets.place import in_words
from attnviz.targets.place_score import SeenPlace
from attnviz.targets.place_target import PlaceTarget, as_label
from attnviz.types import BoolArray, FloatArray

_SIDE = 64  # cells of the longer side in a text
_LARGEST = 100_000_000  # positions of a mask


@TARGETS.add
@dataclass(frozen=True, init=False, repr=False)
class Region(PlaceTarget):
    """The positions of a mask, and the class that a segmenter or a detector sees there.

    Parameters
    ----------
    mask
        bool [H, W] of the picture's size, or smaller with its shape.
    label
        Class, by index or label; None for that of what is there.

    Notes
    -----
    Of a segmenter, S is the mean of the class's log-odds over the region (after Vinogradova et al.,
    Seg-Grad-CAM, AAAI 2020, arXiv 2002.11434, who take the sum of logits). Of a detector with
    masks, S is that of `Box` with the overlap of masks; of one without, the box around the region
    counts. As text, the mask has at most 64 cells on a side.

    Examples
    --------
    >>> Region(np.eye(2), "dog").text()
    '2x2,eNqbAAAAkQCR,dog'
    """

    rows: int
    columns: int
    bits: bytes
    label: int | str | None

    name: ClassVar[str] = "region"
    title: ClassVar[str] = "a region of the picture"
    parts: ClassVar[Mapping[str, Part]] = {"mask": Part.MASK, "label": Part.FOUND_CLASS}

    def __init__(self, mask: npt.ArrayLike, label: int | str | None = None) -> None:
        values = np.asarray(mask)
        if values.ndim != 2 or not values.size or values.size > _LARGEST:
            shape = " x ".join(map(str, values.shape)) or "a single number"
            raise TargetError(
                f"A region is a mask bool [H, W] of the picture's size, not {shape}. Give True "
                "inside and False outside."
            )
        if values.dtype.kind not in "biuf" or np.isnan(values).any():
            raise TargetError(
                "A region is a mask of True and False, or of numbers that are 0 outside, and this "
                f"one holds {'NaN' if values.dtype.kind == 'f' else str(values.dtype)}."
            )
        inside = values.astype(bool)
        if not inside.any():
            raise TargetError(
                "The region has no area: its mask is False everywhere. Mark at least one position."
            )
        object.__setattr__(self, "rows", inside.shape[0])
        object.__setattr__(self, "columns", inside.shape[1])
        object.__setattr__(self, "bits", np.packbits(inside).tobytes())
        object.__setattr__(self, "label", label)

    def __repr__(self) -> str:
        """Say how large it is, in a line."""
        share = 100 * float(self.mask.mean())
        named = "" if self.label is None else f" as {self.label!r}"
        return f"<Region{named}: {share:.0f}% of {self.rows} x {self.columns}>"

    @property
    def mask(self) -> BoolArray:
        """bool [rows, columns]."""
        count = self.rows * self.columns
        bits = np.unpackbits(np.frombuffer(self.bits, np.uint8), count=count)
        return bits.reshape(self.rows, self.columns).astype(bool)

    @classmethod
    def parse(cls, text: str, context: TextContext) -> Self:
        """See `Target`."""
        size, _, rest = text.partition(",")
        packed, *label = rest.split(",", 1)
        try:
            rows, columns = (int(side) for side in size.split("x"))
            if not (0 < rows <= _SIDE and 0 < columns <= _SIDE):
                raise ValueError(size)
            unpacker = zlib.decompressobj()
            bits = unpacker.decompress(base64.urlsafe_b64decode(packed), _SIDE * _SIDE)
            found = np.unpackbits(np.frombuffer(bits, np.uint8))[: rows * columns]
            mask = found.reshape(rows, columns)
        except (ValueError, binascii.Error, zlib.error) as error:
            raise TargetError(
                f"The region {text!r:.60} cannot be read. Copy it as a whole, as a link or a saved "
                "file names it."
            ) from error
        return cls(mask, as_label(label, context))

    def text(self) -> str:
        """See `Target`."""
        scale = min(1.0, _SIDE / max(self.rows, self.columns))
        rows, columns = max(1, round(self.rows * scale)), max(1, round(self.columns * scale))
        inside = _resized(self.mask, (rows, columns))
        # A thin region has no cell of its own: then the fullest ones stand for it.
        packed = np.packbits(inside >= min(0.5, float(inside.max())))
        code = base64.urlsafe_b64encode(zlib.compress(packed.tobytes(), 9)).decode()
        return f"{rows}x{columns},{code}" + ("" if self.label is None else f",{self.label}")

    def words(self, model: VisionModel) -> str:
        """See `Target`."""
        rows, columns = np.nonzero(self.mask)
        middle = (columns.mean() + 0.5) / self.columns, (rows.mean() + 0.5) / self.rows
        return f"{self.asked_class(model)} in the region {in_words(*middle)}"

    def resolved(self, model: VisionModel) -> Region:
        """See `Target`."""
        index = self.index(model)
        return self if index is None else Region(self.mask, model.own_label(index))

    def seen(self, inference: Inference) -> SeenPlace:
        """See `PlaceTarget`."""
        inside = torch.from_numpy(self._seen(inference.geometry))
        rows, columns = torch.nonzero(inside > 0, as_tuple=True)
        if not len(rows):
            raise TargetError(
                "The network does not see the region: its input leaves out the edges of the "
                "picture. Choose a region nearer to the middle."
            )
        edges = (
            float(columns.min()), float(rows.min()), float(columns.max()) + 1, float(rows.max()) + 1
        )  # fmt: skip
        return SeenPlace(edges, inside, "the region", box=False)

    def _seen(self, geometry: PictureGeometry) -> FloatArray:
        """float32 [h, w]: the share of each pixel of the input that is inside."""
        height, width = geometry.picture_size
        # Where one of both is a smaller copy, its sides are rounded by half a position.
        rounded = max(height + width, self.rows + self.columns) / 2
        if abs(self.rows * width - self.columns * height) > rounded:
            raise TargetError(
                f"The mask of the region has {self.rows} x {self.columns} positions, and the "
                f"picture {height} x {width} pixels. Give a mask of the picture's size."
            )
        small = geometry.resized((self.rows, self.columns))
        top, left, bottom, right = (round(edge) for edge in small.box)
        inside = self.mask[top : max(bottom, top + 1), left : max(right, left + 1)]
        return _resized(inside, geometry.input_size)


def _resized(mask: BoolArray, size: tuple[int, int]) -> FloatArray:
    """The share of each cell of another grid that is inside a mask, float32."""
    shrinks = size[0] <= mask.shape[0] and size[1] <= mask.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_NEAREST
    resized = cv2.resize(mask.astype(np.float32), size[::-1], interpolation=how)
    return np.asarray(resized, np.float32)
