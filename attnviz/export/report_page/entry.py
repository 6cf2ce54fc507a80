"""One photo in a report: the live viewer, still pictures for paper, predictions, provenance."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from html import escape

from attnviz.export.base import ExportSource
from attnviz.export.finding import Finding
from attnviz.export.provenance import focus_provenance
from attnviz.export.report_page.chart import line_chart
from attnviz.export.report_page.markup import bullets, figure, paragraph, section, table
from attnviz.export.report_page.words import lead, what_was_computed
from attnviz.export.stills import stills
from attnviz.export.viewer_data import viewer_blob
from attnviz.render.focus import focus_map
from attnviz.render.heat import heat_overlay
from attnviz.version import __version__
from attnviz.viewer.content import layer_names

_STILL_SIDE = 900
_SMALL_SIDE = 180


def entry(source: ExportSource, number: int, date: str) -> str:
    """Write the part of a report about one photo.

    Parameters
    ----------
    source : ExportSource
        Photo, maps, and how they are shown.
    number : int
        Of the entry on its page, from 0.
    date : str
        Of the report.

    Returns
    -------
    str
        HTML.
    """
    facts = {"Written": f"{date}, by attnviz {__version__}"}
    explanation = source.explanation
    data = base64.b64encode(viewer_blob(source, str(number))).decode()
    pictures = "".join(figure(*still) for still in stills(source, _STILL_SIDE))
    return "".join(
        [
            f'<article id="{entry_id(number)}"><h2><bdi>{escape(source.picture.name)}</bdi> '
            f"<small>{escape(looked_by(source))}</small></h2>",
            paragraph(lead(source), "lead"),
            f'<div class="viewer-place"><script type="text/plain">{data}</script></div>',
            f'<div class="stills">{pictures}</div>',
            _predictions(source),
            *(_finding(one) for one in source.findings),
            section("All layers", f'<div class="small">{_layers(source)}</div>', style="layers"),
            section(
                "Where this comes from",
                paragraph(what_was_computed(source)),
                bullets(explanation.notes),
                table({**_named(focus_provenance(source)), **facts}),
                style="provenance",
            ),
            "</article>",
        ]
    )


def entry_id(number: int) -> str:
    """Where the entry of this number is found on its page."""
    return f"entry-{number}"


def looked_by(source: ExportSource) -> str:
    """The model and the method, in words."""
    explanation = source.explanation
    return f"{explanation.provenance['model']} · {explanation.choice.method.title}"


def _layers(source: ExportSource) -> str:
    """All maps, small, each on its own scale."""
    explanation = source.explanation
    small = explanation.picture.reduced(_SMALL_SIDE)
    geometry = explanation.geometry.resized((small.height, small.width))
    maps = {name: explanation.map_of(name) for name in layer_names(explanation)}
    return "".join(
        figure(name, heat_overlay(small.pixels, focus_map(values, geometry).scaled))
        for name, values in maps.items()
    )


def _predictions(source: ExportSource) -> str:
    """The most probable classes as bars."""
    explanation = source.explanation
    if not explanation.predictions:
        return section("What the model sees", paragraph("This network names no classes."))
    after = {one.label: one.probability for one in source.after}
    bars = "".join(
        _bar(one.label, one.probability, after.get(one.label)) for one in explanation.predictions
    )
    note = "Probabilities, for the photo as it is."
    if after:
        note = "Probabilities. Pale: for the photo. Coloured: for the focus picture."
    return section(
        "What the model sees",
        paragraph(explanation.guess_text, "verdict"),
        f'<div class="bars">{bars}</div>',
        paragraph(note, "note"),
    )


def _bar(label: str, before: float, after: float | None) -> str:
    number = f"{before:.2f}" if after is None else f"{before:.2f} → {after:.2f}"
    second = "" if after is None else f'<b style="width:{100 * after:.1f}%"></b>'
    pale = ' class="pale"' if second else ""
    return (
        f'<div><span><bdi>{escape(label)}</bdi><data value="{before:.4f}">{number}</data></span>'
        f'<div class="track"><i{pale} style="width:{100 * before:.1f}%"></i>{second}</div></div>'
    )


def _finding(finding: Finding) -> str:
    charts = "".join(line_chart(chart) for chart in finding.charts)
    pictures = "".join(figure(caption, pixels) for caption, pixels in finding.pictures)
    return section(
        finding.title,
        paragraph(finding.headline, "verdict"),
        paragraph(" ".join(finding.details)),
        f'<div class="charts">{charts}</div>' if charts else "",
        f'<div class="small">{pictures}</div>' if pictures else "",
        style="finding",
    )


def _named(facts: Mapping[str, str]) -> dict[str, str]:
    """Facts with names for readers: the first letter large."""
    return {name[:1].upper() + name[1:]: value for name, value in facts.items()}
