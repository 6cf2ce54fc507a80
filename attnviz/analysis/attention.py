"""What each patch of a picture attends to, in every layer and head, from one pass."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from attnviz.analysis.layer_statistics import QueryMaps, query_maps
from attnviz.analysis.layer_trace import LayerTrace, head_maps, trace_layers
from attnviz.errors import MethodError
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, PictureSource, as_picture
from attnviz.targets.place import checked_point, seen_point


@dataclass(frozen=True, eq=False, repr=False)
class Attention:
    """The self-attention of a network on one picture.

    Attributes
    ----------
    picture
        The picture.
    traced
        Queries and keys of all layers, from one pass; soft masks and gates where there are any.
    """

    picture: Picture
    traced: LayerTrace

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers of self-attention whose keys have positions, in forward order."""
        return tuple(one.layer for one in self.traced.trace.context if one.has_positions)

    @property
    def notes(self) -> tuple[str, ...]:
        """Sentences for the user, such as a retry on a smaller input."""
        return self.traced.notes

    @property
    def query(self) -> str:
        """Whose attention `heads` shows: "class", or "mean" of all positions without a token."""
        return "class" if self.traced.has_class_token else "mean"

    @cached_property
    def heads(self) -> tuple[QueryMaps, ...]:
        """What each head attends to, float32 [heads, h, w] in 0..1 for each layer.

        The query is the class token; the mean of all positions where there is none.
        """
        return head_maps(self.traced, self.query)

    def looking_from(self, x: float, y: float) -> tuple[QueryMaps, ...]:
        """Return what the patch at a point attends to, without another pass.

        Parameters
        ----------
        x, y
            The point, in 0..1 of the picture's width and height, from the left and from the top.

        Returns
        -------
        tuple of QueryMaps
            One for each layer in forward order: `values` float32 [heads, h, w] in 0..1, `mean`
            over the heads, and `elsewhere`, the attention to tokens without a position.

        Raises
        ------
        TargetError
            The point is outside the picture, or the network does not see it.
        """
        return query_maps(
            self.traced.trace, *seen_point(*checked_point(x, y), self.traced.geometry)
        )

    def __repr__(self) -> str:
        """Say what attends, in a line."""
        heads = sorted({one.heads for one in self.traced.trace.context if one.has_positions})
        many = "1 head" if heads == [1] else f"{' or '.join(map(str, heads))} heads"
        layers = f"{len(self.layers)} layers" if len(self.layers) != 1 else "1 layer"
        return f"<Attention on {self.picture.name!r}: {layers} of {many}>"


def attention(model: VisionModel, picture: Picture | PictureSource) -> Attention:
    """Read the self-attention of all layers and heads in one forward pass.

    Thread-safe, and retried once if memory runs out, as `explain` is. Queries and keys are kept,
    and a map is computed when it is asked for.

    Parameters
    ----------
    model
        From `load_model` or `wrap`.
    picture
        From `open_picture`, or anything that it opens, such as a path.

    Returns
    -------
    Attention

    Raises
    ------
    PictureError
        The picture cannot be opened.
    MethodError
        The network has no self-attention whose keys have positions.
    ModelError, OutOfMemoryError
        As `explain`.

    Examples
    --------
    >>> from attnviz.models.loading import load_model
    >>> from attnviz.pictures import open_sample
    >>> seen = attention(load_model("vit-small", "cpu"), open_sample("astronaut"))
    >>> maps = seen.looking_from(0.4, 0.3)
    >>> maps[-1].layer == seen.layers[-1], maps[-1].values.shape[1:] == maps[-1].mean.shape
    (True, True)
    """
    opened = as_picture(picture)
    found = Attention(opened, trace_layers(model, opened))
    if not found.layers:
        raise MethodError(
            f"{model.name} has no self-attention over positions of the picture. Its maps, of soft "
            "masks, gates or relevance, come from `explain`."
        )
    return found
