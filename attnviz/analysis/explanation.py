"""The result of explaining one picture with one network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Self

from attnviz.analysis.certainty import Certainty, guess_sentence
from attnviz.analysis.explanation_file import Source, explanation_parts
from attnviz.analysis.prediction import AskedTarget
from attnviz.analysis.prediction import Prediction as Prediction
from attnviz.analysis.showing import ShowsItself
from attnviz.errors import UnknownNameError
from attnviz.methods.base import Nature
from attnviz.methods.fuse import FUSED, fuse_layers
from attnviz.methods.questions import Choice
from attnviz.models.scores import PLAIN_LOGITS, Scores
from attnviz.pictures import Picture
from attnviz.pictures.geometry import PictureGeometry
from attnviz.render.focus import Edges, FocusMap, FocusSettings, Scale, focus_map
from attnviz.render.pointed import POINTED
from attnviz.targets.single_class import Class
from attnviz.targets.text import format_targets
from attnviz.types import FloatArray

_JOINED = {Nature.ATTENTION: "of", Nature.RELEVANCE: "for", Nature.SIMILARITY: "to"}


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(ShowsItself):
    """The maps of all layers for one picture, from one pass.

    Two are equal only if they are the same object; `compare` says how alike their maps are.

    Parameters
    ----------
    picture
        The picture that was explained.
    choice
        The method, and the layer whose map answers best.
    layers
        Names of the layers, in forward order.
    maps
        float32 [h, w] of each layer, in absolute values on the layer's own grid.
    predictions
        The most probable classes, best first; none for a network that returns features.
    classes
        Indices of these classes.
    target
        What the maps explain, in words, with its probability or value (of several, of the first);
        None for attention.
    geometry
        How the network's input was taken from the picture.
    provenance
        Where the maps come from: model, weights' hash, method, paper, picture hash.
    notes
        Sentences for the user, such as a retry on a smaller input, or what could not be read.
    scores
        How the network's output is read; it says whether the probabilities sum to one.
    asked
        The targets that were asked for, and are explained; empty while the top class is followed.
        Of several, `maps` shows the competition: 1 is the peak of the strongest.
    certainty
        How sure the network is of its top class; None where it names no classes.
    pointed
        float32 [h, w] around a point that somebody chose; its layer is called `POINTED`. None
        unless a page adds it.
    """

    picture: Picture
    choice: Choice
    layers: tuple[str, ...]
    maps: tuple[FloatArray, ...]
    predictions: tuple[Prediction, ...]
    classes: tuple[int, ...]
    target: Prediction | None
    geometry: PictureGeometry
    provenance: Mapping[str, str]
    notes: tuple[str, ...] = field(default=())
    scores: Scores = PLAIN_LOGITS
    asked: tuple[AskedTarget, ...] = ()
    certainty: Certainty | None = None
    pointed: FloatArray | None = None

    @classmethod
    def load(cls, source: Source) -> Self:
        """Open what `save` has written, or the file of the recipe "explanation".

        All that needs no network works as before: `focus`, `attnviz.bokeh`, `figure`, `show`,
        reports and `attnviz.compare`. Files may come from anybody: sizes are bounded and nothing
        is unpickled.

        Parameters
        ----------
        source
            The path of the file, or its bytes.

        Returns
        -------
        Explanation
            Its method has the usual options, whatever it was made with.

        Raises
        ------
        ExplanationError
            The file cannot be read, is damaged or too large, or was made by a method that is not
            known here.
        """
        return cls(**explanation_parts(source))

    @property
    def sure(self) -> bool:
        """Whether the top class is worth naming, and is no more than a guess otherwise."""
        return self.certainty is None or self.certainty.sure

    @property
    def guess_text(self) -> str:
        """What the network would guess, and why it is a guess; empty where it is sure."""
        doubt = self.certainty.doubt if self.certainty else None
        return guess_sentence(self.predictions, doubt) if doubt and self.predictions else ""

    @property
    def guessed(self) -> bool:
        """Whether the maps explain the top class although the network is not sure of it."""
        first = self.predictions[0] if self.predictions else None
        return not self.sure and not self.asked and self.target is not None and self.target == first

    @property
    def method(self) -> str:
        """Name of the method that made the maps."""
        return self.choice.method.name

    @property
    def explained_class(self) -> Prediction | None:
        """The class that the maps explain; None where they explain another score, or several."""
        single = [isinstance(one.target, Class) for one in self.asked] in ([], [True])
        return self.target if single else None

    @property
    def title(self) -> str:
        """What the maps show: "Attention", or "Relevance for dog"."""
        nature = self.choice.method.nature
        of = self.asked or nature is Nature.RELEVANCE
        what = f" {_JOINED[nature]} {self.target.label}" if self.target and of else ""
        return str(nature).capitalize() + what

    @property
    def target_text(self) -> str:
        """What the maps explain as text, as links and files name it; "none" for attention."""
        return self.asked_text or (self.target.label if self.target else "none")

    @property
    def asked_text(self) -> str:
        """What was asked for as text, or nothing."""
        return format_targets([one.target for one in self.asked])

    @property
    def point(self) -> tuple[float, float] | None:
        """The point of the picture that was asked about, x and y in 0..1; None without one."""
        points = (one.target.point for one in self.asked)
        return next((point for point in points if point is not None), None)

    @property
    def best_layer(self) -> str:
        """The layer that answers best: as measured for this network, or the last informative one.

        Behind the last attention to a class token, the maps of gradients are flat.
        """
        layer = self.choice.layer
        return layer if layer in (*self.layers, FUSED) and layer else self.layers[-1]

    def map_of(self, layer: int | str) -> FloatArray:
        """Return the map of a layer.

        Parameters
        ----------
        layer
            Index or name of the layer, or `"all layers"` for the maps of all layers fused.

        Returns
        -------
        FloatArray
            float32 [h, w].

        Raises
        ------
        UnknownNameError
            There is no such layer.
        """
        if layer == FUSED:
            return fuse_layers(self.maps)
        if layer == POINTED and self.pointed is not None:
            return self.pointed
        return self.maps[self.index_of(layer)]

    def name_of(self, layer: int | str) -> str:
        """Return the name of what `map_of` takes; raises as it does."""
        return str(layer) if self._is_own(layer) else self.layers[self.index_of(layer)]

    def _is_own(self, layer: int | str) -> bool:
        """Whether this names a map that is not one of the layers'."""
        return layer == FUSED or (layer == POINTED and self.pointed is not None)

    def index_of(self, layer: int | str) -> int:
        """Return the index of a layer; UnknownNameError suggests the nearest names."""
        if isinstance(layer, str):
            if layer in self.layers:
                return self.layers.index(layer)
            raise UnknownNameError("layer", layer, (*self.layers, FUSED))
        if -len(self.layers) <= layer < len(self.layers):
            return layer % len(self.layers)
        numbers = f"0 to {len(self.layers) - 1}"
        raise UnknownNameError(f"layer among {numbers}", str(layer), self.layers)

    def focus(
        self, layer: int | str | None = None, settings: FocusSettings | None = None
    ) -> FocusMap:
        """Return the focus map that the map of a layer gives.

        All layers fused have no absolute values; they are shown on the scale of `Scale.LAYER`.

        Parameters
        ----------
        layer
            Index or name of the layer, or `"all layers"` (default: `best_layer`).
        settings
            How values become focus (default: those of `FocusSettings`).

        Returns
        -------
        FocusMap
            In 0..1, at the picture's size; 1 stays sharp.

        Raises
        ------
        UnknownNameError
            There is no such layer.
        """
        settings = settings or FocusSettings()
        layer = self.best_layer if layer is None else layer
        if self._is_own(layer):  # no layer shares their scale
            settings = replace(settings, scale=Scale.LAYER)
        return focus_map(
            self.map_of(layer),
            self.geometry,
            settings,
            value_range=self.value_range if settings.scale is Scale.ALL_LAYERS else None,
            layer=self.name_of(layer),
            pixels=self.picture.pixels if settings.edges is Edges.OBJECT else None,
        )

    def __repr__(self) -> str:
        """Say what was explained, and by what, in a line."""
        seen = f", seen as {self.predictions[0].label!r}" if self.predictions else ""
        layers = f"{len(self.layers)} layers" if len(self.layers) != 1 else "1 layer"
        return (
            f"<Explanation of {self.picture.name!r}{seen}: {layers} by {self.method}, "
            f"best {self.best_layer!r}>"
        )

    @property
    def value_range(self) -> tuple[float, float]:
        """Smallest and largest value over all layers."""
        lows, highs = zip(
            *((float(values.min()), float(values.max())) for values in self.maps), strict=True
        )
        return min(lows), max(highs)
