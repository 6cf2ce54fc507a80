"""Which maps the benchmark of the focus chooses."""

from __future__ import annotations

from benchmarks.focus_maps import choose
from benchmarks.scores import Scores

MASK, CAM, CENTRE = ("soft-mask", "stride4"), ("grad-cam", "block"), ("centre prior", "")


def scores(values: dict[tuple[tuple[str, str], str], float]) -> Scores:
    found = Scores()
    for (key, score), value in values.items():
        found.add(key, score, [value])
    return found


def test_attention_is_chosen_by_both_scores_and_decision_by_what_suffices() -> None:
    other = ("soft-mask", "stride8")
    found = scores(
        {
            (MASK, "NSS"): 1.0, (MASK, "box gain"): 2.0, (MASK, "sufficiency"): 0.9,
            (other, "NSS"): 1.1, (other, "box gain"): 2.1, (other, "sufficiency"): 0.1,
            (CAM, "NSS"): 3.0, (CAM, "sufficiency"): 0.5,
            (CENTRE, "NSS"): 9.0, (CENTRE, "sufficiency"): 0.8,
        }
    )  # fmt: skip
    answers = choose(found, {MASK, other, CAM, CENTRE})
    assert answers == {"decision": CAM, "attention": other}


def test_a_network_without_attention_answers_for_its_decision_alone() -> None:
    found = scores({(CAM, "sufficiency"): 0.5, (CENTRE, "sufficiency"): 0.8})
    assert choose(found, {CAM, CENTRE}) == {"decision": CAM}
