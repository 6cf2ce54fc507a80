"""The public function `attnviz.focus_video`: from a video to one whose focus is sharp."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from attnviz.analysis.asked import targets_of
from attnviz.models.vision_model import VisionModel
from attnviz.progress import Progress
from attnviz.video.explain import LONGEST, explain_video
from attnviz.video.film import Video
from attnviz.video.maps_over_time import MapsOverTime
from attnviz.video.opening import open_video
from attnviz.video.work import question_of, work_folder
from attnviz.video.writing import VideoLook, write_video


def focus_video(
    model: VisionModel,
    video: Video | str | os.PathLike[str],
    out: str | os.PathLike[str],
    method: str = "auto",
    target: Any = None,
    *,
    layer: str | None = None,
    steady: bool = True,
    longest: int | None = LONGEST,
    look: VideoLook | None = None,
    looking: Progress | None = None,
    drawing: Progress | None = None,
) -> MapsOverTime:
    """Write a video as MP4: sharp where the model looks, bokeh elsewhere, with times and sound.

    Work that was interrupted goes on when the same is asked again: maps and drawn pieces of 64
    frames lie in the folder `OUT.work` until the video is whole.

    Parameters
    ----------
    model, video, method, target, layer, steady, longest
        As in `explain_video`.
    out
        The file; it is written as a whole or not at all.
    look
        Radius of the blur, and how maps become focus.
    looking, drawing
        Called after each frame that was looked at, and after each that was drawn.

    Returns
    -------
    MapsOverTime
        A map for each frame, and the scale that all share.

    Raises
    ------
    VideoError
        The video cannot be read.
    OutputError
        Something else lies at `OUT.work`.
    OSError
        The file cannot be written.
    AttnvizError
        As `explain` raises it for a frame.
    """
    film = video if isinstance(video, Video) else open_video(video)
    look, place = look or VideoLook(), Path(out)
    targets = targets_of(model, target)
    question = question_of(film, model, method, targets, layer=layer, longest=longest)
    with work_folder(place, question, f"{look}, steady: {steady}") as work:
        maps = explain_video(
            model,
            film,
            method,
            target,
            layer=layer,
            steady=steady,
            longest=longest,
            progress=looking,
            shelf=work,
        )
        write_video(maps, film, place, look, work=work, progress=drawing)
    return maps
