"""Waiting for a page of the app to come to rest."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.chromium import PATIENCE

# Until the script has ended, what an earlier run wrote stays beside what this one has written:
# two viewers, say, of which the first is still to go.
_AT_REST = """() =>
  document.querySelector('[data-testid=stApp]')?.dataset.testScriptState === 'notRunning'
  && !document.querySelector('[data-stale=true]')"""


def at_rest(page: Page, timeout: float = PATIENCE) -> None:
    """Wait until the page's script has ended and nothing of an earlier run is left; timeout in ms.

    Raises:
        playwright.sync_api.TimeoutError: it goes on for longer.
    """
    page.wait_for_function(_AT_REST, timeout=timeout)
