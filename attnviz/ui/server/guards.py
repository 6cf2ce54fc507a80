"""What stands before Streamlit's server, whoever starts it."""

from __future__ import annotations

from typing import Any, cast

from starlette.middleware import Middleware

from attnviz.ui.server.requests import RequestGuard
from attnviz.ui.server.uploads import UploadGuard

GUARDS = [Middleware(cast(Any, guard)) for guard in (RequestGuard, UploadGuard)]
