"""The sanity check over a sample of a set: do its maps depend on what the network learned?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from attnviz.batch.focus_pictures import SAMPLE, chosen_pictures
from attnviz.batch.parts import ResultFolder
from attnviz.batch.picture_file import PictureFile
from attnviz.errors import EvidenceError, PictureError
from attnviz.evidence.door import sanity
from attnviz.evidence.randomisation.cascade import SanityCheck
from attnviz.models.vision_model import VisionModel
from attnviz.progress import Progress, report_progress


def check_set(
    folder: ResultFolder,
    model: VisionModel,
    files: Sequence[PictureFile],
    count: int,
    target: Any = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Make the weights random for some pictures of a set, and store how alike their maps stay.

    Parameters
    ----------
    folder
        The results, whole; the manifest gets what is found, as `sanity`. What is there already, for
        as many pictures, is not computed again.
    model, files, target
        What was run: the network, the pictures, and what was asked.
    count
        How many pictures are drawn, with a fixed seed.
    progress
        Called with the number of pictures that are done; what it raises stops the work.

    Returns
    -------
    dict of str to Any
        `pictures`, how many were drawn; `tested`, without those whose map is flat or that do not
        open again; `mean`, of the absolute rank correlations with all weights random, in 0..1, None
        without any; `verdicts`, how many there are of each; `rows`, index, correlation and verdict.

    Raises
    ------
    OutputError
        The manifest cannot be written.
    MethodError, ModelError, OutOfMemoryError
        As `attnviz.evidence.sanity`.

    References
    ----------
    Adebayo et al., "Sanity checks for saliency maps", NeurIPS 2018.
    """
    scores = folder.scores()
    drawn = chosen_pictures(scores, f"{SAMPLE}:{count}")
    before: dict[str, Any] = folder.manifest().get("sanity") or {}
    if before.get("pictures") == len(drawn):
        return before
    rows = []
    for done, index in enumerate(drawn, 1):
        method, layer = (scores[name][index].as_py() for name in ("method", "layer"))
        try:
            check = sanity(model, files[index].open(), method, target, layer=layer)
        except (EvidenceError, PictureError):
            continue
        finally:
            report_progress(progress, done, len(drawn))
        rows.append({"index": index, "correlation": _correlation(check), "verdict": check.verdict})
    found = {
        "pictures": len(drawn),
        "tested": len(rows),
        "mean": float(np.mean([row["correlation"] for row in rows])) if rows else None,
        "verdicts": dict(Counter(str(row["verdict"]) for row in rows)),
        "rows": rows,
    }
    folder.add_to_manifest(sanity=found)
    return found


def _correlation(check: SanityCheck) -> float:
    """Mean of the absolute rank correlations of all shuffles."""
    return float(np.mean(np.abs(check.final_ranks)))
