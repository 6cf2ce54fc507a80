"""Names that can be shown."""

from __future__ import annotations

import os

import pytest

from attnviz.pictures.names import base_name, file_stem, visible


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("dog.jpg", "dog.jpg"),
        ("/home/me/dog.jpg", "dog.jpg"),
        ("C:\\Users\\me\\dog.jpg", "dog.jpg"),
        ("../../etc/passwd", "passwd"),
        ("Straße 東京 🐕.jpg", "Straße 東京 🐕.jpg"),
        ("<b>bold</b>.jpg", "b>.jpg"),  # the last slash ends a folder
        ("a\nb\tc\x00\x1b[31m.jpg", "abc[31m.jpg"),
        ("photo\u202egpj.exe", "photogpj.exe"),
        ("\u2066a\u2069\u200b\ufeff.png", "a.png"),
        ("", "picture"),
        ("folder/", "picture"),
        ("\u202e\u200b ", "picture"),
    ],
)
def test_base_name(path: str, name: str) -> None:
    assert base_name(path) == name


def test_names_that_are_no_unicode_can_be_written_out() -> None:
    name = base_name(os.fsdecode(b"/tmp/caf\xe9.jpg"))
    assert name.encode("utf-8") == b"caf.jpg"


def test_long_names_keep_both_ends() -> None:
    name = base_name("a" * 300 + "-the-very-end.jpeg")
    assert len(name) == 120
    assert name.startswith("aaaa")
    assert name.endswith("…aa-the-very-end.jpeg")
    assert base_name("b" * 116 + ".jpg") == "b" * 116 + ".jpg"


def test_a_megabyte_of_name_is_cut_before_it_is_looked_at() -> None:
    assert len(visible("x" * 1_000_000 + ".jpg")) == 120
    assert visible("ab" * 10, most=30) == "ab" * 10


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("IMG_0042.JPG", "IMG_0042"),
        ("holiday.2024.heic", "holiday.2024"),
        ("Temple", "Temple"),
        ("notes.v2", "notes.v2"),
        ("C:\\photos\\a?b*c.png", "a-b-c"),
        ('<i>"x"|y.png', "-i-x-y"),
        ("...png", "picture"),
        ("", "picture"),
        ("‮gpj.exe.png", "gpj.exe"),
    ],
)
def test_a_stem_begins_a_file_name_on_every_system(name: str, stem: str) -> None:
    assert file_stem(name) == stem


def test_a_long_stem_keeps_its_end() -> None:
    stem = file_stem("x" * 300 + " last.jpg")
    assert len(stem) == 60
    assert stem.endswith("x last")
