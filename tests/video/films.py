"""Small videos that are drawn, and a network whose attention is known."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import torch
from torch import Tensor, nn

from attnviz.models.loading import wrap
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel
from attnviz.pictures.geometry import Fit
from attnviz.types import Pixels

SIZE = (96, 128)  # height, width
MILLISECOND = Fraction(1, 1000)


def drawn(x: float, y: float, size: tuple[int, int] = SIZE, seed: int = 0) -> Pixels:
    """A striped red disc with a radius of 14 px around a point, on grey noise."""
    noise = np.random.default_rng(seed).integers(90, 120, (*size, 1))
    pixels = np.repeat(noise, 3, 2).astype(np.uint8)
    rows, columns = np.mgrid[: size[0], : size[1]]
    inside = disc(rows, columns, x, y)
    pixels[inside] = (230, 20, 20)
    pixels[inside & (rows % 4 < 2)] = (180, 0, 0)
    return pixels


def disc(rows: np.ndarray, columns: np.ndarray, x: float, y: float) -> np.ndarray:
    return (rows - y) ** 2 + (columns - x) ** 2 < 14**2


def write_film(
    path: Path,
    frames: Iterable[Pixels],
    ticks: Iterable[int],
    *,
    codec: str = "libx264",
    rotation: int = 0,
    sound: str = "",
    seconds: float = 0.0,
) -> Path:
    """Write frames with times in milliseconds, and a tone of some codec."""
    with av.open(str(path), "w") as container:
        stream = None
        tone = container.add_stream(sound, rate=48000, layout="mono") if sound else None
        for pixels, tick in zip(frames, ticks, strict=True):
            if stream is None:
                stream = container.add_stream(codec, rate=25)
                stream.height, stream.width = pixels.shape[:2]
                stream.pix_fmt = "yuv420p"
                stream.codec_context.time_base = MILLISECOND
                if rotation:
                    stream.set_display_rotation(rotation)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = tick, MILLISECOND
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if tone is not None:
            _write_tone(container, tone, seconds)
    return path


def _write_tone(
    container: av.container.OutputContainer, tone: av.AudioStream, length: float
) -> None:
    shape = "s16" if tone.codec_context.name.startswith("pcm") else "fltp"
    for start in range(0, int(length * 48000), 960):
        wave = 0.2 * np.sin(np.arange(start, start + 960) * 2 * np.pi * 440 / 48000)[None]
        values = (wave * 32767).astype(np.int16) if shape == "s16" else wave.astype(np.float32)
        frame = av.AudioFrame.from_ndarray(values, format=shape, layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = 48000, start, Fraction(1, 48000)
        container.mux(tone.encode(frame))
    container.mux(tone.encode(None))


class RedAttention(nn.Module):
    """One soft mask that is near 1 where the picture is red, and near 0 elsewhere."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.AvgPool2d(8)
        self.mask = nn.Conv2d(3, 3, 1)
        self.head = nn.Linear(3, 2)
        with torch.no_grad():
            redness = torch.tensor([12.0, -6.0, -6.0]).expand(3, 3)
            self.mask.weight.copy_(redness[:, :, None, None])
            self.mask.bias.fill_(-3.0)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        logits: Tensor = self.head((x * torch.sigmoid(self.mask(x))).mean((2, 3)))
        return logits


def red_model() -> VisionModel:
    torch.manual_seed(0)
    prepared = Preprocess(size=SIZE, fit=Fit.SQUASH, mean=(0, 0, 0), std=(1, 1, 1))
    return wrap(RedAttention().eval(), prepared)
