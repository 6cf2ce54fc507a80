"""What runs on a Ray cluster: parts beside a network, and the opening of pictures."""

from __future__ import annotations

import copy
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache
from itertools import islice
from typing import Any

import torch

from attnviz.batch.decoding import AHEAD, DecodedPicture, Decoder, PictureOrders, decoded
from attnviz.batch.part_work import PartOrder, PartWork
from attnviz.errors import AttnvizError, ClusterError
from attnviz.models.device import move_module
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel

_RETRIES = 3  # of opening pictures: one that ends its process would do so for ever


class PartWorker:
    """An actor that holds the network and writes one part after the other."""

    def __init__(self, work: PartWork) -> None:
        import ray

        on_gpu = torch.cuda.is_available() and bool(ray.get_gpu_ids())
        engine = work.engine
        model = moved(engine.model, torch.device("cuda" if on_gpu else "cpu"))
        # Actors are as many as the machine has room for: each makes by itself what is stored.
        self._work = replace(work, engine=replace(engine, model=model), workers=0)

    def begun(self) -> None:
        """Return when the network is ready."""

    def write(self, part: PartOrder) -> AttnvizError | None:
        """Write a part; what prevents it is returned, as every worker would meet it."""
        try:
            for _ in self._work([part]):
                pass
        except AttnvizError as error:
            return error
        except Exception as error:
            return ClusterError(
                f"Part {part.number}, from {part.files[0].name}, failed on the cluster "
                f"({type(error).__name__}: {error}). Without --engine ray the same command goes on "
                "from here."
            )
        return None


def moved(model: VisionModel, device: torch.device) -> VisionModel:
    """Return a model on another device; its own module stays where it is."""
    if model.device.type == device.type:
        return model
    return replace(model, module=move_module(copy.deepcopy(model.module), device), device=device)


def decoded_beside(
    pictures: PictureOrders, preprocess: Preprocess, workers: int
) -> Iterator[DecodedPicture]:
    """Open pictures in order, by tasks on the machine of the actor that needs them.

    Parameters
    ----------
    pictures, preprocess
        As for `decoded`.
    workers
        Number of tasks at a time; 0 opens each picture here. No more are started than the network
        takes: what they have opened waits in Ray's store, which is bounded.

    Yields
    ------
    DecodedPicture
        In the order of the pictures.
    """
    if not workers:
        yield from decoded(pictures, preprocess, 0)
        return
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    here = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=True)
    opener, waiting = _opener().options(scheduling_strategy=here), deque[Any]()
    each = max(1, AHEAD // workers)
    while True:
        while len(waiting) < workers and (chunk := list(islice(pictures.orders, each))):
            waiting.append(opener.remote(Decoder(preprocess), chunk))
        if not waiting:
            return
        for one in ray.get(waiting.popleft()):
            # What lies in the store cannot be written to, which torch warns of.
            inputs = None if one.inputs is None else one.inputs.copy()
            yield replace(one, inputs=inputs)


@lru_cache(maxsize=1)
def _opener() -> Any:
    """The task that opens pictures. It reserves nothing, so it never waits for a place."""
    import ray

    return ray.remote(num_cpus=0, max_retries=_RETRIES)(_opened)


def _opened(decoder: Decoder, orders: list[tuple[int, Any]]) -> list[DecodedPicture]:
    return [decoder[order] for order in orders]
