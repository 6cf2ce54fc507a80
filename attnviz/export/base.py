"""What an export is, and the table of all exports: each registers itself in a file of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar

from attnviz import export
from attnviz.export.finding import Finding
from attnviz.pictures.names import file_part
from attnviz.registry import Registry, import_all
from attnviz.render.aperture import Aperture
from attnviz.render.bokeh import bokeh
from attnviz.render.focus import FocusMap, FocusSettings
from attnviz.types import Pixels

if TYPE_CHECKING:
    from attnviz.analysis.explanation import Explanation, Prediction
    from attnviz.pictures import Picture


@dataclass(frozen=True, eq=False)
class ExportSource:
    """A picture with its explanation, and how it is to be shown.

    Attributes
    ----------
    picture
        The picture at its own size; the explanation may be of a reduced copy.
    explanation
        The maps of all layers.
    layer
        The layer that is shown.
    settings
        How its map becomes a focus.
    radius
        Largest circle of confusion, as a radius in pixels of `picture`, 0..1000.
    aperture, highlights
        As in `attnviz.bokeh`.
    after
        Classes of the focus picture, where the network was asked again.
    findings
        What was found out about the map, where it was tested.
    """

    picture: Picture
    explanation: Explanation
    layer: str
    settings: FocusSettings = field(default_factory=FocusSettings)
    radius: float = 24.0
    aperture: Aperture = Aperture.DISC
    highlights: float = 0.0
    after: tuple[Prediction, ...] = ()
    findings: tuple[Finding, ...] = ()

    def focus(self) -> FocusMap:
        """The focus map of the layer, at the size of `picture`."""
        focus = self.explanation.focus(self.layer, self.settings)
        return focus.resized((self.picture.pixels.shape[0], self.picture.pixels.shape[1]))

    def blurred(self, focus: FocusMap) -> Pixels:
        """`picture` where `focus`, from `focus()`, is sharp, and bokeh elsewhere."""
        return bokeh(
            self.picture.pixels,
            focus.values,
            self.radius,
            aperture=self.aperture,
            highlights=self.highlights,
        )

    def resized(self, picture: Picture) -> ExportSource:
        """The same of a copy of the picture of another size."""
        radius = self.radius * picture.width / self.picture.width
        return replace(self, picture=picture, radius=radius)


@dataclass(frozen=True)
class Export(ABC):
    """One kind of file that leaves the project.

    Class variables: `name` on the command line and in file names; `title` of its button; `suffix`
    with the dot, and `mime` type; `per_layer`, whether each layer gives a file of its own;
    `by_default`, whether `attnviz explain` writes it without being asked to.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    suffix: ClassVar[str]
    mime: ClassVar[str]
    per_layer: ClassVar[bool] = True
    by_default: ClassVar[bool] = False

    @abstractmethod
    def write(self, source: ExportSource) -> bytes:
        """The file's bytes."""

    def file_name(self, layer: str, asked: str = "") -> str:
        """Name of the file: `LAYER.TARGET.NAME.SUFFIX`, without what does not apply to it.

        A file that holds all layers names none, and `asked` is the text of the target if there is
        one, so that a map of another does not take its place.
        """
        safe = layer.replace("/", "_").replace(" ", "-") if self.per_layer else ""
        return ".".join(filter(None, (safe, file_part(asked), self.name))) + self.suffix


EXPORTS: Registry[type[Export]] = Registry("export")


def exports() -> Registry[type[Export]]:
    """All exports by name."""
    import_all(export)
    return EXPORTS
