"""A hub of models on this machine: the wire format of the Hugging Face hub for what a download needs, and faults. Knows no client.

`GET /api/models/ID[/revision/R]` tells commit, files and sizes, `/tree/COMMIT` the files again; `HEAD` and `GET /ID/resolve/R/FILE` give a file, ranges too. Large files have
their SHA-256 as their name, small ones git's SHA-1 of the content.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LARGE = (".safetensors", ".gguf", ".bin")


@dataclass
class Hub:
    """What the hub has, what it does wrong, and what it was asked."""

    files: dict[str, bytes]
    id: str = "acme/tiny"
    commit: str = "a" * 40
    cut: dict[str, int] = field(default_factory=dict)
    """The connection breaks once after so many bytes of a file."""
    down_after_cut: bool = False
    """And from then on every request gets a 500."""
    flip: set[str] = field(default_factory=set)
    """One bit of these is wrong on its way."""
    longer: set[str] = field(default_factory=set)
    """These come with more bytes than they have."""
    refuse: int = 0
    """Every request gets this status."""
    asked: list[tuple[str, str, str]] = field(default_factory=list)
    """Method, path and range of each request."""
    url: str = ""

    def etag(self, name: str) -> str:
        content = self.files[name]
        if name.endswith(LARGE):
            return hashlib.sha256(content).hexdigest()
        return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()

    def described(self) -> dict[str, Any]:
        siblings = [{"rfilename": name, "size": len(content)} for name, content in self.files.items()]
        return {"id": self.id, "modelId": self.id, "sha": self.commit, "siblings": siblings, "tags": [], "downloads": 0}

    def tree(self) -> list[dict[str, Any]]:
        return [
            {"type": "file", "path": name, "size": len(content), "oid": self.etag(name)}
            for name, content in self.files.items()
        ]


@contextmanager
def running(hub: Hub) -> Iterator[Hub]:
    """Serves it on a free port of the loopback address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self.answer(body=True)

        def do_HEAD(self) -> None:
            self.answer(body=False)

        def answer(self, *, body: bool) -> None:
            path = self.path.partition("?")[0]
            hub.asked.append((self.command, path, self.headers.get("Range", "")))
            if hub.refuse:
                return self.error(hub.refuse, "GatedRepo" if hub.refuse == 403 else "")
            api = re.fullmatch(rf"/api/models/{hub.id}(?:/revision/(.+))?", path)
            if api:
                if api[1] not in (None, "main", hub.commit):
                    return self.error(404, "RevisionNotFound")
                return self.send(200, json.dumps(hub.described()).encode(), {"Content-Type": "application/json"}, body)
            if re.fullmatch(rf"/api/models/{hub.id}/tree/{hub.commit}", path):
                return self.send(200, json.dumps(hub.tree()).encode(), {"Content-Type": "application/json"}, body)
            found = re.fullmatch(rf"/{hub.id}/resolve/([^/]+)/(.+)", path)
            if not found:
                return self.error(401, "RepoNotFound")
            if found[2] not in hub.files:
                return self.error(404, "EntryNotFound")
            return self.file(found[2], body)

        def file(self, name: str, body: bool) -> None:
            content = hub.files[name]
            if name in hub.flip:
                content = bytes([content[0] ^ 1]) + content[1:]
            if name in hub.longer and body:
                content += b"more"
            head = {"ETag": f'"{hub.etag(name)}"', "X-Repo-Commit": hub.commit, "Accept-Ranges": "bytes"}
            status, asked = 200, re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            if asked:
                begin = int(asked[1])
                head["Content-Range"] = f"bytes {begin}-{len(content) - 1}/{len(content)}"
                status, content = 206, content[begin:]
            if body and name in hub.cut:
                self.send(status, content, head, True, most=hub.cut.pop(name))
                self.close_connection = True
                hub.refuse = 500 if hub.down_after_cut else hub.refuse
                return
            self.send(status, content, head, body)

        def send(self, status: int, content: bytes, head: dict[str, str], body: bool, most: int | None = None) -> None:
            self.send_response(status)
            for key, value in {**head, "Content-Length": str(len(content))}.items():
                self.send_header(key, value)
            self.end_headers()
            if body:
                self.wfile.write(content[:most])

        def error(self, status: int, code: str) -> None:
            self.send(status, b"{}", {"X-Error-Code": code, "X-Error-Message": code} if code else {}, True)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
