"""What people tell about each other, and about other pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from attnviz.errors import VisionError
from attnviz.metrics.bootstrap import bootstrap_interval
from attnviz.metrics.fixations import FixatedPicture, Observer, read_fixations
from attnviz.metrics.inter_observer import CentreBias, leave_one_observer_out
from attnviz.metrics.saliency import auc, centre_prior, nss, shuffled_auc

SIZE = (60, 80)


def looked(*viewers: list[tuple[float, float]]) -> FixatedPicture:
    """A picture of 60 x 80 whose viewers looked at those (x, y)."""
    people = [
        Observer(*np.asarray(one, float).T, ms=np.zeros(len(one)))  # type: ignore[misc]
        for one in viewers
    ]
    return FixatedPicture("a.png", Path("a.png"), SIZE, tuple(people))


def test_the_others_expect_what_they_saw_themselves() -> None:
    photo = looked([(20.5, 10.5)], [(20.5, 10.5)], [(70.5, 50.5)])
    maps = list(leave_one_observer_out(photo, SIZE, 3.0))
    assert len(maps) == 3
    alone, (rows, columns) = maps[2]
    assert (rows.tolist(), columns.tolist()) == ([50], [70])
    assert np.unravel_index(alone.argmax(), SIZE) == (10, 20)
    assert alone[50, 70] < 1e-6
    assert alone.mean() == pytest.approx(1, rel=1e-5)
    first, _ = maps[0]  # expected by one at each place
    assert first[10, 20] == pytest.approx(first[50, 70], rel=1e-3)


def test_one_viewer_has_no_others() -> None:
    with pytest.raises(VisionError, match=r"a\.png has a single observer"):
        list(leave_one_observer_out(looked([(1, 1)]), SIZE, 3.0))
    with pytest.raises(VisionError, match="at least two pictures"):
        CentreBias([looked([(1, 1)])])


def test_the_prior_of_a_picture_knows_only_the_others() -> None:
    photos = [looked([(10, 10)]), looked([(70, 50), (70, 50), (70, 50)]), looked([(40, 30)])]
    others = CentreBias(photos)
    prior = others.prior(0, SIZE)
    assert prior.sum() == pytest.approx(1)
    assert prior[10, 10] < 1e-6
    # every picture counts alike, however many fixations it has (near the border a little is folded)
    assert prior[30, 40] == pytest.approx(prior[50, 70], rel=0.05)
    rows, columns = others.fixations(1, SIZE)
    assert (rows.tolist(), columns.tolist()) == ([10, 30], [10, 40])


@pytest.mark.data
def test_on_osie_the_centre_is_chance_for_shuffled_auc_and_people_are_far_above(
    data_folder: Path,
) -> None:
    photos = read_fixations(data_folder / "osie").pictures
    others = CentreBias(photos)
    size = (75, 100)
    centre = centre_prior(*size)
    scores = [
        (
            auc(centre, *photo.cells(size)),
            shuffled_auc(centre, *photo.cells(size), *others.fixations(number, size)),
        )
        for number, photo in enumerate(photos)
    ]
    plain, shuffled = (bootstrap_interval([one[n] for one in scores]) for n in (0, 1))
    assert shuffled.low < 0.5 < shuffled.high
    assert shuffled.high - shuffled.low < 0.03
    assert plain.low > 0.7
    people = [
        nss(values, *places)
        for photo in photos[::25]
        for values, places in leave_one_observer_out(photo, size, 3.0)
    ]
    assert bootstrap_interval(people).low > 2 > nss(centre, *photos[0].cells(size))
