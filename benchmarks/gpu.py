"""What looking costs on an accelerator: networks, precisions and batches, with peers beside.

    python -m benchmarks.gpu [--device auto] [--networks ...] [--batches 1,4,16,64,256]
    python -m benchmarks.gpu --device cpu --networks lens --batches 1,2 --pictures 8 --repeats 1

Each row is one kind of work on a batch that lies ready on the device: the network alone, the
attention of all layers, Grad-CAM at all blocks, the network's own masks, the peers' Grad-CAM at the
last block, and at all blocks one after the other, as they do it. "pipeline" is `attnviz batch` on
JPEG files, over the network alone. Weights are random, as time does not depend on them.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import timm
import torch
from torch import Tensor, nn

from attnviz.analysis.explain_together import PRECISIONS, Asked
from attnviz.batch.decoding import spare_processors
from attnviz.batch.listing import files_of_folder
from attnviz.batch.run import BatchRun
from attnviz.capture.discovery.find_sites import find_sites
from attnviz.capture.site import Kind
from attnviz.methods.base import METHODS
from attnviz.methods.inference import Inference
from attnviz.models.device import choose_device, free_memory, is_out_of_memory, move_module
from attnviz.models.lens_source import build_lens
from attnviz.models.loading import wrap
from attnviz.models.preprocess import Preprocess
from benchmarks.batch import photos
from benchmarks.capture import pytorch_grad_cam_maps, synchronised, torchcam_maps
from benchmarks.timing import median_times

CLASS = 7

Work = Callable[[], object]


@dataclass(frozen=True)
class Timed:
    """A network of the benchmark: how it is built, its input, and the methods that read it."""

    build: Callable[[], nn.Module]
    side: int
    methods: tuple[str, ...]


def _timm(name: str, **options: Any) -> nn.Module:
    module: nn.Module = timm.create_model(name, pretrained=False, **options)
    return module


NETWORKS: Mapping[str, Timed] = {
    "resnet50": Timed(partial(_timm, "resnet50"), 224, ("grad-cam",)),
    "vit-b16": Timed(partial(_timm, "vit_base_patch16_224"), 224, ("rollout", "grad-cam")),
    "dinov2-s": Timed(
        partial(_timm, "vit_small_patch14_dinov2", num_classes=1000), 518, ("rollout", "grad-cam")
    ),
    "lens": Timed(build_lens, 256, ("soft-mask", "grad-cam")),
}


def works(module: nn.Module, inputs: Tensor, methods: tuple[str, ...]) -> dict[str, Work]:
    """The kinds of work on a batch, by what they are called in the table."""
    sites = find_sites(module, Kind.FEATURES, inputs)
    inference = Inference.of(module, inputs, CLASS)
    ours = {name: partial(METHODS.get(name)().run, inference) for name in methods}
    spatial = [site for site in sites if not site.layout.is_sequence]
    peers: dict[str, Work] = {}
    if spatial:  # on tokens both need a function of the user's own
        peers = {
            "torchcam, last block": partial(torchcam_maps, module, inputs, spatial[-1:]),
            "pytorch-grad-cam, last block": partial(
                pytorch_grad_cam_maps, module, inputs, tuple(spatial[-1:])
            ),
            "pytorch-grad-cam, all blocks": partial(
                pytorch_grad_cam_maps, module, inputs, tuple(spatial)
            ),
        }
    return {"network alone": partial(_alone, module, inputs), **ours, **peers}


def _alone(module: nn.Module, inputs: Tensor) -> object:
    with torch.inference_mode():
        return module(inputs)


def rows(name: str, precision: str, batch: int, wish: argparse.Namespace) -> Iterator[str]:
    """Rows of the table for one network, precision and batch."""
    device, one = choose_device(wish.device), NETWORKS[name]
    torch.manual_seed(0)
    module = move_module(one.build().eval().requires_grad_(False), device)
    inputs = torch.randn(batch, 3, one.side, one.side, device=device)
    dtype = PRECISIONS[precision]
    with torch.autocast(device.type, dtype=dtype, enabled=dtype is not None):
        timed = {
            key: synchronised(work, device)
            for key, work in works(module, inputs, one.methods).items()
        }
        seconds = median_times(timed, repeats=wish.repeats, warm_up=1)
    alone = seconds["network alone"]
    for key, value in seconds.items():
        yield _row(name, precision, batch, key, value / batch, value / alone)
    if wish.pictures:
        each = pipeline(module, one, precision, batch, wish.pictures)
        yield _row(name, precision, batch, "pipeline", each, each * batch / alone)


def _row(name: str, precision: str, batch: int, work: str, each: float, over: float) -> str:
    return f"| {name} | {precision} | {batch} | {work} | {1000 * each:.2f} | {over:.2f} |"


def pipeline(module: nn.Module, one: Timed, precision: str, batch: int, pictures: int) -> float:
    """Seconds for a picture, from its file to the written results."""
    model = wrap(module, Preprocess(size=one.side, fit="crop"))
    with tempfile.TemporaryDirectory() as place:
        files = files_of_folder(photos(Path(place), pictures))
        asked = Asked(one.methods[0], precision=precision)
        for out in ("warm-up", "timed"):  # the network is looked at once
            begin = time.perf_counter()
            BatchRun(model, files, asked, batch, spare_processors())(Path(place) / out)
    return (time.perf_counter() - begin) / pictures


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--networks", default=",".join(NETWORKS))
    parser.add_argument("--precisions", default="float32,bfloat16")
    parser.add_argument("--batches", default="1,4,16,64,256")
    parser.add_argument("--pictures", type=int, default=1024)
    parser.add_argument("--repeats", type=int, default=10)
    wish = parser.parse_args()
    device = choose_device(wish.device)
    what = torch.cuda.get_device_name(device) if device.type == "cuda" else str(device)
    print(f"{what}, torch {torch.__version__}, {torch.get_num_threads()} threads\n")
    print("| network | precision | batch | work | ms a picture | over the network alone |")
    print("|---|---|---|---|---|---|")
    for name in wish.networks.split(","):
        for precision in wish.precisions.split(","):
            for batch in map(int, wish.batches.split(",")):
                try:
                    for row in rows(name, precision, batch, wish):
                        print(row, flush=True)
                except Exception as error:
                    if not is_out_of_memory(error):
                        raise
                    free_memory(device)
                    print(f"| {name} | {precision} | {batch} | does not fit | | |", flush=True)


if __name__ == "__main__":
    main()
