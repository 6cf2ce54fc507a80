"""Folders for results never collide, and places that cannot be written are named first."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from attnviz.cli.output import check_folder, output_folders, write_file
from attnviz.errors import OutputError


@pytest.mark.parametrize(
    ("places", "folders"),
    [
        (["a.jpg", "a.jpg", "a-2.jpg"], ["a", "a-3", "a-2"]),
        (["a-2.jpg", "a.jpg", "a.png", "a.gif"], ["a-2", "a", "a-3", "a-4"]),
        (["a.jpg", "A.JPG"], ["a", "A-2"]),
        (["x/a.jpg", "y/a.jpg", "a.jpg"], ["x/a", "y/a", "a"]),
        (["...jpg", ".jpg", "b. .jpg"], ["picture", ".jpg", "b"]),
        (["a.b.jpg", "a.c.jpg"], ["a.b", "a.c"]),
    ],
)
def test_every_picture_has_a_folder_of_its_own(places: list[str], folders: list[str]) -> None:
    assert [one.as_posix() for one in output_folders([Path(place) for place in places])] == folders


def test_a_file_is_no_folder_nor_is_what_lies_in_it(tmp_path: Path) -> None:
    (tmp_path / "taken").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "gone")
    for name in ("taken", "taken/deeper/still", "dangling"):
        with pytest.raises(OutputError, match=r"cannot be a folder: .* is a file\. Choose another"):
            check_folder(tmp_path / name)
    check_folder(tmp_path / "new" / "deeper")
    assert not (tmp_path / "new").exists(), "it is only checked"


@pytest.mark.skipif(os.name == "nt" or os.getuid() == 0, reason="permissions do not bind here")
def test_a_folder_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError, match="Nothing can be written to"):
        check_folder(tmp_path / "new")


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    write_file(tmp_path / "deep" / "a", b"first")
    assert (tmp_path / "deep" / "a").read_bytes() == b"first"
    (tmp_path / "folder").mkdir()
    with pytest.raises(OutputError, match="folder cannot be written"):
        write_file(tmp_path / "folder", b"second")
    with pytest.raises(OutputError, match="cannot be written"):
        write_file(tmp_path / "deep" / "a" / "b", b"")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["deep", "folder"]
