"""`attnviz explain` on many pictures: what fails is reported, the rest is done."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result
from PIL import Image
from typer.testing import CliRunner

from attnviz.cli import cli
from attnviz.models.catalogue import find_model

NOISE = np.random.default_rng(0).integers(0, 255, (48, 64, 3)).astype(np.uint8)
QUICK = ("--device", "cpu", "--save", "npz", "--input-size", "32")


def photo(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(NOISE).save(path)
    return path


def explain(*words: object) -> Result:
    return CliRunner().invoke(cli, ["explain", *map(str, words), *QUICK])


def test_pictures_of_one_name_from_two_folders_do_not_overwrite_each_other(tmp_path: Path) -> None:
    pictures = [photo(tmp_path / name) for name in ("x/a.png", "y/a.png", "a-2.png")]
    done = explain(*pictures, "--out", tmp_path / "out")
    assert done.exit_code == 0, done.output
    assert sorted(one.name for one in (tmp_path / "out").iterdir()) == ["a", "a-2", "a-3"]
    assert done.stdout.splitlines()[-1] == "3 of 3 looked at."


def test_one_bad_picture_stops_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    photo(folder / "a.png")
    photo(folder / "deep" / "c.png")
    (folder / "b.jpg").write_text("no picture")
    (tmp_path / "out" / "deep").mkdir(parents=True)
    (tmp_path / "out" / "deep" / "c").write_text("in the way")
    done = explain(folder, tmp_path / "gone.png", "--out", tmp_path / "out")
    assert done.exit_code == 1
    assert (tmp_path / "out" / "a" / "maps.npz").is_file()
    assert "Traceback" not in done.output
    assert done.stderr.splitlines()[-1] == (
        f"1 of 4 looked at; 2 could not be opened: {folder / 'b.jpg'}, {tmp_path / 'gone.png'}; "
        f"1 could not be written: {folder / 'deep' / 'c.png'}."
    )
    assert "b.jpg is a text file" in done.stderr


@pytest.mark.parametrize("words", [("--layers", "x"), ("--target", "a house")])
def test_what_is_impossible_for_all_ends_at_once(tmp_path: Path, words: tuple[str, str]) -> None:
    done = explain(photo(tmp_path / "a.png"), photo(tmp_path / "b.png"), *words, "--out", tmp_path)
    assert done.exit_code == 1
    assert len(done.output.strip().splitlines()) == 1, done.output


def test_out_that_is_a_file_ends_before_anything_is_loaded(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    done = explain(photo(tmp_path / "a.png"), "--out", tmp_path / "taken", "--model", "no-such")
    assert done.exit_code == 1
    assert done.stderr.strip().endswith("is a file. Choose another place with --out.")


def test_quiet_says_nothing_but_problems(tmp_path: Path) -> None:
    words = (photo(tmp_path / "a.png"), photo(tmp_path / "b.png"), "--out", tmp_path / "o", "-q")
    assert explain(*words).output == ""
    done = explain(*words, tmp_path / "gone.png")
    assert done.stdout == ""
    assert "2 of 3 looked at; 1 could not be opened" in done.stderr


def test_json_is_one_object_for_each_picture(tmp_path: Path) -> None:
    wide = Image.fromarray(np.asarray([[0, 1000, 4000]], np.uint16).repeat(9, 0))
    wide.save(tmp_path / "wide.png")
    words = (photo(tmp_path / "a.png"), tmp_path / "gone.png", tmp_path / "wide.png")
    done = explain(*words, "--out", tmp_path / "out", "--json", "--method", "grad-cam")
    assert done.exit_code == 1
    first, missing, stretched = map(json.loads, done.stdout.splitlines())
    assert first.keys() == missing.keys() == stretched.keys()
    assert first["picture"] == str(tmp_path / "a.png")
    assert len(first["predictions"]) == 5
    labels = find_model("ran-small").labels
    assert all(labels[one["class"]] == one["label"] for one in first["predictions"])
    assert first["target"] == {k: v for k, v in first["predictions"][0].items() if k != "class"}
    assert (first["sure"], missing["sure"]) == (False, None), "noise is no class of its"
    assert first["best_layer"] in first["layers"]
    assert first["geometry"]["picture_size"] == [48, 64]
    assert first["files"] == [str(tmp_path / "out" / "a" / "maps.npz")]
    assert (first["error"], first["notes"]) == (None, [])
    assert "gone.png" in missing["error"]
    assert (missing["predictions"], missing["layers"], missing["files"]) == ([], [], [])
    assert stretched["notes"] == ["Its grey values, 0 to 4000, were stretched to black and white."]
    assert done.stderr.splitlines()[-1].startswith("2 of 3 looked at; 1 could not be opened")


def test_layers_best_all_or_one(tmp_path: Path) -> None:
    picture = photo(tmp_path / "a.png")

    def layers(*words: str) -> set[str]:
        out = tmp_path / "-".join(words)
        done = explain(picture, "--out", out, "--save", "map", "--method", "attention", *words)
        assert done.exit_code == 0, done.output
        return {one.name.removesuffix(".map.png") for one in (out / "a").glob("*.png")}

    every = {f"stage{n}.attention" for n in (1, 2, 3)}
    assert layers("--layers", "all") == every
    answer = find_model("ran-small").answers["attention"].layer
    assert layers("--layers", "best") == {answer.replace(" ", "-")}
    assert layers("--layers", "stage2.attention") == {"stage2.attention"}
    assert layers("--layers", "all layers") == {"all-layers"}
