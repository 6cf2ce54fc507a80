"""The sample photos that come with scikit-image and scikit-learn, with their credits.

Neither library is imported (that takes seconds), and nothing is downloaded: the installed files are
opened. Credits and licences are those that the libraries state, in the
docstrings of `skimage.data` and in `sklearn/datasets/images/README.txt`.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path

from attnviz.errors import PictureError, UnknownNameError
from attnviz.pictures.opening import open_picture
from attnviz.pictures.picture import Picture

SAMPLE_PREFIX = "sample:"  # of a sample's name where recordings name their pictures


@dataclass(frozen=True)
class SampleInfo:
    """A sample photo and its credits.

    Attributes
    ----------
    name
        For `open_sample`.
    title
        For buttons.
    credit
        Who made it.
    licence
        Under which terms it may be used.
    source
        URL.
    classes
        Classes of networks, as ImageNet and CIFAR-10 name them, that say what it shows or come
        nearest; none if it shows nothing of the kind.
    """

    name: str
    title: str
    credit: str
    licence: str
    source: str
    classes: tuple[str, ...] = ()


_CC_BY = "CC BY 2.0, https://creativecommons.org/licenses/by/2.0/"
_API = "https://scikit-image.org/docs/stable/api/skimage.data.html#skimage.data."

# (package, file inside it) -> what its library says about it
_SAMPLES: dict[tuple[str, str], SampleInfo] = {
    ("sklearn", "datasets/images/china.jpg"): SampleInfo(
        "china",
        "Temple",
        "Flickr user danielbuechele; some rights reserved. Comes with scikit-learn.",
        _CC_BY,
        "https://www.flickr.com/photos/danielbuechele/6061409035/sizes/z/in/photostream/",
        ("palace", "monastery", "stupa", "church"),
    ),
    ("skimage", "data/chelsea.png"): SampleInfo(
        "chelsea",
        "Cat",
        "Stefan van der Walt. Comes with scikit-image.",
        "CC0 by the photographer; no copyright restrictions",
        _API + "chelsea",
        ("cat", "tabby", "tiger cat", "Egyptian cat"),
    ),
    ("skimage", "data/astronaut.png"): SampleInfo(
        "astronaut",
        "Astronaut",
        "NASA Great Images database: Eileen Collins. Comes with scikit-image.",
        "Public domain; no known copyright restrictions",
        "https://flic.kr/p/r9qvLn",
    ),
    ("skimage", "data/coffee.png"): SampleInfo(
        "coffee",
        "Coffee",
        "Rachel Michetti, courtesy of Pikolo Espresso Bar. Comes with scikit-image.",
        "CC0 by the photographer; no copyright restrictions",
        _API + "coffee",
        ("espresso", "cup", "coffee mug"),
    ),
    ("sklearn", "datasets/images/flower.jpg"): SampleInfo(
        "flower",
        "Flower",
        # The README repeats the name of the photo above it, but links this page.
        "Flickr user vultilion, as linked by scikit-learn, whose README names danielbuechele; "
        "some rights reserved. Comes with scikit-learn.",
        _CC_BY,
        "https://www.flickr.com/photos/vultilion/6056698931/sizes/z/in/photostream/",
    ),
    ("skimage", "data/rocket.jpg"): SampleInfo(
        "rocket",
        "Rocket",
        "SpaceX: launch of DSCOVR on Falcon 9. Comes with scikit-image.",
        "Public domain, released by SpaceX",
        "https://www.flickr.com/photos/spacexphotos/16511594820/in/photostream/",
        ("missile", "projectile"),
    ),
    ("skimage", "data/motorcycle_left.png"): SampleInfo(
        "motorcycle",
        "Motorcycle",
        "Nera Nesic, Porter Westling, Xi Wang, York Kitajima, Greg Krathwohl and Daniel "
        "Scharstein, Middlebury College: Middlebury 2014 stereo benchmark (Scharstein et al., "
        "High-resolution stereo datasets with subpixel-accurate ground truth, GCPR 2014); left "
        "image, reduced by 4. Comes with scikit-image.",
        "scikit-image names no licence; Middlebury grants permission to use and publish its "
        "stereo images and asks that the paper be cited",
        "http://vision.middlebury.edu/stereo/data/scenes2014/",
        ("moped", "motor scooter"),
    ),
}


def list_samples() -> tuple[SampleInfo, ...]:
    """The samples whose files are installed; seven where both libraries are."""
    return tuple(info for key, info in _SAMPLES.items() if _find(*key) is not None)


def open_sample(name: str) -> Picture:
    """Open a sample photo; raises as `sample_path`, and PictureError if its file is damaged."""
    return open_picture(sample_path(name))


def sample_path(name: str) -> Path:
    """Return the path of a sample photo.

    Parameters
    ----------
    name
        Its `SampleInfo.name`.

    Raises
    ------
    UnknownNameError
        No sample has this name.
    PictureError
        The library that has the sample is not installed.
    """
    for (package, file), info in _SAMPLES.items():
        if info.name == name:
            path = _find(package, file)
            if path is None:
                library = {"skimage": "scikit-image", "sklearn": "scikit-learn"}[package]
                raise PictureError(
                    f"The sample {name} comes with {library}, which is not installed here with "
                    f"its sample data. Install it with: pip install {library}"
                )
            return path
    raise UnknownNameError("sample photo", name, [info.name for info in _SAMPLES.values()])


def open_installed(package: str, file: str) -> Picture | None:
    """Open a picture among the files of an installed library.

    Parameters
    ----------
    package
        The library's import name.
    file
        Path inside the package.

    Returns
    -------
    Picture or None
        None where there is no such file.

    Raises
    ------
    PictureError
        The file is damaged.
    """
    path = _find(package, file)
    return None if path is None else open_picture(path)


def _find(package: str, file: str) -> Path | None:
    spec = importlib.util.find_spec(package)
    folders = (spec.submodule_search_locations if spec else None) or []
    paths = (Path(folder) / file for folder in folders)
    return next((path for path in paths if path.is_file()), None)
