"""The viewer as every home gets it: HTML, CSS, and its script with shaders and colour tables."""

from __future__ import annotations

from functools import cache

from attnviz.assets import components_folder
from attnviz.render.heat import COLOUR_MAPS
from attnviz.viewer.bundle import colour_tables, joined, shaders

FOLDER = components_folder() / "viewer"


@cache
def viewer_assets() -> dict[str, object]:
    """Return the script's constants: shaders by file name, and the heat's colour tables."""
    return {"shaders": shaders(), "colours": colour_tables(*COLOUR_MAPS)}


@cache
def viewer_script() -> str:
    """Return the viewer's modules as statements that define `mount` and `ASSETS`."""
    return joined(FOLDER, viewer_assets())


def viewer_markup() -> str:
    """Return the viewer's HTML, which its script fills."""
    return (FOLDER / "viewer.html").read_text(encoding="utf-8")


def viewer_style() -> str:
    """Return the viewer's CSS."""
    return (FOLDER / "viewer.css").read_text(encoding="utf-8")
