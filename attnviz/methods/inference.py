"""The input and the result of every method."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from torch import Tensor, nn

from attnviz.errors import UnknownNameError
from attnviz.methods.chosen_layers import chosen_layers
from attnviz.methods.fuse import FUSED, fuse_layers
from attnviz.models.scores import PLAIN_LOGITS, Scores
from attnviz.pictures.geometry import PictureGeometry
from attnviz.progress import Progress
from attnviz.types import FloatArray


@dataclass(frozen=True, eq=False)
class Inference:
    """A network and the inputs on which a method runs it.

    The caller holds the model's lock while a method runs.

    Parameters
    ----------
    module
        The network; any module that maps inputs to logits [N, classes].
    inputs
        float [N, 3, H, W], normalised as the network expects, on its device.
    geometry
        How the inputs were taken from the picture.
    target
        Index of the class to explain, for all inputs; the most probable class of each if None.
    progress
        Called after each forward pass; what it raises stops the method, and comes out as it is.
    scores
        How the logits are read.
    layers
        The only layers whose maps are needed, as for `chosen_layers`; all if None.
    """

    module: nn.Module
    inputs: Tensor
    geometry: PictureGeometry
    target: int | None = None
    progress: Progress | None = None
    scores: Scores = PLAIN_LOGITS
    layers: tuple[str, ...] | None = None

    @classmethod
    def of(
        cls,
        module: nn.Module,
        inputs: Tensor,
        target: int | None = None,
        progress: Progress | None = None,
    ) -> Inference:
        """Return the inference of inputs without a picture: they take its place.

        Parameters
        ----------
        module, inputs, target, progress
            As the fields of the class.

        Returns
        -------
        Inference
            With the geometry that maps each pixel of the inputs to itself.
        """
        height, width = inputs.shape[-2:]
        box = (0.0, 0.0, float(height), float(width))
        geometry = PictureGeometry((height, width), box, (height, width))
        return cls(module, inputs, geometry, target, progress)


@dataclass(frozen=True, eq=False)
class LayerMaps:
    """The maps of one layer for a batch.

    Parameters
    ----------
    layer
        Name of the layer.
    values
        float32 [N, h, w] on the layer's own grid, in absolute values.
    """

    layer: str
    values: FloatArray


@dataclass(frozen=True)
class Cost:
    """How many inputs a method sends through the network for one picture.

    Parameters
    ----------
    forward
        Inputs of forward passes.
    backward
        Inputs of backward passes.
    """

    forward: int
    backward: int


@dataclass(frozen=True, eq=False)
class MethodResult:
    """The maps of all layers, with the logits of the pass.

    Parameters
    ----------
    layer_maps
        One for each layer, in forward order.
    logits
        float32 [N, classes], on the CPU.
    target
        int64 [N], the class that each input's maps explain; None for a method without classes.
    last_layer
        Name of the last layer whose map is informative: behind the last attention to a class token,
        the maps of gradients are flat.
    notes
        Sentences for the user, such as a part that failed and was left out.
    """

    layer_maps: tuple[LayerMaps, ...]
    logits: Tensor
    target: Tensor | None
    last_layer: str
    notes: tuple[str, ...] = ()

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers, in forward order."""
        return tuple(maps.layer for maps in self.layer_maps)

    def shown_layer(self, layer: str | None) -> str:
        """Return `layer` if it has a map or means all layers fused, and `last_layer` otherwise."""
        return layer if layer and layer in (*self.layers, FUSED) else self.last_layer

    def row(self, index: int) -> MethodResult:
        """Return the result of one input of the batch, as a copy that does not keep the others."""
        one = slice(index, index + 1)
        maps = tuple(replace(maps, values=maps.values[one].copy()) for maps in self.layer_maps)
        target = None if self.target is None else self.target[one].clone()
        return replace(self, layer_maps=maps, logits=self.logits[one].clone(), target=target)

    def only(self, layers: Sequence[str] | None) -> MethodResult:
        """Return the maps of some layers alone; all if None.

        Parameters
        ----------
        layers
            As for `chosen_layers`, which raises for what it does not know.
        """
        if layers is None:
            return self
        names = chosen_layers(self.layers, layers)
        kept = tuple(maps for maps in self.layer_maps if maps.layer in names)
        last = self.last_layer if self.last_layer in names else names[-1]
        return replace(self, layer_maps=kept, last_layer=last)

    def map_of(self, layer: str, index: int = 0) -> FloatArray:
        """Return the map of one layer, or of all layers fused.

        Parameters
        ----------
        layer
            Name of a layer, or `FUSED`.
        index
            Which input of the batch.

        Returns
        -------
        FloatArray
            float32 [h, w].

        Raises
        ------
        UnknownNameError
            There is no layer of that name.
        """
        if layer == FUSED:
            return fuse_layers([maps.values[index] for maps in self.layer_maps])
        for maps in self.layer_maps:
            if maps.layer == layer:
                return np.asarray(maps.values[index])
        raise UnknownNameError("layer", layer, (*self.layers, FUSED))
