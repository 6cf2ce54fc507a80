"""Long work in a part of a page: it stands outside of any fragment while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

_DEPTH: list[Callable[..., None]] = []


def inside() -> bool:
    """Whether a fragment is being run."""
    return bool(_DEPTH)


@pytest.fixture(autouse=True)
def _watched_fragments(monkeypatch: pytest.MonkeyPatch) -> None:
    """Streamlit's own fragments, which note that they are being run."""
    real = st.fragment

    def watched(show: Callable[..., None]) -> Any:
        @wraps(show)
        def noted(*args: Any) -> None:
            _DEPTH.append(show)
            try:
                show(*args)
            finally:
                _DEPTH.pop()

        return real(noted)

    monkeypatch.setattr(st, "fragment", watched)


def script() -> None:
    import streamlit as st

    from attnviz.errors import ModelError
    from attnviz.methods.inference import Cost
    from attnviz.pictures import Picture
    from attnviz.ui.kit.guard import guarded
    from attnviz.ui.kit.long_work import interruptible, long_work
    from attnviz.ui.kit.pace import Pace
    from tests.ui.kit.test_long_work import inside
    from tests.video.films import drawn, red_model

    log = st.session_state.setdefault("log", [])
    log.append("page")

    def work(progress: object) -> str:
        log.append(f"work, fragment {inside()}")
        if st.session_state.get("stop"):
            st.session_state["stop"] = False
            st.stop()
        if st.session_state.get("fail"):
            raise ModelError("It failed.")
        return "done"

    def cost() -> Cost:
        if st.session_state.get("click as it ends"):
            st.session_state["click as it ends"] = False
            st.rerun()
        return Cost(0, 0)

    pace = Pace("test", red_model(), Picture(drawn(20, 48), "red", "0" * 64), cost)

    @interruptible
    def part() -> None:
        at_once = bool(st.session_state.get("at once"))
        key = (str(st.session_state.get("key", 1)),)
        result = None
        with guarded():
            result = long_work(
                "test",
                key,
                lambda: "It costs.",
                work,
                button="Begin",
                at_once=at_once,
                pace=pace if st.session_state.get("paced") else None,
            )
        if result is not None:
            log.append(f"shown, fragment {inside()}")
            st.text(result)

    part()


def opened(**state: object) -> AppTest:
    page = AppTest.from_function(script, default_timeout=60)
    for key, value in state.items():
        page.session_state[key.replace("_", " ")] = value
    return page.run()


def labels(page: AppTest) -> list[str]:
    assert not page.exception
    return [one.label for one in page.button]


def test_the_work_is_done_outside_of_the_fragment_and_shown_inside_of_it() -> None:
    page = opened()
    assert labels(page) == ["Begin"]
    assert page.info[0].value == "It costs."
    page.button[0].click().run()
    log = page.session_state["log"]
    assert log.count("work, fragment False") == 1
    assert "work, fragment True" not in log
    assert log[-1] == "shown, fragment True"
    assert labels(page) == []
    page.run()
    assert log.count("work, fragment False") == 1


def test_what_begins_at_once_does_so_once_and_asks_after_it_was_stopped() -> None:
    page = opened(at_once=True, stop=True)
    log = page.session_state["log"]
    assert log.count("work, fragment False") == 1
    page.run()
    assert labels(page) == ["Begin"]
    assert log.count("work, fragment False") == 1
    page.button[0].click().run()
    assert page.text[0].value == "done"
    assert log[-1] == "shown, fragment True"


def test_another_question_begins_anew() -> None:
    page = opened(at_once=True)
    assert page.text[0].value == "done"
    page.session_state["key"] = 2
    page.run()
    log = page.session_state["log"]
    assert log.count("work, fragment False") == 2
    assert log[-1] == "shown, fragment True"


def test_work_that_fails_leaves_no_stop_button_and_can_be_begun_again() -> None:
    page = opened(fail=True, at_once=True)
    assert [one.value for one in page.error] == ["It failed."]
    assert labels(page) == []
    assert not page.get("progress")
    page.session_state["fail"] = False
    page.run()
    assert labels(page) == ["Begin"]
    page.button[0].click().run()
    assert page.text[0].value == "done"


def test_a_result_is_kept_whatever_ends_the_run_while_its_pace_is_learned() -> None:
    page = opened(at_once=True, paced=True, click_as_it_ends=True)
    log = page.session_state["log"]
    assert not page.session_state["click as it ends"]
    assert page.text[0].value == "done"
    assert log.count("work, fragment False") == 1
    assert labels(page) == []
