"""Does the region that a map marks matter? Insertion and deletion, against a centred map."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

import attnviz
from attnviz.evidence.baseline_maps import centred_map
from attnviz.evidence.faithfulness.insertion_deletion import insertion_deletion
from attnviz.evidence.fills.base import StrongBlur
from attnviz.evidence.run import run_experiment
from attnviz.pictures import open_sample

out = Path(sys.argv[1] if len(sys.argv) > 1 else "out")
out.mkdir(parents=True, exist_ok=True)

picture = open_sample("china")
model = attnviz.load_model("ran-small", device="cpu")
result = attnviz.explain(model, picture, method="decision")
best = result.map_of(result.best_layer)
for name, values in {"decision": best, "centre": centred_map(best.shape)}.items():
    measure = partial(insertion_deletion, values=values, fill=StrongBlur(), steps=10)
    curves, _ = run_experiment(model, picture, measure)
    plt.plot(curves.insertion.shares, curves.insertion.probability, label=f"{name}: insertion")
    plt.plot(curves.deletion.shares, curves.deletion.probability, "--", label=f"{name}: deletion")
    print(f"{name}: insertion {curves.insertion.area:.2f}, deletion {curves.deletion.area:.2f}")
plt.xlabel("share of the picture inserted or deleted")
plt.ylabel(f"probability of {result.predictions[0].label}")
plt.legend()
plt.savefig(out / "evidence.png")
