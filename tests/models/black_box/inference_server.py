"""A server on this machine that speaks the Open Inference Protocol, and errs where a test wants."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np

Answer = Callable[["Server", BaseHTTPRequestHandler, np.ndarray], None]


@dataclass
class Server:
    """Where it listens, how it answers, and what it was asked."""

    answer: Answer
    address: str = ""
    asked: list[tuple[str, tuple[int, ...], str, str | None]] = field(default_factory=list)


def scores(server: Server, handler: BaseHTTPRequestHandler, batch: np.ndarray) -> None:
    """Mean of each channel, as logits."""
    axes = (2, 3) if batch.dtype == np.float32 else (1, 2)
    values = batch.mean(axes, dtype=np.float32)
    output = {"name": "logits", "shape": values.shape, "datatype": "FP32"}
    body = {"model_name": "m", "outputs": [{**output, "data": values.ravel().tolist()}]}
    send(handler, json.dumps(body).encode())


def send(
    handler: BaseHTTPRequestHandler, body: bytes, status: int = 200, location: str = ""
) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(len(body)))
    if location:
        handler.send_header("Location", location)
    handler.end_headers()
    handler.wfile.write(body)


def trickle(server: Server, handler: BaseHTTPRequestHandler, batch: np.ndarray) -> None:
    """Never silent for long, and never done."""
    handler.send_response(200)
    handler.end_headers()
    for _ in range(200):
        handler.wfile.write(b" ")
        time.sleep(0.02)


@contextmanager
def serving(answer: Answer) -> Iterator[Server]:
    server = Server(answer)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            (asked,) = json.loads(body)["inputs"]
            kind = {"FP32": np.float32, "UINT8": np.uint8}[asked["datatype"]]
            batch = np.array(asked["data"], kind).reshape(asked["shape"])
            key = self.headers.get("Authorization")
            server.asked.append((asked["name"], batch.shape, self.path, key))
            try:
                server.answer(server, self, batch)
            except OSError:  # the client has gone
                return

        def log_message(self, *_: object) -> None:
            pass

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    web.daemon_threads = True
    server.address = f"http://127.0.0.1:{web.server_port}/v2/models/m/infer"
    thread = threading.Thread(target=web.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        web.shutdown()
        web.server_close()
