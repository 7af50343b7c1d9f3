"""Starts a server for a command that needs one, and ends it with the command. Knows processes and ports; no API bodies."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator

from rich.console import Console

from nemoserve.cli.client import Client, ServerError

DEFAULT_URL = "http://127.0.0.1:8000"
_START_TIMEOUT_S = 300.0


@contextlib.contextmanager
def background_server(console: Console) -> Generator[str]:
    """The address of a server that is ready: the one at the usual address, or else one started for this block.

    Raises ServerError with the server's last words when it cannot start.
    """
    client = Client(DEFAULT_URL, timeout_s=5.0)
    try:
        if client.alive():
            with console.status("The server is loading its model"):
                _until_ready(client, None)
            yield DEFAULT_URL
            return
    finally:
        client.close()
    # A folder of its own: the usual one may belong to a server at another address, and this one leaves nothing behind.
    with tempfile.TemporaryDirectory(prefix="nemoserve-chat-") as folder, tempfile.TemporaryFile("w+") as log:
        # Any free port, so that whatever holds the usual one does not matter.
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        url = f"http://127.0.0.1:{port}"
        command = [sys.executable, "-m", "nemoserve", "serve", "--port", str(port), "--data-dir", folder]
        # A session of its own: Ctrl-C is for the reply being shown, not for the server behind it.
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
        client = Client(url, timeout_s=5.0)
        try:
            with console.status("No server is running: starting one"):
                try:
                    _until_ready(client, process)
                except ServerError as error:
                    log.seek(0)
                    said = log.read().strip().splitlines()
                    raise ServerError(said[-1] if said else str(error)) from error
            yield url
        finally:
            client.close()
            process.terminate()
            try:
                process.wait(10.0)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _until_ready(client: Client, process: subprocess.Popen[bytes] | None) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while not client.ready():
        if process is not None and process.poll() is not None:
            raise ServerError(f"The server ended with status {process.returncode} before it was ready.")
        if time.monotonic() > deadline:
            raise ServerError(f"The server at {client.url} was not ready within {_START_TIMEOUT_S:.0f} s.")
        time.sleep(0.1)
