"""The CAM family against pytorch-grad-cam, layer by layer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import pytorch_grad_cam as peer
import torch
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn
from torchvision.models import get_model

from attnviz.capture.discovery.blocks import find_blocks
from attnviz.capture.run import capture
from attnviz.methods import METHODS

PEERS = {
    "grad-cam": peer.GradCAM,
    "hires-cam": peer.HiResCAM,
    "layer-cam": peer.LayerCAM,
    "xgrad-cam": peer.XGradCAM,
    "grad-cam++": peer.GradCAMPlusPlus,
}


def peer_map(
    method: type, module: nn.Module, layer: nn.Module, inputs: Tensor, target: int
) -> np.ndarray:
    """The peer's map [h, w] before it stretches and enlarges it, cut at zero as it does then."""
    targets = [ClassifierOutputTarget(target)]
    with method(module, [layer]) as cam:
        cam(inputs, targets)
        kept = cam.activations_and_grads
        activation, gradient = (
            each[0].detach().numpy() for each in (kept.activations, kept.gradients)
        )
        raw = cam.get_cam_image(inputs, layer, targets, activation, gradient, eigen_smooth=False)
        return np.maximum(raw, 0)[0]


def assert_equal_to_peer(module: nn.Module, inputs: Tensor, layers: set[str]) -> None:
    module.eval()
    sites = [site for site in find_blocks(module, inputs) if site.layer in layers]
    assert len(sites) == len(layers)
    trace = capture(module, inputs, sites, gradients=True)
    assert trace.target is not None
    target = int(trace.target[0])
    for name, method in PEERS.items():
        for site, own in zip(sites, METHODS.get(name)()(trace), strict=True):
            theirs = peer_map(method, module, module.get_submodule(site.module), inputs, target)
            top = theirs.max()
            assert top > 0, (name, site.layer)
            np.testing.assert_allclose(
                own.values[0] / top, theirs / top, atol=1e-4, err_msg=f"{name} at {site.layer}"
            )


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("resnet18", {"layer1.1", "layer2.1", "layer3.0", "layer4.1"}),
        ("densenet121", {"features.relu0", "features.denseblock2", "features.denseblock4"}),
    ],
)
def test_torchvision_networks(name: str, layers: set[str]) -> None:
    torch.manual_seed(0)
    module = get_model(name, weights=None, num_classes=10)
    inputs = torch.randn(1, 3, 96, 128)
    assert_equal_to_peer(module, inputs, layers)


@pytest.mark.data
def test_squeezenet_with_trained_weights(data_folder: Path) -> None:
    module = get_model("squeezenet1_0", weights=None)
    weights = torch.load(data_folder / "squeezenet1_0-imagenet.pth", weights_only=True)
    module.load_state_dict(weights)
    torch.manual_seed(0)
    inputs = torch.nn.functional.interpolate(torch.randn(1, 3, 14, 14), size=(224, 224))
    assert_equal_to_peer(module, inputs, {"features.4", "features.9", "features.12"})
