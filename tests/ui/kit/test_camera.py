"""A photo from the camera joins the row as an upload does."""

from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.ui.kit.test_uploads import key, opened, png


def _taken(page: AppTest, shade: int) -> AppTest:
    page.button(key="camera button").click().run()
    page.get("camera_input")[0].upload("camera_input_1.jpg", png(shade))
    return page.run()


def test_the_camera_opens_on_request_and_closes_once_a_photo_is_taken() -> None:
    page = opened()
    assert not page.get("camera_input"), "nobody is asked for the camera by opening a page"
    button = page.button(key="camera button")
    assert button.label == "Take a photo"
    button.click().run()
    assert len(page.get("camera_input")) == 1
    page.button(key="camera button").click().run()
    assert not page.get("camera_input")

    _taken(page, 61)
    assert not page.get("camera_input")
    assert page.query_params["picture"] == key(61)
    assert page.text[0].value.startswith("camera 1.jpg | ")
    _taken(page, 62)
    assert page.query_params["picture"] == key(62)
    assert page.text[0].value.startswith("camera 2.jpg | camera 1.jpg | ")
    page.button(key="remove photo").click().run()
    assert page.text[0].value.startswith("camera 1.jpg | ")
