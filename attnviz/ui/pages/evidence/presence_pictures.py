"""The pictures that the network classified, as a pair and as filmstrips."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence

from attnviz.evidence.faithfulness.budget_text import percent
from attnviz.evidence.faithfulness.insertion_deletion import ScoreCurve
from attnviz.evidence.faithfulness.verdict import FaithfulnessTest
from attnviz.ui.pages.evidence.presence_numbers import answer_text
from attnviz.ui.pages.evidence.presence_run import SHARES, ModifiedPictures

_FILM = (1, 2, 3, 4, 6, 10, 14, 18)  # of `SHARES`


def picture_pair(
    trial: FaithfulnessTest,
    pictures: ModifiedPictures,
    index: int,
    label: str,
    names: Mapping[int, str],
    aspect: float,
) -> str:
    """Show the deletion and the insertion picture at one share, with the network's answers.

    Parameters
    ----------
    trial : FaithfulnessTest
        Results under one fill.
    pictures : ModifiedPictures
        Pictures under the same fill.
    index : int
        Index of the share in `SHARES`.
    label : str
        The target class.
    names : mapping of int to str
        Labels by class index.
    aspect : float
        Width over height of the region that the network gets; its input may be squeezed.

    Returns
    -------
    str
        HTML.
    """
    share = percent(SHARES[index])
    figures = "".join(
        _large(title, frames[index], answer_text(curve, index, label, names), aspect)
        for title, frames, curve in (
            (f"Highest {share} removed", pictures.away, trial.curves.deletion),
            (f"Only the highest {share} put back", pictures.back, trial.curves.insertion),
        )
    )
    return f'<div class="av-pair">{figures}</div>'


def _large(title: str, jpeg: bytes, answer: str, aspect: float) -> str:
    title, answer = html.escape(title), html.escape(answer)
    return (
        f'<figure><div class="av-title">{title}</div>{_image(jpeg, f"{title}: {answer}", aspect)}'
        f"<figcaption>{answer}</figcaption></figure>"
    )


def filmstrip(
    title: str, jpegs: Sequence[bytes], curve: ScoreCurve, index: int, label: str, aspect: float
) -> str:
    """Show pictures at a few shares in a row, the one at `index` outlined.

    Parameters
    ----------
    title : str
        Title of the row, escaped here.
    jpegs : sequence of bytes
        A picture for each of `SHARES`.
    curve : ScoreCurve
        Scores for the same shares.
    index : int
        Index in `SHARES` of the chosen share.
    label : str
        The target class.
    aspect : float
        Width over height of the region that the network gets.

    Returns
    -------
    str
        HTML.
    """
    frames = "".join(
        _frame(jpegs[step], curve, step, label, aspect, chosen=step == index) for step in _FILM
    )
    title = html.escape(title)
    return f'<div class="av-title">{title}</div><div class="av-strip av-eight">{frames}</div>'


def _frame(
    jpeg: bytes, curve: ScoreCurve, step: int, label: str, aspect: float, *, chosen: bool
) -> str:
    score = f"{percent(SHARES[step])} · {curve.probability[step]:.2f}"
    first = "first" if curve.margin[step] >= 0 else "lost"
    title = html.escape(f"{percent(SHARES[step])}: {label} {curve.probability[step]:.2f}, {first}")
    mark = ' class="av-on"' if chosen else ""
    return (
        f'<figure{mark} title="{title}">{_image(jpeg, title, aspect)}'
        f"<figcaption>{html.escape(score)}<br>{first}</figcaption></figure>"
    )


def _image(jpeg: bytes, alt: str, aspect: float) -> str:
    """Embed a JPEG; `alt` must be escaped already."""
    link = "data:image/jpeg;base64," + base64.b64encode(jpeg).decode()
    return f'<img alt="{alt}" style="aspect-ratio:{aspect:.4f}" src="{link}">'
