"""Regions of a photo as coloured outlines."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np

from attnviz.errors import FocusError
from attnviz.render.palette import Colour
from attnviz.types import BoolArray, Pixels


def outlined(pixels: Pixels, regions: Sequence[BoolArray], colours: Sequence[Colour]) -> Pixels:
    """Draw the outline of each region in its colour, with a black casing to stand out.

    Parameters
    ----------
    pixels
        uint8 [H, W, 3], sRGB.
    regions
        bool [H, W] each; later ones are drawn over earlier ones.
    colours
        One for each region.

    Returns
    -------
    Pixels
        uint8 [H, W, 3]. Lines are about 0.6 % of the longer side wide, and run along the inside of
        the picture where a region reaches its edge.

    Raises
    ------
    FocusError
        Sizes or numbers do not fit.
    """
    shown = pixels.copy()
    if len(regions) != len(colours):
        raise FocusError(f"{len(regions)} regions need as many colours, not {len(colours)}.")
    width = max(2, round(0.006 * max(pixels.shape[:2])))
    for region, colour in zip(regions, colours, strict=True):
        if region.shape != pixels.shape[:2]:
            raise FocusError(f"A region of {region.shape} does not fit a photo of {pixels.shape}.")
        lines, _ = cv2.findContours(
            region.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
        )
        cv2.drawContours(shown, lines, -1, (0, 0, 0), width + 2, cv2.LINE_AA)
        cv2.drawContours(shown, lines, -1, colour, width, cv2.LINE_AA)
    return shown
