"""The folder beside a video that holds its parts until all are there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from attnviz.errors import OutputError
from attnviz.files import replace_whole
from attnviz.models.vision_model import VisionModel
from attnviz.targets import Target
from attnviz.targets.function import ScoreFunction
from attnviz.targets.text import format_targets
from attnviz.untrusted.values import read_json
from attnviz.version import __version__
from attnviz.video.film import Video

_ORDER = "order.json"
_MOST_BYTES = 1_000_000
_PIECES = "piece-*"


def question_of(
    film: Video,
    model: VisionModel,
    method: str,
    asked: Sequence[Target],
    *,
    layer: str | None,
    longest: int | None,
) -> dict[str, str]:
    """Describe what decides the maps of a video; equal texts, equal maps."""
    return {
        "attnviz": __version__,
        "video": film.sha256,
        "time base": str(film.time_base),
        "model": model.name,
        "weights": model.weights_sha256,
        "preprocessing": model.preprocess.described(),
        "method": method,
        "asked": format_targets(asked),
        "layer": layer or "",
        "frames": " x ".join(map(str, film.reduced_size(longest))),
        **({"functions": uuid4().hex} if any(map(_unsaid, asked)) else {}),
    }


def _unsaid(target: Target) -> bool:
    """Whether a target's text does not say all that it is: functions of one name can differ."""
    return any(isinstance(one, ScoreFunction) for one in (target, *target.inner))


@contextmanager
def work_folder(out: Path, question: dict[str, str], look: str) -> Iterator[Path]:
    """Open the folder `OUT.work`, with what an interrupted run for the same left there.

    What was left for another question is removed; for another look, the drawn pieces alone. The
    folder is removed at the end, unless an error or an interruption ends the work.

    Raises
    ------
    OutputError
        There is a folder of that name which is not one of these.
    """
    folder = out.with_name(out.name + ".work")
    path = folder / _ORDER
    if folder.exists() and not path.is_file() and any(folder.iterdir()):
        raise OutputError(
            f"The folder {folder.name} beside the output is in the way. Choose another --out."
        )
    before = _read(path)
    if before.get("question") != question:
        shutil.rmtree(folder, ignore_errors=True)
    elif before.get("look") != look:
        for piece in folder.glob(_PIECES):
            piece.unlink()
    folder.mkdir(parents=True, exist_ok=True)
    order = json.dumps({"question": question, "look": look}, indent=1)
    replace_whole(path, lambda partial: partial.write_text(order, "utf-8"))
    try:
        yield folder
    except BaseException:
        if [child.name for child in folder.iterdir()] != [_ORDER]:
            raise  # the next run goes on from what is there
        shutil.rmtree(folder, ignore_errors=True)
        raise
    shutil.rmtree(folder, ignore_errors=True)


def _read(path: Path) -> dict[str, object]:
    try:
        return read_json(path, _MOST_BYTES)
    except (OSError, ValueError):
        return {}
