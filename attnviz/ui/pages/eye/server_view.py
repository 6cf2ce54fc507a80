"""The page "Eye" where the browser has no WebGL2: the same picture, made by the server."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import cv2
import streamlit as st

from attnviz.export.jpeg import jpeg
from attnviz.pictures import Picture
from attnviz.types import Pixels
from attnviz.ui.components.eye.save_request import Wanted
from attnviz.ui.kit.guard import plain_text
from attnviz.ui.pages.eye.packing import photo_id, retina_jpeg
from attnviz.ui.pages.eye.save import foveated_picture
from attnviz.ui.pages.eye.scanpaths import GazePath
from attnviz.vision.fundus import CREDIT
from attnviz.vision.projection import BLIND_SPOT, retinal_position, zone_of
from attnviz.vision.retina import ZONES, Retina, ViewingGeometry
from attnviz.vision.scanpath import Fixation

_MANUAL = "I move the gaze"
_WHITE, _BLACK = (255, 255, 255), (0, 0, 0)


def show_server_view(picture: Picture, paths: Sequence[GazePath]) -> Wanted:
    """Pictures above the controls that change them; returns what is shown, for saving.

    Raises VisionError for a distance or a screen of no size.
    """
    st.caption("Made by the server, for this browser has no WebGL2.")
    stage, facts = st.columns([3, 2], gap="medium")
    looks, led_by = _pick_gaze(paths)
    viewing, retina, distance = _pick_eye(picture.pixels.shape[1])
    height, width = picture.pixels.shape[:2]
    wanted = Wanted(
        photo_id(picture), ((looks[-1].y, looks[-1].x),), viewing, retina, distance, led_by
    )
    shown = with_marks(foveated_picture(wanted, picture, picture), looks, viewing)
    with stage:
        st.image(jpeg(shown), width="stretch", alt="The picture as an eye samples it")
        st.caption(f"{retina.coarser:g} × coarser than a human eye.")
    with facts:
        _show_position(looks[-1], (height, width), viewing, retina)
    return wanted


def with_marks(pixels: Pixels, looks: Sequence[Fixation], viewing: ViewingGeometry) -> Pixels:
    """The picture with the retina's zones around the last stop, and all stops as numbered circles.

    pixels: uint8 [H, W, 3]. looks: places in 0..1 of it.
    """
    canvas = pixels.copy()
    height, width = canvas.shape[:2]
    places = [(round(one.x * width), round(one.y * height)) for one in looks]
    thick = max(1, round(max(height, width) / 600))
    for zone in ZONES:
        radius = round(zone.radius(viewing))
        for colour, extra in ((_BLACK, 2), (_WHITE, 0)):
            cv2.circle(canvas, places[-1], radius, colour, thick + extra, cv2.LINE_AA)
    if len(looks) > 1:
        for start, stop in pairwise(places):
            cv2.line(canvas, start, stop, _WHITE, thick, cv2.LINE_AA)
        for number, place in enumerate(places, 1):
            _numbered(canvas, place, str(number), thick)
    return canvas


def _numbered(canvas: Pixels, place: tuple[int, int], text: str, thick: int) -> None:
    radius, scale = 11 * thick, 0.45 * thick
    cv2.circle(canvas, place, radius, _WHITE, -1, cv2.LINE_AA)
    cv2.circle(canvas, place, radius, _BLACK, thick, cv2.LINE_AA)
    font = cv2.FONT_HERSHEY_SIMPLEX
    (wide, high), _ = cv2.getTextSize(text, font, scale, thick)
    corner = (place[0] - wide // 2, place[1] + high // 2)
    cv2.putText(canvas, text, corner, font, scale, _BLACK, thick, cv2.LINE_AA)


def _pick_gaze(paths: Sequence[GazePath]) -> tuple[tuple[Fixation, ...], str]:
    """Where the eye has looked so far, and which map led it."""
    titles = {path.title: path for path in paths}
    title = st.selectbox("Gaze", [_MANUAL, *titles], key="plain eye path")
    path = titles.get(title)
    if path is not None and path.refused:
        st.info(plain_text(path.refused))
    if path is None or not path.stops:
        left, right = st.columns(2)
        with left:
            x = st.slider("From the left, %", 0, 100, 50, key="plain eye x")
        with right:
            y = st.slider("From the top, %", 0, 100, 50, key="plain eye y")
        return (Fixation(y / 100, x / 100, 1.0, 0.0),), ""
    if len(path.stops) == 1:
        return path.stops, path.title
    count = st.slider("Fixations so far", 1, len(path.stops), 1, key=f"plain eye at {path.title}")
    return path.stops[:count], path.title


def _pick_eye(width_px: int) -> tuple[ViewingGeometry, Retina, float]:
    first, second, third = st.columns(3)
    with first:
        distance = st.number_input(
            "Viewing distance, cm", 0.0, 1000.0, 60.0, step=5.0, key="plain eye distance"
        )
    with second:
        width = st.number_input(
            "Width of the picture on your screen, cm", 0.0, 400.0, 20.0, step=1.0,
            key="plain eye width", help="A bank card is 8.56 cm wide: hold one against the screen.",
        )  # fmt: skip
    with third:
        coarser = st.slider("Exaggeration", 1.0, 12.0, 4.0, step=0.5, key="plain eye coarser")
    with st.expander("The eye's contrast threshold"):
        contrast = st.number_input(
            "Least visible contrast", 0.0, 1.0, 1 / 64, format="%.4f", key="plain eye contrast"
        )
        decay = st.number_input("Decay with frequency", 0.0, 1.0, 0.106, key="plain eye decay")
        half = st.number_input("Angle of half resolution", 0.0, 20.0, 2.3, key="plain eye half")
    viewing = ViewingGeometry.of_screen(distance_cm=distance, width_cm=width, width_px=width_px)
    return viewing, Retina(contrast, decay, half, coarser), distance


def _show_position(
    gaze: Fixation, size: tuple[int, int], viewing: ViewingGeometry, retina: Retina
) -> None:
    """Where on the retina a place of the picture falls, and how finely it is sampled there."""
    st.html('<div class="av-title">Where a place falls on the retina</div>')
    x = st.slider("Place, % from the left", 0, 100, 75, key="plain eye place x")
    y = st.slider("Place, % from the top", 0, 100, 50, key="plain eye place y")
    height, width = size
    place = retinal_position((y / 100 - gaze.y) * height, (x / 100 - gaze.x) * width, viewing)
    zone = zone_of(place)
    across = "right" if place.right > 0 else "left"
    along = "up" if place.up > 0 else "down"
    where = f"{abs(place.right):.1f}° to the {across}, {abs(place.up):.1f}° {along}"
    finest = float(retina.finest(place.eccentricity)) * retina.coarser
    detail = "nothing" if zone == BLIND_SPOT else f"up to {finest:.1f} cycles per degree"
    st.markdown(f"**{zone}**: {where} of the fovea, {place.millimetres:.1f} mm. It sees {detail}.")
    if math.isclose(retina.coarser, 1):
        st.caption("The picture is shown as fine as that.")
    if source := retina_jpeg():
        st.image(source, width=260, alt="Photograph of the back of a left eye, from the front")
        st.caption(f"As an examiner sees it: left and right are exchanged. {plain_text(CREDIT)}")
