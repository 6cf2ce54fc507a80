"""Cost of capturing attention, compared with bare passes and with other libraries.

    python -m benchmarks.capture [--device auto] [--repeats 15]

The other libraries are torchcam and pytorch-grad-cam (development dependencies). ResNet-50 has
seeded random weights: time does not depend on them.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial

import torch
from pytorch_grad_cam import GradCAM as PeerGradCam
from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget
from torch import Tensor, nn
from torchcam.methods import GradCAM as TorchCam
from torchvision.models import resnet50

from attnviz.capture.discovery.blocks import find_blocks
from attnviz.capture.run import capture
from attnviz.capture.site import Site
from attnviz.capture.taps.soft_masks import find_soft_masks
from attnviz.methods.grad_cam import GradCam
from attnviz.methods.soft_mask import SoftMask
from attnviz.models.device import choose_device
from attnviz.models.lens_source import build_lens
from attnviz.models.zoo.ran_small import ran_small
from benchmarks.self_attention import clicks, legrad, memory, self_attention
from benchmarks.timing import HEADER, Budget, median_times

FOUR = ("layer1.2", "layer2.3", "layer3.5", "layer4.2")


def synchronised(function: Callable[[], object], device: torch.device) -> Callable[[], object]:
    """Wrap a function so that it returns only when the device has finished."""

    def run() -> object:
        result = function()
        if device.type == "cuda":
            torch.cuda.synchronize(device)
        return result

    return run


def soft_masks(device: torch.device, repeats: int) -> list[Budget]:
    """Reading all soft masks of ran-small, compared with its bare forward pass."""
    torch.manual_seed(0)
    module = ran_small().eval().requires_grad_(False).to(device)
    module = module.to(memory_format=torch.channels_last)
    inputs = torch.randn(1, 3, 160, 160, device=device).to(memory_format=torch.channels_last)
    sites = find_soft_masks(module)

    def bare() -> Tensor:
        with torch.no_grad():
            logits: Tensor = module(inputs)
        return logits

    def capture_masks() -> object:
        return SoftMask()(capture(module, inputs, sites))

    times = _times({"bare": bare, "capture": capture_masks}, device, 4 * repeats)
    return [
        Budget("soft masks of ran-small, over bare forward", _ratio(times, "capture", "bare"), 1.1)
    ]


def class_masks(device: torch.device, repeats: int) -> list[Budget]:
    """A pass of lens, with its masks, compared with its classifier's alone."""
    found = []
    torch.manual_seed(0)
    lens = build_lens().eval().requires_grad_(False).to(device)
    lens = lens.to(memory_format=torch.channels_last)
    for size in ((256, 256), (256, 352)):
        inputs = torch.randn(1, 3, *size, device=device).to(memory_format=torch.channels_last)
        runs: dict[str, Callable[[], object]] = {
            "bare": partial(_without_gradients, lens.trunk, inputs),
            "masks": partial(_without_gradients, lens, inputs),
        }
        times = _times(runs, device, 4 * repeats)
        name = f"lens at {size[1]} x {size[0]} px, over EfficientNet-Lite0"
        found.append(Budget(name, _ratio(times, "masks", "bare"), 1.15))
    return found


def _without_gradients(module: nn.Module, inputs: Tensor) -> object:
    with torch.inference_mode():
        return module(inputs)


def grad_cams(device: torch.device, repeats: int) -> list[Budget]:
    """Grad-CAM on every block of ResNet-50, compared with bare passes and other libraries."""
    torch.manual_seed(0)
    module = resnet50(weights=None).eval().requires_grad_(False).to(device)
    module = module.to(memory_format=torch.channels_last)
    inputs = torch.randn(1, 3, 224, 224, device=device).to(memory_format=torch.channels_last)
    sites = find_blocks(module, inputs)
    four = [site for site in sites if site.layer in FOUR]
    times = _times(
        {
            "bare": lambda: bare_passes(module, inputs, sites[0]),
            "all": lambda: GradCam()(capture(module, inputs, sites, gradients=True, target=7)),
            "bare four": lambda: bare_passes(module, inputs, four[0]),
            "four": lambda: GradCam()(capture(module, inputs, four, gradients=True, target=7)),
            "torchcam": lambda: torchcam_maps(module, inputs, four),
            "pytorch-grad-cam": lambda: pytorch_grad_cam_maps(module, inputs, sites),
        },
        device,
        repeats,
    )
    return [
        Budget(
            "Grad-CAM, 17 blocks of ResNet-50, over bare passes", _ratio(times, "all", "bare"), 1.1
        ),
        Budget("the same, 4 blocks, over bare passes", _ratio(times, "four", "bare four"), 1.1),
        Budget("the same, 4 blocks, over torchcam", _ratio(times, "four", "torchcam"), 1.0),
        Budget(
            "pytorch-grad-cam on 17 blocks, one at a time, over ours",
            _ratio(times, "pytorch-grad-cam", "all"),
            5.0,
            at_least=True,
        ),
    ]


def bare_passes(module: nn.Module, inputs: Tensor, first: Site) -> Tensor:
    """One forward pass, and one backward pass that ends at the first captured activation."""
    leaf: list[Tensor] = []

    def start(_module: nn.Module, _inputs: object, output: Tensor) -> Tensor:
        leaf.append(output.detach().requires_grad_())
        return leaf[0]

    handle = module.get_submodule(first.module).register_forward_hook(start)
    try:
        score = module(inputs)[0, 7]
    finally:
        handle.remove()
    return torch.autograd.grad(score, leaf)[0]


def torchcam_maps(module: nn.Module, inputs: Tensor, sites: list[Site]) -> object:
    """torchcam's Grad-CAM; it needs an input or parameters that require gradients."""
    leaf = inputs.detach().requires_grad_()
    with TorchCam(module, target_layer=[site.module for site in sites]) as cam:
        scores = module(leaf)
        return cam(7, scores)


def pytorch_grad_cam_maps(
    module: nn.Module, inputs: Tensor, sites: tuple[Site, ...]
) -> list[object]:
    """pytorch-grad-cam, one layer at a time: it averages layers that are given together."""
    maps: list[object] = []
    for site in sites:
        leaf = inputs.detach().requires_grad_()
        with PeerGradCam(module, [module.get_submodule(site.module)]) as cam:
            maps.append(cam(leaf, [ClassifierOutputTarget(7)]))
    return maps


def _times(
    functions: dict[str, Callable[[], object]], device: torch.device, repeats: int
) -> dict[str, float]:
    return median_times(
        {name: synchronised(function, device) for name, function in functions.items()},
        repeats=repeats,
    )


def _ratio(times: dict[str, float], over: str, under: str) -> float:
    return times[over] / times[under]


def main() -> None:
    """Print a table of measurements with their budgets."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    device = choose_device(options.device)
    print(f"Capture on {device}, {torch.get_num_threads()} threads\n\n{HEADER}")
    benchmarks: list[Callable[[], list[Budget]]] = [
        lambda: soft_masks(device, options.repeats),
        lambda: class_masks(device, options.repeats),
        lambda: grad_cams(device, options.repeats),
        lambda: self_attention(device, options.repeats, synchronised),
        lambda: clicks(device, options.repeats, synchronised),
        lambda: legrad(device, options.repeats, synchronised),
        lambda: memory(device),
    ]
    for benchmark in benchmarks:
        for budget in benchmark():
            print(budget.line(), flush=True)


if __name__ == "__main__":
    main()
