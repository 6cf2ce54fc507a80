"""What reading self-attention costs: time and memory of the pass, and of a click afterwards.

Part of `python -m benchmarks.capture`. Networks have seeded random weights.
"""

from __future__ import annotations

import resource
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import timm
import torch
from torch import Tensor, nn
from torchvision.models import vit_b_16

from attnviz.capture.run import capture
from attnviz.capture.sites import find_sites
from attnviz.capture.trace import Kind, Trace
from benchmarks.timing import Budget, median_times

LARGE = 1024
MEGABYTE = 1e6


def self_attention(
    device: torch.device,
    repeats: int,
    synchronised: Callable[[Callable[[], object], torch.device], Callable[[], object]],
) -> list[Budget]:
    """ViT-B/16 of timm and torchvision against their bare forward passes; a click in ViT-S/16."""
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
    module = _vit("small", LARGE).to(device)
    inputs = torch.randn(1, 3, LARGE, LARGE, device=device)
    trace = capture(module, inputs, find_sites(module, Kind.CONTEXT, inputs))
    click = synchronised(lambda: clicked(trace), device)
    seconds = median_times({"click": click}, repeats=repeats)["click"]
    budgets.append(Budget("a click in ViT-S/16 at 1024 px, 12 layers, ms", 1000 * seconds, 50.0))
    return budgets


def memory(device: torch.device) -> list[Budget]:
    """Peak memory of reading ViT-S/16 at 1024 px over its bare forward pass, in a new process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        extra = pool.submit(extra_peak, str(device)).result()
    return [Budget("ViT-S/16 at 1024 px, extra peak memory, MB", extra, 200.0)]


def extra_peak(name: str) -> float:
    """Megabytes that the peak rises when the pass is read; the bare pass has set it before."""
    device = torch.device(name)
    module = _vit("small", LARGE).to(device)
    inputs = torch.randn(1, 3, LARGE, LARGE, device=device)
    sites = find_sites(module, Kind.CONTEXT, inputs)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    for _ in range(2):
        bare(module, inputs)
    before = _peak(device)
    trace = capture(module, inputs, sites)
    extra = _peak(device) - before
    assert len(trace.context) == 12
    return extra


def clicked(trace: Trace) -> list[Tensor]:
    """What one patch attends to in every layer and head."""
    query = torch.tensor([1 + 2080])
    return [reading.rows(query) for reading in trace.context]


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
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / MEGABYTE
