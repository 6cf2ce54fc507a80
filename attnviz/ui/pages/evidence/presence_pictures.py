"""The very pictures that a network was asked about, as a pair and as filmstrips."""

from __future__ import annotations

import base64
import html
from collections.abc import Mapping, Sequence

from attnviz.evidence.faithfulness.insertion_deletion import ScoreCurve
from attnviz.evidence.faithfulness.verdict import FaithfulnessTest
from attnviz.ui.pages.evidence.budget_text import percent
from attnviz.ui.pages.evidence.presence_run import SHARES, ModifiedPictures
from attnviz.ui.pages.evidence.presence_text import answer_text

_FILM = (1, 2, 3, 4, 6, 10, 14, 18)  # of `SHARES`


def picture_pair(
    trial: FaithfulnessTest,
    pictures: ModifiedPictures,
    index: int,
    label: str,
    names: Mapping[int, str],
    aspect: float,
) -> str:
    """Both pictures at one of `SHARES`, with what the network said, as HTML.

    aspect: width over height of what the network saw, of which its own input may be squeezed.
    """
    share = percent(SHARES[index])
    figures = "".join(
        _large(title, coded[index], answer_text(curve, index, label, names), aspect)
        for title, coded, curve in (
            (f"Highest {share} taken away", pictures.away, trial.curves.deletion),
            (f"Only the highest {share} put back", pictures.back, trial.curves.insertion),
        )
    )
    return f'<div class="av-pair">{figures}</div>'


def _large(title: str, coded: bytes, said: str, aspect: float) -> str:
    title, said = html.escape(title), html.escape(said)
    return (
        f'<figure><div class="av-title">{title}</div>{_image(coded, f"{title}: {said}", aspect)}'
        f"<figcaption>{said}</figcaption></figure>"
    )


def filmstrip(
    title: str, coded: Sequence[bytes], curve: ScoreCurve, index: int, label: str, aspect: float
) -> str:
    """One way's pictures at a few shares, the one at `index` outlined, as HTML."""
    frames = "".join(
        _frame(coded[step], curve, step, label, aspect, chosen=step == index) for step in _FILM
    )
    title = html.escape(title)
    return f'<div class="av-title">{title}</div><div class="av-strip av-eight">{frames}</div>'


def _frame(
    coded: bytes, curve: ScoreCurve, step: int, label: str, aspect: float, *, chosen: bool
) -> str:
    said = f"{percent(SHARES[step])} · {curve.probability[step]:.2f}"
    first = "first" if curve.margin[step] >= 0 else "lost"
    title = html.escape(f"{percent(SHARES[step])}: {label} {curve.probability[step]:.2f}, {first}")
    mark = ' class="av-on"' if chosen else ""
    return (
        f'<figure{mark} title="{title}">{_image(coded, title, aspect)}'
        f"<figcaption>{html.escape(said)}<br>{first}</figcaption></figure>"
    )


def _image(coded: bytes, alt: str, aspect: float) -> str:
    """alt: escaped already."""
    link = "data:image/jpeg;base64," + base64.b64encode(coded).decode()
    return f'<img alt="{alt}" style="aspect-ratio:{aspect:.4f}" src="{link}">'
