"""A tiny CLIP that reads drawn shapes: trained in seconds, once per session."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import torch
from timm.models.vision_transformer import Block
from torch import Tensor, nn
from torch.nn import functional as F

from attnviz.models.loading import wrap
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel
from attnviz.pictures.geometry import Fit

SIDE, PATCH, EXTENT = 24, 4, 10
COLOURS = {"red": (220, 50, 40), "green": (50, 180, 60), "blue": (50, 80, 220)}
SHAPES = ("square", "grid")
PROMPTS = tuple(f"a {colour} {shape}" for colour, shape in itertools.product(COLOURS, SHAPES))
VOCABULARY = ("a", *COLOURS, *SHAPES)


@dataclass(frozen=True)
class Drawing:
    """A picture uint8 [24, 24, 3] and where the thing of each prompt is drawn, bool [24, 24]."""

    pixels: npt.NDArray[np.uint8]
    things: dict[str, npt.NDArray[np.bool_]]


def draw(random: np.random.Generator, count: int) -> Drawing:
    """Draw different things, each in a quarter of its own, on a grey and noisy ground."""
    pixels = 110 + 40 * random.random((SIDE, SIDE, 1)) + 20 * random.random((SIDE, SIDE, 3))
    corners = [(y, x) for y in (0, SIDE // 2) for x in (0, SIDE // 2)]
    places = random.permutation(len(corners))[:count]
    things = {}
    for prompt, place in zip(random.permutation(PROMPTS)[:count], places, strict=True):
        _, colour, shape = str(prompt).split()
        top, left = np.add(corners[place], random.integers(0, SIDE // 2 - EXTENT + 1, 2))
        inside = np.zeros((SIDE, SIDE), bool)
        inside[top : top + EXTENT, left : left + EXTENT] = _outline(shape)
        pixels[inside] = COLOURS[colour] + 25 * random.standard_normal(3)
        things[str(prompt)] = inside
    return Drawing(pixels.clip(0, 255).astype(np.uint8), things)


def _outline(shape: str) -> npt.NDArray[np.bool_]:
    y, x = np.mgrid[:EXTENT, :EXTENT]
    return np.asarray((y % 3 == 0) | (x % 3 == 0) if shape == "grid" else y >= 0)


class TinyClip(nn.Module):
    """Patches and one transformer block with a class token; the mean of words' embeddings."""

    def __init__(self, width: int = 48, space: int = 24) -> None:
        super().__init__()
        self.patches = nn.Sequential(
            nn.Conv2d(3, width, PATCH, PATCH), nn.ReLU(), nn.Conv2d(width, width, 1), nn.ReLU()
        )
        self.positions = nn.Parameter(torch.randn(1, (SIDE // PATCH) ** 2, width) / 10)
        self.class_token = nn.Parameter(torch.randn(1, 1, width) / 10)
        self.block = Block(width, 4, 2)
        self.norm = nn.LayerNorm(width)
        self.projection = nn.Linear(width, space, bias=False)
        self.words = nn.EmbeddingBag(len(VOCABULARY), space)
        self.logit_scale = nn.Parameter(torch.tensor(2.6))
        for part in self.modules():
            if isinstance(part, (nn.Linear, nn.Conv2d)):
                nn.init.normal_(part.weight, std=0.02 if isinstance(part, nn.Linear) else 0.05)

    def encode_image(self, x: Tensor) -> Tensor:
        patches = self.patches(x).flatten(2).transpose(1, 2) + self.positions
        tokens = torch.cat([self.class_token.expand(len(x), -1, -1), patches], 1)
        embedding: Tensor = self.projection(self.norm(self.block(tokens))[:, 0])
        return embedding

    def encode_text(self, tokens: Tensor) -> Tensor:
        embedding: Tensor = self.words(tokens)
        return embedding


def tokenize(texts: list[str]) -> Tensor:
    """Indices of words; all prompts have three."""
    return torch.tensor([[VOCABULARY.index(word) for word in text.split()] for text in texts])


@cache
def tiny_clip() -> VisionModel:
    """Train it; nobody changes it afterwards."""
    torch.manual_seed(0)
    joint = TinyClip()
    _train(joint)
    preprocess = Preprocess(
        SIDE, Fit.SQUASH, any_size=False, mean=(0.5,) * 3, std=(0.25,) * 3, multiple=PATCH
    )
    return wrap(joint.eval(), preprocess, name="tiny CLIP", tokenizer=tokenize)


def _train(joint: TinyClip, steps: int = 350, batch: int = 48) -> None:
    """Tell for each picture and prompt whether its thing is there, as SigLIP does."""
    random, tokens = np.random.default_rng(0), tokenize(list(PROMPTS))
    offset = nn.Parameter(torch.tensor(-3.0))
    optimizer = torch.optim.AdamW([*joint.parameters(), offset], 4e-3, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, steps)
    for _ in range(steps):
        drawings = [draw(random, 1 + number % 3) for number in range(batch)]
        pixels = torch.from_numpy(np.stack([one.pixels for one in drawings])).permute(0, 3, 1, 2)
        present = torch.tensor([[p in one.things for p in PROMPTS] for one in drawings]).float()
        images = F.normalize(joint.encode_image((pixels / 255 - 0.5) / 0.25), dim=-1)
        texts = F.normalize(joint.encode_text(tokens), dim=-1)
        logits = joint.logit_scale.exp() * images @ texts.T + offset
        loss = F.binary_cross_entropy_with_logits(logits, present)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
