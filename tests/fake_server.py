"""A server of another maker as far as its life goes: it starts slowly, prints, answers its health, dies, hangs, leaves children.

Run as `vllm serve …`: what it is to do is in its environment, FAKE_SERVER, a JSON object:
  load_s     before it listens; says  what it prints first; fail  what it prints before it ends with status 3
  die_s      after listening, by SIGKILL of itself; hush_s  after listening it answers no health any more
  child      true: starts a child in a session of its own, which ignores SIGTERM; stubborn  true: ignores SIGTERM itself
  waiting    requests that wait, by its metrics
Each start, with its arguments, goes to the journal, FAKE_JOURNAL, one JSON object a line.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ORDERS: dict[str, Any] = json.loads(os.environ.get("FAKE_SERVER", "{}"))
STARTED = time.monotonic()


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/health" and 0 < ORDERS.get("hush_s", 0) < time.monotonic() - STARTED:
            time.sleep(60)
        key_ok = self.headers.get("Authorization") == "Bearer " + os.environ.get("VLLM_API_KEY", "")
        data = f'vllm:num_requests_waiting{{engine="0"}} {ORDERS.get("waiting", 0)}.0\n'.encode() if key_ok else b""
        self.send_response(200 if key_ok or self.path == "/health" else 401)
        self.send_header("content-type", "text/plain")
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


def main() -> int:
    stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
    children = []
    if ORDERS.get("child"):
        children.append(subprocess.Popen([sys.executable, "-c", stubborn], start_new_session=True).pid)
    if ORDERS.get("stubborn"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with Path(os.environ["FAKE_JOURNAL"]).open("a") as journal:
        journal.write(json.dumps({"pid": os.getpid(), "arguments": sys.argv[1:], "children": children}) + "\n")
    if said := ORDERS.get("says"):
        print(said, flush=True)
    time.sleep(ORDERS.get("load_s", 0))
    if failure := ORDERS.get("fail"):
        print(f"\x1b[31m{failure}\x1b[0m", flush=True)
        return 3
    if die_s := ORDERS.get("die_s"):
        threading.Timer(die_s, lambda: os.kill(os.getpid(), signal.SIGKILL)).start()
    port = int(sys.argv[sys.argv.index("--port") + 1])
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
