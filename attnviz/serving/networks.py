"""The networks of a server: those of the catalogue that it offers, as many as its memory holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

import torch

from attnviz.errors import NotServedError
from attnviz.models.catalogue import find_model, list_models
from attnviz.models.device import choose_device, free_memory
from attnviz.models.input_sizes import input_sizes
from attnviz.models.loading import load_model
from attnviz.models.spec import ModelSpec
from attnviz.models.vision_model import VisionModel
from attnviz.models.weights import find_weights, is_here
from attnviz.scheduling.byte_store import ByteStore


def offered_networks(names: Iterable[str]) -> dict[str, ModelSpec]:
    """Return the networks that a server offers, by name.

    Parameters
    ----------
    names
        Of the catalogue; what is missing of their weights is downloaded. If empty, all are offered
        whose weights are on this computer.

    Raises
    ------
    UnknownNameError
        No network has such a name.
    NotServedError
        It is a file of somebody's own.
    WeightsError
        Weights cannot be downloaded, or are damaged.
    """
    chosen = {spec.name: spec for spec in map(_of_catalogue, names)}
    for spec in chosen.values():
        if spec.weights is not None:
            find_weights(spec.weights)
    return chosen or {spec.name: spec for spec in list_models() if is_here(spec)}


def _of_catalogue(name: str) -> ModelSpec:
    if "=" in name or name.endswith(".safetensors"):
        raise NotServedError(
            f"{name} is a file, and a server offers networks of the catalogue alone: `attnviz "
            "models` lists them."
        )
    return find_model(name)


@dataclass(eq=False)
class ServedNetworks:
    """Networks by name and size of input, of which as many are loaded as the memory holds.

    Attributes
    ----------
    offered
        From `offered_networks`; nothing else is loaded, whatever a name says.
    memory
        Bytes of all that are loaded; a single one may take more.
    device
        As for `load_model`.
    """

    offered: Mapping[str, ModelSpec]
    memory: int
    device: str = "auto"
    _loaded: ByteStore = field(init=False)

    def __post_init__(self) -> None:
        self._loaded = ByteStore(self.memory, on_drop=self._free)

    @property
    def bytes(self) -> int:
        """What those that are loaded hold together."""
        return self._loaded.bytes

    def __len__(self) -> int:
        return len(self._loaded)

    def get(self, name: str, side: int, weights: str = "") -> VisionModel:
        """Return a network; it is loaded if it is not here.

        Parameters
        ----------
        name, side
            Of the network, and of its input.
        weights
            SHA-256 that its weights must have; any if empty.

        Raises
        ------
        NotServedError
            It is not offered, not in this size, or has other weights.
        ModelError, WeightsError
            As `load_model`.
        """
        spec = self.offered.get(name)
        if spec is None:
            raise NotServedError(f"This server does not offer the network {name!r}.")
        if side not in input_sizes(spec):
            raise NotServedError(f"This server does not offer {name} at {side} pixels.")
        model = self._loaded.get(
            (name, side), partial(load_model, spec, self.device, input_size=side)
        )
        if weights not in ("", model.weights_sha256):
            raise NotServedError(f"This server has other weights of {name}.")
        return model

    def _free(self) -> None:
        free_memory(choose_device(self.device))


def visible_gpus() -> int:
    """Return on how many GPUs networks run here unless somebody says otherwise."""
    return torch.cuda.device_count() if torch.cuda.is_available() else 0
