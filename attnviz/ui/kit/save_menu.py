"""The menu of what can be saved of a photo and its maps, the same on every page."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import streamlit as st

from attnviz.analysis.asked_again import asked_again
from attnviz.errors import ModelError
from attnviz.export.base import Export, ExportSource, exports
from attnviz.export.focus_picture import FocusPicture
from attnviz.export.report import Report
from attnviz.models.vision_model import VisionModel
from attnviz.pictures.names import file_part, file_stem


def save_menu(
    title: str, asked: str, source: Callable[[], ExportSource], model: VisionModel, *, key: str
) -> None:
    """Show a button that saves the focus picture, and the other files behind another.

    Parameters
    ----------
    title : str
        Name of the photo.
    asked : str
        What was asked for, as text; empty for the top prediction.
    source : callable
        Returns the photo at its original size with its maps; called when a file is wanted.
    model : VisionModel
        The network, which is asked again about the focus picture for a report.
    key : str
        Of the menu, unique on its page.
    """
    stem = "-".join(filter(None, (file_stem(title), file_part(asked))))
    others = [kind() for kind in exports() if kind.name != FocusPicture.name]
    with st.container(horizontal=True, key=key):
        _offer(FocusPicture(), "Save the picture", stem, partial(_written, source, model), key)
        with st.popover("Other files", icon=":material/folder_zip:"):
            for other in others:
                _offer(other, other.title, stem, partial(_written, source, model), key)


def _written(source: Callable[[], ExportSource], model: VisionModel, export: Export) -> bytes:
    shown = source()
    if isinstance(export, Report):
        with suppress(ModelError):  # the page has said why; the report does without
            shown = asked_again(model, shown)
    return export.write(shown)


def _offer(
    export: Export, label: str, stem: str, written: Callable[[Export], bytes], key: str
) -> None:
    """Show a button that makes the file when it is clicked."""
    st.download_button(
        label,
        data=lambda: written(export),
        file_name=f"{stem}-{export.name}{export.suffix}",
        mime=export.mime,
        on_click="ignore",
        icon=":material/download:",
        help=(type(export).__doc__ or "").partition("\n")[0],
        key=f"{key} {export.name}",
    )
