"""What reading self-attention costs: time and memory of the pass, and of a click afterwards.

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
from torchcam.methods import LeGrad as PeerLeGrad
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
    """ViT-B/16 of timm and torchvision against their bare forward passes."""
    budgets = []
    for source, module in (("timm", _vit("base", 224)), ("torchvision", vit_b_16(weights=None))):
        module = module.eval().requires_grad_(False).to(device)
        inputs = torch.randn(1, 3, 224, 224, device=device)
        sites = find_sites(module, Kind.CONTEXT, inputs)
        works: dict[str, Callable[[], object]] = {
            "bare": partial(bare, module, inputs),
            "read": partial(capture, module, inputs, sites),
        }
        times = median_times(
            {name: synchronised(work, device) for name, work in works.items()}, repeats=repeats
        )
        name = f"self-attention of {source}'s ViT-B/16, over bare forward"
        budgets.append(Budget(name, times["read"] / times["bare"], 1.1))
    return budgets


def clicks(device: torch.device, repeats: int, synchronised: Synchronised) -> list[Budget]:
    """A click answered from the trace: fused attention of many tokens, a softmax of many layers."""
    works: dict[str, tuple[nn.Module, int]] = {
        "ViT-S/16 at 1024 px": (_vit("small", LARGE), LARGE),
        "CaiT-XXS-24 at 224 px": (timm.create_model("cait_xxs24_224").eval(), 224),
    }
    budgets = []
    for name, (module, side) in works.items():
        module = module.requires_grad_(False).to(device)
        inputs = torch.randn(1, 3, side, side, device=device)
        trace = capture(module, inputs, find_sites(module, Kind.CONTEXT, inputs))
        click = synchronised(partial(clicked, trace), device)
        seconds = median_times({"click": click}, repeats=repeats)["click"]
        layers = len(trace.context)
        budgets.append(Budget(f"a click in {name}, {layers} layers, ms", 1000 * seconds, 50.0))
    return budgets


def legrad(device: torch.device, repeats: int, synchronised: Synchronised) -> list[Budget]:
    """LeGrad on all layers of torchvision's ViT-B/16, against torchcam's."""
    torch.manual_seed(0)
    module = vit_b_16(weights=None).eval().requires_grad_(False).to(device)
    nn.init.normal_(module.heads.head.weight, std=0.02)  # it is zero, and so would be all slopes
    inputs = torch.randn(1, 3, 224, 224, device=device)
    sites = find_sites(module, Kind.CONTEXT, inputs)
    blocks = list(module.encoder.layers)

    def own() -> object:
        return LeGrad()(capture(module, inputs, sites, gradients=True, target=7))

    def peer() -> object:
        with PeerLeGrad(module, blocks) as cam:
            return cam(7, module(inputs.detach().requires_grad_()))

    times = median_times(
        {"own": synchronised(own, device), "peer": synchronised(peer, device)}, repeats=repeats
    )
    name = "LeGrad, 12 layers of torchvision's ViT-B/16, over torchcam"
    return [Budget(name, times["own"] / times["peer"], 1.0)]


def memory(device: torch.device) -> list[Budget]:
    """Peak memory of reading ViT-S/16 at 1024 px over its bare forward pass, in new processes.

    Sites are found once for each network and size of input: a pass over two inputs, which takes
    more than reading does. So both are told.
    """
    sites = _alone(found_sites, str(device))
    return [
        Budget(
            "ViT-S/16 at 1024 px, extra peak memory, MB",
            _alone(extra_peak, str(device), sites),
            200.0,
        ),
        Budget(
            "the same, the first time, when sites are found, MB",
            _alone(extra_peak, str(device), None),
            250.0,
        ),
    ]


def found_sites(name: str) -> tuple[Site, ...]:
    """The sites of the large network."""
    module, inputs = _large(torch.device(name))
    return find_sites(module, Kind.CONTEXT, inputs)


def extra_peak(name: str, sites: tuple[Site, ...] | None) -> float:
    """Megabytes that the peak rises when the pass is read; the bare pass has set it before."""
    device = torch.device(name)
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


def _alone(work: Callable[..., T], *given: object) -> T:
    """`work` in a process of its own, for a peak never falls."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, *given).result()


def _large(device: torch.device) -> tuple[nn.Module, Tensor]:
    return _vit("small", LARGE).to(device), torch.randn(1, 3, LARGE, LARGE, device=device)


def clicked(trace: Trace) -> object:
    """What one point looks at in every layer and head, as the page "Layers" asks for it."""
    return query_maps(trace, 0.51, 0.51)


def bare(module: nn.Module, inputs: Tensor) -> Tensor:
    """The logits, without anything read."""
    with torch.no_grad():
        logits: Tensor = module(inputs)
    return logits


def _vit(size: str, side: int) -> nn.Module:
    torch.manual_seed(0)
    module: nn.Module = timm.create_model(f"vit_{size}_patch16_224", img_size=side)
    return module.eval().requires_grad_(False)


def _peak(device: torch.device) -> float:
    """Megabytes at most used so far."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / MEGABYTE
    status = Path("/proc/self/status")  # Linux: getrusage begins with the peak of whoever spawned
    if status.is_file():
        found = re.findall(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))
        return int(found[0]) * 1024 / MEGABYTE
    import resource  # not on Windows

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE
