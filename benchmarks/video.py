"""Frames a second of a video, as shares of the network's own batched rate on the same frames.

    python -m benchmarks.video [--model vit-small] [--device auto] [--frames 96] [--repeats 5]

Both run in turn. "Looking" is what `explain_video` does after decoding: it fits the frames to the
network's input, reads the maps, and finds cuts. The network's own rate is that of its bare forward
pass on ready inputs in batches of the same size.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import numpy as np
import torch

from attnviz.export.animation import mp4
from attnviz.models.loading import load_model
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import open_picture, open_sample
from attnviz.types import Pixels
from attnviz.video.animated_picture import scaled
from attnviz.video.explain import explain_video
from attnviz.video.film import Frame, Video
from attnviz.video.focus_video import focus_video
from attnviz.video.opening import open_video
from benchmarks.capture import synchronised
from benchmarks.timing import HEADER, Budget, median_times

SIZE = (360, 640)
RATE = 25
BATCH = 16


@dataclass(frozen=True, eq=False)
class DecodedVideo(Video):
    """A video whose frames lie in memory."""

    pixels: tuple[Pixels, ...] = field(repr=False)

    def frames(self, size: tuple[int, int] | None = None) -> Iterator[Frame]:
        """See `Video`."""
        del size
        for tick, one in enumerate(self.pixels):
            yield Frame(one, tick, 1)


def frames_of(count: int) -> tuple[Pixels, ...]:
    """A pan over a sample photo."""
    photo = open_sample("china").pixels
    height = photo.shape[1] * SIZE[0] // SIZE[1] * 3 // 4
    width = photo.shape[1] * 3 // 4
    starts = np.linspace(0, photo.shape[1] - width, count).astype(int)
    return tuple(scaled(photo[:height, start : start + width], SIZE) for start in starts)


def bare_inputs(model: VisionModel, frames: tuple[Pixels, ...]) -> tuple[torch.Tensor, ...]:
    """The network's inputs of all frames, in batches, where it runs."""
    inputs = [model.preprocess.tensor(open_picture(one))[0] for one in frames]
    whole = torch.cat(inputs).to(model.device)
    return tuple(whole[start : start + BATCH] for start in range(0, len(whole), BATCH))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="vit-small")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--frames", type=int, default=96)
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    model = load_model(chosen.model, chosen.device)
    frames = frames_of(chosen.frames)
    rate = Fraction(1, RATE)
    decoded = DecodedVideo("frames", "0" * 64, SIZE, rate, len(frames), frames)
    film = open_video(mp4(frames, RATE))
    batches = bare_inputs(model, frames)
    with tempfile.TemporaryDirectory() as folder:

        def bare() -> None:
            with torch.inference_mode():
                for inputs in batches:
                    model.module(inputs)

        work = {
            "bare": synchronised(bare, model.device),
            "look": synchronised(lambda: explain_video(model, decoded), model.device),
            "decode and look": synchronised(lambda: explain_video(model, film), model.device),
            "all": lambda: focus_video(model, film, Path(folder, "out.mp4")),
        }
        times = median_times(work, repeats=chosen.repeats, warm_up=1)
    print(f"{len(frames) / times['bare']:.1f} frames a second by the bare network")
    print(HEADER)
    share = {name: times["bare"] / seconds for name, seconds in times.items()}
    print(Budget("looking, decoding aside", share["look"], 0.85, at_least=True).line())
    for name, what in (("decode and look", "with decoding"), ("all", "with drawing and coding")):
        print(f"| {what} | {share[name]:.2f} | | |")


if __name__ == "__main__":
    main()
