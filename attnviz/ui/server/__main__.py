"""Start the server of a hosted app: `python -m attnviz.ui.server SETTINGS`, as `attnviz app` does.

The settings are Streamlit's, as JSON: {"server.port": 8501}.
"""

from __future__ import annotations

import json
import sys

from streamlit.starlette import App

from attnviz.assets import app_script
from attnviz.ui.server.guards import GUARDS
from attnviz.ui.server.uploads import upkeep


def _run(settings: dict[str, object]) -> None:
    # Streamlit looks for its configuration beside the script that was started.
    sys.argv = [str(app_script())]
    App(app_script(), middleware=GUARDS, lifespan=upkeep).run(config=settings)


if __name__ == "__main__":
    _run(json.loads(sys.argv[1]))
