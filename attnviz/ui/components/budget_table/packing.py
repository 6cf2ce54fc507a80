"""A blur budget as one blob of bytes for the browser.

`u32 length (little-endian) | header, JSON | 256 colours, RGB | steps, uint8 [h, w] | PNG | ...`:
one PNG for each radius, the sharp picture first. PNG is exact, and so is a picture that is put
together from two of them: what the browser shows is what the network was given, byte for byte.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Callable

import numpy as np

from attnviz.evidence.faithfulness.blur_budget import BlurBudget
from attnviz.export.png import png_with_provenance
from attnviz.render.heat import colour_table


def pack(budget: BlurBudget, label: Callable[[int], str], colours: str = "viridis") -> bytes:
    """The budget, its pictures, and the names of all classes that it speaks of.

    Args:
        budget: from `blur_budget`.
        label: the name of the network's class of that index.
        colours: of the probabilities, one of `attnviz.render.heat.COLOUR_MAPS`.

    The same budget gives the same bytes.
    """
    answers = budget.scores
    named, says = np.unique(answers.first, return_inverse=True)
    pictures = [png_with_provenance(one, {}) for one in budget.blurred]
    body = b"".join([colour_table(colours).tobytes(), budget.first_sharp.tobytes(), *pictures])
    header = {
        "id": hashlib.sha256(body + answers.probability.tobytes()).hexdigest()[:16],
        "size": list(budget.first_sharp.shape),
        "pictures": [len(one) for one in pictures],
        "radii": [round(radius, 3) for radius in budget.radii],
        "shares": list(budget.shares),
        "diagonal": round(budget.diagonal, 3),
        "label": label(answers.target),
        "names": [label(int(index)) for index in named],
        "says": says.reshape(answers.first.shape).tolist(),
        "probability": np.round(answers.probability.astype(float), 4).tolist(),
        "kept": answers.class_is_first.astype(int).tolist(),
        "firm": budget.confident.astype(int).tolist(),
        "start": _start(budget),
    }
    coded = json.dumps(header, separators=(",", ":")).encode()
    return struct.pack("<I", len(coded)) + coded + body


def _start(budget: BlurBudget) -> list[int]:
    """The cell to begin with: the strongest blur, and the least that must stay sharp in it."""
    kept = budget.scores.class_is_first[-1]
    return [len(budget.radii) - 1, int(np.argmax(kept))]
