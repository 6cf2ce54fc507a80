"""Opening http and https addresses, and no others, and reading what they answer, with bounds."""

from __future__ import annotations

import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any

_CHUNK = 1024**2


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


def is_web_address(text: str) -> bool:
    """Return whether a text is an http or https address of some host."""
    try:
        parts = urllib.parse.urlsplit(text)
        return parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False


def shown_address(address: str) -> str:
    """Return an address without user, password and query, which may hold secrets."""
    try:
        parts = urllib.parse.urlsplit(address)
    except ValueError:
        return "the address"
    place = parts.netloc.rpartition("@")[2]
    return urllib.parse.urlunsplit((parts.scheme, place, parts.path, "", ""))


def bounded_answer(response: Any, most: int, end: float) -> bytes:
    """Read an answer whole.

    Parameters
    ----------
    response
        Open for reading.
    most
        Bytes.
    end
        Until when, by `time.monotonic`.

    Raises
    ------
    OSError
        It is longer, or takes longer.
    """
    answer = bytearray()
    while chunk := response.read1(_CHUNK):
        answer += chunk
        if len(answer) > most:
            raise OSError(f"it answers with more than {most // 1024**2} MB")
        if time.monotonic() > end:
            raise TimeoutError
    return bytes(answer)


def why_no_answer(error: Exception, seconds: float) -> str:
    """Say why an address gave no answer within so many seconds, as a part of a sentence."""
    if isinstance(error, urllib.error.HTTPError):
        with error:
            if error.code in range(300, 400):
                return f"it redirects to another address ({error.code}), which is not followed"
            return f"it answered {error.code} {error.reason}"
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    if isinstance(cause, TimeoutError):
        return f"no whole answer within {seconds:g} seconds"
    return str(getattr(cause, "strerror", None) or cause or type(cause).__name__)
