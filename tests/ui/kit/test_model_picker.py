"""The box for the model: its order, links and downloads that fail, and networks of one's own."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import streamlit as st
import torch
from safetensors.torch import save
from streamlit.testing.v1 import AppTest

from attnviz.errors import SettingError, WeightsError, WeightsUnavailableError
from attnviz.models import weights as weights_module
from attnviz.models.black_box.opened import Colours
from attnviz.models.catalogue import find_model, list_models
from attnviz.models.preprocess import Preprocess
from attnviz.models.spec import WeightsRef
from attnviz.models.weights import is_here
from attnviz.training.jobs.state import Job, RunPhase, RunState
from attnviz.training.recipe import Phase, Recipe
from attnviz.ui.kit import own_weights
from attnviz.ui.kit.model_list import kind_title, listed_models, model_facts, model_title
from tests.models.black_box.networks import write_onnx

OFFLINE = "Name or service not known"


@pytest.fixture(autouse=True)
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Files that were asked for; there is no network, and nothing was downloaded before."""
    names: list[str] = []

    def offline(ref: WeightsRef, *_: object) -> None:
        names.append(ref.file_name)
        raise WeightsUnavailableError(OFFLINE)

    monkeypatch.setattr(weights_module, "download", offline)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("ATTNVIZ_RUNS", str(tmp_path / "runs"))
    monkeypatch.delenv("ATTNVIZ_WEIGHTS", raising=False)
    return names


def picker() -> None:
    import streamlit as st

    from attnviz.ui.kit.model_picker import pick_model
    from attnviz.ui.kit.url_state import share

    model = pick_model()
    share("model")
    st.code("nothing" if model is None else f"{model.name}: {', '.join(model.labels[:3])}")


def opened(link: str = "") -> AppTest:
    page = AppTest.from_function(picker, default_timeout=120)
    if link:
        page.query_params["model"] = link
    return page.run()


def shown(page: AppTest) -> str:
    assert not page.exception
    return page.code[0].value


def press(page: AppTest, label: str) -> AppTest:
    (button,) = [one for one in page.button if one.label == label]
    return button.click().run()


def groups(names: list[str]) -> list[str]:
    """The kinds in the order of the list, each once for a row of its networks."""
    kinds = [kind_title(find_model(name).kinds).partition(" + ")[0] for name in names]
    return [kind for kind, before in zip(kinds, ["", *kinds], strict=False) if kind != before]


def test_the_one_to_start_with_comes_first_then_what_is_here_then_downloads_each_by_kind() -> None:
    page = opened()
    first, *lines = page.selectbox(key="model").options
    assert first == "Residual attention, small · spatial · start here"
    names = list(listed_models())[1:]
    assert sorted([*names, "ran-small"]) == sorted(spec.name for spec in list_models())
    marked = [line for line in lines if "\N{DOWNWARDS ARROW}" in line]
    by_hand = [line for line in lines if line.endswith(" · file to add")]
    assert len(by_hand) == 19
    here = names[: len(lines) - len(marked) - len(by_hand)]
    assert lines[len(here) :] == marked + by_hand
    assert set(here) == {"ran-cifar", "cbam-small", "vit-small", "efficientnet-lite0", "lens"}
    assert groups(here) == ["spatial", "context", "no attention of its own"]
    to_download = names[len(here) : len(here) + len(marked)]
    assert groups(to_download) == ["channel", "context", "no attention of its own"]
    assert "resnet18 · no attention of its own · \N{DOWNWARDS ARROW} 47 MB" in marked
    assert "maxvit_t · channel + context · \N{DOWNWARDS ARROW} 125 MB" in marked


def test_size_place_and_licence_stand_below_the_box() -> None:
    assert model_facts(find_model("ran-small")) == ("7 MB on this computer · licence MIT")
    small = replace(find_model("ran-small"), weights=WeightsRef("small.onnx", bytes=4_321))
    assert model_facts(small) == ("4 kB on this computer · licence MIT")
    assert model_facts(find_model("resnet18")) == ("47 MB to download · licence BSD-3-Clause")
    assert "licence CC-BY-NC-4.0" in model_facts(find_model("vit_h_14"))
    assert "Apple's CVNets licence" in model_facts(find_model("mobilevit_s.cvnets_in1k"))
    assert all(spec.licence for spec in list_models())
    assert any("MB on this computer" in str(one.proto) for one in opened().get("popover"))


def test_a_file_that_was_downloaded_before_is_no_download(tmp_path: Path) -> None:
    spec = find_model("squeezenet1_1")
    assert spec.weights is not None
    assert model_title(spec).endswith("\N{DOWNWARDS ARROW} 5 MB")
    cache = tmp_path / "torch" / "hub" / "checkpoints"
    cache.mkdir(parents=True)
    (cache / spec.weights.file_name).touch()
    assert model_title(spec) == "squeezenet1_1 · no attention of its own"
    at_hand = [one.name for one in list_models() if is_here(one)]
    assert list(listed_models())[: len(at_hand)].index("squeezenet1_1") == len(at_hand) - 1


def test_after_a_failed_download_the_last_model_stays_and_those_at_hand_are_offered(
    asked: list[str],
) -> None:
    page = opened()
    page.selectbox(key="model").set_value("vit-small").run()
    page.selectbox(key="model").set_value("resnet18").run()
    assert shown(page).startswith("vit-small: ")
    assert page.selectbox(key="model").value == "vit-small"
    assert page.query_params["model"] in ("vit-small", ["vit-small"])
    (warning,) = page.warning
    assert "resnet18-f37072fd" in warning.value.replace("\\", "")
    assert "You still see Vision transformer, small" in warning.value.replace("\\", "")
    assert len(asked) == 1
    page.run()
    assert len(asked) == 1, "it is not tried again by itself"
    press(page, "Try again")
    assert len(asked) == 2
    press(page, "Use Residual with CBAM, small")
    assert shown(page).startswith("cbam-small: ")
    assert not page.warning


def test_a_link_to_a_model_that_is_not_here_asks_before_it_downloads(asked: list[str]) -> None:
    page = opened("regnet_y_128gf")
    assert shown(page).startswith("ran-small: ")
    assert asked == []
    assert "The link asks for regnet_y_128gf" in page.warning[0].value.replace("\\", "")
    press(page, "Download regnet\\_y\\_128gf")
    assert asked == ["regnet_y_128gf_swag-c8ce3e52.pth"]
    assert shown(page).startswith("ran-small: ")


def test_a_link_to_a_file_to_add_says_at_once_how_to_add_it(asked: list[str]) -> None:
    page = opened("beit3-base")
    assert shown(page).startswith("ran-small")
    (warning,) = page.warning
    for part in ("not downloaded by itself", "ATTNVIZ\\_UNPINNED\\_WEIGHTS=1", "You still see"):
        assert part in warning.value
    assert next(one.label for one in page.button) == "Try again"
    assert asked == []


def test_visitors_of_a_hosted_app_are_offered_no_file_to_add(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ATTNVIZ_MODE", "hosted")
    monkeypatch.setenv("ATTNVIZ_MODELS", "beit3-base,resnet18,ran-small")
    assert list(listed_models()) == ["ran-small", "resnet18"]
    monkeypatch.setenv("ATTNVIZ_MODELS", "beit3-base")
    with pytest.raises(SettingError, match="no network that is here or can be downloaded"):
        listed_models()


@pytest.mark.parametrize("link", ["../../etc/passwd", "ran-small=/tmp/other.pth", "<b>"])
def test_a_link_cannot_name_a_file(link: str, asked: list[str]) -> None:
    page = opened(link)
    assert shown(page).startswith("ran-small: ")
    assert not page.warning
    assert asked == []


def test_ones_own_weights_are_opened_checked_and_stay_in_the_list() -> None:
    torch.manual_seed(0)
    three = find_model("ran-small").build.func(3).state_dict()  # type: ignore[attr-defined]
    page = opened()
    page.selectbox(key="own weights network").set_value("vit-small")
    page.file_uploader(key="own weights file").upload("pets.safetensors", save(three)).run()
    press(page, "Open")
    assert shown(page).startswith("ran-small: ")
    assert "does not belong to this network" in page.error[0].value.replace("\\", "")
    page.selectbox(key="own weights network").set_value("ran-small")
    page.text_area(key="own weights classes").set_value("cat\ndog").run()
    press(page, "Open")
    assert "tells 3 classes apart, but 2 names" in page.error[0].value.replace("\\", "")
    page.text_area(key="own weights classes").set_value("cat\n" * 100_001).run()
    press(page, "Open")
    assert "more than 100,000 lines" in page.error[0].value.replace("\\", "")
    page.text_area(key="own weights classes").set_value("cat\ndog\n\nhorse\n").run()
    press(page, "Open")
    assert not page.error
    assert shown(page) == "ran-small (pets.safetensors): cat, dog, horse"
    line = "Residual attention, small (pets.safetensors) · spatial"
    assert page.selectbox(key="model").options[1] == line
    page.selectbox(key="model").set_value("vit-small").run()
    assert page.selectbox(key="model").options[1] == line


def test_an_onnx_file_is_opened_with_what_it_does_not_say(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    page = opened()
    custom = write_onnx(tmp_path / "custom.onnx", operator="Swirl", domain="acme").read_bytes()
    page.file_uploader(key="own weights file").upload("custom.onnx", custom).run()
    assert not any(one.key == "own weights network" for one in page.selectbox)
    press(page, "Open")
    assert shown(page).startswith("ran-small: ")
    assert "uses the operator acme:Swirl" in page.error[0].value.replace("\\", "")
    content = write_onnx(tmp_path / "net.onnx").read_bytes()
    page.file_uploader(key="own weights file").upload("net.onnx", content).run()
    press(page, "Open")
    assert "has dynamic axes" in page.error[0].value.replace("\\", "")
    page.number_input(key="own weights side").set_value(20)
    page.selectbox(key="own weights colours").set_value(Colours.SHARES)
    page.text_area(key="own weights classes").set_value("cat\ndog\nhorse").run()
    press(page, "Open")
    assert not page.error
    assert shown(page) == "net.onnx: cat, dog, horse"
    assert page.selectbox(key="model").options[1] == "net.onnx · no attention of its own"
    (spec,) = page.session_state["own weights opened"]
    assert spec.preprocess == Preprocess(20, "squash", multiple=1, any_size=False).unnormalised()


def test_visitors_open_onnx_files_only_where_the_operator_lets_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ONNX Runtime runs in the server's process, and a file asks for as much work as it likes."""
    monkeypatch.setenv("ATTNVIZ_MODE", "hosted")
    page = opened()
    box = page.file_uploader(key="own weights file")
    assert box.label == "File of weights (a state dict)"
    assert list(box.proto.type) == [".safetensors", ".pth", ".pt"]
    box.upload("net.onnx", b"\x08\x07").run()  # as a forged message names it
    assert len(page.exception) == 1  # Streamlit's own, which a hosted app does not tell
    monkeypatch.setattr(st, "session_state", {})  # ours, should Streamlit's ever let it through
    with pytest.raises(WeightsError, match=r"net\.onnx is no \.safetensors, .+ file"):
        own_weights._kept("net.onnx", b"\x08\x07")
    monkeypatch.undo()
    monkeypatch.setenv("ATTNVIZ_MODE", "hosted")
    monkeypatch.setenv("ATTNVIZ_VISITORS_ONNX", "1")
    allowed = opened().file_uploader(key="own weights file")
    assert allowed.label == "File of weights (a state dict), or ONNX"
    assert list(allowed.proto.type) == [".safetensors", ".pth", ".pt", ".onnx"]


def test_a_network_that_was_just_trained_is_in_the_list(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "2026-11-29 11.10.20 vit-small"
    folder.mkdir(parents=True)
    recipe = Recipe(model="vit-small", phases=(Phase(1, 32),))
    Job(recipe.to_json(), str(tmp_path), 32).write(folder)
    RunState(RunPhase.WORKING).write(folder)
    assert folder.name not in listed_models()
    shipped = find_model("vit-small").weights
    assert shipped is not None
    assert shipped.embedded is not None
    card = json.loads(shipped.embedded.with_suffix(".json").read_text())
    names = [name.upper() for name in card["classes"]]
    (folder / "vit-small.json").write_text(json.dumps(card | {"classes": names}))
    shutil.copy(shipped.embedded, folder / "vit-small.safetensors")
    page = opened()
    assert page.selectbox(key="model").options[1] == f"{folder.name} · context"
    page.selectbox(key="model").set_value(folder.name).run()
    assert shown(page) == f"{folder.name}: {', '.join(names[:3])}"
    (folder / "dismissed").touch()
    page.run()
    assert shown(page).startswith("ran-small: "), "what has gone from the list is not shown"
