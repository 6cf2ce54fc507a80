"""The maps of every layer of a transformer in one figure, each on its own grid."""

from __future__ import annotations

import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

import attnviz
from attnviz.pictures import open_sample

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
out.mkdir(parents=True, exist_ok=True)

result = attnviz.explain(
    attnviz.load_model("vit-small", device="cpu"), open_sample("china"), method="raw-attention"
)
columns = 3
rows = -(-len(result.layers) // columns)
figure, axes = plt.subplots(rows, columns, figsize=(3 * columns, 3 * rows), squeeze=False)
for axis in axes.flat:
    axis.axis("off")
for axis, layer, values in zip(axes.flat, result.layers, result.maps, strict=False):
    axis.imshow(values, cmap="inferno")
    axis.set_title(layer)
figure.tight_layout()
figure.savefig(out / "layers.png")
print(f"{len(result.layers)} layers -> {out / 'layers.png'}")
