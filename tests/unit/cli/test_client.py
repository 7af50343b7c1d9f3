"""The chat's client against servers that misbehave: what a person is told when a stream is cut, garbled or refused."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from nemoserve.cli.client import Client, Done, Message, ServerError, Text, Thought, is_loopback

HELLO = [Message("user", "Hello")]
Serve = Callable[..., Client]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """A server that answers every request with the same bytes, and a client of it."""
    opened: list[tuple[ThreadingHTTPServer, Client]] = []

    def start(body: bytes, status: int = 200, kind: str = "text/event-stream") -> Client:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                self.send_response(status)
                self.send_header("content-type", kind)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        client = Client(f"http://127.0.0.1:{server.server_address[1]}/v1")
        opened.append((server, client))
        return client

    yield start
    for server, client in opened:
        client.close()
        server.shutdown()
        server.server_close()


def chunk(delta: str = "{}", finish: str = "null", more: str = "") -> bytes:
    return b'data: {"choices":[{"index":0,"delta":%b,"finish_reason":%b}]%b}\n\n' % (
        delta.encode(),
        finish.encode(),
        more.encode(),
    )


def test_a_reply_is_read_in_pieces_past_keepalive_comments(serve: Serve) -> None:
    client = serve(
        b": PROCESSING\n\n"
        + chunk('{"role":"assistant","content":"","reasoning":"two and two"}')
        + b": PROCESSING\r\n\r\n"
        + chunk('{"content":"4","reasoning":null}')
        + chunk('{"content":""}', '"stop"')
        + chunk("{}", '"stop"', ',"usage":{"prompt_tokens":3,"completion_tokens":5,"total_tokens":8,'
                '"completion_tokens_details":{"reasoning_tokens":2}}')
        + b"data: [DONE]\n\n"
    )  # fmt: skip
    assert list(client.chat("m", HELLO, think=True)) == [Thought("two and two"), Text("4"), Done("stop", 3, 5, 2)]


def test_a_stream_that_is_cut_is_an_error_not_an_answer(serve: Serve) -> None:
    pieces = serve(chunk('{"content":"The answer is"}')).chat("m", HELLO, think=True)
    assert next(pieces) == Text("The answer is")
    with pytest.raises(ServerError, match="ended before"):
        next(pieces)


def test_an_error_inside_a_stream_is_told_in_the_servers_words(serve: Serve) -> None:
    broken = b'data: {"error":{"code":502,"message":"The engine died"},"choices":[{"delta":{"content":""}}]}\n\n'
    with pytest.raises(ServerError, match="The engine died"):
        list(serve(chunk('{"content":"a"}') + broken).chat("m", HELLO, think=True))


def test_a_refusal_is_told_in_the_servers_words(serve: Serve) -> None:
    client = serve(b'{"error":{"code":429,"message":"Too many at once"}}', 429, "application/json")
    with pytest.raises(ServerError, match="Too many at once"):
        list(client.chat("m", HELLO, think=True))


@pytest.mark.parametrize("body", [b"data: {oops\n\n", b'data: {"choices": 3}\n\n'])
def test_a_garbled_chunk_is_an_error(serve: Serve, body: bytes) -> None:
    with pytest.raises(ServerError, match="cannot be read"):
        list(serve(body).chat("m", HELLO, think=True))


def test_a_page_that_is_no_stream_is_an_error(serve: Serve) -> None:
    with pytest.raises(ServerError):
        list(serve(b"<html>", 200, "text/html").chat("m", HELLO, think=True))


def test_nobody_listening_is_an_error() -> None:
    client = Client("http://127.0.0.1:9")
    assert not client.alive() and not client.ready()
    with pytest.raises(ServerError, match="does not answer"):
        client.models()
    client.close()


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("http://[::1]:8000/v1", True),
        ("http://localhost:8000", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.1.5", False),
        ("localhost.example.org", False),
        ("http://127.0.0.1.example.org", False),
        ("http://127.0.0.1@example.org/", False),
        ("", False),
    ],
)
def test_only_addresses_of_this_machine_alone_are_loopback(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
