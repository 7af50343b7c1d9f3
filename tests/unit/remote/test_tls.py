"""Providers are asked under TLS: whose certificate is not to be trusted gets neither key nor question."""

from __future__ import annotations

import asyncio
import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from nemoserve.backends.remote import connections
from nemoserve.backends.remote.connections import Connections
from nemoserve.config.providers import ProviderSettings
from nemoserve.types.errors import ApiError

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to make a certificate")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for localhost that signs itself, and its key."""
    file, key = folder / "cert.pem", folder / "key.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-days",
        "2",
    ]
    command += [
        "-subj",
        "/CN=localhost",
        "-addext",
        "subjectAltName=DNS:localhost",
        "-keyout",
        str(key),
        "-out",
        str(file),
    ]
    subprocess.run(command, check=True, capture_output=True)
    return file, key


async def test_a_certificate_is_checked_and_a_good_one_is_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, key = certificate(tmp_path)
    own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    own.load_cert_chain(file, key)
    had: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                had.append(await reader.readuntil(b"\r\n\r\n{}"))
                writer.write(OK)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(serve, "localhost", 0, ssl=own)
    port = server.sockets[0].getsockname()[1]
    loop = asyncio.get_running_loop()

    async def ask(host: str) -> list[bytes]:
        pool = Connections(ProviderSettings(name="p", base_url=f"https://{host}:{port}/v1"))
        try:
            replies: list[bytes] = []
            for _ in range(2):
                reply = await pool.post("/x", b"{}", {}, loop.time() + 20)
                replies.append(await reply.whole())
                reply.close()
            return replies
        finally:
            await pool.close()

    with pytest.raises(ApiError, match="could not be reached"):
        await ask("localhost")
    monkeypatch.setattr(connections, "_tls", lambda: ssl.create_default_context(cafile=str(file)))
    with pytest.raises(ApiError, match="could not be reached"):
        await ask("127.0.0.1")  # the certificate is another name's
    assert not had
    assert await ask("localhost") == [b"hi", b"hi"]
    server.close()
