"""The text completion endpoint: prompts in four forms, echo, log probabilities, streams."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.gateway import Gateway, order

ORDER = order(say="Hé</think>llo\n")


def complete(gateway: Gateway, prompt: Any, **fields: Any) -> dict[str, Any]:
    response = gateway.post("/v1/completions", {"prompt": prompt, "max_tokens": 64, **fields})
    assert response.status_code == 200, response.text
    return response.json()


def tokens_of(gateway: Gateway, text: str, **fields: Any) -> list[int]:
    return gateway.post("/tokenize", {"prompt": text, **fields}).json()["tokens"]


def test_the_body_has_every_field_and_the_raw_text(gateway: Gateway) -> None:
    body = complete(gateway, ORDER)
    assert body["object"] == "text_completion" and body["provider"] == "nemoserve"
    assert body["choices"] == [
        {
            "index": 0,
            "text": "Hé</think>llo\n",
            "logprobs": None,
            "finish_reason": "stop",
            "native_finish_reason": "stop",
        }
    ]
    assert body["usage"]["completion_tokens"] == 9
    assert body["usage"]["prompt_tokens"] == len(tokens_of(gateway, ORDER))


@pytest.mark.parametrize("path", ["/v1", "/api/v1"])
def test_prompts_come_in_four_forms(gateway: Gateway, path: str) -> None:
    ids = tokens_of(gateway, ORDER)
    assert ids[0] == 1, "a plain text begins with the beginning-of-text token"
    for prompt, count in ((ORDER, 1), ([ORDER] * 2, 2), (ids, 1), ([ids] * 3, 3)):
        body = gateway.post(path + "/completions", {"prompt": prompt, "max_tokens": 64}).json()
        assert [choice["index"] for choice in body["choices"]] == list(range(count))
        assert {choice["text"] for choice in body["choices"]} == {"Hé</think>llo\n"}
        assert body["usage"]["prompt_tokens"] == count * len(ids)
        assert gateway.submitted()["prompt"] == ids


def test_n_continuations_of_each_prompt_are_numbered_in_order(gateway: Gateway) -> None:
    body = complete(gateway, [order(say="one"), order(say="two")], n=2)
    assert [choice["text"] for choice in body["choices"]] == ["one", "one", "two", "two"]


def test_special_tokens_are_added_unless_told_otherwise(gateway: Gateway) -> None:
    complete(gateway, ORDER, add_special_tokens=False)
    assert gateway.submitted()["prompt"][0] != 1


def test_the_default_length_is_openais(gateway: Gateway) -> None:
    assert gateway.post("/v1/completions", {"prompt": "x"}).status_code == 200
    assert gateway.submitted()["sampling"]["max_tokens"] == 16
    # A plain text ends where the checkpoint says; temperature 1 is the default.
    assert gateway.submitted()["sampling"].get("temperature", 1.0) == 1.0


def test_ignore_eos_reaches_the_engine(gateway: Gateway) -> None:
    complete(gateway, ORDER, ignore_eos=True)
    assert gateway.submitted()["sampling"]["ignore_eos"] is True


def test_a_chat_call_with_a_prompt_is_a_text_completion(gateway: Gateway) -> None:
    for path in ("/v1", "/api/v1"):
        body = gateway.post(path + "/chat/completions", {"prompt": ORDER, "max_tokens": 64}).json()
        assert body["object"] == "text_completion" and body["choices"][0]["text"] == "Hé</think>llo\n"


def test_a_stop_string_ends_the_text(gateway: Gateway) -> None:
    assert complete(gateway, ORDER, stop=["</think>"])["choices"][0]["text"] == "Hé"


def test_log_probabilities_have_offsets_into_the_text(gateway: Gateway) -> None:
    logprobs = complete(gateway, ORDER, logprobs=2)["choices"][0]["logprobs"]
    assert logprobs["tokens"] == ["H", "\ufffd", "\ufffd", "</think>", "l", "l", "o", "\n"]
    assert logprobs["text_offset"] == [0, 1, 1, 2, 10, 11, 12, 13]
    assert logprobs["token_logprobs"] == [-0.5] * 8
    assert all(len(top) == 2 for top in logprobs["top_logprobs"])


def test_echo_gives_the_prompt_and_its_log_probabilities(gateway: Gateway) -> None:
    body = complete(gateway, ORDER, echo=True, logprobs=1)
    (choice,) = body["choices"]
    assert choice["text"] == ORDER + "Hé</think>llo\n"
    logprobs = choice["logprobs"]
    count = body["usage"]["prompt_tokens"]
    assert (
        logprobs["tokens"][0] == "<s>" and logprobs["token_logprobs"][0] is None and logprobs["top_logprobs"][0] is None
    )
    assert logprobs["token_logprobs"][1] == -0.5 and len(logprobs["tokens"]) == count + 8
    for token, offset in zip(logprobs["tokens"][1:], logprobs["text_offset"][1:], strict=True):
        if token != "\ufffd":
            assert choice["text"][offset : offset + len(token)] == token


def test_echo_alone_scores_a_text_without_continuing_it(gateway: Gateway) -> None:
    body = complete(gateway, "scored", echo=True, logprobs=0, max_tokens=0)
    (choice,) = body["choices"]
    assert choice["text"] == "scored" and choice["finish_reason"] == "length"
    assert choice["logprobs"]["token_logprobs"] == [None] + [-0.5] * 6
    assert body["usage"]["completion_tokens"] == 0


def test_a_stream_gives_the_same_text_and_ends_with_usage(gateway: Gateway) -> None:
    fields: dict[str, Any] = {"prompt": ORDER, "echo": True, "logprobs": 1, "max_tokens": 64}
    whole = complete(gateway, **fields)
    response = gateway.post("/v1/completions", {**fields, "stream": True})
    events = [event[6:] for event in response.text.split("\n\n") if event.startswith("data: ")]
    assert events[-1] == "[DONE]"
    parts = [json.loads(event) for event in events[:-1]]
    assert "".join(part["choices"][0]["text"] for part in parts) == whole["choices"][0]["text"]
    lists = [part["choices"][0]["logprobs"] for part in parts if part["choices"][0]["logprobs"]]
    for name, values in whole["choices"][0]["logprobs"].items():
        assert [value for one in lists for value in one[name]] == values
    assert parts[-1]["usage"] == whole["usage"]
    assert [part["choices"][0]["finish_reason"] for part in parts[-2:]] == ["stop", "stop"]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/completions"])
def test_the_name_of_a_session_is_lost_or_other_letters(gateway: Gateway, path: str) -> None:
    asked = {"messages": [{"role": "user", "content": ORDER}]} if "chat" in path else {"prompt": ORDER}
    named = [
        ({}, {"X-Session-Id": "Ünï 日本".encode()}, "Ünï 日本"),
        ({"session_id": "mine"}, {"X-Session-Id": b"other"}, "mine"),
        ({"prompt_cache_key": "cached"}, {}, "cached"),
    ]
    for fields, headers, session in named:
        answer = gateway.post(path, {**asked, "max_tokens": 64, **fields}, headers=headers)
        assert answer.status_code == 200 and "warnings" not in answer.json(), answer.text
        told = gateway.get("/v1/generation", params={"id": answer.headers["x-generation-id"]}).json()["data"]
        assert told["session_id"] == session
