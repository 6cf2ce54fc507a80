"""The foveated picture at its original size, for saving."""

from __future__ import annotations

from attnviz.export.png import png_with_provenance
from attnviz.pictures import Picture
from attnviz.types import Pixels
from attnviz.ui.components.eye.save_request import SaveRequest
from attnviz.vision.foveation import foveate


def foveated_picture(request: SaveRequest, shown: Picture, picture: Picture) -> Pixels:
    """Foveate a picture as the user requested it for its displayed copy.

    Parameters
    ----------
    request : SaveRequest
        Fixations, viewing geometry and retina.
    shown : Picture
        The copy that the request refers to.
    picture : Picture
        The same picture at the size to render.

    Returns
    -------
    uint8 [H, W, 3]
        At the size of `picture`.
    """
    height, width = picture.pixels.shape[:2]
    viewing = request.viewing_of(shown.pixels.shape[1], width)
    fixations = [(y * height, x * width) for y, x in request.fixations]
    return foveate(picture.pixels, fixations, viewing, request.retina)


def foveated_png(request: SaveRequest, shown: Picture, picture: Picture) -> bytes:
    """Foveate a picture as `foveated_picture` does, and write it as PNG with its provenance."""
    pixels = foveated_picture(request, shown, picture)
    viewing = request.viewing_of(shown.pixels.shape[1], pixels.shape[1])
    retina = request.retina
    provenance = {
        "picture": picture.name,
        "picture sha256": picture.sha256,
        "made by": "foveation (Geisler & Perry 1998)",
        "fixations": "; ".join(
            f"x {100 * x:.1f} %, y {100 * y:.1f} %" for y, x in request.fixations
        ),
        "gaze led by": request.path or "the viewer",
        "viewing distance cm": f"{request.distance_cm:g}",
        "pixels per degree": f"{viewing.pixels_per_degree:.2f}",
        "coarser than a human eye": f"{retina.coarser:g}",
        "least contrast": f"{retina.least_contrast:.6g}",
        "decay": f"{retina.decay:g}",
        "half angle degrees": f"{retina.half_angle:g}",
    }
    return png_with_provenance(pixels, provenance)
