"""A small OpenID Connect provider on this computer, at which people sign in by a click."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "attnviz", "a secret of the test"


@dataclass(frozen=True)
class Provider:
    """Where it answers, and whom it knows, by their address; it counts the tokens it has given."""

    address: str
    people: dict[str, dict[str, Any]]
    given: list[str] = field(default_factory=list)

    def secrets_toml(self, app: str) -> str:
        """What the operator of an app at an address writes into its secrets."""
        return (
            f'[auth]\nredirect_uri = "{app}/oauth2callback"\n'
            f'cookie_secret = "{secrets.token_hex(32)}"\n'
            f'client_id = "{CLIENT}"\nclient_secret = "{SECRET}"\n'
            f'server_metadata_url = "{self.address}/.well-known/openid-configuration"\n'
        )


@contextmanager
def provider(*people: dict[str, Any]) -> Iterator[Provider]:
    """A provider that knows these people, each by claims with an address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    address = f"http://127.0.0.1:{server.server_port}"
    known = {str(person["email"]): person for person in people}
    server.provider = Provider(address, known)  # type: ignore[attr-defined]
    server.key = RSAKey.generate_key(2048, {"kid": "test"})  # type: ignore[attr-defined]
    server.codes = {}  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.provider  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()


class _Answer(BaseHTTPRequestHandler):
    """Discovery, keys, the page where people choose who they are, and tokens for codes."""

    server: Any

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(url.query).items()}
        match url.path:
            case "/.well-known/openid-configuration":
                self._json(self._metadata())
            case "/keys":
                self._json({"keys": [self.server.key.as_dict(private=False)]})
            case "/authorize" if "as" in asked:
                self._back(asked)
            case "/authorize":
                self._choose(asked)
            case _:
                self.send_error(404)

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        sent = self.headers.get("Authorization", "")
        right = "Basic " + base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        asked = self.server.codes.pop(form["code"][0], None)  # each code is good for once
        digest = hashlib.sha256(form["code_verifier"][0].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).decode().rstrip("=")
        if sent != right or asked is None or asked["code_challenge"] != challenge:
            self._json({"error": "invalid_grant"}, 400)
            return
        self.server.provider.given.append(asked["as"])
        token = self._identity(asked)
        self._json({"access_token": "unused", "token_type": "Bearer", "id_token": token})

    def _metadata(self) -> dict[str, Any]:
        base = self.server.provider.address
        return {
            "issuer": base,
            "authorization_endpoint": f"{base}/authorize",
            "token_endpoint": f"{base}/token",
            "jwks_uri": f"{base}/keys",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
        }

    def _choose(self, asked: dict[str, str]) -> None:
        links = "".join(
            f'<p><a href="/authorize?{html.escape(urlencode({**asked, "as": one}))}">{one}</a></p>'
            for one in self.server.provider.people
        )
        self._send(200, "text/html", f"<title>Provider</title>{links}".encode())

    def _back(self, asked: dict[str, str]) -> None:
        code = secrets.token_urlsafe(16)
        self.server.codes[code] = asked
        answer = urlencode({"code": code, "state": asked["state"]})
        self.send_response(302)
        self.send_header("Location", f"{asked['redirect_uri']}?{answer}")
        self.end_headers()

    def _identity(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        claims = {
            "iss": self.server.provider.address,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 3600,
            "nonce": asked["nonce"],
            "sub": hashlib.sha256(asked["as"].encode()).hexdigest()[:16],
            **self.server.provider.people[asked["as"]],
        }
        return jwt.encode({"alg": "RS256", "kid": "test"}, claims, self.server.key)

    def _json(self, content: object, status: int = 200) -> None:
        self._send(status, "application/json", json.dumps(content).encode())

    def _send(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_words: object) -> None:
        """Write nothing beside the tests' output."""
