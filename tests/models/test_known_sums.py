"""What was downloaded once stays what it was, also where no checksum of it is published."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from attnviz.errors import WeightsError
from attnviz.models.spec import WeightsRef
from attnviz.models.weights import find_weights
from tests.models.web_server import Reply, Web

FIRST, SECOND = b"first" * 1000, b"other" * 1000
SUM = hashlib.sha256(FIRST).hexdigest()


def quiet(_done: int, _total: int | None) -> None:
    """No bar."""


def test_another_file_at_the_same_address_is_refused_and_the_first_one_taken_again(
    web: Web, cache: Path
) -> None:
    url = web.add("hub", Reply(FIRST))
    ref = WeightsRef("hub.safetensors", url)
    assert find_weights(ref, quiet).sha256 == SUM
    note = cache.parent / "checksums" / "hub.safetensors.sha256"
    assert note.read_text() == f"{SUM}  hub.safetensors\n"
    (cache / "hub.safetensors").unlink()
    web.pages["/hub"] = Reply(SECOND)
    with pytest.raises(WeightsError, match="is not the file that was here first") as caught:
        find_weights(ref, quiet)
    for part in (url, SUM, hashlib.sha256(SECOND).hexdigest(), str(note)):
        assert part in str(caught.value)
    assert not list(cache.iterdir())
    web.pages["/hub"] = Reply(FIRST)
    assert find_weights(ref, quiet).sha256 == SUM
    note.unlink()
    (cache / "hub.safetensors").unlink()
    web.pages["/hub"] = Reply(SECOND)  # the user has agreed to the new one
    assert find_weights(ref, quiet).path.read_bytes() == SECOND


def test_a_damaged_note_is_not_taken_for_none(cache: Path) -> None:
    cache.mkdir(parents=True)
    path, ref = cache / f"net-{SUM[:8]}.pth", WeightsRef(f"net-{SUM[:8]}.pth", sha256=SUM[:1])
    path.write_bytes(FIRST)
    assert find_weights(ref).sha256 == SUM
    note = cache.parent / "checksums" / f"{path.name}.sha256"
    for damaged in (b"", SUM[:63].encode(), b"\xff" * 64):
        note.write_bytes(damaged)
        with pytest.raises(WeightsError, match=r"\.sha256 should hold the checksum"):
            find_weights(ref)
        assert note.read_bytes() == damaged
    note.unlink()
    assert find_weights(ref).sha256 == SUM
    assert note.read_text().startswith(SUM)


def test_a_file_that_changes_in_the_cache_is_refused(cache: Path) -> None:
    cache.mkdir(parents=True)
    path, ref = cache / f"net-{SUM[:8]}.pth", WeightsRef(f"net-{SUM[:8]}.pth", sha256=SUM[:1])
    path.write_bytes(FIRST)
    assert find_weights(ref).sha256 == SUM
    forged = next(
        text
        for text in (b"%d" % number for number in range(1000))
        if hashlib.sha256(text).hexdigest().startswith(SUM[:1])
    )
    path.write_bytes(forged)  # the digits in the name would let it through
    with pytest.raises(WeightsError, match="is not the file that was here first"):
        find_weights(ref)


def test_a_whole_sum_and_a_folder_of_ones_own_need_no_memory(
    web: Web, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_weights(WeightsRef("whole", web.add("whole", Reply(FIRST)), sha256=SUM), quiet)
    monkeypatch.setenv("ATTNVIZ_WEIGHTS", str(tmp_path))
    for content in (FIRST, SECOND):
        (tmp_path / "own").write_bytes(content)
        assert find_weights(WeightsRef("own")).path.read_bytes() == content
    assert not (cache.parent / "checksums").exists()
