"""The page around a report's entries: head, script, and how to read it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from attnviz.export.base import ExportSource
from attnviz.export.report_page.entry import entry, entry_id, looked_by
from attnviz.export.report_page.markup import bullets, figure, paragraph, section
from attnviz.export.report_page.words import HOW_TO_READ
from attnviz.export.stills import stills
from attnviz.version import __version__
from attnviz.viewer.source import script_of_home

_OVERVIEW_SIDE = 320
_HERE = Path(__file__).resolve().parent
# Nothing is fetched, and no script runs but the one whose hash stands here, whatever a name holds.
_POLICY = (
    "default-src 'none'; script-src 'sha256-{hash}'; style-src 'unsafe-inline'; "
    "img-src data: blob:; base-uri 'none'; form-action 'none'"
)
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="attnviz {version}">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<header><h1>{title}</h1></header>
<main>{overview}{entries}{reading}</main>
<footer>{footer}</footer>
<script type="module">{script}</script>
</body>
</html>
"""


def report_page(sources: Sequence[ExportSource], *, title: str = "", date: str = "") -> bytes:
    """Write a report as one HTML file that opens offline from disk.

    Parameters
    ----------
    sources : sequence of ExportSource
        One or more photos with their maps, in the order of the page.
    title : str
        Heading of the page (default: which model looked at what).
    date : str
        When it was written (default: today, UTC).

    Returns
    -------
    bytes
        UTF-8. No part of it is fetched from elsewhere.
    """
    day = date or datetime.now(UTC).date().isoformat()
    script = script_of_home("report") + "mount(document, ASSETS);\n"
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return _PAGE.format(
        policy=_POLICY.format(hash=digest),
        version=__version__,
        title=escape(title or _title(sources)),
        style=(_HERE / "style.css").read_text(encoding="utf-8"),
        overview=_overview(sources),
        entries="".join(entry(source, number, day) for number, source in enumerate(sources)),
        reading=section("How to read this", bullets(HOW_TO_READ), style="reading"),
        footer=paragraph(
            f"Written by attnviz {__version__} on {day}. This file is whole: it fetches nothing, "
            "and sends nothing."
        ),
        script=script,
    ).encode()


def _overview(sources: Sequence[ExportSource]) -> str:
    """All focus pictures side by side, each leading to its entry; nothing for a single one."""
    if len(sources) < 2:
        return ""
    cells = []
    for number, source in enumerate(sources):
        _, focus = stills(source, _OVERVIEW_SIDE)[0]
        best = [f"{one.label} {one.probability:.2f}" for one in source.explanation.predictions[:1]]
        caption = ": ".join([f"{source.picture.name}, {looked_by(source)}", *best])
        cells.append(f'<a href="#{entry_id(number)}">{figure(caption, focus)}</a>')
    return f'<nav class="small overview" aria-label="Overview">{"".join(cells)}</nav>'


def _title(sources: Sequence[ExportSource]) -> str:
    models = {source.explanation.provenance["model"] for source in sources}
    return f"Where {models.pop()} looks" if len(models) == 1 else f"Where {len(models)} models look"
