"""Attention recorded while a network learns, in a training loop of your own."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from torch.nn.functional import cross_entropy

import attnviz
from attnviz.models.zoo.registry import build_network
from attnviz.pictures import open_sample

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
out.mkdir(parents=True, exist_ok=True)

torch.manual_seed(0)
network = build_network("ran-cifar", 2)
optimizer = torch.optim.SGD(network.parameters(), lr=0.05)
pictures = torch.rand(8, 3, 32, 32)  # bright pictures are class 1, dark ones class 0
labels = torch.arange(8) % 2
pictures = pictures / 2 + labels[:, None, None, None] / 2

with attnviz.record(network, [open_sample("chelsea")], out / "run.attn") as run:
    for epoch in range(3):
        network.train()
        loss = cross_entropy(network(pictures), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        run.step(epoch, loss=loss.item())
recording = attnviz.Recording.load(out / "run.attn")
recording.plot().savefig(out / "run.png")
print(len(recording.snapshots), "snapshots ->", out / "run.attn")
