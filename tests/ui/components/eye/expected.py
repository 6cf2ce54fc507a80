"""What Python makes of distances, gazes and eyes, written down for the browser's side to match."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from attnviz.ui.pages.eye.packing import _fundus
from attnviz.vision.projection import MM_PER_DEGREE, OPTIC_DISC, retinal_position, zone_of
from attnviz.vision.retina import ZONES, Retina, ViewingGeometry

EYES = (Retina(), Retina(coarser=4), Retina(1 / 75, 0.12, 3.0, 2.5))
DENSITIES = (20.0, 37.6, 78.5)
OFFSETS = ((0, 0), (0, 200), (-120, 0), (90, -310), (-700, 450), (25, -555), (53, -584), (4, 3))


def write(folder: Path) -> None:
    """Write `eye.json`."""
    facts = {
        "eyes": [_eye(eye, per_degree) for eye in EYES for per_degree in DENSITIES],
        "landings": [_landing(*one, per_degree) for one in OFFSETS for per_degree in DENSITIES],
        "screen": ViewingGeometry.of_screen(
            distance_cm=57, width_cm=1024 / 37.8, width_px=1024
        ).pixels_per_degree,
        "zones": [zone._asdict() for zone in ZONES],
        "disc": OPTIC_DISC._asdict(),
        "mmPerDegree": MM_PER_DEGREE,
        "fundus": _fundus(),
    }
    (folder / "eye.json").write_text(json.dumps(facts), encoding="utf-8")


def _eye(eye: Retina, per_degree: float) -> dict[str, Any]:
    viewing = ViewingGeometry(per_degree)
    angles = [0.0, 0.5, 2.3, 5.0, 10.0, 20.0, 40.0]
    return {
        "retina": {
            "leastContrast": eye.least_contrast,
            "decay": eye.decay,
            "halfAngle": eye.half_angle,
            "coarser": eye.coarser,
        },
        "perDegree": per_degree,
        "angles": angles,
        "finest": eye.finest(angles).tolist(),
        "pixels": [viewing.pixels(angle) for angle in angles],
        "sharp": eye.sharp_angle(viewing),
    }


def _landing(below: float, right_of: float, per_degree: float) -> dict[str, Any]:
    place = retinal_position(below, right_of, ViewingGeometry(per_degree))
    return {
        "below": below, "rightOf": right_of, "perDegree": per_degree,
        "right": place.right, "up": place.up, "angle": place.eccentricity, "zone": zone_of(place),
    }  # fmt: skip
