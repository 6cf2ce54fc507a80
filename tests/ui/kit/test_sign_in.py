"""An app that asks for signing in without a provider shows no page."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from tests.paths import PAGES, ROOT


@pytest.mark.parametrize("script", [ROOT / "app.py", PAGES / "2_Layers.py"])
def test_without_a_provider_pages_stay_closed(
    script: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ATTNVIZ_SIGN_IN", "required")
    page = AppTest.from_file(str(script), default_timeout=200).run()
    assert not page.exception
    assert [one.value for one in page.error] == [
        "Nobody can sign in here yet: no provider is set up. Tell whoever runs this app."
    ]
    assert not page.selectbox
    assert not page.file_uploader


def test_a_provider_of_its_own_name_is_offered_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTNVIZ_SIGN_IN", "required")
    page = AppTest.from_file(str(PAGES / "2_Layers.py"), default_timeout=200)
    page.secrets["auth"] = {"redirect_uri": "x", "house": {"client_id": "a"}, "cookie_secret": "b"}
    page.run()
    assert [one.label for one in page.button] == ["Sign in with house"]
    assert not page.selectbox
