"""The picture as the eye sees it, drawn at full size to be saved."""

from __future__ import annotations

from attnviz.export.png import png_with_provenance
from attnviz.pictures import Picture
from attnviz.types import Pixels
from attnviz.ui.components.eye.save_request import Wanted
from attnviz.vision.foveation import foveate


def foveated_picture(wanted: Wanted, shown: Picture, picture: Picture) -> Pixels:
    """The whole picture, uint8 [H, W, 3], as asked for of its shown copy."""
    height, width = picture.pixels.shape[:2]
    viewing = wanted.viewing_of(shown.pixels.shape[1], width)
    looks = [(y * height, x * width) for y, x in wanted.fixations]
    return foveate(picture.pixels, looks, viewing, wanted.retina)


def foveated_png(wanted: Wanted, shown: Picture, picture: Picture) -> bytes:
    """The whole picture as PNG, with what it was made by written into it."""
    pixels = foveated_picture(wanted, shown, picture)
    viewing = wanted.viewing_of(shown.pixels.shape[1], pixels.shape[1])
    retina = wanted.retina
    facts = {
        "picture": picture.name,
        "picture sha256": picture.sha256,
        "made by": "foveation (Geisler & Perry 1998)",
        "fixations": "; ".join(
            f"x {100 * x:.1f} %, y {100 * y:.1f} %" for y, x in wanted.fixations
        ),
        "gaze led by": wanted.path or "the viewer",
        "viewing distance cm": f"{wanted.distance_cm:g}",
        "pixels per degree": f"{viewing.pixels_per_degree:.2f}",
        "coarser than a human eye": f"{retina.coarser:g}",
        "least contrast": f"{retina.least_contrast:.6g}",
        "decay": f"{retina.decay:g}",
        "half angle degrees": f"{retina.half_angle:g}",
    }
    return png_with_provenance(pixels, facts)
