"""Fear: what one provider writes otherwise than all others costs the reply, or says of an error less than it told."""

import json
from typing import Any

import pytest

from nemoserve.backends.remote.choice import Reading
from nemoserve.backends.remote.reader import ReplyReader
from nemoserve.parsing.tool_schemas import ToolSchemas
from nemoserve.types.errors import ApiError
from tests.providers import Seen

_TOOLS = ToolSchemas(({"type": "function", "function": {"name": "get", "parameters": {"type": "object"}}},))


def _stream(*chunks: dict[str, Any]) -> Seen:
    reader, seen = ReplyReader("up", Reading(tools=_TOOLS)), Seen()
    for each in chunks:
        for event in reader.event(b"", json.dumps(each).encode()):
            seen.add(event)
    for event in reader.end():
        seen.add(event)
    return seen


def _chunk(finish: str | None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


@pytest.mark.parametrize("word", ["null", "None"])
def test_a_reason_to_finish_that_is_none_ends_the_reply(word: str) -> None:
    seen = _stream(_chunk(word, content="a"), _chunk(word, content="b"), _chunk("stop"))
    assert seen.text == "ab" and seen.finish is not None and seen.finish.native_reason == "stop"
    with pytest.raises(ApiError, match="broke off"):
        _stream(_chunk(word, content="a"))


@pytest.mark.parametrize("said", [{"message": {"content": "a"}}, {"text": "a"}])
def test_a_whole_reply_without_a_reason_to_finish_is_taken_for_a_part_of_one(said: dict[str, Any]) -> None:
    for reason in ({}, {"finish_reason": None}, {"finish_reason": "null"}):
        body = {"choices": [{"index": 0, **said, **reason}]}
        seen = Seen()
        for event in ReplyReader("up", Reading()).whole(json.dumps(body).encode()):
            seen.add(event)
        assert seen.text == "a" and seen.finish is not None and seen.finish.reason == "stop"
    with pytest.raises(ApiError, match="broke off"):
        ReplyReader("up", Reading()).whole(b'{"choices": [{"index": 0, "message": {"content": ""}}]}')


def test_a_call_without_arguments_has_none_that_can_be_read() -> None:
    call = {"index": 0, "id": "c", "function": {"name": "get", "arguments": ""}}
    seen = _stream(_chunk(None, tool_calls=[call]), _chunk("tool_calls"))
    assert seen.calls == [("c", "get", "{}")] and seen.finish is not None and not seen.finish.warnings
    cut = _stream(_chunk(None, tool_calls=[call]), _chunk("length"))
    assert cut.calls == [("c", "get", "")] and cut.finish is not None and cut.finish.warnings


def test_problem_details_in_a_stream_are_passed_over() -> None:
    with pytest.raises(ApiError) as caught:
        _stream({"status": 429, "title": "Too Many Requests"})
    assert (caught.value.error_type, caught.value.message) == (
        "rate_limit_exceeded",
        "up answered 429: Too Many Requests",
    )


@pytest.mark.parametrize(("number", "label", "told"), [("0", "c1", "c1"), (0, 7, "7"), ("first", "c1", "c1")])
def test_a_calls_number_or_id_of_another_type_costs_the_reply(number: object, label: object, told: str) -> None:
    first = {"index": number, "id": label, "function": {"name": "get", "arguments": '{"a":'}}
    second = {"index": number, "function": {"arguments": "1}"}}
    seen = _stream(_chunk(None, tool_calls=[first]), _chunk(None, tool_calls=[second]), _chunk("tool_calls"))
    assert seen.calls == [(told, "get", '{"a":1}')]
