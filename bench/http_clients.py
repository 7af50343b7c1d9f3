"""What a request to a provider costs in each HTTP client, nemoserve's own among them: CPU and latency. Knows clients and a fixed answer.

`python -m bench.http_clients` starts a server that answers from memory in a process of its own, and prints a table.
"""

from __future__ import annotations

import asyncio
import json
import resource
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from typing import cast

import aiohttp
import httpx2
import uvloop

from nemoserve.backends.remote.connections import Connections
from nemoserve.config.providers import ProviderSettings

REQUESTS, CONCURRENT, DELTAS = 3000, 16, 64
_BODY = json.dumps({"model": "m", "messages": [{"role": "user", "content": "Hello " * 40}]}).encode()
_REPLY = json.dumps(
    {"id": "x", "choices": [{"index": 0, "message": {"role": "assistant", "content": "word " * 60}}]}
).encode()
_CHUNK = (
    b"data: " + json.dumps({"id": "x", "choices": [{"index": 0, "delta": {"content": "word "}}]}).encode() + b"\n\n"
)
_WHOLE = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s" % (len(_REPLY), _REPLY)
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_HEADERS = {"authorization": "Bearer k", "content-type": "application/json"}


class _Answer(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._out, self._in = cast("asyncio.Transport", transport), b""

    def data_received(self, data: bytes) -> None:
        self._in += data
        if _BODY not in self._in:
            return
        streamed, self._in = b"/stream" in self._in[:64], b""
        if not streamed:
            self._out.write(_WHOLE)
            return
        self._out.write(_HEAD)
        for _ in range(DELTAS):
            self._out.write(b"%x\r\n%s\r\n" % (len(_CHUNK), _CHUNK))
        self._out.write(b"0\r\n\r\n")


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(_Answer, "127.0.0.1", port)
    print("ready", flush=True)
    await server.serve_forever()


Ask = Callable[[str], Awaitable[None]]


async def _measure(name: str, ask: Ask, path: str, concurrent: int, requests: int) -> None:
    waits: list[float] = []
    left = iter(range(requests))

    async def work() -> None:
        for _ in left:
            start = time.perf_counter()
            await ask(path)
            waits.append(time.perf_counter() - start)

    for _ in range(50):
        await ask(path)
    cpu, wall = time.process_time(), time.perf_counter()
    await asyncio.gather(*(work() for _ in range(concurrent)))
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    waits.sort()
    print(
        f"{name:8} {path:8} x{concurrent:<3} {1e6 * cpu / requests:7.0f} us CPU  {requests / wall:7.0f}/s  "
        f"p50 {1e3 * waits[len(waits) // 2]:6.2f} ms  p99 {1e3 * waits[len(waits) * 99 // 100]:6.2f} ms",
        flush=True,
    )


async def _run(base: str) -> None:
    own = Connections(ProviderSettings(name="bench", base_url=base))
    loop = asyncio.get_running_loop()
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=512), auto_decompress=False) as session,
        httpx2.AsyncClient(limits=httpx2.Limits(max_connections=512), timeout=30) as client,
    ):

        async def by_own(path: str) -> None:
            reply = await own.post(path, _BODY, _HEADERS, loop.time() + 30)
            while await reply.read(loop.time() + 30):
                pass
            reply.close()

        async def by_aiohttp(path: str) -> None:
            async with session.post(base + path, data=_BODY, headers=_HEADERS) as reply:
                if path == "/whole":
                    await reply.read()
                else:
                    async for _ in reply.content.iter_any():
                        pass

        async def by_httpx2(path: str) -> None:
            if path == "/whole":
                await client.post(base + path, content=_BODY, headers=_HEADERS)
                return
            async with client.stream("POST", base + path, content=_BODY, headers=_HEADERS) as reply:
                async for _ in reply.aiter_raw():
                    pass

        for path in ("/whole", "/stream"):
            for concurrent in (1, CONCURRENT):
                for name, ask in (("own", by_own), ("aiohttp", by_aiohttp), ("httpx2", by_httpx2)):
                    await _measure(name, ask, path, concurrent, REQUESTS)
    await own.close()
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MiB")


def main() -> None:
    """Measures; with `serve PORT`, is the server."""
    if sys.argv[1:2] == ["serve"]:
        uvloop.run(_serve(int(sys.argv[2])))
        return
    port = 18099
    server = subprocess.Popen([sys.executable, "-m", "bench.http_clients", "serve", str(port)], stdout=subprocess.PIPE)
    try:
        assert server.stdout is not None
        server.stdout.readline()
        uvloop.run(_run(f"http://127.0.0.1:{port}"))
    finally:
        server.terminate()


if __name__ == "__main__":
    main()
