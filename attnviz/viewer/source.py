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
def script_of_home(name: str) -> str:
    """Return the modules of a home without a server, and the viewer's, as `joined` has them.

    Parameters
    ----------
    name : str
        Folder of the home among the components.

    Returns
    -------
    str
        JavaScript source; `ASSETS` also holds the viewer's HTML and CSS.
    """
    markup, style = (
        (FOLDER / file).read_text(encoding="utf-8") for file in ("viewer.html", "viewer.css")
    )
    assets = {**viewer_assets(), "markup": markup, "style": style}
    return joined(components_folder() / name, assets)
