"""How many live webcams there are at a time, and that each makes room when it ends."""

from __future__ import annotations

import gc
import weakref

import pytest

from attnviz.errors import SettingError
from attnviz.ui.kit.live_streams import VARIABLE, LiveStreams, most_streams
from attnviz.video.live.looking import LiveQuestion
from attnviz.video.live.stream import LiveStream
from attnviz.viewer.view import View
from tests.ui.kit.test_garbage import Ring
from tests.video.films import red_model


def test_no_more_begin_than_are_allowed_and_an_end_makes_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(VARIABLE, "2")
    question = LiveQuestion(red_model(), "soft-mask", "mask")
    one, two, three, four = (LiveStream(question, View()) for _ in range(4))
    streams = LiveStreams()
    kept = gc.get_freeze_count()
    assert streams.admit(one)
    assert gc.get_freeze_count() > kept, "what lies in memory is not looked through meanwhile"
    assert streams.admit(two)
    assert streams.admit(one), "it goes on"
    assert not streams.admit(three)
    assert not streams.room_for(three)
    assert streams.room_for(two)
    streams.leave(one)
    assert one.closed
    assert streams.admit(three)
    two.close()
    assert streams.admit(four), "of one that failed as well"
    for stream in (three, four):
        streams.leave(stream)
    assert gc.get_freeze_count() == 0
    last = LiveStream(question, View())
    assert streams.admit(last)
    last.close()
    assert gc.get_freeze_count() > 0
    assert streams.room_for(two)
    assert gc.get_freeze_count() == 0, "also after one that nobody took leave of"


def test_garbage_goes_before_the_first_begins() -> None:
    stream = LiveStream(LiveQuestion(red_model(), "soft-mask", "mask"), View())
    streams = LiveStreams()
    gc.disable()
    try:
        ring = Ring()
        seen = weakref.ref(ring)
        del ring
        assert seen() is not None
        assert streams.admit(stream)
        assert seen() is None
    finally:
        gc.enable()
        streams.leave(stream)


@pytest.mark.parametrize("text", ["many", "-1", "1.5", "²"])
def test_what_is_no_number_is_refused(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(SettingError, match=VARIABLE):
        most_streams()
