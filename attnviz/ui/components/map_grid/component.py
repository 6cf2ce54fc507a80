"""Mounts the grid on a page and reads its controls once they are released."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from attnviz.types import AnyArray
from attnviz.ui.components.base.component import frozen_view, no_op, register
from attnviz.ui.components.map_grid.view import GridView
from attnviz.viewer.blob import pack_blob
from attnviz.viewer.bundle import colour_tables, shaders

FOLDER = Path(__file__).resolve().parent
HEAT = "inferno"
SIGNED = "PuOr_r"
_MOUNT = register(
    "attnviz.map_grid",
    FOLDER,
    html="compare.html",
    css="compare.css",
    assets={"heat": colour_tables(HEAT), "signed": colour_tables(SIGNED), "shaders": shaders()},
)
# A component's data is sent all at once: the pair, small and changed often, has its own sender.
_HAND_OVER = st.components.v2.component(
    "attnviz.map_grid_pair", js=(FOLDER / "js" / "sender.js").read_text(encoding="utf-8")
)


def show_grid(packed: Packed, *, key: str, view: GridView, origin: str) -> GridView:
    """Show a packed grid.

    Parameters
    ----------
    packed : Packed
        From `pack_grid`.
    key : str
        Key of the widget, unique on its page.
    view : GridView
        The initial view.
    origin : str
        Identifies what the view belongs to; when it changes, the grid adopts `view` again.

    Returns
    -------
    GridView
        Values of the controls when they were last released.
    """
    view_id, first = frozen_view(key, view, origin)
    result = _MOUNT(
        key=key,
        data=packed.to_bytes(first.to_json(), view_id),
        default={"view": None},
        on_view_change=no_op,
        height="content",
    )
    state = result.view if isinstance(result.view, Mapping) else {}
    return GridView.from_untrusted(state) if state.get("viewId") == view_id else view


def show_pair(blob: bytes, *, key: str) -> None:
    """Send a pair, packed by `pack_pair`, to the grid on the same page."""
    _HAND_OVER(key=key, data=blob, height="content")


def reported_view(key: str, view: GridView) -> GridView:
    """Read the grid's latest view before the grid is drawn, so that it is drawn only once.

    Parameters
    ----------
    key : str
        Key of the widget.
    view : GridView
        Returned if the grid has sent nothing for its current origin.

    Returns
    -------
    GridView
        The latest view.
    """
    frozen = st.session_state.get(f"{key}:frozen")
    answer = st.session_state.get(key)
    state = answer.get("view") if answer is not None else None
    if frozen is None or not isinstance(state, Mapping) or state.get("viewId") != frozen[0]:
        return view
    return GridView.from_untrusted(state)


@dataclass(frozen=True, eq=False)
class Packed:
    """A packed grid: the header without a view, and the arrays."""

    header: Mapping[str, Any]
    arrays: Mapping[str, AnyArray | bytes]

    def to_bytes(self, view: Mapping[str, Any], view_id: str) -> bytes:
        """Return the blob with its initial view.

        The browser adopts `view` when `view_id` changes.
        """
        return pack_blob({**self.header, "view": dict(view), "viewId": view_id}, self.arrays)
