"""The result of blurring in words."""

from __future__ import annotations

from attnviz.analysis.explanation import Prediction
from attnviz.ui.kit.text import with_article


def verdict(before: Prediction, after: Prediction, kept: float) -> str:
    """Say whether the decision survives the blur.

    Parameters
    ----------
    before : Prediction
        The top prediction on the picture.
    after : Prediction
        The top prediction on the bokeh picture.
    kept : float
        Probability of the class of `before` on the bokeh picture.

    Returns
    -------
    str
        One sentence.
    """
    change = f"{before.probability:.2f} → {kept:.2f}"
    if before.label == after.label:
        return f"It still sees {with_article(before.label)}, {change}."
    return (
        f"It no longer sees {with_article(before.label)}, {change}: "
        f"the bokeh picture looks like {with_article(after.label)} to it "
        f"({after.probability:.2f})."
    )
