"""From what is given for a picture to the network's input, here or in worker processes."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing.context import BaseContext
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, IterableDataset

from attnviz.analysis.explain_together import PreparedPicture
from attnviz.batch.picture_file import PictureFile
from attnviz.errors import AttnvizError, PictureError
from attnviz.models.preprocess import Preprocess
from attnviz.pictures import Picture, open_picture
from attnviz.pictures.geometry import PictureGeometry
from attnviz.pictures.names import base_name
from attnviz.private_memory import hide_hosted_memory
from attnviz.types import FloatArray, Pixels

AHEAD = 16  # pictures that all workers together decode while the network is busy


@dataclass(frozen=True, eq=False)
class DecodedPicture:
    """A picture that was opened, or why it was not; in arrays, which processes send as they are.

    Attributes
    ----------
    index
        Its place among all pictures, from 0.
    name
        Its path or name.
    picture, inputs, geometry
        As of `PreparedPicture`, with inputs float32 [1, C, h, w]; None where it was not opened.
    error
        Why it was not.
    """

    index: int
    name: str
    picture: Picture | None = None
    inputs: FloatArray | None = None
    geometry: PictureGeometry | None = None
    error: AttnvizError | None = None

    @property
    def nbytes(self) -> int:
        """Bytes of its pixels and its inputs."""
        if self.picture is None or self.inputs is None:
            return 0
        return self.picture.pixels.nbytes + self.inputs.nbytes

    def prepared(self) -> PreparedPicture:
        """Return the picture with its input."""
        assert self.picture is not None
        assert self.inputs is not None
        assert self.geometry is not None
        return PreparedPicture(self.picture, torch.from_numpy(self.inputs), self.geometry)


@dataclass(frozen=True, eq=False)
class PictureOrders:
    """Pictures in their order, none of which is opened yet.

    Attributes
    ----------
    orders
        (index, what is given) of each picture, read once and lazily.
    data
        A data set whose items are given by index; None where the pictures are given themselves.
    count
        How many there are; None if that is not known.
    """

    orders: Iterator[tuple[int, Any]]
    data: Dataset[Any] | None = field(default=None)
    count: int | None = None

    @classmethod
    def of(cls, pictures: Iterable[Any] | Dataset[Any]) -> PictureOrders:
        """Return the set of an iterable of pictures, or of a data set."""
        count = None
        with suppress(TypeError, NotImplementedError):
            count = len(pictures)  # type: ignore[arg-type]
        if isinstance(pictures, Dataset) and not isinstance(pictures, IterableDataset):
            if count is None:
                raise PictureError("The data set does not say how long it is. Give it a `__len__`.")
            return cls(iter(enumerate(range(count))), pictures, count)
        return cls(enumerate(pictures), None, count)


@dataclass(frozen=True, eq=False)
class Decoder(Dataset[DecodedPicture]):
    """Opens pictures and makes the network's inputs of them.

    Attributes
    ----------
    preprocess
        Of the network.
    data
        As of `PictureOrders`.
    """

    preprocess: Preprocess
    data: Dataset[Any] | None = None

    def __getitem__(self, order: tuple[int, Any]) -> DecodedPicture:
        """Return the picture of an order (index, what is given)."""
        index, given = order
        name = _name(given, index) if self.data is None else f"picture {index}"
        try:
            picture = _opened(given if self.data is None else self.data[given], name)
            inputs, geometry = self.preprocess.tensor(picture)
        except AttnvizError as error:
            return DecodedPicture(index, name, error=error)
        except Exception as error:
            reason = f"{type(error).__name__}: {error}"
            text = f"{base_name(name)} cannot be read ({reason}). Mend its item in the data set."
            return DecodedPicture(index, name, error=PictureError(text))
        return DecodedPicture(index, name, picture, inputs.numpy(), geometry)


def spare_processors() -> int:
    """Return how many processes may open pictures: all processors but one, at most 8."""
    return max(0, min(8, (os.cpu_count() or 1) - 1))


def decoded(
    pictures: PictureOrders, preprocess: Preprocess, workers: int
) -> Iterator[DecodedPicture]:
    """Open pictures in order, in worker processes if there are any.

    Parameters
    ----------
    pictures
        Read as they are needed: 16 ahead for all worker processes, or two for each of many.
    preprocess
        Of the network.
    workers
        Number of processes; 0 opens each picture here, when it is needed.

    Yields
    ------
    DecodedPicture
        In the order of the pictures, also where one could not be opened.
    """
    loader = DataLoader(
        Decoder(preprocess, pictures.data),
        batch_size=None,
        sampler=pictures.orders,
        num_workers=workers,
        collate_fn=_as_it_is,
        prefetch_factor=max(2, AHEAD // workers) if workers else None,
        multiprocessing_context=process_context() if workers else None,
        worker_init_fn=_begin,
    )
    yield from loader


def process_context() -> BaseContext:
    """Return how processes beside this one are started.

    A fork would copy the threads' locks of the app, or of whoever calls, as they stand.
    """
    methods = multiprocessing.get_all_start_methods()
    return multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")


def _begin(_: int) -> None:
    cv2.setNumThreads(1)  # as torch does in such a process; the others are busy
    hide_hosted_memory()


Decode = Callable[[PictureOrders, Preprocess, int], Iterator[DecodedPicture]]
"""Opens pictures as `decoded` does."""


def _as_it_is(picture: Any) -> Any:
    return picture


def _name(given: Any, index: int) -> str:
    if isinstance(given, (str, os.PathLike)):
        return os.fsdecode(given)
    return getattr(given, "name", None) or getattr(given, "filename", None) or f"picture {index}"


def _opened(given: Any, name: str) -> Picture:
    """The picture of an item; of a tuple, such as (image, label), of its first part."""
    if isinstance(given, (tuple, list)) and given:
        given = given[0]
    if isinstance(given, Picture):
        return given
    if isinstance(given, PictureFile):
        return given.open()
    if isinstance(given, Tensor):
        given = _pixels(given, name)
    named = None if isinstance(given, (str, os.PathLike)) else name
    return open_picture(given, name=named)


def _pixels(values: Tensor, name: str) -> Pixels:
    """Pixels of a tensor uint8 or float in 0..1, [3, H, W] or [1, H, W]."""
    plain = values.ndim == 3 and values.shape[0] in (1, 3)
    if plain and values.is_floating_point():
        low, high = (float(one) for one in values.aminmax())
        plain = low >= 0 and high <= 1
        values = (values * 255).round().to(torch.uint8)
    if not plain or values.dtype != torch.uint8:
        raise PictureError(
            f"{name} is a tensor {values.dtype} {list(values.shape)}, which is no picture. Give "
            "uint8, or values in 0..1 that are not normalised, as [3, H, W] or [1, H, W]."
        )
    return np.ascontiguousarray(values.expand(3, -1, -1).permute(1, 2, 0).cpu().numpy())
