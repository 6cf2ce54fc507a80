"""What the app needs of the browser itself: a cookie, and a history of one entry per choice."""

from __future__ import annotations

from attnviz.ui.components.browser.component import BrowserFacts, show_browser

__all__ = ["BrowserFacts", "show_browser"]
