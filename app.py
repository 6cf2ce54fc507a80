"""attnviz: `streamlit run app.py` shows where vision models look."""

from __future__ import annotations

from streamlit.runtime.scriptrunner import get_script_run_ctx
from streamlit.starlette import App

from attnviz.ui.app import run
from attnviz.ui.server.guards import GUARDS
from attnviz.ui.server.uploads import upkeep

if get_script_run_ctx(suppress_warning=True) is None:
    # `streamlit run` finds this server, by this very line, and runs the file again for each page.
    app = App(__file__, middleware=GUARDS, lifespan=upkeep)
else:
    run()
