"""Small pictures and maps as `data:` links for embedding in HTML."""

from __future__ import annotations

import base64
import html
import io
import math

import numpy as np
import numpy.typing as npt
import streamlit as st
from PIL import Image

from attnviz.pictures.geometry import PictureGeometry
from attnviz.pictures.jpeg import jpeg
from attnviz.render.focus import FocusMap, focus_map
from attnviz.render.heat import colour_map, colour_table, heat_overlay
from attnviz.types import FloatArray, Pixels

COLOURS = "inferno"


def show_picture(title: str, note: str, pixels: Pixels, alt: str) -> None:
    """Show a picture with a heading.

    Parameters
    ----------
    title, note : str
        Text of the heading, escaped here.
    pixels : uint8 [H, W, 3]
        The picture, sent as JPEG.
    alt : str
        Text for screen readers.
    """
    st.html(f'<div class="av-title">{html.escape(title)}<small>{html.escape(note)}</small></div>')
    st.image(jpeg(pixels), width="stretch", alt=alt)


def data_link(pixels: Pixels) -> str:
    """Encode a small picture, uint8 [H, W, 3], as a data: link with a JPEG."""
    return "data:image/jpeg;base64," + base64.b64encode(jpeg(pixels, 85)).decode()


def heat_link(pixels: Pixels, values: npt.ArrayLike, geometry: PictureGeometry) -> str:
    """Draw a map's heat over the photo, on the map's own scale, as a data: link.

    Parameters
    ----------
    pixels : uint8 [H, W, 3]
        The photo.
    values : array_like [h, w]
        A map over the network's whole input.
    geometry : PictureGeometry
        Geometry of the photo at any size.

    Returns
    -------
    str
        A data: link with a JPEG.
    """
    scaled = focus_map(values, geometry.resized(pixels.shape[:2])).scaled
    return data_link(heat_overlay(pixels, scaled))


def show_legend(focus: FocusMap, colours: str, note: str) -> None:
    """Show a colour bar with the absolute values at its ends.

    Parameters
    ----------
    focus : FocusMap
        Gives the values at the ends.
    colours : str
        Name of the colour map.
    note : str
        Text about the scale, escaped here.
    """
    ramp = colour_map(np.linspace(0, 1, 256, dtype=np.float32)[None].repeat(4, 0), colours)
    low, high = legend_numbers(focus.low, focus.high)
    st.html(
        f'<div class="av-legend"><em>{html.escape(note)}</em><span>{low}</span>'
        f'<img alt="colour scale" src="{data_link(ramp)}"><span>{high}</span></div>'
    )


def legend_numbers(low: float, high: float) -> tuple[str, str]:
    """Format both ends of a scale so that the larger one has three significant digits."""
    if high <= 0:
        return "0", "0"
    decimals = max(0, 2 - math.floor(math.log10(high)))
    return f"{low:.{decimals}f}", f"{high:.{decimals}f}"


def png_link(values: FloatArray, low: float, high: float, colours: str = COLOURS) -> str:
    """Draw a map as a data: link with a PNG, one pixel per cell.

    Parameters
    ----------
    values : float32 [h, w]
        The map.
    low, high : float
        Values at the ends of the colour map.
    colours : str
        Name of the colour map.

    Returns
    -------
    str
        The link.
    """
    share = np.clip((values - low) / (high - low), 0, 1) if high > low else np.zeros_like(values)
    picture = Image.fromarray(np.rint(share * 255).astype(np.uint8))
    picture.putpalette(colour_table(colours).tobytes())
    file = io.BytesIO()
    picture.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()
