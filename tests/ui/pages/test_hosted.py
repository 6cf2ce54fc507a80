"""What pages offer to visitors of a hosted app: no folder of the server, nothing of others."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from attnviz.hosting import Hosting
from attnviz.training.jobs.state import Job, RunPhase, RunState
from attnviz.ui.kit import visitor_folders
from attnviz.ui.kit.visitor_folders import VisitorFolders
from attnviz.ui.pages.people.folder import FOLDER
from attnviz.ui.pages.training.start_run import live_recipe
from attnviz.vision.bubbleview.rounds import Click, Round, Task
from attnviz.vision.bubbleview.stored_rounds import PlayedPicture, list_rounds, save_round
from tests.paths import PAGES

TRAINING, PEOPLE = PAGES / "7_Training.py", PAGES / "10_People.py"
YOU = PAGES / "9_You_and_the_model.py"


@pytest.fixture(autouse=True)
def hosted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> VisitorFolders:
    """Hosted mode, with folders of visitors in a place that the test knows."""
    monkeypatch.setenv("ATTNVIZ_MODE", "hosted")
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    monkeypatch.setenv("ATTNVIZ_ROUNDS", str(tmp_path / "rounds"))
    folders = VisitorFolders(tmp_path / "visitors")
    folders.parent.mkdir()
    monkeypatch.setattr(visitor_folders, "_visitor_folders", lambda: folders)
    return folders


def waiting_run(runs: Path, name: str) -> Path:
    run = runs / name
    run.mkdir(parents=True)
    Job(live_recipe("ran-cifar", 1, 32).to_json(), "/data", 32).write(run)
    RunState(RunPhase.PAUSED, 5, 10).write(run)
    return run


def opened(page: Path, **session: object) -> AppTest:
    shown = AppTest.from_file(str(page), default_timeout=200)
    for key, value in session.items():
        shown.session_state[key.replace("_", " ")] = value
    shown.run()
    assert not shown.exception
    return shown


def labels(page: AppTest) -> set[str]:
    return {one.label for one in (*page.button, *page.text_input, *page.selectbox, *page.radio)}


def test_training_is_off_and_trainings_of_the_server_are_not_shown(tmp_path: Path) -> None:
    run = waiting_run(tmp_path / "runs", "secret")
    page = opened(TRAINING)
    assert not labels(page) & {"Train", "Resume", "Cancel", "Pictures", "Go into"}
    assert not any("secret" in option for option in page.selectbox(key="run").options)
    assert any("Nobody can train on this server" in one.value for one in page.caption)
    assert RunState.read(run).phase is RunPhase.PAUSED


def test_where_training_is_allowed_visitors_see_their_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hosted: VisitorFolders
) -> None:
    monkeypatch.setenv("ATTNVIZ_TRAINING_MINUTES", "5")
    token = "t" * 43
    mine = waiting_run(hosted.of(token) / "runs", "mine")
    theirs = waiting_run(hosted.of("another") / "runs", "theirs")
    page = opened(TRAINING, visitor_token=token, live_open=True)
    assert page.radio(key="live pictures").options == ["Four generated shapes", "A ZIP file"]
    assert [one.key for one in page.button if one.label == "Cancel"] == [f"Cancel {mine}"]
    next(one for one in page.button if one.label == "Cancel").click().run()
    assert RunState.read(mine).phase is RunPhase.CANCELLED
    assert RunState.read(theirs).phase is RunPhase.PAUSED
    next(one for one in page.button if one.label == "Remove from the list").click().run()
    assert not mine.exists()


def test_people_opens_what_the_operator_names_and_no_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "open" / "gaze").mkdir(parents=True)
    page = opened(PEOPLE)
    assert not {"A folder on the computer that runs attnviz", "Go into"} & labels(page)
    forged = opened(PEOPLE, **{FOLDER: "/etc"})
    assert "This server does not offer that folder" in forged.error[0].value
    monkeypatch.setenv("ATTNVIZ_ROOTS", str(tmp_path / "open"))
    assert Hosting.from_environment().opens_folders
    page = opened(PEOPLE)
    box = next(one for one in page.selectbox if one.label == "Go into")
    assert box.options == ["gaze"]
    assert next(one for one in page.button if one.label == "Up").disabled
    box.select("gaze").run()
    next(one for one in page.button if one.label == "Open this folder").click().run()
    assert page.session_state[FOLDER] == str(tmp_path / "open" / "gaze")


def test_rounds_are_neither_shown_nor_stored() -> None:
    clicks = (Click(0.1, 0.1, 1.0), Click(0.2, 0.2, 2.0))
    played = Round(Task.TELL, clicks, 3.0, answer="private words")
    save_round(PlayedPicture("passport.jpg", "0" * 64, (10, 10)), played)
    page = opened(YOU)
    assert not {"Save this round", "Delete", "Delete all"} & labels(page)
    assert not any("private words" in one.value for one in page.markdown)
    assert len(list_rounds()[0]) == 1


def test_networks_are_those_on_the_server_and_a_link_asks_for_no_other() -> None:
    page = AppTest.from_file(str(PAGES / "1_Focus.py"), default_timeout=200)
    page.query_params["model"] = "regnet_y_128gf"
    page.run()
    assert not page.exception
    box = page.selectbox(key="model")
    assert box.value == "ran-small"
    assert not any("\N{DOWNWARDS ARROW}" in option for option in box.options)
    assert "Download RegNetY-128GF" not in labels(page)
