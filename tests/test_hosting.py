"""What visitors may do, as the environment says."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from attnviz.assets import app_script
from attnviz.errors import SettingError
from attnviz.hosting import LOOPBACK, AppMode, Hosting, allowed_hosts


def hosted(monkeypatch: pytest.MonkeyPatch, **variables: str) -> Hosting:
    monkeypatch.setenv("ATTNVIZ_MODE", "hosted")
    for name, value in variables.items():
        monkeypatch.setenv(f"ATTNVIZ_{name}", value)
    return Hosting.from_environment()


def test_without_a_mode_the_app_serves_this_computer_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ATTNVIZ_MODE", raising=False)
    monkeypatch.setenv("ATTNVIZ_MODELS", "lens")
    hosting = Hosting.from_environment()
    assert hosting == Hosting(AppMode.LOCAL)
    assert hosting.trains
    assert hosting.opens_folders
    assert hosting.may_open(Path("/etc"))
    assert hosting.may_use("vgg16", here=False)


def test_without_a_word_this_computer_alone_reaches_the_app_under_its_own_names() -> None:
    settings = tomllib.loads((app_script().parent / ".streamlit" / "config.toml").read_text())
    assert settings["server"]["address"] == "127.0.0.1"
    assert settings["server"]["allowedHosts"] == list(LOOPBACK)


def test_a_hosted_app_opens_nothing_and_trains_nothing_unless_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hosting = hosted(monkeypatch)
    assert not (hosting.trains)
    assert not (hosting.opens_folders)
    assert not hosting.may_open(Path("/"))
    assert hosting.may_use("vgg16", here=True)
    assert not hosting.may_use("vgg16", here=False)


def test_roots_open_what_lies_below_and_nothing_that_a_way_around_leads_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "open" / "set").mkdir(parents=True)
    (tmp_path / "open-too").mkdir()
    (tmp_path / "open" / "out").symlink_to(tmp_path)
    (tmp_path / "open" / "loop").symlink_to(tmp_path / "open" / "loop")
    root = tmp_path / "open"
    hosting = hosted(monkeypatch, ROOTS=f"{root}:")
    assert hosting.roots == (root,)
    assert hosting.may_open(root)
    assert hosting.may_open(root / "set" / "new")
    for folder in ("..", "set/../..", "out", "out/open-too", "../open-too", "loop", "\0"):
        assert not hosting.may_open(root / folder), folder


def test_named_networks_and_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    hosting = hosted(monkeypatch, MODELS=" lens, vgg16,", TRAINING_MINUTES="1.5")
    assert hosting.models == {"lens", "vgg16"}
    assert hosting.may_use("vgg16", here=False)
    assert not hosting.may_use("ran-small", here=True)
    assert (hosting.training_minutes, hosting.trains) == (1.5, True)
    monkeypatch.setenv("ATTNVIZ_HOSTS", "photos.example.org, ,*.example.org")
    assert allowed_hosts() == ("photos.example.org", "*.example.org")


@pytest.mark.parametrize(
    ("name", "value"),
    [("MODE", "public"), ("TRAINING_MINUTES", "-1"), ("TRAINING_MINUTES", "nan")],
)
def test_a_setting_that_says_nothing_is_refused(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv("ATTNVIZ_MODE", "hosted")
    monkeypatch.setenv(f"ATTNVIZ_{name}", value)
    with pytest.raises(SettingError, match=f"ATTNVIZ_{name} is set to '{value}'"):
        Hosting.from_environment()


def test_files_are_bounded_for_visitors_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    hosting = hosted(monkeypatch, UPLOAD_MB="30.5", DOWNLOAD_GB="2")
    assert (hosting.upload_megabytes, hosting.download_gigabytes) == (31, 2.0)
    assert [hosting.largest_upload(most) for most in (25, 512)] == [25, 31]
    assert Hosting().largest_upload(512) == 512
    assert hosted(monkeypatch, UPLOAD_MB="0").upload_megabytes == 1
    assert (Hosting().onnx, hosted(monkeypatch).onnx) == (True, False)
    assert hosted(monkeypatch, VISITORS_ONNX="1").onnx
    for name in ("UPLOAD_MB", "DOWNLOAD_GB", "VISITORS_ONNX"):
        with pytest.raises(SettingError, match=f"ATTNVIZ_{name} is set to 'many'"):
            hosted(monkeypatch, **{name: "many"})
        monkeypatch.delenv(f"ATTNVIZ_{name}")
