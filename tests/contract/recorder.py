"""A proxy between a client and a server that keeps what passes. Knows HTTP; not what the bodies mean."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import requests

_HOP = {"connection", "content-length", "host", "keep-alive", "transfer-encoding", "accept-encoding"}


@dataclass
class Exchange:
    """One POST: the body that the client sent, and the text that it was answered."""

    body: dict[str, Any]
    reply: str = ""


class Recorder:
    """Listens on a free port and passes everything on to `target`. Streams stay streams."""

    def __init__(self, target: str) -> None:
        self.exchanges: list[Exchange] = []
        recorder = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.pass_on(None)

            def do_POST(self) -> None:
                data = self.rfile.read(int(self.headers["content-length"]))
                exchange = Exchange(json.loads(data))
                recorder.exchanges.append(exchange)
                self.pass_on(data, exchange)

            def pass_on(self, data: bytes | None, exchange: Exchange | None = None) -> None:
                headers = {name: value for name, value in self.headers.items() if name.lower() not in _HOP}
                url, seen = target + self.path, bytearray()
                with requests.request(
                    self.command, url, data=data, headers=headers, stream=True, timeout=120
                ) as response:
                    self.send_response(response.status_code)
                    for name, value in response.headers.items():
                        if name.lower() not in _HOP:
                            self.send_header(name, value)
                    self.end_headers()  # HTTP/1.0: the body ends with the connection
                    for piece in response.iter_content(None):
                        seen += piece
                        if exchange is not None:
                            exchange.reply = seen.decode("utf-8", "replace")
                        self.wfile.write(piece)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
