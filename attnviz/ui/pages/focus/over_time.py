"""A video on the page "Focus": its frames in the viewer, and the video that is saved."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attnviz.analysis.explanation import Explanation
from attnviz.methods.questions import is_slow
from attnviz.models.vision_model import VisionModel
from attnviz.pictures.jpeg import jpeg, read_jpeg
from attnviz.pictures.names import file_stem
from attnviz.progress import Progress
from attnviz.render.focus import Scale
from attnviz.ui.components.viewer import Content, Layer, View
from attnviz.ui.kit.guard import guarded, plain_text
from attnviz.ui.kit.long_work import long_work
from attnviz.ui.kit.map_view import show_maps
from attnviz.video.explain import explain_video
from attnviz.video.film import Video
from attnviz.video.focus_video import focus_video
from attnviz.video.maps_over_time import MapsOverTime
from attnviz.video.sampled import sampled
from attnviz.video.writing import VideoLook

FRAMES = 60
"""Frames that the viewer gets at most, taken evenly."""
LONGEST = 1800
"""Frames of a video that are looked at: a minute at 30 a second."""
SIDE = 800
_QUALITY = 85
_PARTS = ("Over time", "First frame")
_VIEWER = "film"


@dataclass(frozen=True, eq=False)
class ShownVideo:
    """A video with what is asked of it.

    Attributes
    ----------
    video : Video
        The video.
    model : VisionModel
        The network.
    look : str
        Name of a question or a method.
    first : Explanation
        Of the first frame; it has what is asked.
    """

    video: Video
    model: VisionModel
    look: str
    first: Explanation

    @property
    def key(self) -> tuple[str, ...]:
        """Determines the maps."""
        return (self.video.sha256, *self.model.key, self.look, self.first.asked_text)

    @property
    def asked(self) -> list[object] | None:
        """What is explained; None for the top prediction of each frame."""
        return [one.target for one in self.first.asked] or None


@dataclass(frozen=True, eq=False)
class LookedFrames:
    """Some frames of a video as JPEG, and their maps."""

    maps: MapsOverTime
    frames: tuple[bytes, ...]


def wants_frames() -> bool:
    """Let the user choose between the frames of a video and its first one."""
    chosen = st.segmented_control(
        "Video", _PARTS, default=_PARTS[0], key="film part", label_visibility="collapsed"
    )
    return chosen != _PARTS[1]


def show_video(shown: ShownVideo, main: DeltaGenerator, side: DeltaGenerator) -> None:
    """Show the frames with their maps, what can be saved, and where they come from."""
    with side:
        steady = st.toggle(
            "Steady over time",
            value=True,
            key="film steady",
            help="Follows the maps one or two frames late and lets them flicker less than half as "
            "much; each scene begins anew.",
        )
    with main, guarded():
        looked = long_work(
            "frames",
            shown.key,
            lambda: f"{_count(shown.video):,} frames of the video are looked at.",
            lambda progress: _looked_at(shown, progress),
            button="Look at the frames",
            unit="frames",
            at_once=not is_slow(shown.look),
        )
        if looked is None:
            return
        looked = replace(looked, maps=replace(looked.maps, steady=steady))
        content = _content(looked)
        names = [layer.name for layer in content.layers]
        first = View(names[0], scale=Scale.ALL_LAYERS, blend=False, speed=_speed(looked.maps))
        show_maps(_VIEWER, (*shown.key, str(steady)), content, " ".join(shown.key), first)
        view = st.session_state.get(f"{_VIEWER} view", first)
        _offer_video(shown, view, steady=steady)
        _show_facts(looked.maps)
    with side:
        st.caption(_told(shown.video, looked.maps))


def _count(video: Video) -> int:
    return sampled(video, FRAMES, LONGEST).most


def _looked_at(shown: ShownVideo, progress: Progress) -> LookedFrames:
    video = sampled(shown.video, FRAMES, LONGEST)
    maps = explain_video(
        shown.model, video, shown.look, shown.asked, longest=SIDE, progress=progress
    )
    size = maps.geometry.picture_size
    return LookedFrames(maps, tuple(jpeg(one.pixels, _QUALITY) for one in video.frames(size)))


def _content(looked: LookedFrames) -> Content:
    maps = looked.maps
    times = [f"{time:.2f} s" for time in maps.times]
    layers = [Layer(time, values) for time, values in zip(times, maps.shown, strict=True)]
    return Content(
        read_jpeg(looked.frames[0]),
        maps.geometry,
        layers,
        maps.title,
        f"Layer {maps.layer}.",
        noun="Frame",
        span=maps.value_range,
        name=file_stem(maps.provenance["video"]),
        folds=True,
        frames=looked.frames,
    )


def _speed(maps: MapsOverTime) -> float:
    """Frames a second at which the video takes as long as it does."""
    gaps = np.diff(maps.times)
    return float(1 / gaps.mean()) if gaps.size else 1.0


def _told(video: Video, maps: MapsOverTime) -> str:
    count, scenes = len(maps.ticks), int(maps.cuts.sum())
    of = f" of about {video.count:,}" if video.count and video.count > count else ""
    text = f"{count} frames{of}, to {maps.times[-1]:.1f} s"
    if scenes > 1:
        text += f", in {scenes} scenes"
    if video.count and video.count > LONGEST:
        text += f". Only the first {LONGEST:,} frames are looked at"
    return f"{text}. All frames share one scale."


def _offer_video(shown: ShownVideo, view: View, *, steady: bool) -> None:
    """Let the user make the whole video as it is shown, and save it."""
    whole = shown.video
    if whole.count is None or whole.count > LONGEST:
        whole = sampled(whole, LONGEST, LONGEST)
    key = (*shown.key, str(steady), str(view.focus_settings()), f"{view.radius} {view.aperture}")
    made = long_work(
        "film file",
        key,
        lambda: "The video can be saved as MP4 as it is shown here: all its frames are drawn.",
        lambda progress: _made(shown, whole, view, progress, steady=steady),
        button="Make the video",
        unit="steps",
    )
    if made is not None:
        st.download_button(
            "Save the video",
            data=made,
            file_name=f"{file_stem(shown.video.name)}-focus.mp4",
            mime="video/mp4",
            on_click="ignore",
            icon=":material/download:",
            key="save film",
        )


def _made(
    shown: ShownVideo, whole: Video, view: View, progress: Progress, *, steady: bool
) -> bytes:
    """The MP4; looking at a frame is a step, and so is drawing it."""
    height, width = whole.reduced_size(SIDE)
    look = VideoLook(view.radius * math.hypot(height, width), view.focus_settings(), view.aperture)

    def half(before: int) -> Callable[[int, int | None], object]:
        return lambda done, total: progress(before * (total or 0) + done, 2 * (total or done))

    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder, "focus.mp4")
        focus_video(
            shown.model,
            whole,
            out,
            shown.look,
            shown.asked,
            steady=steady,
            longest=SIDE,
            look=look,
            looking=half(0),
            drawing=half(1),
        )
        return out.read_bytes()


def _show_facts(maps: MapsOverTime) -> None:
    low, high = maps.value_range
    facts = {**maps.provenance, "scale": f"{low:.4g} to {high:.4g} in all frames"}
    with st.expander("Method and provenance"):
        st.table({key: [plain_text(value)] for key, value in facts.items()})
