"""A web server on this machine that answers whatever a test wants."""

from __future__ import annotations

from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler


@dataclass
class Reply:
    """What the server answers: `length` is the Content-Length it claims, None for none."""

    body: bytes = b""
    status: int = 200
    length: int | None = -1
    location: str | None = None


@dataclass
class Web:
    """A server on this machine; `pages` maps paths to replies, `asked` lists the requests."""

    address: str = ""
    pages: dict[str, Reply] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def add(self, name: str, reply: Reply) -> str:
        self.pages[f"/{name}"] = reply
        return f"{self.address}/{name}"


def handler(web: Web) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            web.asked.append(self.path)
            reply = web.pages.get(self.path, Reply(status=404))
            self.send_response(reply.status)
            if reply.length is not None:
                size = len(reply.body) if reply.length < 0 else reply.length
                self.send_header("Content-Length", str(size))
            if reply.location is not None:
                self.send_header("Location", reply.location)
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, *_: object) -> None:
            pass

    return Handler
