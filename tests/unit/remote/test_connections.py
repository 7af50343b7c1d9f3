"""The client that asks providers: what a server may do to a connection must cost an answer at most, never the next one."""

from __future__ import annotations

import asyncio
import gzip
import zlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from nemoserve.backends.remote.connections import Connections
from nemoserve.config.providers import ProviderSettings
from nemoserve.types.errors import ApiError

Answer = Callable[[asyncio.StreamReader, asyncio.StreamWriter, int], Awaitable[None]]
"""Answers a request on a connection; the number counts the connections."""
OK = b"HTTP/1.1 200 OK\r\nContent-Type: Application/JSON; charset=utf-8\r\nContent-Length: 2\r\n\r\nhi"


@asynccontextmanager
async def served(answer: Answer, **settings: object) -> AsyncGenerator[tuple[Connections, list[bytes]]]:
    """Connections to a server that answers so, and the requests that it has had."""
    had: list[bytes] = []
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        number = connections
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
                had.append(head + await reader.readexactly(length))
                await answer(reader, writer, number)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    wanted = ProviderSettings(name="p", base_url=f"http://127.0.0.1:{port}/v1", **settings)  # type: ignore[arg-type]
    pool = Connections(wanted)
    try:
        yield pool, had
    finally:
        await pool.close()
        server.close()


async def asked(pool: Connections, within: float = 2.0) -> bytes:
    reply = await pool.post("/x", b"{}", {"A": "b"}, asyncio.get_running_loop().time() + within)
    try:
        return await reply.whole()
    finally:
        reply.close()


def says(*pieces: bytes, hang_up: bool = False) -> Answer:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _number: int) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)
        if hang_up:
            writer.close()
            raise ConnectionResetError

    return answer


async def test_a_connection_is_kept_and_the_request_is_what_a_server_expects() -> None:
    numbers: list[int] = []

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        numbers.append(number)
        writer.write(OK)

    async with served(answer) as (pool, had):
        assert [await asked(pool), await asked(pool)] == [b"hi", b"hi"]
    assert numbers == [1, 1]
    first, *lines = had[0].partition(b"\r\n\r\n")[0].split(b"\r\n")
    assert first == b"POST /v1/x HTTP/1.1"
    assert b"A: b" in lines and b"Content-Length: 2" in lines and b"Accept-Encoding: identity" in lines
    assert any(line.startswith(b"Host: 127.0.0.1:") for line in lines)


@pytest.mark.parametrize(
    ("pieces", "hang_up", "body"),
    [
        ([b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\n", OK], False, b"hi"),
        ([OK[:20], OK[20:90], OK[90:]], False, b"hi"),
        (
            [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n", b"1\r\ni\r\n0\r\nT: x\r\n\r\n"],
            False,
            b"hi",
        ),
        ([b"HTTP/1.0 200 OK\r\n\r\nh", b"i"], True, b"hi"),
        ([b"HTTP/1.1 200 OK\nContent-Length: 2\n\nhi"], False, b"hi"),
    ],
    ids=["interim replies", "in pieces", "chunked with a trailer", "ends with the connection", "bare line feeds"],
)
async def test_a_reply_in_an_odd_form_is_read(pieces: list[bytes], hang_up: bool, body: bytes) -> None:
    async with served(says(*pieces, hang_up=hang_up)) as (pool, _):
        assert [await asked(pool), await asked(pool)] == [body, body]


@pytest.mark.parametrize(
    "pieces",
    [
        [b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhi"],
        [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n"],
        [b"HTTP/1.1 200 OK\r\nContent-"],
        [b"no HTTP at all\r\n\r\n"],
        [b"HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"],
    ],
    ids=["too short", "no last chunk", "half a head", "no HTTP", "an upgrade"],
)
async def test_a_reply_that_is_none_is_never_taken_for_one(pieces: list[bytes]) -> None:
    async with served(says(*pieces, hang_up=True)) as (pool, _):
        with pytest.raises(ApiError) as caught:
            await asked(pool)
    assert caught.value.error_type == "provider_unavailable"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_reply_that_comes_compressed_unasked_is_not_read(encoding: str) -> None:
    """In pieces, and twice on one connection."""
    packed = gzip.compress(b"some text " * 99) if encoding == "gzip" else zlib.compress(b"some text " * 99)
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(packed)}\r\n\r\n".encode()
    async with served(says(head, packed[:1], packed[1:7], packed[7:])) as (pool, had):
        assert [await asked(pool), await asked(pool)] == [b"some text " * 99] * 2
    assert len(had) == 2


@pytest.mark.parametrize(("encoding", "words"), [("br", "'br', which was not asked for"), ("gzip", "decompressed")])
async def test_what_cannot_be_decompressed_is_taken_for_a_reply(encoding: str, words: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding}\r\nContent-Length: 7\r\n\r\n".encode()
    async with served(says(head, b"no pack")) as (pool, _):
        with pytest.raises(ApiError, match=words):
            await asked(pool)


async def test_a_head_without_an_end_is_not_kept_for_ever() -> None:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _number: int) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X: " + b"a" * 1000 + b"\r\n")
            await writer.drain()

    async with served(answer) as (pool, _):
        with pytest.raises(ApiError, match="hung up"):
            await asked(pool)


async def test_what_comes_behind_a_reply_is_not_taken_for_the_next_one() -> None:
    numbers: list[int] = []

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        numbers.append(number)
        writer.write(OK + OK.replace(b"hi", b"no"))

    async with served(answer) as (pool, _):
        assert [await asked(pool), await asked(pool)] == [b"hi", b"hi"]
    assert numbers == [1, 2]


async def test_a_kept_connection_that_the_server_closes_just_then_costs_nothing() -> None:
    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        if number == 1 and len(had) > 1:
            raise ConnectionResetError
        writer.write(OK)

    async with served(answer) as (pool, had):
        assert [await asked(pool), await asked(pool)] == [b"hi", b"hi"]
        assert len(had) == 3


async def test_silence_ends_at_the_deadline_and_gives_the_place_back() -> None:
    silent = True

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _number: int) -> None:
        if not silent:
            writer.write(OK)

    async with served(answer, max_connections=1) as (pool, _):
        for _ in range(2):
            with pytest.raises(ApiError) as caught:
                await asked(pool, 0.05)
            assert caught.value.error_type == "timeout"
        silent = False
        assert await asked(pool) == b"hi"


async def test_a_request_beyond_the_most_waits_for_its_place() -> None:
    begun = asyncio.Event()
    go = asyncio.Event()

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _number: int) -> None:
        begun.set()
        await go.wait()
        writer.write(OK)

    async with served(answer, max_connections=1) as (pool, had):
        first = asyncio.create_task(asked(pool))
        await begun.wait()
        with pytest.raises(ApiError, match="said nothing"):
            await asked(pool, 0.05)
        second = asyncio.create_task(asked(pool))
        await asyncio.sleep(0.02)
        assert len(had) == 1
        go.set()
        assert await first == await second == b"hi"


async def test_a_long_body_waits_for_its_reader() -> None:
    body = b"x" * (8 << 20)
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
    sent = 0

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _number: int) -> None:
        nonlocal sent
        writer.write(head)
        for at in range(0, len(body), 1 << 16):
            writer.write(body[at : at + (1 << 16)])
            await writer.drain()
            sent += 1 << 16

    async with served(answer) as (pool, _):
        reply = await pool.post("/x", b"{}", {}, asyncio.get_running_loop().time() + 5)
        await asyncio.sleep(0.3)
        assert sent < len(body)
        assert await reply.whole() == body
        reply.close()
        assert (await asked(pool)) == body


async def test_nobody_there_is_said_so() -> None:
    async with served(says(OK)) as (pool, _):
        gone = Connections(ProviderSettings(name="p", base_url="http://127.0.0.1:9/v1"))
        with pytest.raises(ApiError, match="could not be reached"):
            await asked(gone)
        assert await asked(pool) == b"hi"


async def test_no_header_smuggles_another_one_in() -> None:
    async with served(says(OK)) as (pool, had):
        for value in ("a\r\nB: c", "a\nB: c", "a\rB: c"):
            with pytest.raises(ValueError, match="line break"):
                await pool.post("/x", b"{}", {"A": value}, asyncio.get_running_loop().time() + 1)
        assert not had
        assert await asked(pool) == b"hi"
