"""Unpacking of class folders from harmless and malicious ZIP files."""

from __future__ import annotations

import errno
import io
import os
import zipfile
from pathlib import Path

import pytest

from attnviz.errors import TrainingError
from attnviz.training.data import zipped
from attnviz.training.data.class_folders import count_pictures
from attnviz.training.data.zipped import unpack_classes


def packed(*names: str, content: bytes = b"picture") -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in names:
            archive.writestr(name, content)
    return file.getvalue()


def files_below(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()
    )


@pytest.mark.parametrize("top", ["", "mine/"])
def test_classes_are_unpacked_from_the_top_or_from_one_folder(tmp_path: Path, top: str) -> None:
    source = packed(f"{top}cat/a.jpg", f"{top}cat/deep/b.PNG", f"{top}dog/c.webp")
    folder = unpack_classes(source, tmp_path)
    assert count_pictures(folder) == {"cat": 2, "dog": 1}
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert unpack_classes(source, tmp_path) == folder
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_only_pictures_of_classes_are_written_and_only_inside_the_folder(tmp_path: Path) -> None:
    source = packed(
        "../../up.jpg", "a/../../up.jpg", "/etc/up.jpg", "C:/up.jpg", "..\\..\\up.jpg",
        "a/run.sh", "a/x.jpg.exe", "top.jpg", "__MACOSX/a/x.jpg", "a/.hidden.jpg", "a/good.jpg",
        "b/good.jpg",
    )  # fmt: skip
    folder = unpack_classes(source, tmp_path / "deep" / "into")
    assert [Path(name).parent.name for name in files_below(folder)] == ["a", "b"]
    assert all(path.is_relative_to(folder.parent) for path in tmp_path.rglob("*") if path.is_file())


def test_large_or_invalid_zips_raise_a_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(TrainingError, match="cannot be read as a ZIP"):
        unpack_classes(b"PK nothing", tmp_path)
    with pytest.raises(TrainingError, match="no class folders"):
        unpack_classes(packed("a.jpg", "b.jpg"), tmp_path)
    bomb = packed("a/x.jpg", "b/x.jpg", content=bytes(10_000))
    monkeypatch.setattr(zipped, "MOST_BYTES", 15_000)
    with pytest.raises(TrainingError, match="holds 2 pictures"):
        unpack_classes(bomb, tmp_path)
    assert files_below(tmp_path) == []
    damaged = bytearray(packed("a/x.jpg", "b/x.jpg", content=b"a picture of some length"))
    damaged[40] ^= 0xFF
    with pytest.raises(TrainingError, match="cannot be read as a ZIP"):
        unpack_classes(bytes(damaged), tmp_path)


def test_of_a_zip_that_meets_a_full_disk_nothing_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, written = Path.write_bytes, []

    def full(path: Path, content: bytes) -> int:
        if len(written) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        written.append(path)
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(TrainingError, match=r"cannot be written \(No space left on device\)"):
        unpack_classes(packed("a/1.jpg", "a/2.jpg", "b/3.jpg"), tmp_path)
    assert len(written) == 2
    assert list(tmp_path.iterdir()) == []


def test_the_longest_unused_go_first_unless_a_training_needs_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zipped, "MOST_KEPT", 450)
    folders = []
    for number in range(4):  # 200 bytes each
        source = packed("a/x.jpg", "b/x.jpg", content=bytes([number]) * 100)
        folders.append(unpack_classes(source, tmp_path, in_use=folders[:1]))
        os.utime(folders[-1].parent / "whole", ns=(number, number))
    assert [folder.exists() for folder in folders] == [True, False, False, True]
    assert count_pictures(folders[0]) == {"a": 1, "b": 1}


def test_pictures_of_all_visitors_together_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zipped, "MOST_SHARED", 100)
    first, second = tmp_path / "ann" / "unpacked", tmp_path / "bob" / "unpacked"
    unpack_classes(packed("a/1.png", "b/2.png", content=b"x" * 40), first, shared=tmp_path)
    with pytest.raises(TrainingError, match="The server has no room for these pictures now"):
        unpack_classes(packed("a/1.png", "b/2.png", content=b"y" * 11), second, shared=tmp_path)
    assert files_below(second) == []
    unpack_classes(packed("a/1.png", "b/2.png", content=b"y" * 10), second, shared=tmp_path)
    assert len([name for name in files_below(second) if name.endswith(".png")]) == 2
