"""A photo with maps that nobody computed, ready to be exported."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attnviz.analysis.explanation import Explanation, Prediction
from attnviz.export.base import ExportSource
from attnviz.methods.questions import choose_method
from attnviz.pictures import open_sample
from attnviz.pictures.geometry import Fit, fit_picture

HOSTILE = '</script><script>alert(1)</script><img src=x onerror="alert(2)">\u2028"\'&amp;'
"""What a file, a class or a layer may be called."""


def example_source(layers: int = 3, name: str = "a.png", label: str = "church") -> ExportSource:
    """A photo of that name, whose model, layers and target bear the label; drawn from a seed."""
    random = np.random.default_rng(0)
    picture = replace(open_sample("china").reduced(96), name=name)
    maps = tuple(random.random((5 + i, 6)).astype(np.float32) for i in range(layers))
    explanation = Explanation(
        picture=picture,
        choice=choose_method("grad-cam", has_attention=True),
        layers=tuple(f"block {index} {label}" for index in range(layers)),
        maps=maps,
        predictions=(Prediction(label, 0.75), Prediction("tower", 0.125)),
        classes=(3, 1),
        target=Prediction(label, 0.75),
        geometry=fit_picture(picture.pixels.shape[:2], 32, Fit.CROP),
        provenance={"model": label, "weights sha256": "f" * 64, "paper": "P", "picture": name},
        notes=(f"A note on {label}.",),
    )
    return ExportSource(picture, explanation, explanation.layers[1], radius=4.0)
