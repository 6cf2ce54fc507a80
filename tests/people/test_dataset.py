"""Contestants with known maps get the scores they deserve."""

from __future__ import annotations

import json
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from attnviz.errors import PictureError, VisionError
from attnviz.metrics.bootstrap import bootstrap_interval
from attnviz.metrics.fixations import FixationSet, read_fixations
from attnviz.metrics.inter_observer import CentreBias
from attnviz.models.catalogue import find_model
from attnviz.models.loading import load_model
from attnviz.people import dataset as run
from attnviz.people.dataset import OTHER_OBSERVERS, AgreementResults, compare
from attnviz.people.ground_truth import AUC, BITS, CC, KL, NSS, SHUFFLED, SIM
from attnviz.people.map_makers import (
    MapMaker,
    SourcedMap,
    baseline_map_makers,
    model_map_makers,
    unsupported_notes,
)
from attnviz.people.table import markdown
from attnviz.pictures import Picture, open_picture

SIDES = (120, 160)
PER_DEGREE = 6.0


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> FixationSet:
    """Eight grey pictures with a white disc, at which four viewers look; now and then elsewhere."""
    folder = tmp_path_factory.mktemp("looked")
    random = np.random.default_rng(5)
    table = {}
    for number in range(8):
        middle = random.uniform(30, [130, 90])
        y, x = np.mgrid[: SIDES[0], : SIDES[1]] + 0.5
        disc = np.hypot(x - middle[0], y - middle[1]) < 9
        pixels = np.where(disc, 255, 90).astype(np.uint8)
        Image.fromarray(np.repeat(pixels[..., None], 3, 2)).save(folder / f"{number}.png")
        viewers = []
        for _ in range(4):
            places = middle + random.normal(0, 3, (6, 2))
            places[0] = random.uniform(0, [160, 120])
            viewers.append({"x": places[:, 0].tolist(), "y": places[:, 1].tolist()})
        table[f"{number}.png"] = viewers
    (folder / "fixations.json").write_text(json.dumps(table))
    return read_fixations(folder)


def bright(number: int, picture: Picture) -> SourcedMap:
    return SourcedMap(picture.pixels[..., 0].astype(np.float32), "the picture itself")


def dark(number: int, picture: Picture) -> SourcedMap:
    return SourcedMap(-picture.pixels[..., 0].astype(np.float32))


def noise(number: int, picture: Picture) -> SourcedMap:
    small = np.random.default_rng(number).random((12, 16)).astype(np.float32)
    return SourcedMap(np.kron(small, np.ones((10, 10), np.float32)))


def flat_at_first(number: int, picture: Picture) -> SourcedMap:
    return SourcedMap(np.ones(SIDES, np.float32)) if number < 3 else bright(number, picture)


@pytest.fixture(scope="module")
def results(found: FixationSet) -> AgreementResults:
    others = CentreBias(found.pictures)
    contestants = [
        *baseline_map_makers(others),
        *(MapMaker(one.__name__, one) for one in (bright, dark, noise, flat_at_first)),
    ]
    told: list[tuple[int, int]] = []
    done = compare(
        found,
        others,
        contestants,
        pixels_per_degree=PER_DEGREE,
        progress=lambda now, total: told.append((now, total)),
    )
    assert told == [(n, 8) for n in range(1, 9)]
    return done


def mean(results: AgreementResults, name: str, score: str) -> float:
    return float(np.mean(results.values[name][score]))


def test_who_knows_the_disc_wins_and_who_inverts_it_loses(results: AgreementResults) -> None:
    for score in (NSS, AUC, SHUFFLED, CC, BITS):
        assert mean(results, "bright", score) > mean(results, "noise", score)
    assert mean(results, "bright", AUC) > 0.85
    # one value for all of the disc, one for all beside it: inverted, hits become misses
    assert mean(results, "dark", AUC) == pytest.approx(1 - mean(results, "bright", AUC))
    assert mean(results, "dark", NSS) == pytest.approx(-mean(results, "bright", NSS), rel=1e-4)
    assert mean(results, "noise", AUC) == pytest.approx(0.5, abs=0.1)
    assert mean(results, "bright", SIM) > mean(results, "noise", SIM)
    assert mean(results, "bright", KL) < mean(results, "noise", KL)
    # only the order counts for the fit, and it may turn it round
    assert mean(results, "dark", BITS) > 1
    assert mean(results, "spectral residual", NSS) > 1
    assert mean(results, "Itti-Koch", NSS) > 1


def test_people_predict_each_other(results: AgreementResults) -> None:
    assert mean(results, OTHER_OBSERVERS, NSS) > 3
    assert mean(results, OTHER_OBSERVERS, BITS) > 1.5
    assert not {CC, SIM, KL} & results.values[OTHER_OBSERVERS].keys()
    assert len(results.values[OTHER_OBSERVERS][NSS]) == 8


def test_flat_maps_are_left_out_and_counted(results: AgreementResults) -> None:
    assert list(results.unscored) == ["flat_at_first"]
    assert len(results.unscored["flat_at_first"]) == 3
    assert {len(one) for one in results.values["flat_at_first"].values()} == {5}
    assert results.values["flat_at_first"][NSS] == results.values["bright"][NSS][3:]


def test_the_table_tells_what_was_measured(results: AgreementResults, found: FixationSet) -> None:
    text = markdown(results, found, data="discs", pixels_per_degree=PER_DEGREE, device="cpu")
    assert "8 pictures of discs, 192 fixations" in text
    assert "CPU, " in text
    rows = {row.split(" | ")[0].strip("| "): row for row in text.splitlines() if row[:1] == "|"}
    assert f"{mean(results, 'bright', NSS):.3f} [" in rows["bright (the picture itself)"]
    assert rows["bright (the picture itself)"].count("|") == rows["map"].count("|")
    low, high = (
        mean(results, name, NSS)
        for name in ("centre, where people looked in other pictures", OTHER_OBSERVERS)
    )
    share = 100 * (mean(results, "noise", NSS) - low) / (high - low)
    assert f"| {share:.0f} % |" in rows["noise"]
    assert rows[OTHER_OBSERVERS].endswith("| 100 % |")
    assert (
        "flat_at_first is not scored on 3 pictures. The map has the same value everywhere" in text
    )
    assert "nan" not in text.lower()


def test_pictures_are_opened_while_a_model_works(
    found: FixationSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the first picture is drawn, others are opened: on another thread, and not all."""
    opened: list[str] = []
    ahead = threading.Event()

    def opening(path: Path) -> Picture:
        opened.append(threading.current_thread().name)
        if len(opened) == 3:
            ahead.set()
        return open_picture(path)

    def draw(number: int, picture: Picture) -> SourcedMap:
        assert ahead.wait(20), "nothing was opened while the first map was made"
        return bright(number, picture)

    monkeypatch.setattr(run, "open_picture", opening)
    others = CentreBias(found.pictures)
    compare(found, others, [MapMaker("slow", draw)], pixels_per_degree=PER_DEGREE)
    assert len(opened) == len(found.pictures)
    assert threading.current_thread().name not in opened


def test_methods_that_do_not_fit_a_network_are_left_out_and_said() -> None:
    model = load_model("ran-small", "cpu")
    made = model_map_makers([model], ["attention", "rollout", "grad-cam"])
    assert [one.name for one in made] == ["ran-small, attention", "ran-small, grad-cam"]
    (said,) = unsupported_notes([model.spec], ["attention", "rollout", "grad-cam"])
    assert "ran-small has no map for 'rollout'" in said
    plain = find_model("squeezenet1_0")
    assert len(unsupported_notes([plain], ["attention"])) == 1
    assert unsupported_notes([plain], ["decision", "auto", "layer-cam"]) == []


def test_a_degree_must_have_pixels(found: FixationSet) -> None:
    with pytest.raises(VisionError, match="0 pixels to a degree"):
        compare(found, CentreBias(found.pictures), [], pixels_per_degree=0)


def test_a_picture_that_goes_away_meanwhile_is_named(found: FixationSet, tmp_path: Path) -> None:
    gone = replace(found.pictures[1], path=tmp_path / "gone.png")
    photos = (found.pictures[0], gone)
    with pytest.raises(PictureError, match=r"gone\.png"):
        compare(
            replace(found, pictures=photos), CentreBias(photos), [], pixels_per_degree=PER_DEGREE
        )


@pytest.mark.data
def test_on_osie_people_know_more_than_a_model_and_it_more_than_the_centre(
    data_folder: Path,
) -> None:
    found = read_fixations(data_folder / "osie", limit=16)
    others = CentreBias(found.pictures)
    models = model_map_makers([load_model("ran-small", "cpu")], ["attention"])
    results = compare(
        found, others, [*baseline_map_makers(others)[1:2], *models], pixels_per_degree=24.0
    )
    centre, model, people = results.values.values()
    for score in (NSS, AUC, SHUFFLED, BITS):
        assert bootstrap_interval(people[score]).low > bootstrap_interval(model[score]).high
        assert np.mean(model[score]) > np.mean(centre[score])
    assert abs(np.mean(centre[BITS])) < 0.1
