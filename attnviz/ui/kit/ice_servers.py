"""STUN and TURN servers by which a browser's camera reaches the app through firewalls."""

from __future__ import annotations

import json
import os
import re
from typing import Any

from attnviz.errors import SettingError

VARIABLE = "ATTNVIZ_ICE_SERVERS"
_FIELDS = ("urls", "username", "credential")
_ADDRESS = re.compile(r"(stuns?|turns?):[^\s,]+")
_REMEDY = 'Set it to a list as WebRTC has it: [{"urls": "stun:stun.example.org:3478"}].'


def ice_servers() -> list[dict[str, Any]]:
    """Return the servers from ATTNVIZ_ICE_SERVERS, as `RTCConfiguration` of WebRTC has them.

    Returns
    -------
    list of dict
        Empty without the variable: then browsers reach the app on this computer and in its own
        network alone, and no other server learns of it.

    Raises
    ------
    SettingError
        The variable holds something else.
    """
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return []
    try:
        servers = json.loads(text)
    except ValueError as error:
        raise SettingError(f"{VARIABLE} is not JSON ({error}). {_REMEDY}") from error
    if not isinstance(servers, list) or not all(map(_is_server, servers)):
        raise SettingError(f"{VARIABLE} does not list STUN and TURN servers. {_REMEDY}")
    return servers


def _is_server(entry: object) -> bool:
    if not isinstance(entry, dict) or not set(entry) <= set(_FIELDS):
        return False
    urls = entry.get("urls")
    addresses = urls if isinstance(urls, list) and urls else [urls]
    known = all(isinstance(one, str) and _ADDRESS.fullmatch(one) for one in addresses)
    return known and all(isinstance(entry.get(name, ""), str) for name in _FIELDS[1:])
