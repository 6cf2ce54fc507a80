from __future__ import annotations

import hashlib
import io
import os
import shutil
import time
from pathlib import Path
from typing import Any

import pytest

from attnviz.errors import WeightsError, WeightsUnavailableError
from attnviz.models import download as download_module
from attnviz.models.download_quota import DownloadQuota
from attnviz.models.spec import WeightsRef
from attnviz.models.weights import find_weights
from tests.models.web_server import Reply, Web

BODY = bytes(range(256)) * 12_000  # 3,072,000 bytes: three chunks
SHA256 = hashlib.sha256(BODY).hexdigest()
NAME = f"tiny-{SHA256[:8]}.pth"


def files_in(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def ref_to(url: str | None, **changes: object) -> WeightsRef:
    return WeightsRef(**{"file_name": NAME, "url": url, "sha256": SHA256[:8], **changes})


def test_a_download_is_kept_whole_and_reports_its_progress(web: Web, cache: Path) -> None:
    url = web.add(NAME, Reply(BODY))
    steps: list[tuple[int, int | None]] = []

    found = find_weights(ref_to(url), lambda done, total: steps.append((done, total)))

    assert found.path == cache / NAME
    assert found.path.read_bytes() == BODY
    assert found.sha256 == SHA256
    assert files_in(cache) == [NAME]
    done = [step for step, _ in steps]
    assert done[0] == 0
    assert done[-1] == len(BODY)
    assert done == sorted(set(done))
    assert {total for _, total in steps} == {len(BODY)}


@pytest.mark.parametrize("error", [BrokenPipeError("closed"), TimeoutError(), KeyError("mine")])
def test_what_progress_raises_is_no_failure_of_the_download(
    error: Exception, web: Web, cache: Path
) -> None:
    def stop(done: int, _total: int | None) -> None:
        if done:
            raise error

    with pytest.raises(type(error)) as caught:
        find_weights(ref_to(web.add(NAME, Reply(BODY))), stop)
    assert caught.value is error
    assert files_in(cache) == []


def test_a_second_look_asks_the_server_no_more(web: Web, cache: Path) -> None:
    url = web.add(NAME, Reply(BODY))
    find_weights(ref_to(url), lambda *_: None)
    assert find_weights(ref_to(url), lambda *_: None).path == cache / NAME
    assert web.asked == [f"/{NAME}"]


def test_the_bar_on_stderr_ends_at_the_whole_size(
    web: Web, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    find_weights(ref_to(web.add(NAME, Reply(BODY))))
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "3.07M/3.07M" in shown.err


def test_a_body_without_a_length_is_taken_to_its_end(web: Web, cache: Path) -> None:
    steps: list[tuple[int, int | None]] = []
    url = web.add(NAME, Reply(BODY, length=None))
    found = find_weights(ref_to(url), lambda done, total: steps.append((done, total)))
    assert found.sha256 == SHA256
    assert steps[-1] == (len(BODY), None)


def test_a_download_with_another_hash_is_not_kept(web: Web, cache: Path) -> None:
    url = web.add(NAME, Reply(BODY[:-1] + b"x"))
    actual = hashlib.sha256(BODY[:-1] + b"x").hexdigest()
    with pytest.raises(WeightsError) as caught:
        find_weights(ref_to(url), lambda *_: None)
    assert not isinstance(caught.value, WeightsUnavailableError)
    for part in (NAME, SHA256[:8], actual):
        assert part in str(caught.value)
    assert files_in(cache) == []


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(status=404), "the server answered 404"),
        (Reply(BODY[:1000], length=5000), "was interrupted after 1,000 of 5,000 bytes"),
        (Reply(status=302, location="file:///etc/hostname"), "is not allowed"),
        (Reply(status=302, location="ftp://127.0.0.1/x"), "unknown url type: ftp"),
    ],
    ids=["not found", "truncated", "redirected to a file", "redirected to ftp"],
)
def test_a_failed_download_says_in_one_sentence_what_to_do(
    web: Web, cache: Path, reply: Reply, reason: str
) -> None:
    url = web.add(NAME, reply)
    with pytest.raises(WeightsUnavailableError) as caught:
        find_weights(ref_to(url), lambda *_: None)
    message = str(caught.value)
    for part in (url, NAME, reason, str(cache), "ATTNVIZ_WEIGHTS"):
        assert part in message
    assert message.endswith("names.")
    assert ". " not in message
    assert files_in(cache) == []


def test_a_file_in_the_place_of_the_cache_is_named(web: Web, cache: Path) -> None:
    """Cleaning up after the failed download must not hide why it failed."""
    shutil.rmtree(cache.parent, ignore_errors=True)
    cache.parent.parent.mkdir(parents=True, exist_ok=True)
    cache.parent.write_text("no folder")
    with pytest.raises(WeightsUnavailableError, match="Not a directory") as caught:
        find_weights(ref_to(web.add(NAME, Reply(BODY))), lambda *_: None)
    assert str(cache) in str(caught.value)
    assert cache.parent.read_text() == "no folder"


def test_no_server_is_no_mystery(cache: Path) -> None:
    url = f"http://127.0.0.1:1/{NAME}"
    with pytest.raises(WeightsUnavailableError, match="Connection refused") as caught:
        find_weights(ref_to(url), lambda *_: None)
    assert url in str(caught.value)
    assert files_in(cache) == []


def test_silence_ends_after_the_time_limit(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import socket

    monkeypatch.setattr(download_module, "SILENCE_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}/{NAME}"
        with pytest.raises(WeightsUnavailableError, match="no answer for"):
            find_weights(ref_to(url), lambda *_: None)


def test_only_web_addresses_are_used(cache: Path, tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(BODY)
    with pytest.raises(WeightsUnavailableError, match="only http and https"):
        find_weights(ref_to((tmp_path / NAME).as_uri()), lambda *_: None)


@pytest.mark.parametrize("length", [-1, None], ids=["announced", "not announced"])
def test_a_file_far_above_the_expected_size_is_refused(
    web: Web, cache: Path, length: int | None
) -> None:
    url = web.add(NAME, Reply(BODY, length=length))
    with pytest.raises(WeightsUnavailableError, match="more than the 1,049,676 bytes"):
        find_weights(ref_to(url, bytes=1_000), lambda *_: None)
    assert files_in(cache) == []


def test_a_full_disk_is_noticed_before_the_first_byte(
    web: Web, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(download_module.shutil, "disk_usage", lambda _: usage)
    steps: list[int] = []
    with pytest.raises(WeightsUnavailableError, match="has no room for 3 MB"):
        find_weights(ref_to(web.add(NAME, Reply(BODY))), lambda done, _: steps.append(done))
    assert steps == []
    assert files_in(cache) == []


class FullDisk(io.FileIO):
    """A file on a disk that has room for 2 MB."""

    def write(self, data: Any) -> int:
        if self.tell() > 2_000_000:
            raise OSError(28, "No space left on device")
        return super().write(data)


def test_a_disk_that_fills_up_leaves_nothing_behind(
    web: Web, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Path, "open", lambda path, mode: FullDisk(path, mode.replace("b", "")))
    with pytest.raises(WeightsUnavailableError, match="has no room left"):
        find_weights(ref_to(web.add(NAME, Reply(BODY))), lambda *_: None)
    assert files_in(cache) == []


def test_an_interrupted_download_leaves_nothing_behind(web: Web, cache: Path) -> None:
    during: list[list[str]] = []

    def interrupt(done: int, _: int | None) -> None:
        if done:
            during.append(files_in(cache))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        find_weights(ref_to(web.add(NAME, Reply(BODY))), interrupt)
    (partial,) = during[0]
    assert partial.startswith(NAME)
    assert partial.endswith(".partial")
    assert files_in(cache) == []


def test_what_a_killed_download_left_is_removed_after_a_day(web: Web, cache: Path) -> None:
    cache.mkdir(parents=True)
    old, fresh = cache / f"{NAME}.1.partial", cache / f"{NAME}.2.partial"
    for path in (old, fresh):
        path.write_bytes(b"?")
    os.utime(old, (time.time() - 90_000,) * 2)
    find_weights(ref_to(web.add(NAME, Reply(BODY))), lambda *_: None)
    assert files_in(cache) == sorted([NAME, fresh.name])


def test_the_folder_named_by_the_variable_comes_before_the_cache(
    web: Web, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = tmp_path / "given"
    for folder in (given, cache):
        folder.mkdir(parents=True)
        (folder / NAME).write_bytes(BODY)
    monkeypatch.setenv("ATTNVIZ_WEIGHTS", str(given))
    assert find_weights(ref_to(None)).path == given / NAME
    (given / NAME).unlink()
    assert find_weights(ref_to(None)).path == cache / NAME
    assert web.asked == []


def test_weights_that_come_along_come_first(
    cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own.safetensors"
    own.write_bytes(BODY)
    monkeypatch.setenv("ATTNVIZ_WEIGHTS", str(tmp_path))
    (tmp_path / NAME).write_bytes(BODY)
    found = find_weights(ref_to(None, embedded=own))
    assert (found.path, found.sha256) == (own, SHA256)


def test_a_damaged_file_in_the_cache_is_named_and_stays(web: Web, cache: Path) -> None:
    url = web.add(NAME, Reply(BODY))
    cache.mkdir(parents=True)
    (cache / NAME).write_bytes(b"damaged")
    with pytest.raises(WeightsError, match="Remove it") as caught:
        find_weights(ref_to(url))
    for part in (str(cache / NAME), SHA256[:8], hashlib.sha256(b"damaged").hexdigest()):
        assert part in str(caught.value)
    assert (cache / NAME).read_bytes() == b"damaged"
    assert web.asked == []


def test_without_file_and_address_the_places_are_named(cache: Path) -> None:
    with pytest.raises(WeightsUnavailableError) as caught:
        find_weights(ref_to(None))
    for part in (NAME, str(cache), "ATTNVIZ_WEIGHTS"):
        assert part in str(caught.value)


def test_a_hosted_app_downloads_so_much_and_no_more(
    web: Web, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two files of 3 MB where 5 MB are allowed: one that says its length, and one that does not."""
    monkeypatch.setattr(download_module, "DOWNLOADS", DownloadQuota())
    monkeypatch.setenv("ATTNVIZ_MODE", "hosted")
    monkeypatch.setenv("ATTNVIZ_DOWNLOAD_GB", "0.005")
    find_weights(ref_to(web.add(NAME, Reply(BODY))), lambda *_: None)
    (cache / NAME).unlink()
    for length in (-1, None):
        with pytest.raises(WeightsUnavailableError, match=r"downloads 0\.005 GB at most until"):
            find_weights(ref_to(web.add(NAME, Reply(BODY, length=length))), lambda *_: None)
        assert files_in(cache) == []
    monkeypatch.setenv("ATTNVIZ_MODE", "local")
    find_weights(ref_to(web.add(NAME, Reply(BODY))), lambda *_: None)
