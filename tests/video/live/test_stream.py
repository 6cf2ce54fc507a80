"""A live stream: what goes in and comes out, and that it ends."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event

import numpy as np
import pytest
from av.video.frame import VideoFrame

from attnviz.errors import UnknownNameError
from attnviz.scheduling.fair_queue import FairQueue
from attnviz.scheduling.work import QueuedWork
from attnviz.types import Pixels
from attnviz.video.live.stream import LONGEST, DrawnFrame, LiveStream
from attnviz.viewer.view import Mode, View
from tests.video.films import disc, drawn, red_model
from tests.video.live.asked import question_of

WAIT = 120
VIEW = View(mode=Mode.BOKEH, radius=0.05)


@pytest.fixture
def stream() -> Iterator[LiveStream]:
    live = LiveStream(question_of(red_model()), VIEW)
    yield live
    live.close()
    live.join(WAIT)
    assert not live.working


def _frame(pixels: Pixels) -> VideoFrame:
    return VideoFrame.from_ndarray(pixels, format="rgb24")


def _until(met: Callable[[], object]) -> None:
    end = time.monotonic() + WAIT
    while not met():
        assert time.monotonic() < end
        time.sleep(0.005)


def _drawn_of(stream: LiveStream, pixels: Pixels) -> DrawnFrame:
    """Hand over a frame, and wait until it has been drawn."""
    before = stream.drawn.number if stream.drawn else 0
    stream.put(_frame(pixels))
    _until(lambda: stream.drawn and stream.drawn.number > before)
    assert stream.drawn is not None
    return stream.drawn


def _pixels(one: DrawnFrame) -> Pixels:
    return np.asarray(one.frame.to_ndarray(format="rgb24"))


def _stripes(pixels: Pixels, x: float, y: float) -> float:
    """Mean difference of rows inside the disc: its stripes."""
    rows, columns = np.mgrid[: pixels.shape[0], : pixels.shape[1]]
    inside = disc(rows, columns, x, y)
    red = pixels[..., 0].astype(float)
    return float(np.abs(np.diff(red, axis=0))[inside[1:] & inside[:-1]].mean())


def test_the_shape_stays_sharp_and_what_is_asked_changes_at_the_next_frame(
    stream: LiveStream,
) -> None:
    frame = drawn(40, 48)
    plain = _stripes(frame, 40, 48)
    shown = _drawn_of(stream, frame)
    assert shown.error is None
    pixels = _pixels(shown)
    assert pixels.shape == frame.shape
    assert _stripes(pixels, 40, 48) > 0.6 * plain
    noise = pixels[:, 90:].astype(float).std() / frame[:, 90:].astype(float).std()
    assert noise < 0.3

    asked = stream._asked[0]
    stream.ask(asked, replace(VIEW, mode=Mode.HEAT, opacity=1.0))
    heat = _pixels(_drawn_of(stream, frame)).astype(float).mean(2)
    assert heat[40:56, 30:50].mean() > 3 * heat[:, 90:].mean()
    stream.ask(asked, replace(VIEW, mode=Mode.SIDE))
    assert _pixels(_drawn_of(stream, frame)).shape == (96, 256, 3)
    assert stream.working
    assert 0 < stream.rate <= 1.5


def test_what_cannot_be_asked_is_told_and_the_frame_shown_as_it_came(stream: LiveStream) -> None:
    question = stream._asked[0]
    stream.ask(replace(question, layer="no such layer"), VIEW)
    frame = drawn(40, 48)
    shown = _drawn_of(stream, frame)
    assert isinstance(shown.error, UnknownNameError)
    assert np.abs(_pixels(shown).astype(float) - frame).mean() < 4, "but for the colours of video"
    stream.ask(question, VIEW)
    assert _drawn_of(stream, frame).error is None


def test_frames_that_come_during_a_pass_replace_each_other_and_an_end_frees_the_thread() -> None:
    model = red_model()
    entered, go_on = Event(), Event()

    def hold(*_: object) -> None:
        entered.set()
        assert go_on.wait(WAIT)

    stream = LiveStream(question_of(model), VIEW)
    model.module.get_submodule("stem").register_forward_pre_hook(hold)
    assert not stream.working, "nothing runs before the first frame"
    begun = time.monotonic()
    stream.put(_frame(drawn(20, 48)))
    assert entered.wait(WAIT)
    for x in range(30, 100, 10):
        stream.put(_frame(drawn(x, 48)))
    assert stream.drawn is None
    go_on.set()
    _until(lambda: stream.drawn is not None and stream.drawn.number == 2)
    assert stream.drawn is not None
    stripes = {x: _stripes(_pixels(stream.drawn), x, 48) for x in range(30, 100, 10)}
    assert max(stripes, key=stripes.__getitem__) == 90, "the newest of them"

    entered.clear()
    go_on.clear()
    stream.put(_frame(drawn(20, 48)))
    assert entered.wait(WAIT)
    stream.close()
    assert stream.closed
    assert stream.working, "with the frame in work"
    go_on.set()
    stream.join(WAIT)
    assert not stream.working
    stream.put(_frame(drawn(20, 48)))
    assert not stream.working
    assert time.monotonic() - begun < WAIT


def test_frames_of_any_size_are_reduced_before_they_are_looked_at(stream: LiveStream) -> None:
    large = np.zeros((1500, 3001, 3), np.uint8)
    large[..., 0] = np.arange(3001) % 200
    shown = _drawn_of(stream, large)
    assert shown.frame.width <= LONGEST
    assert shown.frame.height == pytest.approx(shown.frame.width / 2, abs=2)


def test_a_fault_of_our_own_ends_the_stream_and_is_said(
    stream: LiveStream, caplog: pytest.LogCaptureFixture
) -> None:
    stream.put("no frame")  # type: ignore[arg-type]
    _until(lambda: stream.closed)
    stream.join(WAIT)
    assert stream.failed
    assert "live stream has failed" in caplog.text


def test_after_the_wait_for_its_turn_the_newest_frame_is_looked_at() -> None:
    queue = FairQueue(1)
    live = LiveStream(
        question_of(red_model()),
        VIEW,
        turn=lambda waiting: queue.turn(QueuedWork("webcam", "a"), waiting),
    )
    with queue.turn(QueuedWork("somebody's picture", "b")):
        live.put(_frame(drawn(20, 48)))
        _until(lambda: queue._waiting)
        live.put(_frame(drawn(90, 48)))
        assert live.drawn is None
    _until(lambda: live.drawn)
    assert live.drawn is not None
    pixels = _pixels(live.drawn)
    assert _stripes(pixels, 90, 48) > 2 * _stripes(pixels, 20, 48)
    _until(lambda: not queue._running)
    with queue.turn(QueuedWork("somebody's picture", "b")):
        live.put(_frame(drawn(20, 48)))
        _until(lambda: queue._waiting)
        live.close()
        live.join(WAIT)
        assert not live.working, "closed, it leaves the queue"
        assert not queue._waiting
    assert not live.failed
    assert live.drawn.number == 1
