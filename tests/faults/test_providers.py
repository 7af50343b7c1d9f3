"""Fear: a provider that fails in some odd way is taken for one that answered, or takes the gateway down with it."""

import asyncio
import json
import logging
from typing import Any

import pytest

from nemoserve.types.chat import Sampling, ToolChoice
from nemoserve.types.errors import ApiError
from nemoserve.types.route import Preferences
from nemoserve.types.usage import Usage
from tests.providers import (
    DONE,
    END,
    HEAD,
    USAGE,
    Seen,
    Step,
    backend,
    collect,
    delta,
    event,
    job,
    piece,
    provider,
    whole,
)

_REPLY: dict[str, Any] = {
    "id": "up-1",
    "model": "up",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 7, "completion_tokens": 2},
}
_HI = delta(content="Hi")


async def _fails(*script: Step, keys: tuple[str, ...] = (), **fields: Any) -> tuple[ApiError, Seen]:
    """The error that a script ends in, and what came before it."""
    async with provider(script) as house:
        remote, seen = backend(house.url, *keys, **fields), Seen()
        try:
            with pytest.raises(ApiError) as caught:
                await asyncio.wait_for(collect(remote, job(remote), seen), 10)
        finally:
            await remote.close()
        return caught.value, seen


async def _gives(*script: Step, **fields: Any) -> Seen:
    async with provider(script) as house:
        remote = backend(house.url, **fields)
        try:
            return await asyncio.wait_for(collect(remote, job(remote)), 10)
        finally:
            await remote.close()


async def test_a_stream_is_read_and_counted():
    seen = await _gives(HEAD, delta(role="assistant"), _HI, delta(content=" there"), delta("stop"), USAGE, DONE, END)
    assert (seen.text, seen.finish and seen.finish.reason) == ("Hi there", "stop")
    assert seen.told is not None
    assert (seen.told.usage, seen.told.upstream_id, seen.told.model) == (Usage(7, 5), "up-1", "up")
    assert seen.events[-1] is seen.told


@pytest.mark.parametrize(
    "script",
    [
        (HEAD, _HI, delta("stop"), END),
        (HEAD, _HI, delta("stop"), delta("stop"), DONE, DONE, END),
        (HEAD, _HI, delta("stop"), delta(content="more"), END),
        (HEAD, _HI, delta("stop"), None),
        (HEAD, piece(b": hello\r\n\r\n"), _HI, piece(b":\n"), delta("stop"), DONE, END),
        (
            HEAD,
            piece(b'data: {"choices":[{"index":0,"delta":{"content":"H'),
            0.01,
            piece(b'i"}}]}\n\n'),
            delta("stop"),
            END,
        ),
        (
            HEAD,
            piece(
                b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\ndata: {"choices":[{"index":0,"delta":{},'
            ),
            piece(b'"finish_reason":"stop"}]}\n\n'),
            END,
        ),
        (whole(_REPLY),),
    ],
    ids=["no-done", "twice", "after", "reset-after", "comments", "split", "glued", "whole"],
)
async def test_odd_streams_that_are_complete_are_complete(script: tuple[Step, ...]):
    seen = await _gives(*script)
    assert (seen.text, seen.finish and seen.finish.reason) == ("Hi", "stop")
    assert seen.told is not None


async def test_no_counts_are_told_as_none():
    seen = await _gives(HEAD, _HI, delta("stop"), DONE, END)
    assert seen.told is not None
    assert seen.told.usage is None


async def test_counts_that_never_come_do_not_hold_the_reply_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("nemoserve.backends.remote.backend._AFTER_FINISH_S", 0.1)
    seen = await _gives(HEAD, _HI, delta("stop"), 5.0)
    assert seen.text == "Hi"


@pytest.mark.parametrize(
    ("script", "kind", "said"),
    [
        ((HEAD, _HI, END), "provider_unavailable", "broke off"),
        ((HEAD, _HI, None), "provider_unavailable", "broke"),
        ((HEAD, _HI, DONE, END), "provider_unavailable", "broke off"),
        ((HEAD, END), "provider_unavailable", "without a choice"),
        ((HEAD, piece(b": a\n\n: b\n\n"), END), "provider_unavailable", "without a choice"),
        ((HEAD, _HI, event(b"{nonsense"), DONE, END), "provider_unavailable", "no JSON"),
        ((HEAD, _HI, event(b'{"choices":[{"delta":{"content":"\xff"}}]}'), END), "provider_unavailable", "no JSON"),
        ((HEAD, _HI, delta("error"), DONE, END), "provider_unavailable", "'error'"),
        ((HEAD, _HI, delta("abort"), DONE, END), "provider_unavailable", "'abort'"),
        ((HEAD, _HI, event({"error": {"code": 502, "message": "gone"}, "choices": []}), END), "provider_unavailable", "gone"),
        ((HEAD, _HI, event({"error": {"code": 429, "message": "slow"}}), DONE, END), "rate_limit_exceeded", "slow"),
        (
            (HEAD, _HI, event({"error": {"code": "server_error", "message": "x"}, "choices": [{"delta": {}, "finish_reason": "error"}]})),
            "provider_unavailable",
            "x",
        ),
        ((HEAD, _HI, piece(b'event: error\ndata: {"message": "lost"}\n\n'), END), "provider_unavailable", "lost"),
        ((HEAD, _HI, event({"object": "error", "message": "sg", "code": 400}), END), "invalid_request", "sg"),
        ((HEAD, piece(b"data: " + b"x" * (1 << 20)), piece(b"x" * 9), 5.0), "provider_unavailable", "bytes"),
        ((whole(b"<html>", media="text/html"),), "provider_unavailable", "text/html"),
        ((whole(b""),), "provider_unavailable", "no JSON"),
        ((whole({"error": {"message": "broken", "code": 500}}),), "provider_unavailable", "broken"),
        ((whole({"detail": "nothing"}),), "provider_unavailable", "nothing"),
        ((None,), "provider_unavailable", "hung up"),
        ((whole("x" * 10, status="302 Found", location="http://elsewhere/"),), "provider_unavailable", "302"),
    ],
)  # fmt: skip
async def test_a_broken_reply_is_an_error_and_says_which(script: tuple[Step, ...], kind: str, said: str):
    error, seen = await _fails(*script)
    assert error.error_type == kind
    assert said in error.message
    assert error.metadata["provider_name"] == "up"
    assert seen.told is None


async def test_what_came_in_the_same_packet_as_an_error_still_arrives():
    _, seen = await _fails(HEAD + _HI + event({"error": {"message": "x"}}) + END, type="openai")
    assert seen.text == "Hi"


async def test_counts_before_an_error_are_kept_for_the_bill():
    usage = {"prompt_tokens": 7, "completion_tokens": 3}
    error, _ = await _fails(HEAD, _HI, event({"error": {"code": 400, "message": "x"}, "usage": usage}), END)
    assert error.usage == Usage(7, 3)
    error, _ = await _fails(HEAD, event({"choices": [{"index": 0, "delta": {"content": "a"}}], "usage": usage}), END)
    assert error.usage == Usage(7, 3)


@pytest.mark.parametrize("script", [(5.0,), (HEAD, 5.0), (HEAD, *(piece(b": wait\n\n"), 0.05) * 40)])
async def test_a_provider_that_says_nothing_is_given_up(script: tuple[Step, ...]):
    loop = asyncio.get_running_loop()
    began = loop.time()
    error, _ = await _fails(*script, first_byte_s=0.3)
    assert error.error_type == "timeout"
    assert 0.2 < loop.time() - began < 1.5


async def test_a_stall_in_the_middle_is_given_up_even_under_comments():
    error, seen = await _fails(HEAD, _HI, *(piece(b": wait\n\n"), 0.05) * 40, stall_timeout=0.3, type="openai")
    assert (error.error_type, seen.text) == ("timeout", "Hi")


async def test_silent_thinking_within_the_bound_is_waited_for():
    seen = await _gives(HEAD, delta(role="assistant"), 0.6, _HI, delta("stop"), END, first_byte_s=0.3)
    assert seen.text == "Hi"


async def test_nobody_there_is_said_quickly():
    remote = backend("http://127.0.0.1:9/v1")
    with pytest.raises(ApiError, match="could not be reached") as caught:
        await collect(remote, job(remote))
    await remote.close()
    assert caught.value.error_type == "provider_unavailable"


async def test_a_client_that_leaves_ends_the_provider_at_once():
    async with provider((HEAD, _HI, 5.0)) as house:
        remote = backend(house.url)
        stream = remote.stream(job(remote))
        async for _ in stream:
            break
        await stream.aclose()
        await asyncio.wait_for(house.hung_up.wait(), 1)
        await remote.close()


async def test_connections_are_used_again():
    async with provider((HEAD, _HI, delta("stop"), DONE, END)) as house:
        remote = backend(house.url)
        for _ in range(3):
            await collect(remote, job(remote))
        await remote.close()
        assert (len(house.heard), house.connections) == (3, 1)


async def test_a_connection_closed_while_idle_costs_nothing():
    async with provider((whole(_REPLY), None), (whole(_REPLY),)) as house:
        remote = backend(house.url)
        assert (await collect(remote, job(remote))).text == "Hi"
        assert (await collect(remote, job(remote))).text == "Hi"
        await remote.close()


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        ("400 Bad", {"error": {"message": "bad"}}, "invalid_request"),
        (
            "400 Bad",
            {"error": {"message": "This model's maximum context length is 8 tokens"}},
            "context_length_exceeded",
        ),
        ("401 No", {"error": {"message": "key"}}, "provider_unavailable"),
        ("402 Pay", {"error": {"message": "credits"}}, "provider_unavailable"),
        ("403 No", {"detail": "no"}, "provider_unavailable"),
        ("404 No", {"detail": "no such model"}, "provider_unavailable"),
        ("405 No", b"<html>nginx</html>", "provider_unavailable"),
        ("413 Big", {}, "payload_too_large"),
        ("422 Odd", {"detail": [{"loc": ["body", "x"], "msg": "field required"}]}, "invalid_request"),
        ("429 Slow", {"status": 429, "title": "Too Many Requests"}, "rate_limit_exceeded"),
        (
            "500 Oh",
            {"message": "ResourceExhausted: Worker local total request limit reached (32/32)"},
            "provider_overloaded",
        ),
        ("500 Oh", {"error": {"message": "oh"}}, "provider_unavailable"),
        ("502 Bad", b"<html>nginx</html>", "provider_unavailable"),
        ("503 Busy", {}, "provider_overloaded"),
        ("504 Late", {}, "timeout"),
        ("529 Busy", {}, "provider_overloaded"),
    ],
)
async def test_refusals_are_told_in_our_own_terms(status: str, body: object, kind: str):
    error, _ = await _fails(whole(body, status=status))
    assert error.error_type == kind
    assert error.metadata["provider_code"] == int(status[:3])


_AFTER = [("7", 7.0), ("0.5", 0.5), ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0), (f"1 Jan 2030 0:00 +{'9' * 14}", None)]


@pytest.mark.parametrize(("header", "seconds"), _AFTER)
async def test_retry_after_is_passed_on(header: str, seconds: float | None):
    for status in ("429 Slow", "503 Busy"):
        error, _ = await _fails(whole({}, status=status, retry_after=header))
        assert error.retry_after_s == seconds


async def test_a_reply_that_was_created_is_one():
    async with provider((whole(_REPLY, status="201 Created"),)) as house:
        remote = backend(house.url)
        assert (await collect(remote, job(remote))).text == "Hi"
        await remote.close()


async def test_a_key_never_shows(caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    key = "topsecret0123456789"
    echo = whole({"error": {"message": f"Incorrect API key provided: {key}, header Bearer {key}"}}, status="401 No")
    async with provider((echo,)) as house:
        remote = backend(house.url, key)
        with pytest.raises(ApiError) as caught:
            await collect(remote, job(remote))
        await remote.close()
        assert house.heard[0].headers["authorization"] == f"Bearer {key}"
    error = caught.value
    shown = f"{error!r} {error.message} {json.dumps(error.metadata)} {vars(remote)!r} {caplog.text}"
    assert key not in shown


async def test_keys_take_turns_and_a_refused_one_rests():
    async with provider((whole(_REPLY),)) as house:
        remote = backend(house.url, "a", "b")
        for _ in range(4):
            await collect(remote, job(remote))
        assert [heard.headers["authorization"] for heard in house.heard] == ["Bearer a", "Bearer b"] * 2
        await remote.close()
    async with provider((whole({}, status="402 Pay"),), (whole(_REPLY),)) as house:
        remote = backend(house.url, "a", "b")
        assert (await collect(remote, job(remote))).text == "Hi"
        assert (await collect(remote, job(remote))).text == "Hi"
        assert [heard.headers["authorization"][-1] for heard in house.heard] == ["a", "b", "b"]
        await remote.close()


async def test_while_all_keys_rest_nobody_is_asked():
    async with provider((whole({}, status="429 Slow", retry_after="9"),)) as house:
        remote = backend(house.url, "a", "b")
        for _ in range(3):
            with pytest.raises(ApiError) as caught:
                await collect(remote, job(remote))
            assert caught.value.error_type == "rate_limit_exceeded"
            assert caught.value.retry_after_s == pytest.approx(9, abs=1)
        assert len(house.heard) == 2
        await remote.close()


async def test_a_server_without_keys_refuses_one_model_and_is_not_asked_for_another():
    async with provider((whole({}, status="429 Slow"),), (whole(_REPLY),)) as house:
        remote = backend(house.url)
        with pytest.raises(ApiError) as caught:
            await collect(remote, job(remote))
        assert (caught.value.error_type, caught.value.retry_after_s) == ("rate_limit_exceeded", None)
        assert (await collect(remote, job(remote))).text == "Hi", (
            "whether an endpoint rests is not the provider's to say"
        )
        await remote.close()


async def test_a_field_that_is_refused_is_left_out_once_and_for_all():
    refused = whole(
        {"error": "Validation: Unsupported parameter(s): thinking_token_budget", "code": 400}, status="400 Bad"
    )
    async with provider((refused,), (whole(_REPLY),)) as house:
        remote = backend(house.url)
        for _ in range(2):
            await collect(remote, job(remote, thinking=True, budget=10))
        await remote.close()
        assert ["thinking_token_budget" in heard.body for heard in house.heard] == [True, False, False]


async def test_a_request_that_the_client_got_wrong_is_not_sent_again():
    async with provider((whole({"error": {"message": "temperature must be below 2"}}, status="400 Bad"),)) as house:
        remote = backend(house.url)
        with pytest.raises(ApiError):
            await collect(remote, job(remote))
        await remote.close()
        assert len(house.heard) == 1


async def test_whole_replies_are_asked_for_only_where_they_come_in_time():
    stream = (HEAD, _HI, delta("stop"), USAGE, DONE, END)
    async with provider(stream, (whole(_REPLY),), (5.0,), stream) as house:
        remote = backend(house.url, first_byte_s=1.0)
        for _ in range(2):
            assert (await collect(remote, job(remote, stream=False, max_tokens=16))).text == "Hi"
        with pytest.raises(ApiError, match="said nothing"):
            await collect(remote, job(remote, stream=False, max_tokens=16))
        assert (await collect(remote, job(remote, stream=False, max_tokens=16))).text == "Hi"
        await remote.close()
        assert [heard.body.get("stream", False) for heard in house.heard] == [True, False, False, True]


async def test_a_body_is_bounded(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("nemoserve.backends.remote.connections.MOST_BODY", 1 << 16)
    error, _ = await _fails(whole(b"[" * (1 << 17)))
    assert "bytes" in error.message


_SECRET = "topsecret/0123456789"
"""With a character that some write otherwise in JSON."""


@pytest.mark.parametrize(
    "said",
    [
        (HEAD, event({"error": {"code": 500, "message": f"cannot use {_SECRET}"}}), END),
        (HEAD, event(f"no JSON but {_SECRET}".encode()), END),
        (whole(f"<html>{_SECRET}</html>".encode()),),
        (whole({"error": {"message": f"{'x' * 290}{_SECRET}"}}),),
        (whole({"error": {"message": _SECRET}}, status="500 Oh"),),
        (whole(b'{"error": {"message": "for topsecret\\/0123456789"}}', status="400 Bad"),),
        (whole(b'{"error": {"message": "for topsecret\\u002f0123456789"}}', status="400 Bad"),),
        (whole({"error": {"message": f"{_SECRET[::-1]} is no team"}}, status="403 No"),),
    ],
)
async def test_a_key_that_a_provider_repeats_is_told_to_the_client(said: tuple[Step, ...]):
    error, _ = await _fails(*said, keys=(_SECRET,), headers={"X-Team-Key": _SECRET[::-1]})
    shown = f"{error!r} {error.message} {json.dumps(error.metadata)}"
    for secret in (_SECRET, _SECRET[::-1]):
        for spelled in (secret, secret.replace("/", "\\/"), secret[:12]):
            assert spelled not in shown


async def test_a_short_key_is_taken_out_of_every_word():
    error, _ = await _fails(whole({"error": {"message": "a bad day"}}, status="500 Oh"), keys=("a",))
    assert "a bad day" in error.message


_TOOL: dict[str, object] = {"type": "function", "function": {"name": "get", "parameters": {"type": "object"}}}


@pytest.mark.parametrize(
    ("complaint", "asked", "sent"),
    [
        ("tool_choice: 'required' is not supported, only 'auto'", "tool_choice", [True, False, True]),
        ("Unsupported parameter: 'tool_choice' is not supported with this model.", "tool_choice", [True, False, False]),
        ("body.tool_choice: extra_forbidden, Extra inputs are not permitted", "tool_choice", [True, False, False]),
    ],
)
async def test_what_one_request_got_wrong_takes_the_field_from_all(complaint: str, asked: str, sent: list[bool]):
    async with provider((whole({"error": {"message": complaint}}, status="400 Bad"),), (whole(_REPLY),)) as house:
        remote = backend(house.url)
        for mode in ("required", "none"):
            await collect(remote, job(remote, tools=(_TOOL,), tool_choice=ToolChoice(mode)))
        await remote.close()
        assert [asked in heard.body for heard in house.heard] == sent


@pytest.mark.parametrize(
    "complaint", ["tools[0].function.strict is not supported", "tools.0.type: unknown", "Unsupported parameter: tools"]
)
async def test_tools_are_silently_gone(complaint: str):
    async with provider((whole({"error": complaint}, status="400 Bad"),)) as house:
        remote = backend(house.url)
        with pytest.raises(ApiError):
            await collect(remote, job(remote, tools=(_TOOL,)))
        await remote.close()
        assert len(house.heard) == 1


async def test_what_is_required_is_left_out_because_it_was_refused_before():
    refused = whole({"error": "Validation: Unsupported parameter(s): seed", "code": 400}, status="400 Bad")
    strict = Preferences(require_parameters=True)
    async with provider((refused,), (whole(_REPLY),)) as house:
        remote = backend(house.url)
        for _ in range(2):
            with pytest.raises(ApiError, match="does not take seed") as caught:
                await collect(remote, job(remote, sampling=Sampling(seed=7), preferences=strict))
            assert caught.value.error_type == "not_found" and caught.value.blameless
        assert (await collect(remote, job(remote, preferences=strict))).text == "Hi"
        await remote.close()
        assert ["seed" in heard.body for heard in house.heard] == [True, False]


async def test_a_budget_that_was_refused_is_dropped_without_a_word():
    refused = whole({"error": "Unsupported parameter(s): thinking_token_budget"}, status="400 Bad")
    async with provider((refused,), (whole(_REPLY),)) as house:
        remote = backend(house.url)
        for _ in range(2):
            seen = await collect(remote, job(remote, thinking=True, budget=10))
            assert seen.finish is not None and [one.parameter for one in seen.finish.warnings] == ["reasoning"]
        await remote.close()
