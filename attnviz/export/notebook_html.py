"""How an explanation shows itself in a notebook: still pictures, which any notebook keeps."""

from __future__ import annotations

from html import escape

from attnviz.export.base import ExportSource
from attnviz.export.report_page.markup import figure
from attnviz.export.report_page.words import lead
from attnviz.export.stills import stills

_SIDE = 480
_SHOWN = 3
_ROW = "display:grid;grid-template-columns:repeat(auto-fit,minmax(14rem,1fr));gap:0.6rem;"


def notebook_html(source: ExportSource) -> str:
    """Write the two pictures and the likeliest classes as HTML without a script.

    Parameters
    ----------
    source : ExportSource
        Photo, maps, and how they are shown.

    Returns
    -------
    str
        HTML of about 100 kB; every name in it is escaped.
    """
    pictures = "".join(figure(*still) for still in stills(source, _SIDE))
    seen = ", ".join(
        f"{escape(one.label)} {one.probability:.2f}"
        for one in source.explanation.predictions[:_SHOWN]
    )
    said = escape(source.explanation.guess_text) or (f"It sees {seen}." if seen else "")
    return (
        f'<div style="max-width:62rem"><p>{escape(lead(source))} {said}</p>'
        f'<div style="{_ROW}">{pictures}</div></div>'
    )
