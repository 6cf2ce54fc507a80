"""A photo whose focus lies where the model attends; the rest falls into bokeh."""

from __future__ import annotations

import sys
from pathlib import Path

from PIL import Image

import attnviz
from attnviz.pictures import open_sample

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
out.mkdir(parents=True, exist_ok=True)

picture = open_sample("coffee")  # or attnviz.open_picture("dog.jpg")
model = attnviz.load_model(device="cpu")
result = attnviz.explain(model, picture)
focus = result.focus()  # of the layer that answers best, 0..1 at the picture's size
image = attnviz.bokeh(picture, focus, radius=24)
Image.fromarray(image).save(out / "focus.png")
best = result.predictions[0]
print(f"{best.label}, {best.probability:.2f} -> {out / 'focus.png'}")
