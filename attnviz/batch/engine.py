"""The engine under all work on many pictures: decoded ahead, in batches, results in order."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from attnviz.analysis.explain_together import Asked, explain_alone, explain_together
from attnviz.analysis.explanation import Explanation
from attnviz.batch.decoding import Decode, DecodedPicture, PictureOrders, decoded
from attnviz.batch.window import BatchWindow
from attnviz.errors import AttnvizError
from attnviz.models.vision_model import VisionModel

_ON_CPU, _ON_ACCELERATOR = 16, 64
_USUAL_PIXELS = 224 * 224  # larger inputs come in smaller batches
_WINDOW = 4  # batches
_WINDOW_BYTES = 512 * 2**20


@dataclass(frozen=True, eq=False)
class ExplainedPicture:
    """The result for one of many pictures.

    Attributes
    ----------
    index
        Its place among them, from 0.
    name
        Its path as it was given, or its name; "picture 17" where it has none.
    explanation
        What `attnviz.explain` returns for it; None where that raises.
    error
        What it raises; None where there is an explanation.
    """

    index: int
    name: str
    explanation: Explanation | None = None
    error: AttnvizError | None = None

    @classmethod
    def of(cls, one: DecodedPicture, found: Explanation | AttnvizError) -> ExplainedPicture:
        """Return the result of a picture, which is an explanation or an error."""
        if isinstance(found, AttnvizError):
            return cls(one.index, one.name, error=found)
        return cls(one.index, one.name, found)


@dataclass(frozen=True, eq=False)
class BatchEngine:
    """Explains pictures by one network.

    Attributes
    ----------
    model
        From `load_model` or `wrap`; it has run before, so its preprocessing is settled.
    asked
        What is asked about every picture.
    batch_size
        Largest number of pictures in a pass; chosen by the device and the size of inputs if None.
    workers
        Number of processes that open pictures; 0 opens them in this one.
    part
        Number of consecutive pictures that share no pass with others, so that a run which begins
        with one of them computes the same as a run over all; None for all.
    decode
        Opens the pictures ahead of the network, with so many workers.
    """

    model: VisionModel
    asked: Asked
    batch_size: int | None = None
    workers: int = 0
    part: int | None = None
    decode: Decode = decoded

    def __call__(self, pictures: PictureOrders) -> Iterator[ExplainedPicture]:
        """Yield the result of each picture, in order; pictures are read as results are taken."""
        window = BatchWindow(
            self._key,
            self._size,
            lambda one: one.nbytes,
            self._explained,
            _WINDOW * self._size(None),
            _WINDOW_BYTES,
        )
        workers = self.workers if pictures.count is None else min(self.workers, pictures.count)
        yield from window(self.decode(pictures, self.model.preprocess, workers))

    def alone(self, one: DecodedPicture) -> ExplainedPicture:
        """Return the result of one picture in a pass of its own."""
        if one.picture is None:
            assert one.error is not None
            return ExplainedPicture.of(one, one.error)
        return ExplainedPicture.of(one, explain_alone(self.model, one.picture, self.asked))

    def _explained(self, batch: list[DecodedPicture]) -> list[ExplainedPicture]:
        if batch[0].error is not None:
            return [self.alone(one) for one in batch]
        found = explain_together(self.model, [one.prepared() for one in batch], self.asked)
        return [ExplainedPicture.of(one, result) for one, result in zip(batch, found, strict=True)]

    def _key(self, one: DecodedPicture) -> Hashable | None:
        """What pictures share that go through the network together: the shape of their inputs."""
        part = one.index // self.part if self.part else 0
        return None if one.inputs is None else (part, *one.inputs.shape)

    def _size(self, key: Hashable) -> int:
        if self.batch_size is not None:
            return max(self.batch_size, 1)
        most = _ON_CPU if self.model.device.type == "cpu" else _ON_ACCELERATOR
        height, width = key[-2:] if isinstance(key, tuple) else (1, 1)
        return max(1, min(most, most * _USUAL_PIXELS // int(height * width)))
