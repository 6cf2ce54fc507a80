"""Buttons that save what the page "Focus" shows, under the photo's name."""

from __future__ import annotations

import math

import streamlit as st

from attnviz.analysis.explanation import Explanation
from attnviz.export.base import Export, ExportSource, exports
from attnviz.export.focus_picture import FocusPicture
from attnviz.pictures import Picture
from attnviz.pictures.names import file_part, file_stem
from attnviz.ui.components.viewer import View
from attnviz.ui.kit.pickers import Photo


def offer_files(photo: Photo, explanation: Explanation, view: View) -> None:
    """Show a button that saves the focus picture, and the other files behind another.

    Parameters
    ----------
    photo : Photo
        The photo, which is saved at its original size.
    explanation : Explanation
        Its maps.
    view : View
        What the viewer shows.
    """
    chosen = exports().get(FocusPicture.name)()
    others = [kind() for kind in exports() if kind.name != FocusPicture.name]
    with st.container(horizontal=True, key="focus-files"):
        _offer(chosen, "Save the picture", photo, explanation, view)
        with st.popover("Other files", icon=":material/folder_zip:"):
            for other in others:
                _offer(other, other.title, photo, explanation, view)


def _offer(export: Export, label: str, photo: Photo, explanation: Explanation, view: View) -> None:
    """Show a button that renders the file from the photo at its original size when clicked."""
    asked = file_part(explanation.asked_text)
    names = filter(None, (file_stem(photo.title), asked, export.name))
    st.download_button(
        label,
        data=lambda: export.write(_export_source(photo.whole(), explanation, view)),
        file_name="-".join(names) + export.suffix,
        mime=export.mime,
        on_click="ignore",
        icon=":material/download:",
        help=(type(export).__doc__ or "").partition("\n")[0],
        key=f"export {export.name}",
    )


def _export_source(picture: Picture, explanation: Explanation, view: View) -> ExportSource:
    return ExportSource(
        picture,
        explanation,
        view.layer or explanation.best_layer,
        view.focus_settings(),
        radius=view.radius * math.hypot(*picture.pixels.shape[:2]),
        aperture=view.aperture,
        highlights=view.highlights,
    )
