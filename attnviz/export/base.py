"""What an export is, and the table of all exports: each registers itself in a file of its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

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


class Group(StrEnum):
    """What a file is for: the headings below which files are offered."""

    PICTURES = "Pictures"
    MOVING = "Moving pictures"
    FIGURES = "Figures for papers"
    NUMBERS = "Numbers"
    PAGES = "Pages to send"


Made = TypeVar("Made", contravariant=True)


@dataclass(frozen=True)
class Export(ABC, Generic[Made]):
    """One kind of file that leaves the project.

    Class variables: `name` on the command line; `title` of its button; `suffix` with the dot, and
    `mime` type; `stem`, what its files are called if not by its name; `group`, under which it is
    offered; `made_of`, the classes of sources that `write` takes; `per_layer`, whether each layer
    gives a file of its own; `by_default`, whether `attnviz explain` writes it without being asked
    to; `asks_again`, whether it also says what the network makes of the focus picture.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    suffix: ClassVar[str]
    mime: ClassVar[str]
    stem: ClassVar[str] = ""
    group: ClassVar[Group] = Group.PICTURES
    made_of: ClassVar[tuple[type, ...]] = (ExportSource,)
    per_layer: ClassVar[bool] = True
    by_default: ClassVar[bool] = False
    asks_again: ClassVar[bool] = False

    @abstractmethod
    def write(self, source: Made) -> bytes:
        """The file's bytes."""

    @classmethod
    def ending(cls) -> str:
        """How the names of its files end, such as `focus.png`."""
        return (cls.stem or cls.name) + cls.suffix

    def file_name(self, layer: str, asked: str = "") -> str:
        """Name of the file: `LAYER.TARGET.STEM.SUFFIX`, without what does not apply to it.

        A file that holds all layers names none, and `asked` is the text of the target if there is
        one, so that a map of another does not take its place.
        """
        safe = layer.replace("/", "_").replace(" ", "-") if self.per_layer else ""
        return ".".join(filter(None, (safe, file_part(asked), self.ending())))


EXPORTS: Registry[type[Export[Any]]] = Registry("export")


def exports(source: type = ExportSource) -> Registry[type[Export[Any]]]:
    """All exports that are made of sources of one class, by name."""
    import_all(export)
    fitting: Registry[type[Export[Any]]] = Registry(EXPORTS.what)
    for kind in EXPORTS:
        if issubclass(source, kind.made_of):
            fitting.add(kind)
    return fitting


def in_order(kinds: Iterable[type[Export[Any]]]) -> list[type[Export[Any]]]:
    """Sort exports as they are offered: by group, and what is written by default first."""
    groups = list(Group)
    return sorted(
        kinds,
        key=lambda kind: (groups.index(kind.group), not kind.by_default, kind.stem, kind.name),
    )
