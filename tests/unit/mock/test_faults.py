"""A fault that does not happen would let every test of it pass."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import httpx2
import pytest

from nemoserve.mock.faults import FAULTS
from nemoserve.mock.styles import STYLES
from tests.unit.mock.conftest import chunks, fold, parsed


async def outcome(caller: Any, fault: str, *, stream: bool, patience: float = 0.6) -> tuple[str, bytes]:
    """How a request ended (`whole`, `silent`, or the error's name), and the bytes of the body till then."""
    data = b""
    try:
        async with asyncio.timeout(patience):
            url = caller.mock.url + "/chat/completions"
            headers = {"x-mock-fault": fault}
            async with caller.client.stream("POST", url, json=caller.body(stream=stream), headers=headers) as reply:
                async for piece in reply.aiter_raw():
                    data += piece
    except TimeoutError:
        return "silent", data
    except httpx2.HTTPError as error:
        return type(error).__name__, data
    return "whole", data


@pytest.mark.parametrize("stream", [False, True])
async def test_connections_break_as_they_are_told(call: Any, stream: bool) -> None:
    caller = await call("vllm")
    _, healthy = await outcome(caller, "abort", stream=stream)
    assert await outcome(caller, "hang-up", stream=stream) == ("RemoteProtocolError", b"")
    assert await outcome(caller, "reset", stream=stream) == ("ReadError", b"")
    assert await outcome(caller, "silent", stream=stream) == ("silent", b"")
    for fault, ended in (
        ("cut", "RemoteProtocolError"),
        ("reset-midway", "ReadError"),
        ("stall", "silent"),
        ("cut-clean", "whole"),
    ):
        how, data = await outcome(caller, fault, stream=stream)
        assert how == ended and 0 < len(data) < len(healthy) * 2 and b"[DONE]" not in data, fault


async def test_a_stall_with_an_end_goes_on(call: Any) -> None:
    caller = await call("vllm")
    began = time.perf_counter()
    events = await caller.events(fault="stall:0.2")
    assert events == [{**chunk, "id": events[0]["id"]} if isinstance(chunk, dict) else chunk for chunk in events]
    assert events[-1] == "[DONE]" and time.perf_counter() - began >= 0.2


async def test_refusals_have_the_status_that_was_asked_for(call: Any, style: str) -> None:
    caller = await call(style)
    for status in ("400", "401", "402", "403", "404", "429", "500", "502", "503", "418"):
        reply = await caller.post(caller.body(), fault=status)
        assert reply.status_code == int(status) and reply.json()
        assert ("retry-after" in reply.headers) == (status == "429")


async def test_retry_after_comes_in_every_form(call: Any) -> None:
    caller = await call()
    found = [(await caller.post(caller.body(), fault=fault)).headers.get("retry-after") for fault in
             ("429:7", "429-bare", "503:3", "429-date")]  # fmt: skip
    assert found[:3] == ["7", None, "3"] and found[3].endswith("GMT")


async def test_errors_in_mid_stream_come_in_all_their_shapes(call: Any, style: str) -> None:
    caller = await call(style)
    last = {fault: (await caller.events(fault=fault)) for fault in
            ("error-finish", "error-usage", "error-empty", "error-only", "error-event")}  # fmt: skip
    assert all(fold_before_error(events) for events in last.values())
    finish = chunks(last["error-finish"])[-1]
    assert finish["error"]["code"] == 502 and finish["choices"][0]["finish_reason"] == "error"
    usage = chunks(last["error-usage"])[-1]
    assert usage["error"] and usage["choices"][0]["finish_reason"] is None and last["error-usage"][-1] == "[DONE]"
    empty = chunks(last["error-empty"])[-1]
    assert empty["error"] and empty["choices"] == [] and last["error-empty"][-1] != "[DONE]"
    assert chunks(last["error-only"])[-1].keys() == {"error"} == chunks(last["error-event"])[-1].keys()


def fold_before_error(events: Any) -> bool:
    thinking, content, finish = fold([event for event in events if isinstance(event, dict) and "error" not in event])
    return bool(thinking or content) and finish is None


async def test_bodies_are_spoiled_as_they_are_told(call: Any) -> None:
    caller = await call("openrouter")
    with pytest.raises(ValueError):
        json.loads((await caller.post(caller.body(), fault="malformed-json")).text)
    events = await caller.events(fault="malformed-json")
    assert sum(isinstance(event, str) for event in events) == 2
    assert (
        (await caller.post(caller.body(), fault="wrong-content-type")).headers["content-type"].startswith("text/html")
    )
    assert b"<html" in (await caller.post(caller.body(stream=True), fault="html")).content
    assert (await caller.post(caller.body(stream=True), fault="empty-body")).content == b""
    for stream in (False, True):
        with pytest.raises(UnicodeDecodeError):
            (await caller.post(caller.body(stream=stream), fault="bad-utf8")).content.decode()
    assert (await caller.post(caller.body(), fault="error-200")).json()["error"]


async def test_streams_are_spoiled_as_they_are_told(call: Any) -> None:
    caller = await call("openrouter", tokens=8)
    healthy = await caller.events()

    def finishes(events: Any) -> int:
        return sum(bool(choice["finish_reason"]) for chunk in chunks(events) for choice in chunk["choices"])

    assert finishes(await caller.events(fault="duplicate-finish")) == finishes(healthy) + 1
    assert finishes(await caller.events(fault="no-finish")) == 0
    assert "[DONE]" not in await caller.events(fault="no-done")
    assert not any(chunk.get("usage") for chunk in chunks(await caller.events(fault="no-usage")))
    assert fold(await caller.events(fault="no-content")) == ("", "", "stop")
    comments = (await caller.post(caller.body(stream=True), fault="comments-only:3")).text
    assert comments == ": OPENROUTER PROCESSING\n\n" * 3
    huge = (await caller.post(caller.body(stream=True), fault="huge-line:100000")).text
    assert max(map(len, huge.split("\n"))) > 100_000 and fold(parsed(huge)) == fold(healthy)
    assert fold(await caller.events(fault="length"))[2] == "length"
    assert fold(await caller.events(fault="content-filter"))[2] == "content_filter"
    for fault in ("nagle", "fragments", "crlf"):
        assert fold(await caller.events(fault=fault)) == fold(healthy), fault
    assert "\n\n" not in (await caller.post(caller.body(stream=True), fault="glued")).text


async def test_text_lands_in_the_wrong_place_on_demand(call: Any) -> None:
    caller = await call("vllm", models=("nvidia/nemotron-3-nano-30b-a3b",))
    thinking, content, _ = fold(await caller.events())
    assert fold(await caller.events(fault="raw-tags"))[:2] == ("", f"<think>\n{thinking}\n</think>\n\n{content}")
    assert fold(await caller.events(fault="orphan-tag"))[:2] == ("", f"{thinking}\n</think>\n\n{content}")
    assert fold(await caller.events(fault="answer-as-reasoning"))[:2] == (thinking + content, "")
    tool = {"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}
    lost, rest, finish = fold(await caller.events(fault="call-in-think", tools=[tool]))
    assert lost.endswith('<TOOLCALL>[{"name": "f", "arguments": {}}]</TOOLCALL>') and (rest, finish) == ("", "stop")
    usage = (await caller.whole(fault="zero-reasoning-tokens"))["usage"]
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 0


async def test_no_fault_brings_the_mock_down(call: Any, style: str) -> None:
    caller = await call(style, tokens=4)
    await asyncio.gather(
        *(outcome(caller, fault, stream=stream, patience=0.1) for fault in FAULTS for stream in (True, False))
    )
    assert (await caller.post(caller.body())).status_code == 200


async def test_rules_strike_who_they_name_and_no_more_often_than_they_say(call: Any) -> None:
    caller = await call("openrouter")
    rules = [
        {"fault": "429", "times": 2, "stream": False},
        {"fault": "401", "key": "sk-mock-other"},
        {"fault": "500", "model": STYLES["openrouter"].models[1]},
    ]
    assert (await caller.control("/mock/faults", rules)).status_code == 200
    assert (await caller.post(caller.body(stream=True))).status_code == 200
    assert [(await caller.post(caller.body())).status_code for _ in range(3)] == [429, 429, 200]
    assert (await caller.post(caller.body(model=STYLES["openrouter"].models[1]))).status_code == 500
    caller.client.headers["Authorization"] = "Bearer sk-mock-other"
    assert (await caller.post(caller.body())).status_code == 401
    assert (await caller.control("/mock/faults", [])).status_code == 200
    assert (await caller.post(caller.body())).status_code == 200


async def test_a_misspelt_fault_is_said_and_changes_nothing(call: Any) -> None:
    caller = await call()
    assert "There is no fault 'stahl'" in (await caller.post(caller.body(), fault="stahl")).text
    await caller.control("/mock/faults", {"fault": "418"})
    wrong = await caller.control("/mock/faults", [{"fault": "stahl"}])
    assert wrong.status_code == 400 and "stahl" in wrong.text
    assert (await caller.control("/mock/faults", {"fault": "cut", "shaer": 1})).status_code == 400
    assert (await caller.post(caller.body())).status_code == 418


async def test_a_known_answer_does_not_shield_from_a_fault_or_a_misspelt_one(call: Any) -> None:
    caller = await call()
    await caller.whole()
    assert (await caller.post(caller.body(), fault="503")).status_code == 503
    assert (await caller.post(caller.body(), fault="nonsense")).status_code == 400
