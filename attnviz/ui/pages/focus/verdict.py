"""What the page says of the bokeh picture."""

from __future__ import annotations

from attnviz.analysis.explanation import Prediction
from attnviz.ui.kit.text import with_article


def verdict(before: Prediction, after: Prediction, kept: float) -> str:
    """What the bokeh picture does to the decision.

    Parameters
    ----------
    before
        The top prediction on the picture.
    after
        On the bokeh picture.
    kept
        The probability that `before`'s class has there.
    """
    change = f"{before.probability:.2f} → {kept:.2f}"
    if before.label == after.label:
        return f"It still sees {with_article(before.label)}, {change}."
    return (
        f"It no longer sees {with_article(before.label)}, {change}: "
        f"the bokeh picture looks like {with_article(after.label)} to it "
        f"({after.probability:.2f})."
    )
