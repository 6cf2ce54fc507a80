"""Features of an input, to compare others with."""

from __future__ import annotations

from torch import Tensor

from attnviz.capture.discovery.final_features import final_features
from attnviz.capture.run import capture
from attnviz.errors import ModelError, TargetError
from attnviz.methods.inference import Inference
from attnviz.models.device import move_inputs
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture
from attnviz.pictures.geometry import PictureGeometry


def features_of(inference: Inference, inputs: Tensor) -> Tensor:
    """Return the features [N, C, h, w] of inputs, from one pass.

    Parameters
    ----------
    inference
        The network.
    inputs
        [N, C, H, W].

    Returns
    -------
    Tensor
        float32, where `final_features` reads them.

    Raises
    ------
    TargetError
        The network has no features with positions.
    """
    try:
        trace = capture(inference.module, inputs, [final_features(inference.module, inputs)])
    except ModelError as error:
        raise TargetError(f"No patch can be asked for: {error}") from error
    return trace.features[0].activation


def inputs_of(
    model: VisionModel, inference: Inference, picture: Picture
) -> tuple[Tensor, PictureGeometry]:
    """Return another picture as an input [1, C, H, W] on the network's device."""
    tensor, geometry = model.preprocess.tensor(picture)
    return move_inputs(tensor, inference.inputs.device), geometry
