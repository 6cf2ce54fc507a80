"""The data that the table's browser side receives.

A blob (see `viewer.blob`) with the arrays ``colours``, uint8 [256, 3], ``steps``, uint8 [h, w], and
``picture 0``, ``picture 1``, ...: a PNG for each radius, the sharp picture first. PNG is
lossless, so the picture that the browser composes equals the network's input byte for byte.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from attnviz.evidence.faithfulness.blur_budget import BlurBudget
from attnviz.export.png import png_with_provenance
from attnviz.render.heat import colour_table
from attnviz.types import AnyArray
from attnviz.viewer.blob import content_id, pack_blob


def pack(budget: BlurBudget, label: Callable[[int], str], colours: str = "viridis") -> bytes:
    """Pack a budget, its pictures, and the names of all predicted classes.

    Parameters
    ----------
    budget : BlurBudget
        From `blur_budget`.
    label : callable
        Returns the name of a class by its index.
    colours : str
        Colour map of the probabilities, one of `attnviz.render.heat.COLOUR_MAPS`.

    Returns
    -------
    bytes
        The blob; deterministic.
    """
    answers = budget.scores
    classes, answer = np.unique(answers.first, return_inverse=True)
    arrays: dict[str, AnyArray | bytes] = {
        "colours": colour_table(colours),
        "steps": budget.first_sharp,
        **{
            f"picture {i}": png_with_provenance(pixels, {})
            for i, pixels in enumerate(budget.blurred)
        },
    }
    header = {
        "size": list(budget.first_sharp.shape),
        "radii": [round(radius, 3) for radius in budget.radii],
        "shares": list(budget.shares),
        "diagonal": round(budget.diagonal, 3),
        "label": label(answers.target),
        "names": [label(int(index)) for index in classes],
        "says": answer.reshape(answers.first.shape).tolist(),
        "probability": np.round(answers.probability.astype(float), 4).tolist(),
        "recognised": answers.class_is_first.astype(int).tolist(),
        "firm": budget.confident.astype(int).tolist(),
        "start": _start(budget),
    }
    return pack_blob({"id": content_id(header, arrays), **header}, arrays)


def _start(budget: BlurBudget) -> list[int]:
    """Return the initial cell: the strongest blur, and its smallest sufficient sharp share."""
    survives = budget.scores.class_is_first[-1]
    return [len(budget.radii) - 1, int(np.argmax(survives))]
