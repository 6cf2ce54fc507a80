"""The class to explain: the top one of each photo, unless one is pinned."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import torch
from streamlit.testing.v1 import AppTest
from torch import nn

from attnviz.analysis.explain import explain, predict
from attnviz.models.catalogue import find_model
from attnviz.models.loading import load_model, wrap
from attnviz.models.preprocess import Preprocess
from attnviz.models.vision_model import VisionModel
from attnviz.pictures import Picture, open_sample
from attnviz.ui.kit import explain_picture
from attnviz.ui.kit.picture_cache import SHOWN_SIDE

MORE = ("competition", "raw-attention", "patch-similarity")


@cache
def network(name: str) -> VisionModel:
    if name == "features":
        torch.manual_seed(0)
        layers = nn.Conv2d(3, 8, 5, 4), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten()
        return wrap(nn.Sequential(*layers).eval(), Preprocess(size=64), scores="none")
    return load_model(find_model(name), "cpu")


def class_page() -> None:
    import streamlit as st

    from attnviz.ui.kit.explain_picture import explain_photo
    from attnviz.ui.kit.picture_cache import shown_sample
    from attnviz.ui.kit.url_state import restore_link, share
    from tests.ui.kit.test_explain_picture import MORE, network

    restore_link()
    photo = st.radio("Photo", ["china", "coffee", "chelsea"], key="photo")
    name = st.radio("Model", ["ran-small", "ran-cifar", "vit-small", "features"], key="network")
    model = network(name)
    look = st.radio("Show", ["layer-cam", "soft-mask", "score-cam", "eigen-cam", *MORE], key="look")
    explanation = explain_photo(shown_sample(photo), model, look)
    st.text(explanation.target.label if explanation and explanation.target else "")
    share("target")


def opened(**link: str) -> AppTest:
    page = AppTest.from_function(class_page, default_timeout=120)
    for name, value in link.items():
        page.query_params[name] = value
    page.run()
    assert not page.exception
    return page


def chosen(page: AppTest, **choices: str) -> str:
    """The class that is explained after some choices."""
    for key, value in choices.items():
        page.radio(key=key).set_value(value)
    page.run()
    assert not page.exception
    return str(page.text[0].value)


def top(photo: str, name: str = "ran-small", place: int = 0) -> str:
    picture = open_sample(photo).reduced(SHOWN_SIDE)
    return predict(network(name), picture)[place].label


def test_the_top_class_follows_the_photo_and_the_model() -> None:
    page = opened()
    tops = [top(photo) for photo in ("china", "coffee", "chelsea")]
    assert len(set(tops)) > 1, "the photos have different classes"
    assert [chosen(page, photo=photo) for photo in ("china", "coffee", "chelsea")] == tops
    sent = page.selectbox(key="target").proto
    assert sent.options[0] == f"{tops[-1]} (a guess)", "a cat is none of its ten things"
    assert (sent.set_value, sent.raw_value) == (True, sent.options[0])
    assert chosen(page, network="ran-cifar") == top("chelsea", "ran-cifar")
    assert "target" not in page.query_params


def test_a_pinned_class_stays_for_other_photos_until_it_is_let_go() -> None:
    page = opened()
    second = top("china", place=1)
    page.selectbox(key="target").set_value(second)
    assert chosen(page) == second
    assert page.query_params["target"] == second
    assert chosen(page, photo="coffee") == chosen(page, photo="chelsea") == second
    assert second in page.selectbox(key="target").options
    page.selectbox(key="target").set_value("")
    assert chosen(page) == top("chelsea")
    assert "target" not in page.query_params


def test_a_pinned_class_waits_while_attention_is_shown() -> None:
    page = opened()
    second = top("china", place=1)
    page.selectbox(key="target").set_value(second).run()
    assert chosen(page, look="soft-mask") == ""
    assert not page.selectbox
    assert chosen(page, look="layer-cam") == second


def test_methods_of_many_passes_explain_the_pinned_class_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def quick(
        model: VisionModel, picture: Picture, _: str, target: str | None, **__: object
    ) -> Any:
        return explain(model, picture, "layer-cam", target)

    monkeypatch.setattr(explain_picture, "explain", quick)
    page = opened()
    assert chosen(page, look="score-cam") == ""
    assert page.selectbox(key="target").options[0].startswith(top("china"))
    page.button(key="begin look").click().run()
    assert page.text[0].value == top("china")
    second = top("china", place=1)
    page.selectbox(key="target").set_value(second).run()
    assert page.text[0].value == "", "another class is another map"
    page.button(key="begin look").click().run()
    assert page.text[0].value == second


def test_no_class_is_offered_where_maps_do_not_depend_on_one() -> None:
    page = opened()
    for look in ("soft-mask", "eigen-cam"):
        assert chosen(page, look=look) == ""
        assert not page.selectbox


def test_a_link_pins_any_class_of_the_model_and_none_of_another() -> None:
    likely = {one.label for one in predict(network("ran-small"), open_sample("china"))}
    unlikely = next(label for label in network("ran-small").labels if label not in likely)
    page = opened(target=unlikely)
    assert page.text[0].value == unlikely
    assert chosen(page, network="ran-cifar") == top("china", "ran-cifar"), "it has no such class"
    for wrong in ("no such class", "<b>", "-1"):
        assert opened(target=wrong).text[0].value == top("china")


@pytest.mark.parametrize("link", ["", "second"])
def test_back_restores_the_class_of_the_address(link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit.runtime.scriptrunner_utils.script_run_context import ScriptRunContext

    second, third = top("china", place=1), top("china", place=2)
    page = opened()
    page.selectbox(key="target").set_value(third).run()
    assert page.text[0].value == third
    reset = ScriptRunContext.reset

    def back(context: ScriptRunContext, *args: object, **options: object) -> None:
        reset(context, *args, **(options | {"is_history_navigation": True}))  # type: ignore[arg-type]

    monkeypatch.setattr(ScriptRunContext, "reset", back)
    page.query_params.clear()
    if link:
        page.query_params["target"] = second
    assert chosen(page) == (second if link else top("china"))


def test_a_contrast_is_asked_and_stays_in_the_link() -> None:
    page = opened()
    first, second = top("china"), top("china", place=1)
    page.selectbox(key="target kind").set_value("contrast")
    assert chosen(page) == f"{first} rather than {second}"
    assert page.query_params["target"] == f"contrast:{first}|{second}"
    third = top("china", place=2)
    page.selectbox(key="target contrast b").set_value(third)
    assert chosen(page) == f"{first} rather than {third}"
    assert opened(**page.query_params).text[0].value == f"{first} rather than {third}"
    page.selectbox(key="target contrast b").set_value(first)
    assert chosen(page) == first, "nothing to contrast: the top class is shown"
    assert "cannot be contrasted with itself" in page.info[0].value
    page.selectbox(key="target kind").set_value("class")
    assert chosen(page) == first
    assert "target" not in page.query_params


def test_several_classes_compete_and_stay_in_the_link() -> None:
    page = opened()
    first, second, third = (top("china", place=place) for place in range(3))
    page.selectbox(key="target kind").set_value("several")
    assert chosen(page) == f"{first} and {second}"
    page.multiselect(key="target several").set_value([third, second])
    assert chosen(page) == f"{third} and {second}"
    assert opened(**page.query_params).text[0].value == f"{third} and {second}"
    page.multiselect(key="target several").set_value([])
    assert chosen(page) == first


def test_a_method_of_classes_is_asked_for_classes_alone() -> None:
    page = opened(target="contrast:church|tench")
    assert page.text[0].value == "church rather than tench"
    assert "one thing rather than another" in page.selectbox(key="target kind").options
    assert chosen(page, look="competition") == top("china")
    offered = page.selectbox(key="target kind").options
    assert offered == ["a class", "several classes, which compete"]


def test_a_patch_is_asked_what_it_attends_to() -> None:
    page = opened()
    page.radio(key="network").set_value("vit-small")
    assert chosen(page, look="raw-attention") == "", "the class token's attention explains nothing"
    kinds = page.selectbox(key="target kind")
    assert kinds.options == ["the picture as a whole", "a patch of the picture"]
    kinds.set_value("patch")
    assert chosen(page) == "the patch 50 % from the left and 50 % from the top"
    page.slider(key="target patch x").set_value(0.25)
    assert chosen(page) == "the patch 25 % from the left and 50 % from the top"
    assert page.query_params["target"] == "patch:.25,.5"
    again = opened(**page.query_params)
    assert chosen(again, network="vit-small", look="raw-attention").startswith("the patch 25 %")


def test_another_photo_is_compared_and_stays_in_the_link() -> None:
    page = opened()
    page.selectbox(key="target kind").set_value("alike")
    chosen(page)
    page.selectbox(key="target alike picture").set_value("sample:coffee")
    other = open_sample("coffee").reduced(SHOWN_SIDE)
    assert chosen(page) == other.name
    assert page.query_params["target"] == f"alike:{other.sha256}"
    assert opened(**page.query_params).text[0].value == other.name
    assert opened(target="alike:" + "0" * 64).text[0].value == top("china"), "it is not here"
    assert chosen(page, look="patch-similarity") == other.name


def test_a_network_without_classes_is_asked_for_something_else() -> None:
    page = opened()
    assert chosen(page, network="features") == ""
    assert [one.value for one in page.info] == [
        "This network names no classes. Choose what the map is to explain."
    ]
    kinds = page.selectbox(key="target kind")
    assert set(kinds.options) == {
        "the picture as a whole", "a patch of the picture", "likeness to another picture"
    }  # fmt: skip
    kinds.set_value("alike")
    assert chosen(page).endswith((".png", ".jpg"))
    assert not page.info
