"""Which method is most faithful? Ours and the peers' own code in one table, with intervals.

    python -m benchmarks.faithfulness [--model squeezenet1_0] [--quick] [--out docs/faithfulness.md]

Pictures come from $ATTNVIZ_DATA (or --data): every second one is for tuning (--half first), what is
reported is measured on the others. Each method explains the class that the network names first.
All methods are measured on the same photos; --further photos are then for the finalists alone:
"competition", the masks of `lens`, and for each score of single photos the best of the peers. A map
that is another's but for its scale and rounding is not measured twice. The changed photos of `lens`
go through its classifier alone, whose answers are the same.

grid          share of the positive map in its own cell of a 2 x 2 mosaic of pictures of which the
              network is sure; chance .25
kept          probability of the class with only the top 5, 10, 20, 30, 50 % of the map sharp, the
              rest strongly blurred, mean over the shares (sufficiency)
taken         the same with only that top blurred: low is good
ins - del     area under the insertion curve less that under the deletion curve, blur as fill
ROAD          (LeRF - MoRF) / 2 over 10 .. 90 %, with noisy linear imputation
drop, rise    average drop and increase in confidence behind the stretched map; both reward maps
              that hide little
point, box    pointing game, and share of the positive map in the boxes over their share of the
              area, on COCO photos that show a thing the network has a class for

For all but `taken` and `drop`, high is good.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

from attnviz.evidence.faithfulness.confidence_drop import confidence_drop
from attnviz.evidence.faithfulness.insertion_deletion import insertion_deletion_curves
from attnviz.evidence.faithfulness.sufficiency import SHARES
from attnviz.evidence.fills.base import Road, StrongBlur
from attnviz.evidence.subject import Subject
from attnviz.metrics.saliency import box_gain
from attnviz.models.loading import load_model, wrap
from attnviz.models.preprocess import Preprocess, pixels_to_tensor
from attnviz.models.torchvision_source import imagenet_labels
from attnviz.models.vision_model import VisionModel
from attnviz.pictures.geometry import Fit, resample
from attnviz.render.focus import is_flat
from attnviz.training.data.memory import keep_freed_memory
from attnviz.types import FloatArray
from benchmarks.contestants import Contestant, contestants
from benchmarks.data import IMAGENET, boxes_by_name, imagenet, imagenette, parsed
from benchmarks.known_classes import classes_for
from benchmarks.mosaics import classifier_of, covering, mosaics, said, share_in_cell
from benchmarks.report import Report, Results, best_peer

STEPS, ROAD_STEPS = 20, 10
ON_PHOTOS = ("kept", "taken", "ins - del")
KNOWN = 0.01  # a class of COCO's is asked about where the network finds it at least so probable
ALIKE = 1e-3  # deviations of a map
POOL = 150  # pictures among which those for mosaics are looked for


@dataclass(frozen=True)
class Counts:
    """How many pictures of each kind are measured."""

    photos: int
    mosaics: int
    road: int
    boxes: int
    further: int = 0


def network(name: str, data: Path) -> VisionModel:
    """A shipped model, or SqueezeNet with the weights of the data folder."""
    if name != "squeezenet1_0":
        model = load_model(name, "cpu")
        model.module.to(memory_format=torch.channels_last)  # faster, at least on processors
        return model
    import torchvision

    module = torchvision.models.squeezenet1_0(weights=None)
    weights = torch.load(data / "squeezenet1_0-imagenet.pth", weights_only=True)
    module.load_state_dict(weights)
    module.eval().requires_grad_(requires_grad=False)
    # Channels last is twice as fast here.
    module = module.to(memory_format=torch.channels_last)
    preprocess = Preprocess(size=224, fit=Fit.CROP)
    return wrap(module, preprocess, imagenet_labels(), name=name)


def photographs(model: VisionModel, data: Path, half: int) -> Iterator[np.ndarray]:
    """uint8 [side, side, 3]: every other of ImageNet's photos and of Imagenette's, in turn.

    Squares, so that a mosaic's cells are whole pictures. A network that knows Imagenette alone gets
    no other.
    """
    side = model.preprocess.side
    small = imagenette(data)
    order = np.random.default_rng(0).permutation(np.arange(half, len(small), 2))
    known = len(model.labels) >= IMAGENET
    large = imagenet(data, side)[half::2] if known else small[:0]
    for place, one in enumerate(order):
        if place < len(large):
            yield large[place]
        yield stretched(small[one], side)


def stretched(pixels: np.ndarray, side: int) -> np.ndarray:
    """uint8 [h, w, 3] made a square."""
    height, width = pixels.shape[:2]
    return resample(pixels, replace(covering((height, width)), input_size=(side, side)))


class Measuring:
    """Runs every method on every picture, and goes on without a method that fails."""

    def __init__(self, model: VisionModel, methods: Sequence[Contestant], half: bool) -> None:
        self.model, self.methods, self.results = model, methods, Results({}, {})
        judge = classifier_of(model.module)
        self.judge = InHalf(judge) if half else judge

    def maps(self, inputs: Tensor, target: int) -> Iterator[tuple[str, FloatArray]]:
        """Name and map of each method that still runs."""
        for one in self.methods:
            if one.label in self.results.failed:
                continue
            try:
                yield one.label, one.map_for(inputs, target)
            except Exception as error:  # a peer's fault must not end the table
                self.results.failed[one.label] = f"{type(error).__name__}: {error}"

    def grid(self, inputs: Tensor, count: int) -> None:
        """The grid pointing game."""
        for mosaic in tqdm(mosaics(self.model, inputs, count), desc="mosaics"):
            size = (mosaic.inputs.shape[-2], mosaic.inputs.shape[-1])
            for cell, target in enumerate(mosaic.classes):
                for name, values in self.maps(mosaic.inputs, target):
                    self.results.add(name, "grid", [share_in_cell(values, cell, size)])

    def decision(self, pixels: Sequence[np.ndarray], road: int, start: int = 0) -> None:
        """Sufficiency, insertion, deletion, ROAD, drop and increase, from photo `start` on."""
        for number, one in enumerate(tqdm(pixels[start:], desc="photos"), start):
            subject = self._subject(one)
            found = dict(self.maps(subject.inputs, subject.target))
            whole = covering(subject.size)
            large = {name: whole.spread(values) for name, values in found.items()}
            flat = [name for name, values in large.items() if is_flat(values)]
            for name in flat:  # an even map puts no place first; the random one stands for it
                large[name] = np.random.default_rng(number).random(subject.size, np.float32)
            groups = alike(large)
            maps = [large[names[0]] for names in groups]
            curves = insertion_deletion_curves(subject, maps, StrongBlur(), steps=STEPS)
            for names, values, curve in zip(groups, maps, curves, strict=True):
                add = partial(self.results.add_all, names)
                add("kept", float(np.mean([curve.insertion.at(share) for share in SHARES])))
                add("taken", float(np.mean([curve.deletion.at(share) for share in SHARES])))
                add("ins - del", curve.gain)
                behind = confidence_drop(subject, values)
                add("drop", behind.drop)
                add("rise", float(behind.increased))
            if number < road:
                curves = insertion_deletion_curves(subject, maps, Road(), steps=ROAD_STEPS)
                for names, curve in zip(groups, curves, strict=True):
                    self.results.add_all(names, "ROAD", curve.road)

    def boxes(self, data: Path, half: int, count: int) -> None:
        """Pointing game and box gain on COCO."""
        photos = list(boxes_by_name(data))[half::2][:count]
        for picture, inside in tqdm(photos, desc="boxes"):
            inputs, geometry = self.model.preprocess.tensor(picture)
            seen = said(self.model, inputs)[0]
            for thing, mask in inside.items():
                known = classes_for(thing, self.model.labels)
                target = max(known, key=lambda one: float(seen[one]), default=None)
                if target is None or seen[target] < KNOWN:
                    continue
                for name, values in self.maps(inputs, target):
                    large = geometry.spread(values)
                    self.results.add(name, "point", [float(mask.flat[int(large.argmax())])])
                    gain = box_gain(large, mask)
                    self.results.add(name, "box", [gain if np.isfinite(gain) else 1.0])

    def finalists(self) -> list[Contestant]:
        """Ours, and the peers that are best at one of the scores of single photos."""
        best = {best_peer(self.methods, self.results, score) for score in ON_PHOTOS}
        return [one for one in self.methods if one.label in best or one.favourite]

    def _subject(self, pixels: np.ndarray) -> Subject:
        first = Subject(self.judge, pixels, self.model.preprocess.normalised, 0)
        target = int(said(self.model, first.inputs)[0].argmax())
        return replace(first, target=target)


def alike(maps: Mapping[str, FloatArray]) -> list[list[str]]:
    """Names of maps, together where they put the places in the same order but for rounding."""
    groups: list[tuple[FloatArray, list[str]]] = []
    for name, values in maps.items():
        standard = (values - values.mean()) / max(float(values.std()), 1e-12)
        for other, names in groups:
            if np.abs(standard - other).max() < ALIKE:
                names.append(name)
                break
        else:
            groups.append((standard, [name]))
    return [names for _, names in groups]


class InHalf(nn.Module):
    """A network that computes in bfloat16 and answers in float32."""

    def __init__(self, module: nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, inputs: Tensor) -> Tensor:
        """Logits [N, classes]."""
        with torch.autocast(inputs.device.type, torch.bfloat16):
            logits: Tensor = self.module(inputs)
        return logits.float()


def run(
    model: VisionModel, data: Path, counts: Counts, half: int, only: str, *, slow: bool, bf16: bool
) -> str:
    """Measure, and return the report as Markdown."""
    side = model.preprocess.side
    with model.lock:
        example = torch.zeros(1, 3, side, side)
        methods = contestants(model.module, example, slow=slow)
        if only:
            wanted = only.split(",")
            methods = [one for one in methods if one.label in wanted or one.name in wanted]
        measuring = Measuring(model, methods, bf16)
        every = counts.photos + counts.further
        photos = photographs(model, data, half)
        pixels = [one for one, _ in zip(photos, range(max(every, POOL)), strict=False)]
        pool = pixels_to_tensor(np.stack(pixels[:POOL]))
        measuring.grid(model.preprocess.normalised(pool), counts.mosaics)
        measuring.decision(pixels[: counts.photos], counts.road)
        measuring.boxes(data, half, counts.boxes)
        measuring.methods = measuring.finalists()
        measuring.decision(pixels[:every], 0, start=counts.photos)
    return Report(model, methods, measuring.results, half, bf16).markdown()


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="squeezenet1_0")
    parser.add_argument("--half", choices=("first", "second"), default="second")
    parser.add_argument("--photos", type=int, default=200)
    parser.add_argument("--further", type=int, default=0, help="photos for the finalists alone")
    parser.add_argument("--bf16", action="store_true", help="judge changed pictures in bfloat16")
    parser.add_argument("--mosaics", type=int, default=60)
    parser.add_argument("--road", type=int, default=40, help="photos that ROAD is measured on")
    parser.add_argument("--boxes", type=int, default=64, help="COCO photos")
    parser.add_argument("--only", default="", help="names of methods, separated by commas")
    parser.add_argument("--slow", action="store_true", help="also Score-CAM and others of its cost")
    parser.add_argument("--quick", action="store_true", help="a tenth of the pictures")
    parser.add_argument("--out", type=Path, help="also write the table there")
    wish = parsed(parser)
    counts = Counts(wish.photos, wish.mosaics, wish.road, wish.boxes, wish.further)
    if wish.quick:
        counts = Counts(*(max(2, one // 10) for one in astuple(counts)))
    half = ("first", "second").index(wish.half)
    keep_freed_memory()
    model = network(wish.model, wish.data)
    report = run(model, wish.data, counts, half, wish.only, slow=wish.slow, bf16=wish.bf16)
    print(report)
    if wish.out:
        wish.out.write_text(report, encoding="utf-8")


if __name__ == "__main__":
    main()
