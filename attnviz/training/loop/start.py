"""Fine-tuning: a network starts from trained weights instead of random ones."""

from __future__ import annotations

from torch import nn

from attnviz.errors import TrainingError
from attnviz.models.catalogue import find_model
from attnviz.models.weights import read_weights

_LEAST_SHARE = 0.5  # of a network's weights that must come from the file


def start_from(module: nn.Module, name: str) -> None:
    """Load trained weights into a network, except those whose shape differs.

    With other classes that is the last layer; it keeps its random weights.

    Parameters
    ----------
    module
        The network; changed in place.
    name
        Name of a network in the catalogue, or path of its trained weights.

    Raises
    ------
    UnknownNameError
        There is no such network.
    WeightsError
        Its weights cannot be had.
    TrainingError
        They belong to another network: less than half of this one's weights are among them.
    """
    spec = find_model(name)
    if spec.weights is None:
        raise TrainingError(f"{name} has no weights to start from. Start from random weights.")
    state, _ = read_weights(spec.weights)
    own = module.state_dict()
    fitting = {
        key: value for key, value in state.items() if key in own and value.shape == own[key].shape
    }
    total = sum(value.numel() for value in own.values())
    if sum(value.numel() for value in fitting.values()) < _LEAST_SHARE * total:
        raise TrainingError(
            f"The weights of {name} do not belong to this network ({type(module).__name__}). "
            "Start from weights of the same network, or from random ones."
        )
    module.load_state_dict(fitting, strict=False)
