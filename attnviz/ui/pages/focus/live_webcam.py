"""A live webcam on the page "Focus": each frame with its focus sharp, the rest in bokeh."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import partial
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from attnviz.analysis.detect import asks_for_place
from attnviz.analysis.explanation import Explanation
from attnviz.hosting import LOOPBACK, Hosting
from attnviz.methods.base import METHODS
from attnviz.methods.questions import by_scores, is_slow, methods_for
from attnviz.models.vision_model import VisionModel
from attnviz.scheduling.work import Waiting
from attnviz.ui.components.viewer import Mode, View
from attnviz.ui.kit.guard import guarded, plain_text, show_error
from attnviz.ui.kit.ice_servers import ice_servers
from attnviz.ui.kit.live_streams import LIVE_STREAMS, most_streams
from attnviz.ui.kit.turns import owner, turn_of
from attnviz.ui.kit.url_state import start_choice
from attnviz.ui.pages.focus.server_view import plain_controls
from attnviz.video.live.looking import LiveQuestion
from attnviz.video.live.stream import LiveStream

INSTALL = "pip install 'attnviz[camera]'"
_OPEN = "webcam open"
_LIVE = "webcam stream"
_STREAMER = "webcam"
_SHOWN = "webcam shows"
_SHOWS = {Mode.BOKEH: "Bokeh", Mode.HEAT: "Map", Mode.SIDE: "Both"}
# Cameras take the nearest that they can; more frames or pixels would only be thrown away.
_WANTED = {
    "video": {"width": {"ideal": 960}, "height": {"ideal": 540}, "frameRate": {"ideal": 15}},
    "audio": False,
}


@dataclass(frozen=True, eq=False)
class LiveSubject:
    """What a live webcam shows.

    Attributes
    ----------
    model : VisionModel
        The network.
    look : str
        Name of a question or a method.
    first : Explanation
        Of the chosen photo; it has the layers, and what is asked.
    """

    model: VisionModel
    look: str
    first: Explanation

    def question(self, view: View) -> LiveQuestion:
        """What is asked of every frame; of a detector, whatever it is surest of there."""
        of_photo = asks_for_place(self.model, self.look)
        asked = () if of_photo else tuple(one.target for one in self.first.asked)
        return LiveQuestion(self.model, self.first.method, view.layer, asked)


def offer_webcam() -> None:
    """Show a button that opens the live webcam, or closes it."""
    hosting = Hosting.from_environment()
    if hosting.hosted and not (_installed() and most_streams()):
        return
    opened = wants_webcam()
    st.button(
        "Close the webcam" if opened else "Live webcam",
        key="webcam button",
        on_click=_switch,
        args=(not opened,),
        type="tertiary",
        icon=":material/videocam_off:" if opened else ":material/videocam:",
    )


def wants_webcam() -> bool:
    """Whether the live webcam is open."""
    return bool(st.session_state.get(_OPEN))


def takes_long(model: VisionModel, look: str) -> bool:
    """Say that a method needs many passes, if it does: then it cannot be shown live."""
    name = look if model.spec.observable else by_scores(look, model.spec)
    if not is_slow(name):
        return False
    st.info(
        f"{plain_text(METHODS.get(name).title)} needs many passes through the network for a "
        "picture, so it is not shown live. Choose another method, or close the webcam."
    )
    return True


def show_webcam(
    subject: LiveSubject, view: View, main: DeltaGenerator, side: DeltaGenerator
) -> View:
    """Show the camera's frames, and the controls that change how they are drawn.

    Parameters
    ----------
    subject : LiveSubject
        What is shown.
    view : View
        Initial values of the controls.
    main, side : DeltaGenerator
        Where the video goes, and the controls.

    Returns
    -------
    View
        Values of the controls.
    """
    with side:
        view = _pick_view(subject.first, view)
        _say_what_is_not_live(subject.model)
    with main, guarded():
        if not _installed():
            st.info(f"The live webcam needs an extra that is not installed: `{INSTALL}`")
            return view
        _say_what_happens()
        _show_camera(_stream(subject.question(view), view))
    return view


def _installed() -> bool:
    return find_spec("streamlit_webrtc") is not None


def _switch(opened: bool) -> None:
    st.session_state[_OPEN] = opened
    live: LiveStream | None = st.session_state.get(_LIVE)
    if live is not None and not opened:
        LIVE_STREAMS.leave(live)


def _pick_view(first: Explanation, view: View) -> View:
    start_choice(_SHOWN, list(map(str, _SHOWS)), str(view.mode))
    shown = st.segmented_control(
        "Show the frames as",
        list(map(str, _SHOWS)),
        format_func=lambda mode: _SHOWS[Mode(mode)],
        key=_SHOWN,
        required=True,
    )
    return replace(plain_controls(first, view, scales=False), mode=Mode(str(shown)))


def _say_what_is_not_live(model: VisionModel) -> None:
    slow = [one.title for one in methods_for(model.spec) if one.many_passes]
    if slow:
        st.caption(
            "Methods that need many passes are not shown live.",
            help=f"{plain_text(', '.join(slow))}.",
        )


def _say_what_happens() -> None:
    """Say where the frames go, and where the browser will not give any."""
    place = "the server that runs this app" if Hosting.from_environment().hosted else "this app"
    st.caption(
        f"Frames go to {place}, the newest is looked at, and none is kept. All frames share one "
        "scale."
    )
    address = urlsplit(st.context.url or "")
    if address.scheme == "http" and address.hostname not in LOOPBACK:
        st.warning(
            "Browsers give a camera to pages on https or localhost alone, and this page is on "
            "neither. Open it there."
        )


def _stream(question: LiveQuestion, view: View) -> LiveStream:
    """The session's stream, asked what is to be shown from now on."""
    live: LiveStream | None = st.session_state.get(_LIVE)
    if live is None or (live.closed and not _connected()):
        live = st.session_state[_LIVE] = LiveStream(question, view, turn=partial(_turn, owner()))
    live.ask(question, view)
    return live


def _turn(who: str, waiting: Waiting) -> AbstractContextManager[object]:
    """The turn of one frame."""
    return turn_of("webcam", who=who, after=True, waiting=waiting)


def _connected() -> bool:
    context: Any = st.session_state.get(_STREAMER)
    return context is not None and (context.state.playing or context.state.signalling)


def _show_camera(live: LiveStream) -> None:
    """Show the video with its button to start and to stop, and how fast it is."""
    if not LIVE_STREAMS.room_for(live):
        st.info(
            "As many live webcams are open on this server as it takes at a time "
            f"({most_streams()}). Close one in another window, or try again later."
        )
        return
    # Here, because both need the extra.
    from streamlit_webrtc import WebRtcMode, webrtc_streamer

    from attnviz.ui.kit.webcam_tracks import CameraSink, FocusTrack

    track = FocusTrack(live)
    servers = {"iceServers": ice_servers()}  # named even if empty, or public ones would be asked
    context = webrtc_streamer(
        _STREAMER,
        WebRtcMode.SENDRECV,
        rtc_configuration=servers,
        media_stream_constraints=_WANTED,
        source_video_track=track,
        sink_video_track=CameraSink(live, track),
        video_html_attrs={"autoPlay": True, "muted": True, "style": {"width": "100%"}},
        translations={"start": "Start the webcam", "stop": "Stop the webcam"},
        media_toggle_controls=False,
    )
    if context.state.playing:
        _show_rate(live)


@st.fragment(run_every=1.0)
def _show_rate(live: LiveStream) -> None:
    """Show how many frames are drawn a second, and what stands in the way."""
    drawn = live.drawn
    if live.closed:
        why = "has failed: the server's log says why" if live.failed else "has ended"
        st.warning(f"The live view {why}. Stop the webcam and start it again.")
    elif drawn is None:
        st.caption("Waiting for the first frame …")
    else:
        st.caption(
            f"**{live.rate:.1f} frames a second** · drawn at {drawn.frame.width} × "
            f"{drawn.frame.height} px · {1000 * live.pace.looking:.0f} ms in the network"
        )
        if drawn.error is not None:
            show_error(drawn.error)
