"""What an input stands for: archives and tables."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from PIL import Image

from attnviz.batch.listing import files_of_archive, files_of_table
from attnviz.batch.opened import file_of_row
from attnviz.batch.picture_file import PictureFile
from attnviz.errors import PictureError


def png(grey: int) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((4, 6, 3), grey, np.uint8)).save(file, "PNG")
    return file.getvalue()


CONTENT = {
    "set/cats/1.png": png(1),
    "set/cats/1.cls": b"0",
    "set/dogs/2.png": png(2),
    "__MACOSX/set/._1.png": b"",
    "set/.hidden.png": b"",
}


@pytest.mark.parametrize("ending", ["zip", "tar", "tar.gz"])
def test_pictures_are_read_where_they_lie_in_an_archive(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"set.{ending}"
    if ending == "zip":
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in CONTENT.items():
                archive.writestr(name, content)
    else:
        with tarfile.open(path, "w:gz" if ending == "tar.gz" else "w") as archive:
            for name, content in CONTENT.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(content)
                archive.addfile(entry, io.BytesIO(content))
    files = files_of_archive(path)
    assert [(file.member, file.group) for file in files] == [
        ("set/cats/1.png", "cats"), ("set/dogs/2.png", "dogs")
    ]  # fmt: skip
    pictures = [file.open() for file in files]
    assert [int(one.pixels[0, 0, 0]) for one in pictures] == [1, 2]
    assert pictures[0].name == "1.png"
    with pytest.raises(PictureError, match=r"gone\.png cannot be read"):
        PictureFile(str(path), "gone.png").open()


def test_names_that_are_written_in_other_ways_are_found_again(tmp_path: Path) -> None:
    (tmp_path / "set" / "cats").mkdir(parents=True)
    (tmp_path / "set" / "cats" / "1.png").write_bytes(png(1))
    with tarfile.open(tmp_path / "set.tar", "w") as archive:
        archive.add(tmp_path / "set", ".")  # as `tar -cf set.tar .` does
        entry = tarfile.TarInfo("./cats/2.png")  # `add` leaves the "./" out
        entry.size = len(png(2))
        archive.addfile(entry, io.BytesIO(png(2)))
    with zipfile.ZipFile(tmp_path / "set.zip", "w") as packed:
        packed.writestr("dogs//3.png", png(3))
    files = [*files_of_archive(tmp_path / "set.tar"), *files_of_archive(tmp_path / "set.zip")]
    assert [(one.member, one.group, int(one.open().pixels[0, 0, 0])) for one in files] == [
        ("./cats/1.png", "cats", 1), ("./cats/2.png", "cats", 2), ("dogs//3.png", "dogs", 3)
    ]  # fmt: skip
    assert file_of_row(files[1].name) == PictureFile(str(tmp_path / "set.tar"), "./cats/2.png")


def test_an_archive_that_is_none_or_holds_no_picture(tmp_path: Path) -> None:
    (tmp_path / "no.tar").write_bytes(b"nothing")
    with pytest.raises(PictureError, match="cannot be read as a ZIP or TAR"):
        files_of_archive(tmp_path / "no.tar")
    with zipfile.ZipFile(tmp_path / "empty.zip", "w") as archive:
        archive.writestr("a.txt", "text")
    with pytest.raises(PictureError, match=r"no picture in empty\.zip"):
        files_of_archive(tmp_path / "empty.zip")


def test_tables_list_paths_labels_and_boxes(tmp_path: Path) -> None:
    table = tmp_path / "set.csv"
    table.write_text("Path,label,x0,y0,x1,y1\na.png,cat,0,0,0.5,1\nsub/b.png,dog,,,,\n")
    files = files_of_table(table)
    assert files == [
        PictureFile(str(tmp_path / "a.png"), "", "cat", (0, 0, 0.5, 1)),
        PictureFile(str(tmp_path / "sub" / "b.png"), "", "dog", None),
    ]
    pyarrow.parquet.write_table(pyarrow.table({"file": ["/x/c.png"]}), tmp_path / "set.parquet")
    assert files_of_table(tmp_path / "set.parquet") == [PictureFile("/x/c.png")]


def test_tables_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("name,age\nx,1\n")
    with pytest.raises(PictureError, match=r'columns name, age.*Call one "path"'):
        files_of_table(tmp_path / "a.csv")
    (tmp_path / "b.parquet").write_bytes(b"PAR1")
    with pytest.raises(PictureError, match=r"b\.parquet cannot be read as a table"):
        files_of_table(tmp_path / "b.parquet")
