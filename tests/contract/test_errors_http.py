"""Whatever a client does wrong it gets a clear 4xx in OpenRouter's body, and the server goes on."""

from __future__ import annotations

import gzip
import json
import socket
import time
from typing import Any

import pytest
import requests

from tests.gateway import Gateway, order

HELLO = [{"role": "user", "content": "Hello"}]


def error(response: requests.Response, status: int) -> dict[str, Any]:
    assert response.status_code == status, response.text
    body = response.json()
    assert list(body) == ["error"]
    assert body["error"]["code"] == status and isinstance(body["error"]["message"], str)
    assert isinstance(body["error"]["metadata"]["error_type"], str)
    assert response.headers["x-request-id"] and response.headers["server-timing"]
    assert response.headers["access-control-allow-origin"] == "*"
    return body["error"]


def raw(gateway: Gateway, data: bytes) -> bytes:
    """What the server says to these bytes, read until it has said all or closes."""
    with socket.create_connection(("127.0.0.1", int(gateway.url.rpartition(":")[2])), 30) as connection:
        connection.sendall(data)
        connection.settimeout(30)
        answer = b""
        while b"\r\n\r\n" not in answer or not answer.endswith(b"}"):
            piece = connection.recv(65536)
            if not piece:
                break
            answer += piece
        return answer


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions", "/tokenize", "/detokenize"])
@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"a": "\xff"}', b"\x00", b'{"prompt": {}, "messages": 5, "tokens": 1}']
)
def test_a_body_that_cannot_be_read_is_a_400(gateway: Gateway, path: str, body: bytes) -> None:
    said = error(requests.post(gateway.url + path, data=body, timeout=30), 400)
    assert said["metadata"]["error_type"] == "invalid_request"


def test_a_compressed_body_is_taken_for_garbled_text(gateway: Gateway) -> None:
    body = gzip.compress(b'{"messages": []}')
    said = error(requests.post(gateway.url + "/v1/chat/completions", body, headers={"Content-Encoding": "gzip"}), 400)
    assert said["message"] == "The request body is compressed (gzip); send it as it is."


def test_a_character_that_was_cut_in_two_is_called_a_body_cut_short(gateway: Gateway) -> None:
    for half, rest in (
        (rb'{"messages":[{"role":"user","content":"Look ', rb'\ud83d"}]}'),
        (rb'{"model":"', rb'\uD83Dx","n":1}'),
    ):
        said = error(requests.post(f"{gateway.url}/v1/chat/completions", data=half + rest, timeout=30), 400)
        assert f"the character at byte {len(half)} is half of a surrogate pair" in said["message"]


def test_the_message_names_the_field(gateway: Gateway) -> None:
    said = error(gateway.chat("x", temperature="hot"), 400)
    assert said["message"] == "temperature: expected number, got string"
    assert said["metadata"]["parameter"] == "temperature"
    assert (
        "messages[0].content[0]"
        in error(
            gateway.post("/v1/chat/completions", {"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}),
            400,
        )["message"]
    )


@pytest.mark.parametrize(
    ("past", "named"),
    [
        ({"reasoning_details": "so"}, "messages[1].reasoning_details: "),
        ({"reasoning_details": [{"text": "so"}, 7]}, "messages[1].reasoning_details[1]: "),
        ({"reasoning": {"text": "so"}}, "messages[1].reasoning: "),
        ({"reasoning_content": 3}, "messages[1].reasoning_content: "),
    ],
)
def test_past_thinking_that_cannot_be_read_is_lost_in_silence(
    gateway: Gateway, past: dict[str, object], named: str
) -> None:
    history = [*HELLO, {"role": "assistant", "content": "Hi.", **past}, *HELLO]
    assert error(gateway.post("/v1/chat/completions", {"messages": history}), 400)["message"].startswith(named)


def test_an_unknown_model_is_a_404_that_lists_the_served(gateway: Gateway) -> None:
    for path, body in (("/chat/completions", {"messages": HELLO}), ("/completions", {"prompt": "x"})):
        said = error(gateway.post("/v1" + path, {"model": "acme/none", **body}), 404)
        assert "acme/none" in said["message"] and "nemoserve/fake" in said["message"]
        assert said["metadata"]["served_models"] == ["nemoserve/fake"]
    error(gateway.get("/v1/models/acme/none"), 404)


def test_a_prompt_longer_than_the_context_is_a_400_with_numbers(gateway: Gateway) -> None:
    said = error(gateway.chat("x" * 5000), 400)
    assert said["metadata"]["error_type"] == "context_length_exceeded"
    assert said["metadata"]["context_length"] == 4096 and said["metadata"]["prompt_tokens"] > 5000
    assert "4096" in said["message"]
    assert said["metadata"]["parameter"] == "messages"
    for prompt in ("x" * 5000, [3] * 5000):
        about = error(gateway.post("/v1/completions", {"prompt": prompt}), 400)["metadata"]
        assert (about["context_length"], about["parameter"]) == (4096, "prompt")
    # A stream has not begun either.
    assert error(gateway.chat("x" * 5000, stream=True), 400)


def test_a_huge_prompt_is_refused_without_tokenising_it(gateway: Gateway) -> None:
    said = error(gateway.chat("x" * 900_000), 400)
    assert "about" in said["message"]


def test_a_body_beyond_the_limit_is_a_413_before_it_is_read(gateway: Gateway) -> None:
    # Only the head is sent: the answer comes without the body.
    head = b"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: 100000000\r\n\r\n"
    answer = raw(gateway, head)
    assert answer.startswith(b"HTTP/1.1 413") and b"payload_too_large" in answer
    # A body of unknown length is cut off where it exceeds the limit.
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    answer = raw(
        gateway, b"POST /v1/completions HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 17
    )
    assert answer.startswith(b"HTTP/1.1 413")


def test_a_client_that_sends_100_megabytes_gets_its_413(gateway: Gateway) -> None:
    body = b'{"messages": [{"role": "user", "content": "' + b"x" * 100_000_000 + b'"}]}'
    error(requests.post(gateway.url + "/v1/chat/completions", data=body, timeout=120), 413)


def test_unknown_paths_and_wrong_methods_are_told_as_such(gateway: Gateway) -> None:
    assert "/v1/chat/nothing" in error(gateway.get("/v1/chat/nothing"), 404)["message"]
    error(gateway.post("/v1/models/", {}), 405)
    response = gateway.get("/v1/chat/completions")
    error(response, 405)
    assert "POST" in response.headers["allow"]


def test_a_full_queue_is_a_429_that_says_when_to_come_back(gateway: Gateway) -> None:
    for stream in (False, True):
        response = gateway.chat(order(reject="overloaded"), stream=stream)
        assert error(response, 429)["metadata"]["error_type"] == "rate_limit_exceeded"
        assert response.headers["retry-after"] == "8"


def test_one_rejected_choice_ends_the_others(gateway: Gateway) -> None:
    error(gateway.chat(order(reject="overloaded"), n=4), 429)
    assert gateway.chat(order(say="</think>ok")).status_code == 200


def test_what_the_engine_refuses_keeps_its_reason(gateway: Gateway) -> None:
    assert error(gateway.chat(order(reject="too_long")), 400)["metadata"]["error_type"] == "context_length_exceeded"
    assert "as ordered" in error(gateway.chat(order(reject="invalid")), 400)["message"]
    said = error(gateway.chat(order(say="abc", end="error")), 502)
    assert "as ordered" in said["message"] and said["metadata"]["error_type"] == "provider_unavailable"


def test_an_error_in_mid_stream_ends_it_with_an_error_chunk(gateway: Gateway) -> None:
    response = gateway.chat(order(say="</think>abc", end="error"), stream=True)
    assert response.status_code == 200
    events = [event for event in response.text.split("\n\n") if event]
    assert events[-1] == "data: [DONE]"
    last = json.loads(events[-2][6:])
    assert last["error"]["code"] == 502 and last["error"]["metadata"]["error_type"] == "provider_unavailable"
    assert last["choices"][0]["finish_reason"] == "error" and last["choices"][0]["delta"]["content"] == ""
    # What was generated before the failure is told.
    assert last["usage"]["completion_tokens"] == 4 and last["usage"]["prompt_tokens"] > 4


def test_token_ids_outside_the_vocabulary_are_refused(gateway: Gateway) -> None:
    assert "999999" in error(gateway.post("/v1/completions", {"prompt": [1, 999999]}), 400)["message"]
    assert "-1" in error(gateway.post("/v1/completions", {"prompt": [-1]}), 400)["message"]
    assert "tokens" in error(gateway.post("/detokenize", {"tokens": [999999]}), 400)["message"]
    assert "logit_bias" in error(gateway.chat("x", logit_bias={"999999": 1}), 400)["message"]
    assert (
        "prompt" in error(gateway.post("/v1/completions", {"prompt": "", "add_special_tokens": False}), 400)["message"]
    )


def test_messages_that_the_template_cannot_render_are_the_clients_fault(gateway: Gateway) -> None:
    messages = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y", "tool_calls": []}]
    assert gateway.post("/v1/chat/completions", {"messages": messages}).status_code == 200


def test_bytes_that_are_no_http_harm_nobody(gateway: Gateway) -> None:
    for data in (b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"POST /v1/chat/completions HTTP/1.1\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", int(gateway.url.rpartition(":")[2])), 30) as connection:
            connection.sendall(data)
    assert gateway.chat(order(say="</think>ok")).status_code == 200


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"messages": HELLO * 10_001}, "messages: expected at most 10000"),
        ({"transforms": ["a"] * 65}, "transforms: expected at most 64"),
        ({"plugins": [{"id": "a"}] * 65}, "plugins: expected at most 64"),
        ({"tools": [{"type": "x"}] * 1025}, "tools: expected at most 1024"),
    ],
)
def test_a_body_of_many_trifles_is_answered_by_megabytes_or_holds_everybody_up(
    gateway: Gateway, fields: dict[str, Any], said: str
) -> None:
    body = {"messages": HELLO, **fields}
    assert error(gateway.post("/v1/chat/completions", body), 400)["message"].startswith(said)


def test_a_session_is_named_by_a_book(gateway: Gateway) -> None:
    body = {"messages": HELLO, "max_tokens": 1}
    for field in ("session_id", "prompt_cache_key"):
        said = error(gateway.post("/v1/chat/completions", {**body, field: "x" * 257}), 400)
        assert said["message"] == f"{field}: expected at most 256 characters, got 257"
    long = gateway.post("/v1/chat/completions", body, headers={"X-Session-Id": "x" * 257})
    assert "X-Session-Id" in error(long, 400)["message"]
    assert gateway.chat(order(say="</think>ok"), session_id="x" * 256).status_code == 200


def test_each_of_many_unknown_names_is_told_of(gateway: Gateway) -> None:
    names = {f"name{at}": 1 for at in range(100)}
    body = gateway.chat(order(say="</think>ok"), provider=names, structured_outputs=names).json()
    assert len(body["warnings"]) == 16


def test_a_value_that_nobody_looked_into_breaks_the_server_by_its_depth(gateway: Gateway) -> None:
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"const": "deep"}}}
    body = json.dumps({"messages": HELLO, "response_format": form}).replace('"deep"', "[" * 900 + "]" * 900)
    said = error(requests.post(gateway.url + "/v1/chat/completions", body, timeout=30), 400)
    assert "nested too deeply" in said["message"]


def test_a_sane_request_id_is_kept_and_others_are_replaced(gateway: Gateway) -> None:
    def answered(given: str) -> str:
        return gateway.get("/v1/models", headers={"X-Request-Id": given}).headers["x-request-id"]

    assert answered("abc-123_X.y") == "abc-123_X.y"
    for bad in ("a b", "x" * 200, "<script>", ""):
        assert answered(bad) not in (bad, "")
    assert answered("a b") != answered("a b")


def test_a_browser_may_ask(gateway: Gateway) -> None:
    response = requests.options(
        gateway.url + "/v1/chat/completions",
        headers={"Origin": "http://x", "Access-Control-Request-Method": "POST"},
        timeout=30,
    )
    assert response.status_code == 204
    assert response.headers["access-control-allow-origin"] == "*"
    assert "POST" in response.headers["access-control-allow-methods"]
    assert "X-Generation-Id" in response.headers["access-control-expose-headers"]


def test_the_log_has_ids_and_no_prompts(gateway: Gateway) -> None:
    secret = "the-secret-of-the-prompt"
    body = {"messages": [{"role": "user", "content": order(say=secret)}]}
    response = gateway.post("/v1/chat/completions", body, headers={"X-Request-Id": "log-test-1"})
    assert secret in response.text
    entries: list[dict[str, object]] = []
    until = time.monotonic() + 30
    while len(entries) < 2 and time.monotonic() < until:  # a line may be written after the reply has gone out
        log = (gateway.log.parent / "logs" / "gateway.jsonl").read_text()
        assert secret not in log
        entries = [json.loads(line) for line in log.splitlines() if "log-test-1" in line]
    assert {entry["event"] for entry in entries} == {"generation", "request"}
