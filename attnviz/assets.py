"""Where the files lie that come with the project: app, pages, weights, recordings, icons.

In a checkout they stand beside the package; an installed package holds them in `_bundled`.
"""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def project_folder() -> Path:
    """The folder with `app.py`, `pages` and `assets`."""
    bundled = _PACKAGE / "_bundled"
    return bundled if bundled.is_dir() else _PACKAGE.parent


def app_script() -> Path:
    """The script that `streamlit run` starts."""
    return project_folder() / "app.py"


def pages_folder() -> Path:
    """The folder with one script for each page."""
    return project_folder() / "pages"


def components_folder() -> Path:
    """The folder with the components' HTML, CSS, JavaScript and shaders."""
    return _PACKAGE / "ui" / "components"


def assets_folder() -> Path:
    """The folder with weights, recordings and icons."""
    return project_folder() / "assets"
