"""What pages show, as files are made of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import streamlit as st

from attnviz.analysis.explain import explain
from attnviz.analysis.explanation import Explanation
from attnviz.export.base import ExportSource
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.render.pointed import POINTED
from attnviz.targets import Target
from attnviz.types import FloatArray
from attnviz.ui.components.viewer import Content, View
from attnviz.ui.kit.pickers import Photo
from attnviz.ui.kit.save_menu import Savable, stem_of


def export_source(picture: Picture, explanation: Explanation, view: View) -> ExportSource:
    """Return a photo with its maps as the viewer shows them.

    Parameters
    ----------
    picture : Picture
        The photo at the size in which it is saved.
    explanation : Explanation
        Its maps.
    view : View
        What the viewer shows.
    """
    return ExportSource(
        picture,
        explanation,
        view.layer or explanation.best_layer,
        view.focus_settings(),
        radius=view.radius * math.hypot(*picture.pixels.shape[:2]),
        aperture=view.aperture,
        highlights=view.highlights,
    )


@dataclass(frozen=True, eq=False)
class ExplainedLater:
    """A photo that is explained when a file is wanted: a page need not have done it before.

    Attributes
    ----------
    photo : Photo
        The photo.
    model : VisionModel
        The network.
    method : str
        As in `attnviz.explain`.
    targets : tuple of Target
        What is asked for; empty for the top prediction.
    view : View
        How it is shown.
    maps : mapping of str to float32 [h, w]
        What the page shows in the place of the method's own maps, by name; empty for those.
    facts : mapping of str to str
        What else the provenance says.
    """

    photo: Photo
    model: VisionModel
    method: str = "auto"
    targets: tuple[Target, ...] = ()
    view: View = field(default_factory=View)
    maps: Mapping[str, FloatArray] = field(default_factory=dict)
    facts: Mapping[str, str] = field(default_factory=dict)

    def source(self) -> ExportSource:
        """Explain the photo, and return it at its own size with the maps."""
        found = explain(self.model, self.photo.shown, self.method, self.targets or None)
        if self.maps:
            layer = self.view.layer if self.view.layer in self.maps else list(self.maps)[-1]
            found = replace(
                found,
                layers=tuple(self.maps),
                maps=tuple(self.maps.values()),
                choice=replace(found.choice, layer=layer),
            )
        found = replace(found, provenance={**found.provenance, **self.facts})
        names = (*found.layers, "")
        view = self.view if self.view.layer in names else self.view.at("")
        return export_source(self.photo.whole(), found, view)

    def savable(self, title: str = "") -> Savable:
        """Return what the menu takes; `title` is its heading."""
        stem = stem_of(self.photo.title)
        return Savable(ExportSource, self.source, stem, title, self.model)


def shown_in_viewer(
    name: str,
    content: Content,
    photo: Photo,
    model: VisionModel,
    method: str,
    *,
    targets: Sequence[Target] = (),
    facts: Mapping[str, str] | None = None,
) -> ExplainedLater:
    """Return what a viewer shows, at the layer and with the lens that are chosen in it.

    Parameters
    ----------
    name : str
        Key of the viewer, as for `show_maps`.
    content : Content
        Picture and maps.
    photo : Photo
        The photo.
    model : VisionModel
        The network.
    method : str
        Name of the method that fits the maps: its title, paper and unit stand in the files.
    targets : sequence of Target
        What the maps are for.
    facts : mapping of str to str, optional
        What else the provenance says.
    """
    view: View = st.session_state.get(f"{name} view", View())
    maps = {layer.name: layer.values for layer in content.layers if layer.name != POINTED}
    return ExplainedLater(photo, model, method, tuple(targets), view, maps, facts or {})
