"""What every pass over a picture shares: its place, a second try, errors that name the network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch
from torch import Tensor

from attnviz.errors import AttnvizError, ModelError, OutOfMemoryError
from attnviz.models.device import free_memory, is_out_of_memory, move_inputs
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.pictures.geometry import PictureGeometry

T = TypeVar("T")


@dataclass(frozen=True)
class Place:
    """Where and how large a pass runs."""

    device: torch.device
    preprocess: Preprocess

    def inputs(self, picture: Picture) -> tuple[Tensor, PictureGeometry]:
        """The input [1, 3, h, w] on its device, and how it was taken from the picture."""
        tensor, geometry = self.preprocess.tensor(picture)
        return move_inputs(tensor, self.device), geometry


def with_retry(model: VisionModel, work: Callable[[Place], T]) -> tuple[T, tuple[str, ...]]:
    """Do `work`, and once more where memory allows if it ran out; notes say what was changed.

    The second try is on half the input's side if the network takes any size, else on the CPU, to
    which the network moves meanwhile.
    """
    place = Place(model.device, model.preprocess)
    with model.lock:
        try:
            return work(place), ()
        except Exception as error:
            if not is_out_of_memory(error):
                raise
        free_memory(model.device)
        return _second_try(model, work)


def _second_try(model: VisionModel, work: Callable[[Place], T]) -> tuple[T, tuple[str, ...]]:
    cpu = torch.device("cpu")
    if model.preprocess.any_size:
        place = Place(model.device, model.preprocess.halved())
        how = f"on a smaller input, {place.preprocess.size} instead of {model.preprocess.size} px"
    else:
        place, how = Place(cpu, model.preprocess), "on the CPU"
    try:
        if place.device != model.device:
            model.module.to(place.device)
        done = work(place)
    except Exception as error:
        if is_out_of_memory(error):
            raise OutOfMemoryError(
                f"{model.name} does not fit into memory on {model.device}, nor {how}. "
                "Close other programs, or choose a smaller network."
            ) from error
        raise
    finally:
        model.module.to(model.device)
    note = f"{model.name} did not fit into memory on {model.device}; this was run {how}."
    return done, (note,)


@contextmanager
def understood(model: VisionModel, inputs: Tensor) -> Iterator[None]:
    """What goes wrong inside the network is told as its refusal, with its name and the input."""
    try:
        yield
    except AttnvizError:
        raise
    except Exception as error:
        if is_out_of_memory(error):
            raise
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        size = " x ".join(map(str, inputs.shape[-2:]))
        raise ModelError(
            f"{model.name} failed on an input of {size} pixels ({reason}). Give `wrap` the "
            "preprocessing that the network expects, or choose another network."
        ) from error


def check_logits(model: VisionModel, logits: Tensor) -> None:
    """Raises ModelError where a network has returned NaN."""
    if bool(logits.isnan().any()):
        raise ModelError(
            f"{model.name} returned NaN for this picture. Its weights are damaged, or its numbers "
            "overflow: load other weights, or run it in float32."
        )
