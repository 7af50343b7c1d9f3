"""Keys over HTTP against a running server: OpenRouter's management API from end to end, and every limit that a key may have."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.contract.test_openrouter_javascript import Run, run  # noqa: F401
from tests.gateway import Gateway, order, start_gateway
from tests.keyholders import MILLI, bearer, lines, make_key, write_prices
from tests.servers import Server, chunks, wait_until

FORCED_END = 4
"""Tokens that end a thinking: a line break, the marker, two line breaks."""
DIRECT = {"reasoning": {"enabled": False}}
"""Every token is of the answer."""


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Iterator[Gateway]:
    data_dir = tmp_path_factory.mktemp("keys")
    running = start_gateway(data_dir, tiny_folder, require_key=True, prices=write_prices(data_dir))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def manager(gateway: Gateway) -> str:
    return make_key(gateway.log.parent, "manager", role="management")[1]


class Holder:
    """Somebody with a key."""

    def __init__(self, gateway: Gateway, key: str, hash: str) -> None:
        self.gateway, self.key, self.hash = gateway, key, hash

    def ask(self, text: str = "", /, **fields: Any) -> requests.Response:
        """One question; by default the reply has two characters, and its end."""
        body = self.gateway.question(text or order(say="ok"), {**DIRECT, **fields})
        return self.gateway.post(
            "/v1/chat/completions", body, headers=bearer(self.key), stream=fields.get("stream") is True
        )

    def own(self) -> dict[str, Any]:
        """What the server tells about the key."""
        answer = self.gateway.get("/v1/key", headers=bearer(self.key))
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def line(self, generation_id: str) -> dict[str, Any]:
        """The ledger's line of a reply."""

        def found() -> dict[str, Any] | None:
            return next((row for row in lines(self.gateway.log.parent) if row["generation_id"] == generation_id), None)

        return wait_until(found, "the line is in the ledger")


@pytest.fixture
def new(gateway: Gateway, manager: str) -> Any:
    """Makes a key over the API, with these fields of its body."""

    def make(**fields: Any) -> Holder:
        answer = gateway.post("/v1/keys", {"name": "test", **fields}, headers=bearer(manager))
        assert answer.status_code == 201, answer.text
        return Holder(gateway, answer.json()["key"], answer.json()["data"]["hash"])

    return make


def error(answer: requests.Response, status: int, kind: str) -> dict[str, Any]:
    """The error object, which is as OpenRouter's."""
    assert answer.status_code == status, answer.text
    found = answer.json()["error"]
    assert (found["code"], found["metadata"]["error_type"]) == (status, kind)
    return found


def codes(body: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(warning["code"], warning.get("parameter")) for warning in body.get("warnings", [])]


def test_a_keys_life_over_the_api(gateway: Gateway, manager: str, new: Any) -> None:
    holder: Holder = new(limit=0.003, limit_reset="monthly")
    assert holder.ask().json()["usage"]["cost"] == 0.003
    refused = error(holder.ask(), 402, "payment_required")
    assert "limit of USD 0.003 is used up" in refused["message"] and "resets on" in refused["message"]
    assert (refused["metadata"]["limit"], refused["metadata"]["limit_remaining"]) == (0.003, 0)
    url, manage = f"{gateway.url}/api/v1/keys/{holder.hash}", bearer(manager)
    changed = requests.patch(url, json={"limit": 1}, headers=manage, timeout=10).json()["data"]
    assert (changed["limit"], changed["limit_remaining"], changed["usage"]) == (1, 0.997, 0.003)
    assert holder.ask().status_code == 200
    rotated = requests.post(f"{url}/rotate", json={"overlap_seconds": 60}, headers=manage, timeout=10).json()
    newer = Holder(gateway, rotated["key"], holder.hash)
    assert holder.ask().status_code == newer.ask().status_code == 200, "the old text works on for a minute"
    assert rotated["data"]["hash"] == holder.hash and newer.own()["usage"] == 0.012
    requests.post(f"{url}/rotate", headers=manage, timeout=10)
    assert {holder.ask().status_code, newer.ask().status_code} == {401}
    assert requests.delete(url, headers=manage, timeout=10).json() == {"deleted": True}
    assert requests.get(url, headers=manage, timeout=10).status_code == 404


@pytest.mark.slow
def test_openrouters_sdk_manages_keys(run: Run, gateway: Gateway, manager: str) -> None:  # noqa: F811
    seen = run("openrouter_keys.mjs", gateway.url, gateway.model, manager=manager, prompt=order(say="</think>x"))
    assert seen["made"]["data"]["limit"] == 0.003 and seen["made"]["data"]["limitReset"] == "monthly"
    assert seen["made"]["data"]["expiresAt"] == "2099-01-31T00:00:00.000Z"
    assert (seen["first"], seen["refused"]) == (0.003, "402 PaymentRequiredResponseError")
    assert (seen["raised"]["limit"], seen["raised"]["limitReset"], seen["raised"]["name"]) == (1.5, "daily", "renamed")
    assert (seen["second"], seen["own"]["usage"], seen["own"]["limitRemaining"]) == (0.003, 0.006, 1.494)
    assert not seen["own"]["isManagementKey"] and seen["own"]["rateLimit"]["requests"] == -1
    assert seen["shown"]["usageDaily"] == 0.006 and seen["made"]["data"]["hash"] in seen["listed"]
    assert (seen["disabled"], seen["shut"], seen["deleted"]) == (True, "401 UnauthorizedResponseError", True)


def test_a_key_is_told_nothing_or_too_much_about_itself(gateway: Gateway, new: Any) -> None:
    holder: Holder = new(limit=2, owner="ann", tags={"team": "search"}, allowed_models=[gateway.model])
    for path in ("/v1/key", "/v1/auth/key", "/api/v1/key", "/api/v1/auth/key"):
        assert gateway.get(path, headers={"x-api-key": holder.key}).json()["data"] == holder.own()
    own = holder.own()
    assert (own["owner"], own["tags"], own["allowed_models"]) == ("ann", {"team": "search"}, [gateway.model])
    assert own["label"] == f"{holder.key[:12]}…{holder.key[-4:]}" and holder.key[25:] not in json.dumps(own)


def test_the_cost_in_the_body_the_stream_the_header_and_the_ledger_differ(gateway: Gateway, new: Any) -> None:
    holder: Holder = new(limit=1)
    whole = holder.ask(order(say="<think>hm</think>four"), reasoning={"enabled": True})
    usage, line = whole.json()["usage"], holder.line(whole.headers["x-generation-id"])
    assert usage["cost"] == float(whole.headers["x-cost"]) == line["cost"] / 1e9
    assert line["cost"] == MILLI * usage["completion_tokens"]
    for count in ("prompt", "completion", "reasoning"):
        told = usage["completion_tokens_details"] if count == "reasoning" else usage
        assert line[f"{count}_tokens"] == told[f"{count}_tokens"]
    assert (line["key_id"], line["outcome"], line["finish_reason"]) == (holder.hash, "finished", "stop")
    left = 1 - usage["cost"]
    assert float(whole.headers["x-limit-remaining"]) == pytest.approx(left)

    streamed = holder.ask(order(say="a stream"), stream=True, max_tokens=100)
    assert (streamed.headers["x-cost-reserved"], "x-cost" in streamed.headers) == ("0.1", False)
    assert float(streamed.headers["x-limit-remaining"]) == pytest.approx(left - 0.1), "what is held is not left"
    last = chunks(streamed)[-1]
    line = holder.line(streamed.headers["x-generation-id"])
    assert last["usage"]["cost"] == line["cost"] / 1e9 == 0.009 and line["streamed"] == 1
    assert line["reserved"] == 100 * MILLI
    assert holder.own()["limit_remaining"] == pytest.approx(left - 0.009)

    text = gateway.post("/v1/completions", {"prompt": order(say="abc"), "max_tokens": 9}, headers=bearer(holder.key))
    assert text.json()["usage"]["cost"] == float(text.headers["x-cost"]) == 0.004
    assert float(text.headers["x-limit-remaining"]) == pytest.approx(left - 0.013)
    assert holder.line(text.headers["x-generation-id"])["api"] == "text"


def test_a_limit_refuses_while_money_is_left_or_lets_more_be_spent(gateway: Gateway, new: Any) -> None:
    holder: Holder = new(limit=0.005)
    answer = holder.ask(order(say="a long answer"), max_tokens=20)
    body = answer.json()
    assert (body["choices"][0]["finish_reason"], body["choices"][0]["message"]["content"]) == ("length", "a lon")
    assert ("adjusted_parameter", "max_tokens") in codes(body) and "from 20 to 5" in body["warnings"][0]["message"]
    assert (answer.headers["x-limit-remaining"], body["usage"]["cost"]) == ("0", 0.005)
    refused = holder.ask()
    error(refused, 402, "payment_required")
    assert refused.headers["x-limit-remaining"] == "0"
    several: Holder = new(limit=0.005)
    body = several.ask(n=2).json()
    assert [len(choice["message"]["content"]) for choice in body["choices"]] == [2, 2]
    (told,) = [each["message"] for each in body["warnings"] if each["code"] == "adjusted_parameter"]
    assert "(the server's own, as the request named none) to 2, which is what the key's limit leaves" in told
    assert several.own()["limit_remaining"] == 0.001
    error(several.ask(n=2), 402, "payment_required")
    assert several.ask().json()["usage"]["completion_tokens"] == 1


def test_a_stream_that_is_cut_costs_nothing_or_everything(gateway: Gateway, new: Any) -> None:
    holder: Holder = new(limit=1)
    with holder.ask(order(say="x" * 200, pause_s=0.02), stream=True) as answer:
        pieces = answer.iter_lines()
        for _ in range(10):
            next(pieces)
        held = float(answer.headers["x-cost-reserved"])
        assert holder.own()["limit_remaining"] == pytest.approx(1 - held), "what is held is not left"
    line = holder.line(answer.headers["x-generation-id"])
    assert (line["outcome"], line["cost"]) == ("cancelled", line["completion_tokens"] * MILLI)
    assert 0 < line["completion_tokens"] < 200
    assert holder.own()["limit_remaining"] == pytest.approx(1 - line["cost"] / 1e9)


@pytest.mark.parametrize("orders", [{"end": "error", "say": "abc"}, {"reject": "overloaded"}, {"reject": "invalid"}])
def test_a_failure_is_billed(gateway: Gateway, new: Any, orders: dict[str, Any]) -> None:
    holder: Holder = new(limit=1)
    answer = holder.ask(order(**orders))
    assert answer.status_code >= 400 and answer.headers["x-limit-remaining"] == "1", answer.text
    assert answer.headers["x-cost"] == "0" and holder.line(answer.headers["x-generation-id"])["outcome"] == "failed"
    assert (holder.own()["usage"], holder.own()["limit_remaining"]) == (0, 1)


def test_a_refusal_has_no_id(gateway: Gateway, new: Any) -> None:
    for answer in (new(limit=0).ask(), new(allowed_models=["nvidia/another"]).ask(stream=True), new().ask(n="x")):
        assert answer.status_code in (400, 402, 403) and answer.headers["x-generation-id"].startswith("gen-")
        assert answer.headers["x-cost"] == "0"


def test_the_model_list_tells_other_prices_than_are_charged(gateway: Gateway, manager: str) -> None:
    (model,) = gateway.get("/v1/models", headers=bearer(manager)).json()["data"]
    prices = {name: price for name, price in model["pricing"].items() if price != "0"}
    assert prices == {"completion": "0.001", "internal_reasoning": "0.001"}
    assert gateway.get(f"/v1/models/{gateway.model}", headers=bearer(manager)).json()["pricing"] == model["pricing"]


def test_kept_content_is_in_a_form_of_our_own(gateway: Gateway, new: Any) -> None:
    holder: Holder = new(store_content=True)
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    messages = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "5", "tool_call_id": "c1"},
    ]
    answer = holder.ask(messages=messages)
    params = {"id": answer.headers["x-generation-id"]}
    kept = gateway.get("/v1/generation/content", params=params, headers=bearer(holder.key)).json()["data"]
    assert kept["input"] == {"messages": messages}
    assert kept["output"]["completion"] == answer.json()["choices"][0]["message"]["content"]


def test_a_header_is_in_the_answers_and_not_in_the_document(gateway: Gateway, new: Any) -> None:
    holder: Holder = new(limit=0.003, limit_reset="daily", requests_per_minute=3)
    answers = [holder.ask(), holder.ask(), holder.ask(stream=True), holder.ask(), new(allowed_models=["a/b"]).ask()]
    assert [answer.status_code for answer in answers] == [200, 402, 402, 429, 403]
    answers += [new().ask(stream=True), gateway.get("/v1/key", headers=bearer(holder.key))]
    document = gateway.get("/openapi.json", headers=bearer(holder.key)).json()
    for answer in answers:
        method = "get" if answer.url.endswith("/key") else "post"
        told = document["paths"][answer.url.removeprefix(gateway.url)][method]["responses"][str(answer.status_code)]
        if "$ref" in told:
            told = document["components"]["responses"][told["$ref"].rpartition("/")[2]]
        sent = {name for name in map(str.lower, answer.headers) if name.startswith("x-") or name == "retry-after"}
        assert sent - {"x-accel-buffering"} <= set(map(str.lower, told["headers"])), answer.status_code


def test_a_refused_method_is_told_of_one_route_alone(gateway: Gateway, manager: str) -> None:
    answer = requests.put(f"{gateway.url}/v1/keys/{'a' * 32}", headers=bearer(manager), timeout=60)
    assert (answer.status_code, answer.headers["allow"]) == (405, "DELETE, GET, HEAD, PATCH")


def test_a_model_that_a_key_must_not_use_is_served(gateway: Gateway, new: Any) -> None:
    other: Holder = new(allowed_models=["nvidia/another"])
    refused = error(other.ask(), 403, "permission_denied")
    assert gateway.model in refused["message"] and "nvidia/another" in refused["message"]
    error(other.ask(model=f"{gateway.model}:free"), 403, "permission_denied")
    error(other.ask(models=["nvidia/another", gateway.model], model=None), 403, "permission_denied")
    text = gateway.post("/v1/completions", {"prompt": "x"}, headers=bearer(other.key))
    error(text, 403, "permission_denied")
    assert new(allowed_models=[gateway.model.upper()]).ask().status_code == 200
    refused = error(new(allowed_providers=["elsewhere"]).ask(), 403, "permission_denied")
    assert refused["message"] == "provider: this key must not use nemoserve; it may use: elsewhere"
    assert refused["metadata"]["parameter"] == "provider"
    assert new(allowed_providers=["nemoserve"]).ask().status_code == 200


def test_requests_per_minute_are_not_told_or_not_held(gateway: Gateway, new: Any) -> None:
    holder: Holder = new(requests_per_minute=3)
    answers = [
        holder.ask(),
        holder.ask(stream=True),
        holder.ask(temperature=9),  # refused before it is let in
        gateway.get("/v1/models", headers=bearer(holder.key)),
        gateway.get("/v1/keys", headers=bearer(holder.key)),
        holder.ask(),
        holder.ask(),
        holder.ask(stream=True),
    ]
    assert [answer.status_code for answer in answers] == [200, 200, 400, 200, 403, 200, 429, 429]
    left = [int(answer.headers["x-ratelimit-remaining"]) for answer in answers]
    assert left == [2, 1, 1, 1, 1, 0, 0, 0]
    now = time.time() * 1000
    for answer in answers:
        assert answer.headers["x-ratelimit-limit"] == "3"
        assert now - 5000 < int(answer.headers["x-ratelimit-reset"]) < now + 61_000
    found = error(answers[-1], 429, "rate_limit_exceeded")
    assert "3 requests per minute" in found["message"] and 1 <= int(answers[-1].headers["retry-after"]) <= 60
    assert new(requests_per_minute=3).ask().status_code == 200, "another key has its own count"


def test_tokens_per_minute_are_not_held(new: Any) -> None:
    holder: Holder = new(tokens_per_minute=150)
    first = holder.ask(order(say="x", repeat=80))
    assert first.json()["usage"]["total_tokens"] > 140 and int(first.headers["x-ratelimit-remaining"]) < 10
    found = error(holder.ask(), 429, "rate_limit_exceeded")
    assert "150 tokens per minute" in found["message"]
    small: Holder = new(tokens_per_minute=10)
    assert error(small.ask(), 403, "permission_denied")["metadata"]["limit"] == "tokens_per_minute"


def test_more_run_at_once_than_the_key_may(gateway: Gateway, new: Any) -> None:
    holder: Holder = new(concurrency=2)
    slow, gate = order(say="slow" * 20, pause_s=0.03), threading.Barrier(6)

    def one(_: int) -> requests.Response:
        gate.wait()
        return holder.ask(slow)

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(one, range(6)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 429, 429, 429, 429]
    assert "2 requests at the same time" in next(a for a in answers if a.status_code == 429).json()["error"]["message"]
    assert holder.ask().status_code == 200, "their places are free again"
    for _ in range(3):  # a place is freed by whatever ends the request
        with holder.ask(slow, stream=True) as cut:
            next(cut.iter_lines())
        holder.ask(order(reject="invalid"))
        holder.ask(temperature=9)
    wait_until(lambda: holder.ask().status_code == 200, "all places are free again")


def test_a_reasoning_cap_is_not_told_to_the_engine(gateway: Gateway, new: Any) -> None:
    holder: Holder = new(reasoning_cap=40)
    for asked in ({"max_tokens": 400}, {"effort": "high"}, {"enabled": True}, {"effort": "max", "answer_reserve": 0}):
        assert holder.ask(reasoning=asked, max_tokens=600).status_code == 200
        limits = gateway.submitted()["sampling"]["thinking"]
        assert limits["budget"] + limits["grace"] + len(limits["end"]) == 40, (asked, limits)
    holder.ask(reasoning={"max_tokens": 7}, max_tokens=600)
    assert gateway.submitted()["sampling"]["thinking"]["budget"] == 7
    holder.ask(reasoning={"max_tokens": 400}, max_tokens=600, n=4)
    limits = gateway.submitted()["sampling"]["thinking"]
    assert limits["budget"] + limits["grace"] + len(limits["end"]) == 10, "the choices of a request share its cap"


@pytest.mark.parametrize("cap", [0, 1, 2])
def test_a_cap_that_holds_no_thought_is_overrun_by_what_ends_one(gateway: Gateway, new: Any, cap: int) -> None:
    answer = new(reasoning_cap=cap).ask(reasoning={"effort": "high"}, max_tokens=600)
    assert gateway.submitted()["sampling"].get("thinking", {}).get("budget") is None, "it does not think"
    (told,) = [warning for warning in answer.json()["warnings"] if warning["code"] == "reasoning_cap"]
    assert f"may have {cap} tokens" in told["message"]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("n", [1, 3])
def test_a_reasoning_cap_is_overrun_or_silent(server: Server, stream: bool, n: int) -> None:
    """With a model that thinks, on a server that asks for no key: one that is shown counts there too."""
    _, key = make_key(server.log.parent, "capped", reasoning_tokens=24)
    body = server.question(
        "What is 4781 + 2569?", {"reasoning": {"max_tokens": 200}, "max_tokens": 400, "seed": 1, "n": n}
    )
    answer = server.post("/v1/chat/completions", {**body, "stream": stream}, headers=bearer(key), stream=stream)
    assert answer.status_code == 200, answer.text
    parts = chunks(answer) if stream else [answer.json()]
    thought = parts[-1]["usage"]["completion_tokens_details"]["reasoning_tokens"]
    assert 0 < thought <= 24
    told = [warning for part in parts for warning in part.get("warnings", []) if warning["code"] == "reasoning_cap"]
    assert told and f"this key may have {24 // n} for a reply" in told[0]["message"]


def test_an_answer_reserve_of_the_key_is_not_kept(gateway: Gateway, new: Any) -> None:
    holder: Holder = new(answer_reserve=500)
    assert holder.ask(reasoning={"enabled": True}, max_tokens=600).status_code == 200
    limits = gateway.submitted()["sampling"]["thinking"]
    assert limits["budget"] + limits["grace"] <= 100
    holder.ask(reasoning={"enabled": True, "answer_reserve": 100}, max_tokens=600)
    assert gateway.submitted()["sampling"]["thinking"]["budget"] > 400, "a request that says itself is heard"


def test_a_strangers_reply_is_steered_or_ones_own_cannot_be(gateway: Gateway, manager: str, new: Any) -> None:
    holder, stranger = new(), new()
    thinking = order(say="hm" * 1000, pause_s=0.02)
    with holder.ask(thinking, stream=True, reasoning={"enabled": True}) as answer:
        reading = answer.iter_lines()
        next(line for line in reading if line.startswith(b"data:"))
        path = f"/v1/chat/completions/{answer.headers['x-generation-id']}/control"
        body = {"action": "end_reasoning"}
        error(gateway.post(path, body, headers=bearer(stranger.key)), 404, "not_found")
        error(gateway.post(path, body, headers=bearer(manager)), 403, "permission_denied")
        assert not gateway.entries("EndThinking")
        assert gateway.post(path, body, headers=bearer(holder.key)).json()["accepted"] is True
        wait_until(lambda: gateway.entries("EndThinking"), "the engine is told")
        del reading


def test_thinking_is_given_back_to_another_key(remembering: Gateway) -> None:
    data_dir = remembering.log.parent
    ann, ben = (make_key(data_dir, name)[1] for name in ("ann", "ben"))
    question = {"role": "user", "content": order(say="Secret thought.</think>\nYes.")}

    def ask(key: str, *messages: dict[str, Any]) -> Any:
        body = {"model": remembering.model, "messages": [*messages], "session_id": "the same for both"}
        answer = remembering.post("/v1/chat/completions", body, headers=bearer(key))
        assert answer.status_code == 200, answer.text
        return answer.json()

    said = ask(ann, question)["choices"][0]["message"]["content"]
    turns = (question, {"role": "assistant", "content": said}, {"role": "user", "content": "And?"})
    for key, known in ((ben, False), (ann, True)):
        ask(key, *turns)
        assert ("Secret thought." in remembering.prompt().partition("Assistant")[2]) == known


def test_two_keys_at_once_are_taken(gateway: Gateway, new: Any) -> None:
    one, two = new(), new()
    both = {**bearer(one.key), "x-api-key": two.key}
    answer = gateway.post("/v1/chat/completions", gateway.question("x", {}), headers=both)
    assert "two different keys" in error(answer, 400, "invalid_request")["message"]
    same = {**bearer(one.key), "x-api-key": one.key}
    assert gateway.post("/v1/chat/completions", gateway.question(order(say="x"), {}), headers=same).ok


def test_a_disabled_key_finishes_what_it_began_and_begins_no_more(gateway: Gateway, manager: str, new: Any) -> None:
    holder: Holder = new()
    url = f"{gateway.url}/v1/keys/{holder.hash}"
    with holder.ask(order(say="slowly", pause_s=0.1), stream=True) as answer:
        requests.patch(url, json={"disabled": True}, headers=bearer(manager), timeout=10)
        error(holder.ask(), 401, "authentication")
        assert chunks(answer)[-1]["usage"]["completion_tokens"] == 7
