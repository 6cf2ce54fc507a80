"""Focus pictures of a set: of all, of a sample, or of those that come first in an order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow

from attnviz.batch.orders import ORDERS
from attnviz.batch.parts import ResultFolder
from attnviz.batch.picture_file import PictureFile
from attnviz.batch.stored_maps import StoredMaps
from attnviz.errors import OutputError, PictureError, UnknownNameError
from attnviz.models.preprocess import Preprocess
from attnviz.pictures.jpeg import jpeg
from attnviz.progress import Progress, report_progress
from attnviz.render.bokeh_photo import bokeh
from attnviz.render.focus import focus_map

ALL, SAMPLE = "all", "sample"


def chosen_pictures(scores: pyarrow.Table, wish: str) -> list[int]:
    """Return the indices of pictures that a text chooses, among those that were explained.

    Parameters
    ----------
    scores
        Of a `ResultFolder`.
    wish
        "all", "sample:100" (drawn with a fixed seed), or an order and a number: "certain:20",
        "uncertain:20", "flat:20", "central:20", "off-centre:20" or "outside-box:20".

    Returns
    -------
    list of int
        The first of an order first.

    Raises
    ------
    UnknownNameError
        There is no such order.
    OutputError
        The number is missing, or none.
    """
    order, number = parsed_choice(wish)
    explained = np.flatnonzero([error is None for error in scores["error"].to_pylist()])
    if order == ALL:
        return [int(index) for index in explained]
    if order == SAMPLE:
        drawn = np.random.default_rng(0).permutation(explained)[:number]
        return sorted(int(index) for index in drawn)
    values = ORDERS[order].values(scores)[explained]
    known = np.flatnonzero(~np.isnan(values))
    best = known[np.argsort(values[known], kind="stable")][:number]
    return [int(index) for index in explained[best]]


def parsed_choice(wish: str) -> tuple[str, int]:
    """Return what `chosen_pictures` is to choose: its name, and how many (0 for all).

    Raises
    ------
    UnknownNameError
        There is no such order.
    OutputError
        The number is missing, or none.
    """
    if wish == ALL:
        return ALL, 0
    order, _, number = wish.partition(":")
    if order != SAMPLE and order not in ORDERS:
        raise UnknownNameError("choice of pictures", order, (ALL, SAMPLE, *ORDERS))
    if not number.isdecimal() or int(number) == 0:
        raise OutputError(f"--focus {order} takes how many, as in {order}:20.")
    return order, int(number)


def write_focus_pictures(
    folder: ResultFolder,
    files: Sequence[PictureFile],
    preprocess: Preprocess,
    chosen: Sequence[int],
    *,
    radius: float = 24,
    progress: Progress | None = None,
) -> list[PictureError]:
    """Write `focus/000012.jpg` for each chosen picture, by the map that was stored.

    The network does not run. Pictures that are there already are not written again, unless they
    were blurred by another radius: then all that are there are removed.

    Parameters
    ----------
    folder
        The results, whole.
    files
        The pictures of the set.
    preprocess
        Of the network.
    chosen
        Indices of pictures.
    radius
        Largest blur radius in pixels.
    progress
        Called with the number of pictures that are there.

    Returns
    -------
    list of PictureError
        Why some could not be opened again.

    Raises
    ------
    OutputError
        A picture cannot be written.
    """
    failed = []
    if chosen and folder.manifest().get("focus") != {"radius": radius}:
        folder.remove("focus/*.jpg")
        folder.add_to_manifest(focus={"radius": radius})
    missing = {index for index in chosen if not (folder.path / _name(index)).exists()}
    done = len(chosen) - len(missing)
    best, maps = folder.scores()["layer"].to_pylist(), StoredMaps(folder)
    for index in sorted(missing):  # in the order of the tables
        values = maps.of_layer(index, best[index])
        if values is None:
            continue
        try:
            picture = files[index].open()
        except PictureError as error:
            failed.append(error)
            continue
        focus = focus_map(values, preprocess.geometry(picture))
        folder.write_bytes(_name(index), jpeg(bokeh(picture, focus, radius)))
        done += 1
        report_progress(progress, done, len(chosen))
    return failed


def _name(index: int) -> str:
    return f"focus/{index:06}.jpg"
