"""Where the results of a pass come from: what is written into whatever is saved."""

from __future__ import annotations

from attnviz.models.spec import Source
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.pictures.geometry import PictureGeometry


def pass_provenance(
    model: VisionModel, picture: Picture, geometry: PictureGeometry
) -> dict[str, str]:
    """Describe model, weights, input and picture of a pass.

    Parameters
    ----------
    model
        The network.
    picture
        The picture.
    geometry
        How the network's input was taken from it.

    Returns
    -------
    dict of str to str
    """
    height, width = geometry.input_size
    own = model.spec.source is Source.USER
    made = model.preprocess
    source = f" (from {made.origin})" if made.origin else ""
    return {
        "model": model.name,
        "weights sha256": model.weights_sha256,
        "input": f"{width} x {height} pixels",
        **({"preprocessing": made.described() + source} if own else {}),
        "picture": picture.name,
        "picture sha256": picture.sha256,
        **({"picture as read": " ".join(picture.notes)} if picture.notes else {}),
    }
