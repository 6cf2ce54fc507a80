"""What can be saved of a layer's maps over training time."""

from __future__ import annotations

from attnviz.export.map_series import MapSeries
from attnviz.pictures.names import file_part
from attnviz.render.focus import FocusSettings
from attnviz.ui.kit.save_menu import Savable, save_menu
from attnviz.ui.pages.training.attention_view import FIRST_VIEW, RecordedMaps

_MOST_FRAMES = 480  # two minutes


def offer_files(recorded: RecordedMaps, layer: str) -> None:
    """Show the menu of films and pictures of a layer's maps at all checkpoints."""
    stem = f"attnviz-{file_part(f'{recorded.run.title} {layer}')}"
    shown = Savable(MapSeries, lambda: map_series(recorded, layer), stem)
    save_menu([shown], key=f"save {recorded.run.key}")


def map_series(recorded: RecordedMaps, layer: str) -> MapSeries:
    """The maps of a layer over time, as the viewer shows them at first; at most 480 of them."""
    run = recorded.run
    return MapSeries(
        recorded.pixels,
        recorded.geometry,
        list(recorded.maps[layer]),
        [f"{run.title}, {layer}: {name}" for name in run.checkpoints],
        recorded.scale_ends(layer),
        FocusSettings(
            threshold=FIRST_VIEW.threshold, softness=FIRST_VIEW.softness, scale=FIRST_VIEW.scale
        ),
        FIRST_VIEW.radius,
        provenance={
            "training run": run.title,
            "layer": layer,
            "method": recorded.method,
            "picture": run.recording.pictures[recorded.picture],
        },
    ).thinned(_MOST_FRAMES)
