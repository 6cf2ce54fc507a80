"""What asking about changed pictures costs over the network's own passes, side by side in one run.

    ATTNVIZ_DATA=... python -m benchmarks.evidence [--device auto] [--maps 4] [--repeats 5] [--all]

Throughput is pictures a second. The network's own is that of batches as large as the run's, on
pictures that lie ready on its device; a run makes each of its pictures first: it orders the map's
places, takes them away or puts them back, and fills the holes. Budgets are of the run as the page
"Evidence" does it, under strong blur and ROAD together, and of the method RISE on as many masks;
with --all each fill and other question stands below them, without a budget.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import cv2
import numpy as np
import torch

from attnviz.evidence.faithfulness.blur_budget import blur_budget
from attnviz.evidence.faithfulness.confidence_drop import occlusion
from attnviz.evidence.faithfulness.insertion_deletion import (
    insertion_deletion_curves,
    variant_count,
)
from attnviz.evidence.faithfulness.verdict import measure_faithfulness
from attnviz.evidence.fills.base import FILLS, Fill, StrongBlur
from attnviz.evidence.run import run_experiment
from attnviz.evidence.subject import Subject
from attnviz.methods.inference import Inference
from attnviz.methods.rise import Rise
from attnviz.models.catalogue import find_model
from attnviz.models.device import choose_device
from attnviz.models.loading import load_model
from attnviz.models.spec import WeightsRef
from attnviz.models.vision_model import VisionModel
from attnviz.models.weights import WEIGHTS_VARIABLE
from attnviz.pictures import open_sample
from attnviz.progress import Progress
from benchmarks.capture import synchronised
from benchmarks.timing import HEADER, Budget, median_times

LEAST = 0.85
RUN = "evidence run"
RISE = "RISE masks"
DEFAULT_FILLS = ("blur", "road")


@dataclass
class Asking:
    """Ways to ask about one subject's changed pictures, and how many each has asked about."""

    subject: Subject
    maps: int
    steps: int
    counted: dict[str, int] = field(default_factory=dict)

    def own(self) -> object:
        """Nothing but the network, on as many pictures as a run under one fill."""
        ready = self.subject.inputs.expand(self.subject.batch_size, -1, -1, -1).contiguous()
        batches = -(-variant_count(self.maps, self.steps) // self.subject.batch_size)
        self.counted["own"] = batches * len(ready)
        with torch.inference_mode():
            return [self.subject.module(ready) for _ in range(batches)]

    def works(self, *, everything: bool) -> dict[str, Callable[[], object]]:
        """The run as the page does it; on request each fill and each other question too."""
        subject, steps = self.subject, self.steps
        small = np.random.default_rng(0).random((8, 8)).astype(np.float32)
        values = cv2.resize(small, subject.size[::-1], interpolation=cv2.INTER_CUBIC)
        several = [np.roll(values, 11 * n, axis=1) for n in range(self.maps)]
        chosen = [FILLS.get(fill)() for fill in DEFAULT_FILLS]
        controls = max(1, self.maps - 2)

        def run(told: Progress) -> object:
            return measure_faithfulness(
                subject, values, chosen, steps=steps, controls=controls, progress=told
            )

        def filled(fill: Fill, told: Progress) -> object:
            return insertion_deletion_curves(subject, several, fill, steps=steps, progress=told)

        def masked(told: Progress) -> object:
            one = Inference.of(subject.module, subject.inputs, subject.target, told)
            return Rise(masks=variant_count(self.maps, steps)).run(one)

        asking: dict[str, Callable[[Progress], object]] = {RUN: run, RISE: masked}
        if everything:
            asking |= {one.title: partial(filled, one()) for one in FILLS}
            asking["occlusion"] = lambda told: occlusion(subject, StrongBlur(), progress=told)
            asking["blur budget"] = lambda told: blur_budget(subject, values, progress=told)
        return {
            name: synchronised(partial(self._counting, name, work), subject.inputs.device)
            for name, work in {"own": lambda _: self.own(), **asking}.items()
        }

    def _counting(self, name: str, work: Callable[[Progress], object]) -> object:
        def told(done: int, total: int | None) -> None:
            self.counted[name] = max(done, total or 0)

        return work(told)


def measure(asking: Asking, name: str, repeats: int, *, everything: bool) -> Iterator[Budget]:
    """Each way's throughput over the bare network's, in the same rounds."""
    times = median_times(asking.works(everything=everything), repeats=repeats, warm_up=1)
    rates = {work: asking.counted[work] / seconds for work, seconds in times.items()}
    own = rates.pop("own")
    print(
        f"| {name}, own passes: {own:,.0f} pictures/s, {asking.subject.batch_size} a batch | | | |"
    )
    for work, rate in rates.items():
        limit = LEAST if work in (RUN, RISE) else 0.0
        yield Budget(f"{name}: {work}", rate / own, limit, at_least=True)


def models(device: str) -> Iterator[VisionModel]:
    """ran-small, and SqueezeNet if `$ATTNVIZ_DATA` names the folder that has its weights."""
    yield load_model("ran-small", device)
    folder = os.environ.get("ATTNVIZ_DATA")
    if not folder:
        print("| squeezenet1_0 | left out: $ATTNVIZ_DATA is not set | | |")
        return
    os.environ[WEIGHTS_VARIABLE] = folder
    weights = WeightsRef("squeezenet1_0-imagenet.pth")
    yield load_model(replace(find_model("squeezenet1_0"), weights=weights), device)


def main() -> None:
    """See the module."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="auto")
    parser.add_argument("--maps", type=int, default=4, help="put to the test together")
    parser.add_argument("--steps", type=int, default=20, help="of each curve")
    parser.add_argument("--repeats", type=int, default=5, help="rounds of the timing")
    parser.add_argument("--all", action="store_true", help="each fill and question alone, too")
    wish = parser.parse_args()
    device = choose_device(wish.device)
    print(f"Evidence on {device}, {torch.get_num_threads()} threads\n\n{HEADER}")
    photo = open_sample("china").reduced(1280)
    for model in models(str(device)):

        def work(subject: Subject, model: VisionModel = model) -> None:
            asking = Asking(subject, wish.maps, wish.steps)
            for one in measure(asking, model.name, wish.repeats, everything=wish.all):
                print(one.line(), flush=True)

        run_experiment(model, photo, work)


if __name__ == "__main__":
    main()
