"""The page "Eye" for browsers without WebGL2: the server renders the same picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import cv2
import streamlit as st

from attnviz.pictures import Picture
from attnviz.pictures.jpeg import jpeg
from attnviz.types import Pixels
from attnviz.ui.components.eye.save_request import SaveRequest
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.pages.eye.packing import photo_id, retina_jpeg
from attnviz.ui.pages.eye.scanpaths import GazePath
from attnviz.vision.fundus import CREDIT
from attnviz.vision.projection import BLIND_SPOT, retinal_position, zone_of
from attnviz.vision.retina import ZONES, Retina, ViewingGeometry
from attnviz.vision.scanpath import Fixation

_MANUAL = "I move the gaze"
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)


def show_server_view(picture: Picture, paths: Sequence[GazePath]) -> SaveRequest:
    """Show pictures, and below them the controls that change them.

    Parameters
    ----------
    picture : Picture
        The picture as displayed.
    paths : sequence of GazePath
        Scanpaths that the user can choose.

    Returns
    -------
    SaveRequest
        What is displayed, for saving it.

    Raises
    ------
    VisionError
        If distance or screen width is 0.
    """
    st.caption("Rendered by the server, because this browser has no WebGL2.")
    stage, side = st.columns([3, 2], gap="medium")
    fixations, led_by = _pick_gaze(paths)
    viewing, retina, distance = _pick_eye(picture.pixels.shape[1])
    height, width = picture.pixels.shape[:2]
    request = SaveRequest(
        photo=photo_id(picture),
        fixations=((fixations[-1].y, fixations[-1].x),),
        viewing=viewing,
        retina=retina,
        distance_cm=distance,
        path=led_by,
    )
    shown = with_marks(request.pixels(picture), fixations, viewing)
    with stage:
        st.image(jpeg(shown), width="stretch", alt="The picture as an eye samples it")
        st.caption(f"{retina.coarser:g} × coarser than a human eye.")
    with side:
        _show_position(fixations[-1], (height, width), viewing, retina)
    return request


def with_marks(pixels: Pixels, fixations: Sequence[Fixation], viewing: ViewingGeometry) -> Pixels:
    """Draw the retina's zones around the last fixation, and all fixations as numbered circles.

    Parameters
    ----------
    pixels : uint8 [H, W, 3]
        The picture; it is not changed.
    fixations : sequence of Fixation
        In 0..1 of the picture.
    viewing : ViewingGeometry
        Gives the zones' sizes in pixels.

    Returns
    -------
    uint8 [H, W, 3]
        A copy with the marks.
    """
    canvas = pixels.copy()
    height, width = canvas.shape[:2]
    points = [(round(fixation.x * width), round(fixation.y * height)) for fixation in fixations]
    thick = max(1, round(max(height, width) / 600))
    for zone in ZONES:
        radius = round(zone.radius(viewing))
        for colour, extra in ((_BLACK, 2), (_WHITE, 0)):
            cv2.circle(canvas, points[-1], radius, colour, thick + extra, cv2.LINE_AA)
    if len(fixations) > 1:
        for start, stop in pairwise(points):
            cv2.line(canvas, start, stop, _WHITE, thick, cv2.LINE_AA)
        for number, position in enumerate(points, 1):
            _numbered(canvas, position, str(number), thick)
    return canvas


def _numbered(canvas: Pixels, position: tuple[int, int], text: str, thick: int) -> None:
    radius, scale = 11 * thick, 0.45 * thick
    cv2.circle(canvas, position, radius, _WHITE, -1, cv2.LINE_AA)
    cv2.circle(canvas, position, radius, _BLACK, thick, cv2.LINE_AA)
    font = cv2.FONT_HERSHEY_SIMPLEX
    (wide, high), _ = cv2.getTextSize(text, font, scale, thick)
    corner = (position[0] - wide // 2, position[1] + high // 2)
    cv2.putText(canvas, text, corner, font, scale, _BLACK, thick, cv2.LINE_AA)


def _pick_gaze(paths: Sequence[GazePath]) -> tuple[tuple[Fixation, ...], str]:
    """Pick the fixations so far; returns them and the title of the map that led the gaze."""
    titles = {path.title: path for path in paths}
    title = st.selectbox("Gaze", [_MANUAL, *titles], key="plain eye path")
    path = titles.get(title)
    if path is not None and path.refused:
        st.info(plain_text(path.refused))
    if path is None or not path.fixations:
        left, right = st.columns(2)
        with left:
            x = st.slider("From the left, %", 0, 100, 50, key="plain eye x")
        with right:
            y = st.slider("From the top, %", 0, 100, 50, key="plain eye y")
        return (Fixation(y / 100, x / 100, 1.0, 0.0),), ""
    if len(path.fixations) == 1:
        return path.fixations, path.title
    count = st.slider(
        "Fixations so far", 1, len(path.fixations), 1, key=f"plain eye at {path.title}"
    )
    return path.fixations[:count], path.title


def _pick_eye(width_px: int) -> tuple[ViewingGeometry, Retina, float]:
    first, second, third = st.columns(3)
    with first:
        distance = st.number_input(
            "Viewing distance, cm", 0.0, 1000.0, 60.0, step=5.0, key="plain eye distance"
        )
    with second:
        width = st.number_input(
            "Picture width on your screen, cm", 0.0, 400.0, 20.0, step=1.0,
            key="plain eye width", help="Hold a bank card against the screen: it is 8.56 cm wide.",
        )  # fmt: skip
    with third:
        coarser = st.slider("Exaggeration", 1.0, 12.0, 4.0, step=0.5, key="plain eye coarser")
    with st.expander("Contrast threshold of the eye"):
        contrast = st.number_input(
            "Lowest visible contrast", 0.0, 1.0, 1 / 64, format="%.4f", key="plain eye contrast"
        )
        decay = st.number_input("Decay with frequency", 0.0, 1.0, 0.106, key="plain eye decay")
        half = st.number_input(
            "Half-resolution angle, degrees", 0.0, 20.0, 2.3, key="plain eye half"
        )
    viewing = ViewingGeometry.of_screen(distance_cm=distance, width_cm=width, width_px=width_px)
    return viewing, Retina(contrast, decay, half, coarser), distance


def _show_position(
    gaze: Fixation, size: tuple[int, int], viewing: ViewingGeometry, retina: Retina
) -> None:
    """Show where on the retina a point of the picture falls, and how finely it is sampled."""
    st.html('<div class="av-title">Where a point falls on the retina</div>')
    x = st.slider("Point, % from the left", 0, 100, 75, key="plain eye place x")
    y = st.slider("Point, % from the top", 0, 100, 50, key="plain eye place y")
    height, width = size
    position = retinal_position((y / 100 - gaze.y) * height, (x / 100 - gaze.x) * width, viewing)
    zone = zone_of(position)
    across = "right" if position.right > 0 else "left"
    along = "up" if position.up > 0 else "down"
    where = f"{abs(position.right):.1f}° to the {across}, {abs(position.up):.1f}° {along}"
    finest = float(retina.finest(position.eccentricity)) * retina.coarser
    detail = "no detail" if zone == BLIND_SPOT else f"up to {finest:.1f} cycles per degree"
    st.markdown(
        f"**{zone}**: {where} of the fovea, {position.millimetres:.1f} mm. It resolves {detail}."
    )
    if math.isclose(retina.coarser, 1):
        st.caption("The picture is displayed at this resolution.")
    if source := retina_jpeg():
        st.image(source, width=260, alt="Photograph of the back of a left eye, from the front")
        st.caption(f"Seen from the front: left and right are mirrored. {plain_text(CREDIT)}")
