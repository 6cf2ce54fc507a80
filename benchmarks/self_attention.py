"""Cost of capturing self-attention: time and memory of the pass, and time of a click afterwards.

Part of `python -m benchmarks.capture`. Networks have seeded random weights.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TypeVar

import timm
import torch
from torch import Tensor, nn
from torchcam.methods import LeGrad as TorchCamLeGrad
from torchvision.models import vit_b_16

from attnviz.analysis.layer_statistics import query_maps
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.run import capture
from attnviz.capture.site import Kind, Site
from attnviz.capture.trace import Trace
from attnviz.methods.legrad import LeGrad
from benchmarks.timing import Budget, median_times

T = TypeVar("T")
Synchronised = Callable[[Callable[[], object], torch.device], Callable[[], object]]

LARGE = 1024
MEGABYTE = 1e6


def self_attention(device: torch.device, repeats: int, synchronised: Synchronised) -> list[Budget]:
    """Capture in ViT-B/16 of timm and torchvision, compared with bare forward passes."""
    budgets = []
    for source, module in (("timm", _vit("base", 224)), ("torchvision", vit_b_16(weights=None))):
        module = module.eval().requires_grad_(False).to(device)
        inputs = torch.randn(1, 3, 224, 224, device=device)
        sites = find_sites(module, Kind.CONTEXT, inputs)
        functions: dict[str, Callable[[], object]] = {
            "bare": partial(bare, module, inputs),
            "capture": partial(capture, module, inputs, sites),
        }
        times = median_times(
            {name: synchronised(function, device) for name, function in functions.items()},
            repeats=repeats,
        )
        name = f"self-attention of {source}'s ViT-B/16, over bare forward"
        budgets.append(Budget(name, times["capture"] / times["bare"], 1.1))
    return budgets


def clicks(device: torch.device, repeats: int, synchronised: Synchronised) -> list[Budget]:
    """Query maps of a clicked point, computed from a trace with many tokens or many layers."""
    networks: dict[str, tuple[nn.Module, int]] = {
        "ViT-S/16 at 1024 px": (_vit("small", LARGE), LARGE),
        "CaiT-XXS-24 at 224 px": (timm.create_model("cait_xxs24_224").eval(), 224),
    }
    budgets = []
    for name, (module, side) in networks.items():
        module = module.requires_grad_(False).to(device)
        inputs = torch.randn(1, 3, side, side, device=device)
        trace = capture(module, inputs, find_sites(module, Kind.CONTEXT, inputs))
        click = synchronised(partial(query_clicked_point, trace), device)
        seconds = median_times({"click": click}, repeats=repeats)["click"]
        layers = len(trace.context)
        budgets.append(Budget(f"a click in {name}, {layers} layers, ms", 1000 * seconds, 50.0))
    return budgets


def legrad(device: torch.device, repeats: int, synchronised: Synchronised) -> list[Budget]:
    """LeGrad on all layers of torchvision's ViT-B/16, compared with torchcam's."""
    torch.manual_seed(0)
    module = vit_b_16(weights=None).eval().requires_grad_(False).to(device)
    nn.init.normal_(module.heads.head.weight, std=0.02)  # zero weights would give zero gradients
    inputs = torch.randn(1, 3, 224, 224, device=device)
    sites = find_sites(module, Kind.CONTEXT, inputs)
    blocks = list(module.encoder.layers)

    def own() -> object:
        return LeGrad()(capture(module, inputs, sites, gradients=True, target=7))

    def torchcam() -> object:
        with TorchCamLeGrad(module, blocks) as cam:
            return cam(7, module(inputs.detach().requires_grad_()))

    times = median_times(
        {"own": synchronised(own, device), "torchcam": synchronised(torchcam, device)},
        repeats=repeats,
    )
    name = "LeGrad, 12 layers of torchvision's ViT-B/16, over torchcam"
    return [Budget(name, times["own"] / times["torchcam"], 1.0)]


def memory(device: torch.device) -> list[Budget]:
    """Extra peak memory of capture in ViT-S/16 at 1024 px, measured in new processes.

    Sites are discovered once for each network and input size, by a pass over two inputs, which
    takes more memory than capture. So both are reported.
    """
    sites = _in_new_process(discover_sites, str(device))
    return [
        Budget(
            "ViT-S/16 at 1024 px, extra peak memory, MB",
            _in_new_process(extra_peak, str(device), sites),
            200.0,
        ),
        Budget(
            "the same with discovery of sites, as on the first pass, MB",
            _in_new_process(extra_peak, str(device), None),
            250.0,
        ),
    ]


def discover_sites(device_name: str) -> tuple[Site, ...]:
    """The attention sites of the large network."""
    module, inputs = _large(torch.device(device_name))
    return find_sites(module, Kind.CONTEXT, inputs)


def extra_peak(device_name: str, sites: tuple[Site, ...] | None) -> float:
    """By how many megabytes capture raises the peak that a bare pass has set."""
    device = torch.device(device_name)
    module, inputs = _large(device)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    for _ in range(2):
        bare(module, inputs)
    before = _peak(device)
    trace = capture(module, inputs, sites or find_sites(module, Kind.CONTEXT, inputs))
    extra = _peak(device) - before
    assert len(trace.context) == 12
    return extra


def _in_new_process(function: Callable[..., T], *arguments: object) -> T:
    """Call a function in a new process, as peak memory of a process never falls."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *arguments).result()


def _large(device: torch.device) -> tuple[nn.Module, Tensor]:
    return _vit("small", LARGE).to(device), torch.randn(1, 3, LARGE, LARGE, device=device)


def query_clicked_point(trace: Trace) -> object:
    """Maps of one query point in every layer and head, as the page "Layers" computes them."""
    return query_maps(trace, 0.51, 0.51)


def bare(module: nn.Module, inputs: Tensor) -> Tensor:
    """The logits of a pass without capture."""
    with torch.no_grad():
        logits: Tensor = module(inputs)
    return logits


def _vit(size: str, side: int) -> nn.Module:
    torch.manual_seed(0)
    module: nn.Module = timm.create_model(f"vit_{size}_patch16_224", img_size=side)
    return module.eval().requires_grad_(False)


def _peak(device: torch.device) -> float:
    """Peak memory so far, in megabytes."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / MEGABYTE
    status = Path("/proc/self/status")  # Linux: getrusage starts from the parent's peak
    if status.is_file():
        peaks = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))
        return int(peaks[0]) * 1024 / MEGABYTE
    import resource  # not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE
