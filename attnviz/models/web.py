"""Opening http and https addresses, and no others."""

from __future__ import annotations

import urllib.request


def web_opener(*more: type[urllib.request.BaseHandler]) -> urllib.request.OpenerDirector:
    """Return what opens http and https addresses, and follows no redirection.

    Parameters
    ----------
    *more
        Handlers of what else it is to do.

    Returns
    -------
    urllib.request.OpenerDirector
    """
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler,
        urllib.request.HTTPHandler,
        urllib.request.HTTPSHandler,
        urllib.request.HTTPDefaultErrorHandler,
        urllib.request.HTTPErrorProcessor,
        *more,
    ):
        opener.add_handler(handler())
    return opener
