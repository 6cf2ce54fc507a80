"""Principal components have the sign that the features give them, however the photo lies."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from attnviz.methods import METHODS, Inference
from attnviz.methods.pytorch_grad_cam.sign import Sign, oriented
from attnviz.types import FloatArray

EIGEN = ("eigen-cam", "eigen-grad-cam", "kpca-cam", "seg-eigen-cam")
SYMMETRIES: dict[str, Callable[[Tensor], Tensor]] = {
    "mirrored": lambda x: x.flip(-1),
    "upside down": lambda x: x.flip(-2),
    "turned": lambda x: x.rot90(1, (-2, -1)),
    "transposed": lambda x: x.transpose(-2, -1),
}


class Tokens(nn.Module):
    """A network on tokens whose features have both signs, without positions."""

    def __init__(self) -> None:
        super().__init__()
        self.patches = nn.Conv2d(3, 12, 2, 2)
        self.block = nn.Sequential(nn.Linear(12, 12), nn.GELU(), nn.Linear(12, 12))
        self.head = nn.Linear(12, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.block(self.patches(x).flatten(2).transpose(1, 2)).mean(1))


class Normed(Tokens):
    """The same with a layer norm, before which HiResCAM is 0 everywhere."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(12)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.norm(self.block(self.patches(x).flatten(2).transpose(1, 2))).mean(1))


def pointwise() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 12, 1), nn.ReLU(), nn.Conv2d(12, 12, 1), nn.ReLU(),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(12, 4),
    )  # fmt: skip


def look(name: str, network: nn.Module, inputs: Tensor) -> FloatArray:
    return METHODS.get(name)().run(Inference.of(network, inputs, 1)).layer_maps[-1].values


@pytest.mark.parametrize("name", EIGEN)
def test_the_map_moves_with_the_photo(name: str) -> None:
    """Each position is seen by itself, so a mirrored photo has the mirrored map."""
    for seed in range(5):
        torch.manual_seed(seed)
        network = pointwise().eval()
        inputs = nn.functional.interpolate(torch.randn(1, 3, 4, 4), scale_factor=4, mode="bicubic")
        expected = look(name, network, inputs)
        for how, moved in SYMMETRIES.items():
            found = look(name, network, moved(inputs))
            by_hand = moved(torch.from_numpy(expected)).numpy()
            np.testing.assert_allclose(found, by_hand, atol=1e-3 * expected.max(), err_msg=how)


@pytest.mark.parametrize("kind", [Tokens, Normed])
def test_the_map_of_tokens_moves_with_the_photo(kind: type[Tokens]) -> None:
    """Patches are turned with their photo by kernels of one value."""
    torch.manual_seed(0)
    network = kind().eval()
    network.patches.weight.data[:] = network.patches.weight.data.mean((2, 3), keepdim=True)
    inputs = torch.randn(1, 3, 8, 8)
    for name in EIGEN[:3]:
        expected = look(name, network, inputs)
        for how, moved in SYMMETRIES.items():
            by_hand = moved(torch.from_numpy(expected)).numpy()
            found = look(name, network, moved(inputs))
            np.testing.assert_allclose(found, by_hand, atol=1e-3 * expected.max(), err_msg=how)


@pytest.mark.parametrize("name", ["eigen-cam", "kpca-cam"])
@pytest.mark.parametrize("width", [1, 5])
def test_strong_features_are_shown_wide_or_narrow(name: str, width: int) -> None:
    """On 6 columns, of which the first ones are strong; with 5, the weak one is the extreme."""
    network = pointwise().eval()
    with torch.no_grad():
        for layer in (network[0], network[2]):
            layer.weight.fill_(0.2)
            layer.bias.zero_()
    inputs = torch.full((1, 3, 6, 6), 0.1)
    inputs[..., :width] = 1.0
    for photo in (inputs, inputs.flip(-1)):
        found = look(name, network, photo)[0]
        strong = (photo[0, 0] == 1).numpy()
        assert (found[~strong] == 0).all()
        assert (found[strong] > 0).all()


def test_eigen_grad_cam_shows_what_supports_the_class() -> None:
    """Channel 0 supports class 1 on the left, channel 1 against it on the right, stronger."""
    network = nn.Sequential(
        nn.Conv2d(3, 2, 1, bias=False), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, 2)
    ).eval()
    with torch.no_grad():
        network[0].weight.copy_(torch.eye(2, 3)[:, :, None, None])
        network[3].weight.copy_(torch.tensor([[-1.0, 1.0], [1.0, -1.0]]))
    inputs = torch.zeros(1, 3, 1, 4)
    inputs[0, 0, 0, 0], inputs[0, 1, 0, 3] = 2.0, 3.0
    for photo, place in ((inputs, 0), (inputs.flip(-1), 3)):
        found = look("eigen-grad-cam", network, photo)[0, 0]
        assert found.argmax() == place
        assert found[3 - place] == 0


def test_signs_by_hand() -> None:
    component = np.array([[[-1.0, 0.0, 1.0]]])
    rising = np.array([[[[1.0, 2.0, 3.0]]]])
    falling = -np.ones_like(rising)
    as_it_is, reversed_ = component.tolist(), (-component).tolist()
    assert oriented(component, rising, None, Sign.ACTIVATION).tolist() == as_it_is
    assert oriented(-component, rising, None, Sign.ACTIVATION).tolist() == as_it_is
    # Strength is a magnitude: features that grow downwards are as strong.
    assert oriented(component, -rising, None, Sign.ACTIVATION).tolist() == as_it_is
    # Support has a sign: a negative gradient makes the same features count against the class.
    assert oriented(component, rising, falling, Sign.SUPPORT).tolist() == reversed_
    # Of even magnitude: the signed sum decides.
    even = np.array([[[[-1.0, 0.0, 1.0]]]])
    assert oriented(-component, even, None, Sign.ACTIVATION).tolist() == as_it_is
    # Without any relation, it is left as it is; the library's own sign always is.
    assert oriented(component, 0 * rising, None, Sign.ACTIVATION).tolist() == as_it_is
    assert oriented(-component, rising, None, Sign.LIBRARY).tolist() == reversed_
    # Each picture of a batch by itself.
    two = np.concatenate([component, -component])
    turned = oriented(two, np.concatenate([rising, rising]), None, Sign.ACTIVATION)
    assert turned.tolist() == as_it_is * 2
