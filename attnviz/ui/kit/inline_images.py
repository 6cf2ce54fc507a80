"""Small pictures and maps as `data:` links, for HTML of our own."""

from __future__ import annotations

import base64
import html
import io
import math

import numpy as np
import numpy.typing as npt
import streamlit as st
from PIL import Image

from attnviz.export.jpeg import jpeg
from attnviz.pictures.geometry import PictureGeometry
from attnviz.render.focus import FocusMap, focus_map
from attnviz.render.heat import colour_map, colour_table, heat_overlay
from attnviz.types import FloatArray, Pixels

COLOURS = "inferno"


def show_picture(title: str, note: str, pixels: Pixels, alt: str) -> None:
    """One picture with its heading, as a JPEG that is made here once."""
    st.html(f'<div class="av-title">{html.escape(title)}<small>{html.escape(note)}</small></div>')
    st.image(jpeg(pixels), width="stretch", alt=alt)


def data_link(pixels: Pixels) -> str:
    """The picture as a data: link, for small pictures inside HTML of our own."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg(pixels, 85)).decode()


def heat_link(pixels: Pixels, values: npt.ArrayLike, geometry: PictureGeometry) -> str:
    """A map's heat over the photo, on a scale of its own, as `data_link`.

    Parameters
    ----------
    pixels
        uint8 [H, W, 3].
    values
        A map over the network's whole input.
    geometry
        Of the photo at any size.
    """
    scaled = focus_map(values, geometry.resized(pixels.shape[:2])).scaled
    return data_link(heat_overlay(pixels, scaled))


def show_legend(focus: FocusMap, colours: str, note: str) -> None:
    """The colour bar with absolute values at its ends, and a note on how they were stretched."""
    ramp = colour_map(np.linspace(0, 1, 256, dtype=np.float32)[None].repeat(4, 0), colours)
    low, high = legend_numbers(focus.low, focus.high)
    st.html(
        f'<div class="av-legend"><em>{html.escape(note)}</em><span>{low}</span>'
        f'<img alt="colour scale" src="{data_link(ramp)}"><span>{high}</span></div>'
    )


def legend_numbers(low: float, high: float) -> tuple[str, str]:
    """Both ends of a scale with as many decimals as the larger one needs for three digits."""
    if high <= 0:
        return "0", "0"
    decimals = max(0, 2 - math.floor(math.log10(high)))
    return f"{low:.{decimals}f}", f"{high:.{decimals}f}"


def png_link(values: FloatArray, low: float, high: float, colours: str = COLOURS) -> str:
    """A map [h, w], one pixel a cell, as a data: link; `low` and `high` take the table's ends."""
    share = np.clip((values - low) / (high - low), 0, 1) if high > low else np.zeros_like(values)
    picture = Image.fromarray(np.rint(share * 255).astype(np.uint8))
    picture.putpalette(colour_table(colours).tobytes())
    file = io.BytesIO()
    picture.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
