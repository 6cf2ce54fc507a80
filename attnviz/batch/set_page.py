"""The page over a set of pictures, which opens from a disk without a server or a network."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from attnviz.batch.against import against_columns
from attnviz.batch.clusters import MapCluster, find_clusters, labels_of, places_of
from attnviz.batch.live_pictures import live_count
from attnviz.batch.orders import ORDERS
from attnviz.batch.page_columns import packed, packed_columns
from attnviz.batch.page_scripts import LIVE_EACH
from attnviz.batch.parts import ResultFolder
from attnviz.batch.set_findings import DISAGREEMENTS, findings_of
from attnviz.viewer.source import script_of_home

_FILES = Path(__file__).resolve().parent / "page"


def write_page(folder: ResultFolder, title: str, part: int) -> None:
    """Write `index.html`, and the rows that it shows, from the results of a run.

    Parameters
    ----------
    folder
        With scores, maps and small pictures.
    title
        Of the page, such as the model's name.
    part
        How many pictures a part has.

    Raises
    ------
    OutputError
        It cannot be written.
    """
    scores = folder.scores()
    indices, places = places_of(scores, folder.maps())
    clusters = find_clusters(indices, places, labels_of(scores, indices))
    manifest = folder.manifest()
    content = {
        "title": title,
        "networks": manifest.get("against", {}).get("models", []),
        "part": part,
        "count": len(scores),
        "live": {"count": live_count(len(scores)), "each": LIVE_EACH},
        "failed": len(scores) - scores["error"].null_count,
        "findings": [asdict(one) for one in findings_of(manifest)],
        "columns": packed_columns(scores) | against_columns(folder, len(scores)),
        "orders": [*_orders(), (DISAGREEMENTS, "disagreement", 1)],
        "clusters": [_cluster(one) for one in clusters],
    }
    # ASCII, and no part of the page itself: what a file is called can end no script.
    folder.write_text("index/rows.js", f"attnvizSet({json.dumps(content, allow_nan=False)});\n")
    for path in sorted(_FILES.iterdir()):
        name = path.name if path.suffix == ".html" else f"index/{path.name}"
        folder.write_bytes(name, path.read_bytes())
    script = script_of_home("set_page")
    folder.write_text("index/page.js", f"(() => {{\n{script}mount(document, ASSETS);\n}})();\n")


def rewrite_page(folder: ResultFolder) -> None:
    """Write the page of results that are whole anew, with all that was found out meanwhile."""
    manifest = folder.manifest()
    write_page(folder, page_title(str(manifest["question"]["model"])), int(manifest["part"]))


def page_title(model: str) -> str:
    """Return the title of a set's page."""
    return f"What {model} looks at"


def _orders() -> list[tuple[str, str, int]]:
    """Title, column and direction of each order; the page offers those whose column it has."""
    return [(one.title, one.column, -1 if one.descending else 1) for one in ORDERS.values()]


def _cluster(one: MapCluster) -> dict[str, object]:
    return {
        "members": packed(one.members.astype("<u4")),
        "place": [round(float(value), 4) for value in one.place.ravel()],
        "label": one.label,
        "purity": round(one.purity, 3),
        "usual": round(one.usual, 3),
        "distance": round(one.distance, 3),
        "suspicion": round(one.suspicion, 4),
        "stands_out": one.stands_out,
    }
