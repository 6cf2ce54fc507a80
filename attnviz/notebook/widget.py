"""The viewer as a widget of Jupyter, Colab, VS Code and marimo."""

from __future__ import annotations

from typing import Any

import anywidget
import traitlets

from attnviz.errors import UnknownNameError
from attnviz.export.base import ExportSource
from attnviz.export.viewer_data import viewer_blob
from attnviz.viewer.content import layer_names
from attnviz.viewer.source import script_of_home

_ENTRY = "export default { render: (context) => mount(context, ASSETS) };\n"


class ViewerWidget(anywidget.AnyWidget):
    """The live viewer of one explanation, as `Explanation.show` makes it.

    Parameters
    ----------
    source : ExportSource
        Photo, maps, and how they are shown at first.

    Attributes
    ----------
    layer : str
        The layer that is shown; set it, and the viewer goes there.
    picked : dict or None
        The point that was clicked last: "x" and "y" in 0..1 from the picture's left and top, and
        the "layer" that was shown.

    Raises
    ------
    UnknownNameError
        When `layer` is set to a name that no layer has.
    """

    _esm = script_of_home("notebook") + _ENTRY
    _blob = traitlets.Bytes().tag(sync=True)
    layer = traitlets.Unicode().tag(sync=True)
    picked = traitlets.Dict(allow_none=True, default_value=None).tag(sync=True)

    def __init__(self, source: ExportSource) -> None:
        self._names = layer_names(source.explanation)
        super().__init__(_blob=viewer_blob(source), layer=source.layer)

    @traitlets.validate("layer")
    def _known_layer(self, proposal: dict[str, Any]) -> str:
        name = str(proposal["value"])
        if name not in self._names:
            raise UnknownNameError("layer", name, self._names)
        return name
