"""The chat endpoint's body and stream, field by field, as strict clients read them."""

from __future__ import annotations

import re
import socket
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.gateway import Gateway, order
from tests.servers import chunks, wait_until

THOUGHT = "2 and 2\nmake 4.\n"
REPLY = f"{THOUGHT}</think>\n\nIt is **4** 😀.\n"


def message(response: requests.Response) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    return response.json()["choices"][0]["message"]


def test_the_body_has_every_field_in_its_place(gateway: Gateway) -> None:
    response = gateway.chat(order(say=REPLY))
    body = response.json()
    assert re.fullmatch(r"gen-\d{10}-[A-Za-z0-9]{20}", body["id"])
    assert response.headers["x-generation-id"] == body["id"]
    assert response.headers["content-type"] == "application/json"
    choice = body.pop("choices")[0]
    detail_id = f"rs-{body['id'][-20:]}-0"
    (detail,) = choice["message"]["reasoning_details"]
    assert re.fullmatch(r"nv1\.[\w-]{43}", detail.pop("signature"))
    assert choice == {
        "index": 0,
        "logprobs": None,
        "finish_reason": "stop",
        "native_finish_reason": "stop",
        "message": {
            "role": "assistant",
            "content": "It is **4** 😀.",
            "refusal": None,
            "reasoning": THOUGHT,
            "reasoning_details": [
                {"type": "reasoning.text", "text": THOUGHT, "format": "unknown", "index": 0, "id": detail_id}
            ],
        },
    }
    usage = body.pop("usage")
    # One token a byte, one for the marker, one for the end of the turn.
    assert usage["completion_tokens"] == len(REPLY.encode()) - len("</think>") + 2
    assert usage["completion_tokens_details"]["reasoning_tokens"] == len(THOUGHT) + 1
    assert usage["total_tokens"] == usage["prompt_tokens"] + usage["completion_tokens"]
    assert usage["prompt_tokens"] == len(gateway.submitted()["prompt"])
    assert usage["cost"] == 0 and usage["is_byok"] is False
    for details in ("prompt_tokens_details", "completion_tokens_details", "cost_details"):
        assert all(isinstance(value, (int, float)) for value in usage[details].values())
    assert isinstance(body.pop("created"), int) and body.pop("id")
    assert body == {
        "object": "chat.completion",
        "model": "nemoserve/fake",
        "provider": "nemoserve",
        "system_fingerprint": None,
    }


def test_the_stream_has_the_same_content_piece_by_piece(gateway: Gateway) -> None:
    whole = gateway.chat(order(say=REPLY)).json()
    response = gateway.chat(order(say=REPLY), stream=True, stream_options={"include_usage": True})
    assert response.headers["content-type"].startswith("text/event-stream")
    assert response.headers["cache-control"] == "no-cache"
    parts = chunks(response)
    assert {part["id"] for part in parts} == {response.headers["x-generation-id"]}
    assert len({part["created"] for part in parts}) == 1
    assert ["role" in part["choices"][0]["delta"] for part in parts] == [True] + [False] * (len(parts) - 1)
    for part in parts:
        assert part["object"] == "chat.completion.chunk" and part["provider"] == "nemoserve"
        assert part["model"] == "nemoserve/fake" and "system_fingerprint" not in part
        assert [set(choice) for choice in part["choices"]] == [
            {"index", "delta", "finish_reason", "native_finish_reason", "logprobs"}
        ]
        assert part["choices"][0]["delta"].get("role", "assistant") == "assistant"
        assert isinstance(part["choices"][0]["delta"]["content"], str)
    deltas = [part["choices"][0]["delta"] for part in parts]
    expected = whole["choices"][0]["message"]
    assert "".join(delta["content"] for delta in deltas) == expected["content"]
    assert "".join(delta.get("reasoning") or "" for delta in deltas) == expected["reasoning"]
    for delta in deltas:
        if delta.get("reasoning"):
            detail_id = f"rs-{parts[0]['id'][-20:]}-0"
            detail = {"type": "reasoning.text", "text": delta["reasoning"], "format": "unknown", "index": 0}
            assert delta["reasoning_details"] == [{**detail, "id": detail_id}]
    # The finish chunk comes twice, the second time with the usage; nothing before it has either.
    assert [part["choices"][0]["finish_reason"] for part in parts[-2:]] == ["stop", "stop"]
    assert all(part["choices"][0]["finish_reason"] is None and "usage" not in part for part in parts[:-2])
    assert "usage" not in parts[-2] and parts[-1]["usage"] == whole["usage"]


def test_both_paths_serve_the_same(gateway: Gateway) -> None:
    body = {"messages": [{"role": "user", "content": order(say=REPLY)}]}
    one, two = (gateway.post(path + "/chat/completions", body).json() for path in ("/v1", "/api/v1"))
    for reply in (one, two):
        assert reply["choices"][0]["message"]["reasoning_details"][0].pop("id") == f"rs-{reply['id'][-20:]}-0"
    assert one["choices"] == two["choices"] and one["usage"] == two["usage"]


def test_markers_of_several_tokens_are_found_in_a_stream(gateway: Gateway) -> None:
    parts = chunks(gateway.chat(order(say=REPLY, spell=True), stream=True))
    text = "".join(part["choices"][0]["delta"]["content"] for part in parts)
    assert text == "It is **4** 😀."
    assert parts[-1]["usage"]["completion_tokens_details"]["reasoning_tokens"] == len(THOUGHT) + len("</think>")


def test_a_character_is_never_cut(gateway: Gateway) -> None:
    for part in chunks(gateway.chat(order(say="</think>😀é日本"), stream=True)):
        assert "\ufffd" not in part["choices"][0]["delta"]["content"]
    cut = message(gateway.chat(order(say="</think>a😀"), max_tokens=4))
    assert cut["content"] == "a"


def test_a_stop_string_is_not_leaked_and_stops_the_engine(gateway: Gateway) -> None:
    text = order(say="</think>One. STOP two.", repeat=50, pause_s=0.001)
    body = gateway.chat(text, stop=["nope", " STOP"]).json()
    assert body["choices"][0]["message"]["content"] == "One."
    assert body["choices"][0]["finish_reason"] == "stop"
    assert body["usage"]["completion_tokens"] == 1 + len("One. STOP")
    submitted = gateway.submitted()["id"]
    wait_until(lambda: any(entry["id"] == submitted for entry in gateway.entries("Cancel")), "the engine is stopped")
    assert sum(entry["tokens"] for entry in gateway.entries("sent") if entry["id"] == submitted) < 200
    parts = chunks(gateway.chat(text, stop=" STOP", stream=True))
    assert "".join(part["choices"][0]["delta"]["content"] for part in parts) == "One."
    assert not any(" S" in part["choices"][0]["delta"]["content"] for part in parts)


def test_a_stop_string_in_the_thinking_stops_nothing(gateway: Gateway) -> None:
    assert message(gateway.chat(order(say="a STOP b</think>c STOP d"), stop=" STOP")) | {"reasoning_details": None} == {
        "role": "assistant",
        "content": "c",
        "refusal": None,
        "reasoning": "a STOP b",
        "reasoning_details": None,
    }


def test_the_newline_before_the_end_of_turn_is_the_formats(gateway: Gateway) -> None:
    assert message(gateway.chat(order(say="</think>a\n\nb\n")))["content"] == "a\n\nb"
    # A reply that was cut off keeps it: more text might have followed.
    assert message(gateway.chat(order(say="</think>a\n\nb\n", end="length")))["content"] == "a\n\nb\n"


def test_a_final_assistant_message_is_continued(gateway: Gateway) -> None:
    messages = [{"role": "user", "content": "x"}, {"role": "assistant", "content": "The answer is"}]
    body = gateway.post("/v1/chat/completions", {"messages": messages}).json()
    assert gateway.submitted()["prompt"][-13:] == [32 + byte for byte in b"The answer is"]
    assert body["choices"][0]["message"]["content"] == "Hi." and body["choices"][0]["message"]["reasoning"] is None
    # With thinking asked for, the text stands where the template puts it: inside the block.
    body = gateway.post("/v1/chat/completions", {"messages": messages, "reasoning": {"enabled": True}}).json()
    assert gateway.prompt().endswith("Assistant\n\nThe answer is")
    assert body["choices"][0]["message"]["reasoning"] == "Hi."


def test_roles_parts_and_names_are_rendered(gateway: Gateway) -> None:
    messages = [
        {"role": "developer", "content": "One."},
        {"role": "system", "content": [{"type": "text", "text": "Two."}]},
        {"role": "user", "name": "Ann", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]},
        {"role": "assistant", "content": "<think>old</think>So."},
        {"role": "user", "content": "c"},
    ]
    assert gateway.post("/v1/chat/completions", {"messages": messages}).status_code == 200
    assert "System\nOne.\n\nTwo.\nUser\nAnn: a\nb\nAssistant\nSo.\n\nUser\nc\nAssistant\n\n" in gateway.prompt()


def test_sampling_reaches_the_engine_and_absent_fields_take_the_models_defaults(gateway: Gateway) -> None:
    gateway.chat("x")
    assert {k: gateway.submitted()["sampling"].get(k) for k in ("temperature", "top_p", "seed")} == {
        "temperature": 0.6,
        "top_p": 0.95,
        "seed": None,
    }
    assert set(gateway.submitted()["sampling"]["stop_token_ids"]) == {2, 11, 12}
    gateway.chat("x", reasoning={"enabled": False})
    assert gateway.submitted()["sampling"]["temperature"] == 0.0
    fields = {"temperature": 0.5, "top_p": 0.5, "top_k": 7, "min_p": 0.25, "frequency_penalty": 1.0, "seed": 3,
              "presence_penalty": -1.0, "repetition_penalty": 1.5, "max_completion_tokens": 9}  # fmt: skip
    gateway.chat("x", logit_bias={"40": -100}, logprobs=True, top_logprobs=2, **fields)
    sampling = gateway.submitted()["sampling"]
    assert sampling.pop("max_tokens") == fields.pop("max_completion_tokens")
    assert {name: sampling[name] for name in fields} == fields
    assert sampling["logit_bias"] == {"40": -100.0} and sampling["logprobs"] == 2


def test_n_choices_have_seeds_of_their_own(gateway: Gateway) -> None:
    body = gateway.chat(order(say=REPLY), n=3, seed=5).json()
    assert [choice["index"] for choice in body["choices"]] == [0, 1, 2]
    assert sorted(entry["sampling"]["seed"] for entry in gateway.entries("Submit")[-3:]) == [5, 6, 7]
    one = gateway.chat(order(say=REPLY)).json()["usage"]
    assert body["usage"]["prompt_tokens"] == one["prompt_tokens"]
    assert body["usage"]["completion_tokens"] == 3 * one["completion_tokens"]
    parts = chunks(gateway.chat(order(say=REPLY), n=2, stream=True))
    for index in (0, 1):
        mine = [choice for part in parts for choice in part["choices"] if choice["index"] == index]
        assert "".join(choice["delta"]["content"] for choice in mine) == "It is **4** 😀."
        assert "stop" in [choice["finish_reason"] for choice in mine]


def test_logprobs_follow_the_tokens(gateway: Gateway) -> None:
    body = gateway.chat(order(say="a</think>é STOP"), logprobs=True, top_logprobs=2, stop=" STOP").json()
    content = body["choices"][0]["logprobs"]["content"]
    # The thinking first, its marker included, then the answer without the stop string.
    reasoning = body["usage"]["completion_tokens_details"]["reasoning_tokens"]
    assert [token["token"] for token in content[:reasoning]] == ["a", "</think>"]
    assert [token["bytes"] for token in content[reasoning:]] == [[0xC3], [0xA9]]
    assert all(token["logprob"] == -0.5 and len(token["top_logprobs"]) == 2 for token in content)
    assert set(content[0]["top_logprobs"][0]) == {"token", "logprob", "bytes"}
    parts = chunks(gateway.chat(order(say="a</think>é STOP"), logprobs=True, top_logprobs=2, stop=" STOP", stream=True))
    lists = [choice["logprobs"]["content"] for p in parts for choice in p["choices"] if choice["logprobs"]]
    assert [token for tokens in lists for token in tokens] == content


def test_dropped_parameters_are_reported_or_refused(gateway: Gateway) -> None:
    fields = {"response_format": {"type": "python"}, "prediction": {"type": "content", "content": "ok"}}
    body = gateway.chat(order(say="</think>ok"), **fields).json()
    assert {warning["parameter"] for warning in body["warnings"]} == {"response_format", "prediction"}
    parts = chunks(gateway.chat(order(say="</think>ok"), stream=True, **fields))
    assert parts[-1]["warnings"] == body["warnings"] and "warnings" not in parts[0]
    response = gateway.chat("x", provider={"require_parameters": True}, **fields)
    assert response.status_code == 404
    assert "response_format" in response.json()["error"]["message"]
    assert "prediction" in response.json()["error"]["message"]
    plain = {"response_format": {"type": "text"}, "tool_choice": "auto", "provider": {"require_parameters": True}}
    assert "warnings" not in gateway.chat(order(say="</think>ok"), **plain).json()


def test_a_slip_in_a_field_or_a_name_is_not_passed_over_in_silence(gateway: Gateway) -> None:
    fields = {
        "temprature": 0, "metadata": {"a": "b"}, "store": True, "x" * 100: 1, "models": ["other/one"], "user": "me",
        "provider": {"order": ["nowhere", "nemoserve"]},
    }  # fmt: skip
    body = gateway.chat(order(say="</think>ok"), **fields).json()
    told = {warning["parameter"]: warning["message"] for warning in body["warnings"]}
    assert set(told) == {"temprature", "x" * 64, "models", "provider.order"}
    assert "temperature" in told["temprature"] and "nearest" not in told["x" * 64]
    assert "'other/one'" in told["models"] and "nemoserve/fake" in told["models"]
    assert "'nowhere'" in told["provider.order"] and "known are: nemoserve" in told["provider.order"]
    refused = gateway.chat("x", provider={"only": ["nowhere"]})
    assert refused.status_code == 404 and "'nowhere' is not known here" in refused.json()["error"]["message"]
    text = gateway.post("/v1/completions", {"prompt": "x", "max_token": 3}).json()
    assert [warning["parameter"] for warning in text["warnings"]] == ["max_token"]
    required = gateway.chat(order(say="</think>ok"), temprature=0, provider={"require_parameters": True})
    assert required.status_code == 200


def test_max_tokens_beyond_the_context_is_cut_and_reported(gateway: Gateway) -> None:
    body = gateway.chat(order(say="</think>ok"), max_tokens=100_000).json()
    assert [warning["parameter"] for warning in body["warnings"]] == ["max_tokens"]
    submitted = gateway.submitted()
    assert submitted["sampling"]["max_tokens"] + len(submitted["prompt"]) == 4096


def test_fallback_models_and_the_default_are_found(gateway: Gateway) -> None:
    messages = [{"role": "user", "content": "x"}]
    for fields in ({}, {"model": "NEMOSERVE/FAKE"}, {"model": "other/one", "models": ["nemoserve/fake"]},
                   {"model": "nemoserve/fake:free"}, {"model": None}):  # fmt: skip
        response = gateway.post("/v1/chat/completions", {"messages": messages, **fields})
        assert response.status_code == 200 and response.json()["model"] == "nemoserve/fake"


def test_a_quiet_stream_is_kept_alive_by_comments(gateway: Gateway) -> None:
    response = gateway.chat(order(say="</think>ab", pause_s=0.7), stream=True)
    assert response.text.count(": NEMOSERVE PROCESSING\n\n") >= 2
    assert "".join(part["choices"][0]["delta"]["content"] for part in chunks(response)) == "ab"


def test_timing_headers_tell_where_the_time_went(gateway: Gateway) -> None:
    timing = gateway.chat(order(say="x")).headers["server-timing"]
    assert re.fullmatch(r"total;dur=[\d.]+, queue;dur=100.0, prefill;dur=200.0, decode;dur=300.0", timing)


def test_a_reply_leaves_in_more_pieces_than_it_must(gateway: Gateway) -> None:
    where = urlsplit(gateway.url)
    with socket.create_connection((where.hostname, where.port), timeout=10) as connection:
        for path in (b"/v1/models", b"/v1/health/live", b"/v1/nothing"):
            connection.sendall(b"GET " + path + b" HTTP/1.1\r\nHost: here\r\n\r\n")
            head, _, body = connection.recv(1 << 20).partition(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            assert length is not None and len(body) == int(length[1])
