"""The result of blurring in words."""

from __future__ import annotations

from collections.abc import Sequence

from attnviz.analysis.certainty import Doubt, guess_sentence
from attnviz.analysis.explanation import Prediction
from attnviz.ui.kit.text import with_article

CLOSE = 0.05
"""Two probabilities that differ by no more are called a close call."""
_KEPT = 0.8
"""A class that keeps this share of its probability has not been lost."""
_HALF = 0.5
"""A first class that keeps less than this share of its probability is seen far less surely."""


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
        One sentence. A class counts as lost only if its probability falls, and another is clearly
        ahead of it.
    """
    seen, other = with_article(before.label), with_article(after.label)
    change = f"{before.probability:.2f} → {kept:.2f}"
    if before.label == after.label:
        surely = "" if kept >= _HALF * before.probability else ", but far less surely"
        return f"It still sees {seen}{surely}, {change}."
    if after.probability - kept <= CLOSE:
        return f"A close call: {seen}, {change}, or {other} ({after.probability:.2f})."
    if kept >= _KEPT * before.probability:
        return (
            f"It sees {seen} hardly less, {change}, but the bokeh picture looks even more like "
            f"{other} ({after.probability:.2f})."
        )
    return (
        f"It no longer sees {seen}, {change}: "
        f"the bokeh picture looks like {other} to it "
        f"({after.probability:.2f})."
    )


def guessed(before: Sequence[Prediction], after: Prediction, kept: float, doubt: Doubt) -> str:
    """Say that the decision is a guess, and what the blur makes of it.

    Parameters
    ----------
    before : sequence of Prediction
        The most probable classes of the picture, best first.
    after : Prediction
        The top prediction on the bokeh picture.
    kept : float
        Probability of the first class of `before` on the bokeh picture.
    doubt : Doubt
        Why it is a guess.

    Returns
    -------
    str
        Two or three sentences.
    """
    same = before[0].label == after.label
    then = f"the same ({kept:.2f})" if same else f"{after.label} ({after.probability:.2f})"
    return f"{guess_sentence(before, doubt)} With the bokeh, it guesses {then}."
