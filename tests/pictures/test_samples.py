"""The sample photos: right files, right credits, no imports, no network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest

from attnviz.errors import PictureError, UnknownNameError
from attnviz.pictures import list_samples, open_sample, samples
from tests.paths import ROOT

skimage = pytest.importorskip("skimage")
pytest.importorskip("sklearn")

SHAPES = {
    "astronaut": (512, 512),
    "chelsea": (300, 451),
    "china": (427, 640),
    "coffee": (400, 600),
    "flower": (427, 640),
    "motorcycle": (500, 741),
    "rocket": (427, 640),
}


def test_all_samples_are_listed_once() -> None:
    infos = list_samples()
    assert sorted(info.name for info in infos) == sorted(SHAPES)
    assert len({info.title for info in infos}) == len(infos)
    assert all(info.source.startswith(("http://", "https://")) for info in infos)


@pytest.mark.parametrize("name", SHAPES)
def test_each_sample_opens_at_its_size(name: str) -> None:
    picture = open_sample(name)
    assert (picture.height, picture.width) == SHAPES[name]
    assert picture.pixels.std() > 20


@pytest.mark.parametrize(
    "file", ["astronaut.png", "chelsea.png", "coffee.png", "motorcycle_left.png"]
)
def test_pixels_are_those_another_decoder_reads(file: str) -> None:
    name = file.split(".")[0].removesuffix("_left")
    expected = cv2.imread(str(Path(skimage.__file__).parent / "data" / file))
    assert np.array_equal(open_sample(name).pixels, expected[..., ::-1])
    assert open_sample(name).name == file


@pytest.mark.parametrize(
    ("name", "credit", "licence"),
    [
        ("china", "danielbuechele", "CC BY 2.0"),
        ("flower", "vultilion", "CC BY 2.0"),
        ("chelsea", "Stefan van der Walt", "CC0"),
        ("coffee", "Rachel Michetti", "CC0"),
        ("astronaut", "NASA", "Public domain"),
        ("rocket", "SpaceX", "Public domain"),
        ("motorcycle", "Middlebury", "asks that the paper be cited"),
    ],
)
def test_credits(name: str, credit: str, licence: str) -> None:
    info = next(info for info in list_samples() if info.name == name)
    assert credit in info.credit
    assert licence in info.licence


def test_the_libraries_still_credit_the_same_people() -> None:
    from skimage import data

    assert "CC0 by the photographer (Stefan van der Walt)" in data.chelsea.__doc__
    assert "CC0 by the photographer (Rachel Michetti)" in data.coffee.__doc__
    assert "released into the public domain" in data.astronaut.__doc__
    assert "released in the public domain" in data.rocket.__doc__
    assert "Middlebury College" in data.stereo_motorcycle.__doc__
    readme = samples._find("sklearn", "datasets/images/README.txt")
    assert readme is not None
    text = readme.read_text(encoding="utf-8")
    for info in list_samples():
        if "scikit-learn" in info.credit:
            assert info.source in text
            assert info.licence.split(", ")[1] in text


def test_an_unknown_name_lists_the_nearest() -> None:
    with pytest.raises(UnknownNameError) as caught:
        open_sample("astronout")
    assert caught.value.nearest[0] == "astronaut"


def test_a_missing_library_is_named_and_its_samples_are_not_listed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(samples.importlib.util, "find_spec", lambda _: None)
    assert list_samples() == ()
    with pytest.raises(PictureError, match="pip install scikit-learn"):
        open_sample("china")


def test_opening_all_imports_neither_library_and_needs_no_network() -> None:
    script = (
        "import socket, sys\n"
        "def refuse(*args, **kwargs): raise SystemExit('a socket was opened')\n"
        "socket.socket = socket.create_connection = refuse\n"
        "from attnviz.pictures import list_samples, open_sample\n"
        "print(sum(open_sample(one.name).height for one in list_samples()))\n"
        "heavy = 'skimage', 'sklearn', 'scipy', 'torch', 'streamlit'\n"
        "print([name for name in heavy if name in sys.modules])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stdout.split("\n")[:2] == [str(sum(h for h, _ in SHAPES.values())), "[]"]
