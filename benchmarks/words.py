"""What several prompts cost beside one: the picture passes the image tower once.

    python -m benchmarks.words [--repeats 5]

A tower of CLIP's base size (patches of 32) with random weights. Prompts have been read before, as
on a page where one is added to others. A prompt takes a backward pass through what lies behind the
layer that is shown, so the figures are given for the last block (Grad-CAM) and for all (LeGrad);
for direct contributions that is no more than the output projections of four layers.
"""

from __future__ import annotations

import argparse
from functools import partial

import numpy as np
import torch
from timm.models.vision_transformer import VisionTransformer
from torch import Tensor, nn

from attnviz import Picture, Words, explain, wrap
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel
from attnviz.pictures.geometry import Fit
from benchmarks.timing import HEADER, Budget, median_times

PROMPTS = ("a dog", "a cat", "a red car", "the sky", "a tree")
LIMIT = 1.3


class Towers(nn.Module):
    """An image tower; sentences have random directions."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.visual = VisionTransformer(patch_size=32, num_classes=512)
        self.directions = nn.Embedding(512, 512)

    def encode_image(self, x: Tensor) -> Tensor:
        """Return embeddings [N, 512]."""
        embedding: Tensor = self.visual(x)
        return embedding

    def encode_text(self, tokens: Tensor) -> Tensor:
        """Return embeddings [n, 512]."""
        embedding: Tensor = self.directions(tokens)
        return embedding


def tokenize(texts: list[str]) -> Tensor:
    """One number for each sentence."""
    return torch.tensor([sum(map(ord, text)) % 512 for text in texts])


def ratio(model: VisionModel, picture: Picture, method: str, repeats: int) -> float:
    """Time of five prompts over that of one."""
    one, five = Words(PROMPTS[0]), [*map(Words, PROMPTS)]
    times = median_times(
        {
            "one": partial(explain, model, picture, method, one),
            "five": partial(explain, model, picture, method, five),
        },
        repeats=repeats,
    )
    return times["five"] / times["one"]


def main() -> None:
    """Print how much longer five prompts take than one."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    preprocess = Preprocess(size=224, fit=Fit.SQUASH, any_size=False)
    model = wrap(Towers().eval().requires_grad_(False), preprocess, tokenizer=tokenize)
    pixels = np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)
    picture = Picture(pixels, "noise", "0" * 64)
    print(HEADER)
    for method in ("grad-cam", "legrad", "chefer", "direct-contributions"):
        found = ratio(model, picture, method, options.repeats)
        print(Budget(f"{method}: five prompts beside one", found, LIMIT).line())


if __name__ == "__main__":
    main()
