"""Fear: the same answer looks different, costs different or loses its thinking, depending on who gave it.

The bodies are what the providers are known to send.
"""

import json
from typing import Any

import pytest

from nemoserve.backends.remote.choice import Reading
from nemoserve.backends.remote.reader import ReplyReader
from nemoserve.parsing.tool_schemas import ToolSchemas
from nemoserve.types.errors import ApiError
from nemoserve.types.events import TextDelta
from nemoserve.types.families import NANO_V2, NEMOTRON_3
from nemoserve.types.prompt import ReplyStart
from nemoserve.types.usage import Usage
from tests.providers import Seen

_TOOLS = ToolSchemas(
    ({"type": "function", "function": {"name": "get", "parameters": {"type": "object", "required": ["a"]}}},)
)


def _whole(body: dict[str, Any], **reading: Any) -> Seen:
    return _seen(ReplyReader("up", Reading(**{"family": NANO_V2, **reading})).whole(json.dumps(body).encode()))


def _stream(*chunks: dict[str, Any], **reading: Any) -> Seen:
    reader = ReplyReader("up", Reading(**{"family": NANO_V2, **reading}))
    events = [event for chunk in chunks for event in reader.event(b"", json.dumps(chunk).encode())]
    return _seen([*events, *reader.end()])


def _seen(events: list[Any]) -> Seen:
    seen = Seen()
    for event in events:
        seen.add(event)
    return seen


def _chunk(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"id": "i", "model": "m", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


def _message(finish: str = "stop", **message: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", **message}}]}


def test_openrouters_body():
    body = {
        "id": "gen-1779474928-8Ot5WcaCbQBcu9Wvs6Up", "object": "chat.completion", "created": 1779474928,
        "model": "anthropic/claude-4.5-sonnet-20250929", "provider": "Amazon Bedrock", "system_fingerprint": None,
        "choices": [{
            "index": 0, "logprobs": None, "finish_reason": "stop", "native_finish_reason": "end_turn",
            "message": {
                "role": "assistant", "content": "\n\nok\n", "refusal": None, "reasoning": "Hm.\n",
                "reasoning_details": [{"type": "reasoning.text", "text": "Hm.\n", "format": "unknown", "index": 0}],
            },
        }],
        "usage": {
            "prompt_tokens": 43, "completion_tokens": 53, "total_tokens": 96, "cost": 0.000924, "is_byok": False,
            "prompt_tokens_details": {"cached_tokens": 9, "cache_write_tokens": 0, "audio_tokens": 0, "video_tokens": 0},
            "cost_details": {"upstream_inference_cost": 0.000924},
            "completion_tokens_details": {"reasoning_tokens": 48, "image_tokens": 0, "audio_tokens": 0},
        },
    }  # fmt: skip
    seen = _whole(body)
    assert (seen.text, seen.reasoning) == ("\n\nok\n", "Hm.\n")
    assert seen.finish is not None and seen.told is not None
    assert (seen.finish.reason, seen.finish.native_reason) == ("stop", "end_turn")
    assert (seen.told.usage, seen.told.reasoning_told) == (Usage(43, 53, 48, 9), True)
    assert seen.told.model == "anthropic/claude-4.5-sonnet-20250929"


def test_openrouters_stream_with_its_repeated_finish():
    detail = {"type": "reasoning.text", "text": "This", "format": "unknown", "index": 0}
    seen = _stream(
        _chunk(role="assistant", content="", reasoning="This", reasoning_details=[detail]),
        _chunk(role="assistant", content="So"),
        _chunk("stop", role="assistant", content=""),
        _chunk("stop", role="assistant", content="") | {"usage": {"prompt_tokens": 3, "completion_tokens": 2}},
    )
    assert (seen.reasoning, seen.text) == ("This", "So")
    assert seen.told is not None
    assert seen.told.usage == Usage(3, 2)
    assert not seen.told.reasoning_told


@pytest.mark.parametrize(
    "delta",
    [
        {"reasoning": "Hm"},
        {"reasoning_content": "Hm", "content": None},
        {"reasoning": None, "reasoning_content": "Hm"},
        {"thinking": "Hm"},
        {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}]}]},
        {"content": [{"type": "thinking", "thinking": "Hm"}]},
        {"reasoning_details": [{"type": "reasoning.summary", "summary": "Hm"}]},
        {"content": "<think>\nHm</think>"},
    ],
)
def test_thinking_is_found_wherever_it_is(delta: dict[str, Any]):
    seen = _stream(_chunk(**delta), _chunk("stop", content="So"))
    assert (seen.reasoning, seen.text) == ("Hm", "So")


def test_sglangs_and_llama_servers_counts():
    seen = _whole(_message(content="a", reasoning_content="b") | {"usage": {"prompt_tokens": 4, "completion_tokens": 9, "reasoning_tokens": 5}})  # fmt: skip
    assert seen.told is not None
    assert seen.told.usage == Usage(4, 9, 5)
    seen = _whole(_message(content="a") | {"timings": {"cache_n": 3, "prompt_n": 4, "predicted_n": 9}})
    assert seen.told is not None
    assert seen.told.usage == Usage(7, 9, 0, 3)


def test_neuralhubs_minimal_body():
    body = {
        "id": "chatcmpl-1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed", "object": "chat.completion", "created": 1,
        "model": "nvidia/nemotron-nano-12b-v2-vl",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": "A cat."}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 10, "completion_tokens": 3, "total_tokens": 13},
    }  # fmt: skip
    seen = _whole(body, start="undecided")
    assert seen.told is not None
    assert (seen.text, seen.told.usage) == ("A cat.", Usage(10, 3))


@pytest.mark.parametrize(
    ("start", "content", "reasoning", "text"),
    [
        ("thinking", "Hm</think>\n\nSo", "Hm", "So"),
        ("thinking", "<think>\nHm</think>\n\nSo", "Hm", "So"),
        ("thinking", "\n<think>Hm</think>So", "Hm", "So"),
        ("undecided", "So", "", "So"),
    ],
)
def test_raw_thinking_is_split_whether_or_not_it_was_opened(start: ReplyStart, content: str, reasoning: str, text: str):
    pieces = [_chunk(content=character) for character in content]
    for seen in (_stream(*pieces, _chunk("stop"), start=start), _whole(_message(content=content), start=start)):
        assert (seen.reasoning, seen.text) == (reasoning, text)


def test_a_whole_reply_whose_opening_marker_the_prompt_had_is_split():
    seen = _whole(_message(content="Hm\n</think>\n\nSo"))
    assert (seen.reasoning.strip(), seen.text) == ("Hm", "So")


def test_a_stream_that_began_inside_its_thinking_is_noticed():
    reader = ReplyReader("up", Reading(family=NANO_V2))
    reader.event(b"", json.dumps(_chunk("stop", content="Hm\n</think>\n\nSo")).encode())
    assert reader.orphaned


@pytest.mark.parametrize("thinking", [None, True, False])
def test_a_stream_for_a_client_that_is_not_streamed_to_leaks_no_thinking_into_the_answer(thinking: bool | None):
    reader = ReplyReader("up", Reading(family=NANO_V2, thinking=thinking, whole=True))
    pieces = ["Hm, ", "so.</thi", "nk>\n\nYes", "."]
    events = [event for text in pieces for event in reader.event(b"", json.dumps(_chunk(content=text)).encode())]
    assert all(isinstance(event, TextDelta) and event.held and not event.text for event in events), (
        "nothing to count by"
    )
    seen = _seen([*events, *reader.event(b"", json.dumps(_chunk("stop")).encode()), *reader.end()])
    assert (seen.reasoning, seen.text) == ("Hm, so.", "Yes.")
    assert reader.orphaned, "the next one that is streamed begins in its answer"


@pytest.mark.parametrize("start", ["undecided", "thinking"])
def test_an_answer_in_a_thought_that_never_ended_is_not_said_twice(start: ReplyStart):
    usage = {"usage": {"prompt_tokens": 4, "completion_tokens": 9, "reasoning_tokens": 8}}
    seen = _whole(_message(content="<think>\nYes.") | usage, start=start)
    assert (seen.reasoning, seen.text) == ("", "Yes.")
    assert seen.told is not None and seen.told.usage == Usage(4, 9)
    assert _whole(_message("length", content="<think>\nHm"), start=start).reasoning == "Hm"
    seen = _stream(_chunk(content="<think>\nYes."), _chunk("stop"), start=start)
    assert (seen.reasoning, seen.text) == ("Yes.", "Yes."), "what was sent cannot be taken back"
    assert [event.repeats for event in seen.events if isinstance(event, TextDelta)] == [True], "counted twice"


def test_thinking_that_was_cut_off_stays_thinking_and_that_which_ended_the_turn_is_the_answer():
    cut = _whole(_message("length", content="Hm so"), start="thinking")
    assert (cut.reasoning, cut.text) == ("Hm so", "")
    ended = _whole(_message("stop", reasoning_content="It is 4.", content=""))
    assert (ended.reasoning, ended.text) == ("It is 4.", "It is 4.")


def test_a_reply_without_an_answer_of_its_own_is_passed_on_without_a_word():
    def codes(seen: Seen) -> list[str]:
        assert seen.finish is not None
        return [notice.code for notice in seen.finish.warnings]

    for start, field in (("undecided", "reasoning"), ("thinking", "content")):
        said = {field: "Hm so"}
        assert codes(_stream(_chunk(**said), _chunk("length"), start=start)) == ["empty_answer"]
        assert codes(_stream(_chunk(**said), _chunk("stop"), start=start)) == ["unclosed_thinking"]
    assert codes(_stream(_chunk(reasoning="Hm"), _chunk("length", content="4"))) == []
    assert codes(_stream(_chunk(content="4"), _chunk("length"))) == []


@pytest.mark.parametrize("field", ["reasoning", "reasoning_content"])
def test_an_answer_in_the_field_of_thinking_that_was_off_is_the_answer(field: str):
    seen = _stream(_chunk(**{field: "It is"}), _chunk(**{field: " 4."}), _chunk("stop"), thinking=False)
    assert (seen.reasoning, seen.text) == ("", "It is 4.")
    counts = {"prompt_tokens": 1, "completion_tokens": 3, "completion_tokens_details": {"reasoning_tokens": 3}}
    seen = _whole(_message(**{field: "4."}) | {"usage": counts}, thinking=False)
    assert seen.told is not None and seen.told.usage == Usage(1, 3, 0), "nor is it counted as thinking"
    long = "word " * 2000
    assert _whole(_message(**{field: long}), thinking=False).text == long


def test_thinking_that_came_although_it_was_off_is_still_thinking():
    seen = _stream(_chunk(reasoning="Hm"), _chunk(content="4"), _chunk("stop"), thinking=False)
    assert (seen.reasoning, seen.text) == ("Hm", "4")


def test_a_refusal_is_not_lost_and_no_answer():
    for seen in (
        _whole(_message(content=None, refusal="I will not", reasoning="Hm")),
        _stream(_chunk(reasoning="Hm"), _chunk(content="", refusal="I will"), _chunk("stop", refusal=" not")),
    ):
        refused = [event.text for event in seen.events if isinstance(event, TextDelta) and event.refusal]
        assert ("".join(refused), seen.text, seen.reasoning) == ("I will not", "I will not", "Hm")


def _call(**fields: Any) -> dict[str, Any]:
    return {"type": "function", **fields}


@pytest.mark.parametrize(
    "deltas",
    [
        [
            [_call(index=0, id="c1", function={"name": "get", "arguments": ""})],
            [_call(index=0, function={"arguments": '{"a":'})],
            [_call(index=0, function={"arguments": "1}"})],
        ],
        [[_call(index=0, id="c1", function={"name": "get", "arguments": {"a": 1}})]],
        [[_call(id="c1", function={"name": "get", "arguments": '{"a":1}'})]],
        [
            [_call(id="c1", function={"name": "get", "arguments": '{"a":'})],
            [_call(id="c1", function={"arguments": "1}"})],
        ],
        [[_call(index=0, id="c1", function={"name": "get"})], [{"function": {"arguments": '{"a":1}'}}]],
        [
            [_call(index=0, id="c1")],
            [_call(index=0, function={"name": "get"})],
            [{"function": {"arguments": '{"a":1}'}}],
        ],
        [
            [_call(index=0, id="c1", function={"name": "", "arguments": '{"a":'})],
            [_call(index=0, id="", function={"name": "get", "arguments": "1}"})],
        ],
        [
            [_call(id="c1", function={"name": "get", "arguments": '{"a":'})],
            [_call(id="", function={"name": "", "arguments": "1}"})],
        ],
        [
            [_call(index=0, id="c1", function={"name": "get", "arguments": '{"a":'})],
            [_call(index=0, id="c2", function={"name": "get", "arguments": "1}"})],
        ],
    ],
)
def test_calls_come_out_the_same_however_they_came_in(deltas: list[list[dict[str, Any]]]):
    seen = _stream(*(_chunk(tool_calls=calls) for calls in deltas), _chunk("tool_calls"), tools=_TOOLS)
    assert seen.finish is not None
    assert [(call, name, json.loads(text)) for call, name, text in seen.calls] == [("c1", "get", {"a": 1})]
    assert (seen.finish.reason, seen.finish.warnings) == ("tool_calls", ())


@pytest.mark.parametrize("finish", ["function_call", "stop"])
def test_a_call_in_the_older_form_is_lost(finish: str):
    pieces = [{"name": "get", "arguments": ""}, {"arguments": '{"a":'}, {"arguments": "1}"}]
    whole = _message(finish, content=None, function_call={"name": "get", "arguments": '{"a":1}'})
    streamed = _stream(*(_chunk(function_call=piece) for piece in pieces), _chunk(finish), tools=_TOOLS)
    for seen in (streamed, _whole(whole, tools=_TOOLS)):
        assert seen.finish is not None
        assert [call[1:] for call in seen.calls] == [("get", '{"a":1}')] and seen.finish.reason == "tool_calls"
    for none in ({"name": None}, "", "none", [], 0):
        empty = _whole(_message(finish, content="Hi", function_call=none), tools=_TOOLS)
        assert (empty.text, empty.calls) == ("Hi", [])


def test_calls_without_ids_get_some_and_several_stay_apart():
    calls = [
        _call(function={"name": "get", "arguments": '{"a":1}'}),
        _call(function={"name": "get", "arguments": '{"a":2}'}),
    ]
    seen = _whole(_message("stop", content=None, tool_calls=calls), tools=_TOOLS)
    assert [json.loads(text) for _, _, text in seen.calls] == [{"a": 1}, {"a": 2}]
    assert len({call for call, _, _ in seen.calls}) == 2
    assert seen.finish is not None
    assert seen.finish.reason == "tool_calls"
    one = _whole(_message("stop", tool_calls=calls), tools=_TOOLS, several_calls=False)
    assert one.finish is not None
    assert (len(one.calls), [notice.code for notice in one.finish.warnings]) == (1, ["dropped_tool_calls"])


@pytest.mark.parametrize("together", [True, False])
def test_whole_calls_that_share_a_number_are_taken_for_one(together: bool):
    calls = [_call(index=0, id=f"c{a}", function={"name": "get", "arguments": f'{{"a":{a}}}'}) for a in (1, 2, 3)]
    chunks = [calls] if together else [[call] for call in calls]
    seen = _stream(*(_chunk(tool_calls=chunk) for chunk in chunks), _chunk("tool_calls"), tools=_TOOLS)
    assert seen.calls == [(f"c{a}", "get", f'{{"a":{a}}}') for a in (1, 2, 3)]


def test_a_call_whose_name_never_came_is_told():
    seen = _stream(_chunk(tool_calls=[_call(index=0, id="c1")]), _chunk("tool_calls"), tools=_TOOLS)
    assert [call[:2] for call in seen.calls] == [("c1", "")] and seen.finish is not None and seen.finish.warnings


def test_a_choice_that_nobody_asked_for_costs_the_reply():
    extra = {"choices": [{"index": 1, "delta": {"content": "x"}, "finish_reason": "stop"}]}
    below = {"choices": [{"index": -1, "delta": {"content": "x"}, "finish_reason": "stop"}]}
    seen = _stream(extra, _chunk(content="a"), below, extra, _chunk("stop"), choices=1)
    assert seen.text == "a" and seen.told is not None
    with pytest.raises(ApiError, match="without a choice"):
        _stream(extra, choices=1)


def test_extras_of_odd_types_cost_the_reply():
    seen = _stream(
        {"choices": [{"index": None, "delta": {"content": "a"}, "native_finish_reason": 3, "finish_reason": "stop"}]}
    )
    assert seen.text == "a" and seen.finish is not None and seen.finish.native_reason == "stop"


def test_events_without_data_are_no_events():
    reader = ReplyReader("up", Reading(family=NANO_V2))
    assert (reader.event(b"", b""), reader.event(b"ping", b" "), reader.begun) == ([], [], False)


@pytest.mark.parametrize(
    "chunk",
    [
        {"error": {"code": "429", "message": "slow down"}},
        {
            "choices": [
                {"index": 0, "delta": {}, "finish_reason": "error", "error": {"code": 429, "message": "slow down"}}
            ]
        },
    ],
)
def test_the_status_of_an_error_in_a_stream_is_lost(chunk: dict[str, Any]):
    with pytest.raises(ApiError) as caught:
        _stream(_chunk(content="a"), chunk)
    assert caught.value.error_type == "rate_limit_exceeded" and caught.value.metadata["provider_code"] == 429


def test_wrong_arguments_are_told():
    seen = _whole(
        _message("tool_calls", tool_calls=[_call(id="c", function={"name": "get", "arguments": "{}"})]), tools=_TOOLS
    )
    assert seen.finish is not None
    assert seen.finish.warnings


@pytest.mark.parametrize("field", ["reasoning_content", "content"])
def test_a_call_inside_thinking_that_never_ended_is_a_call(field: str):
    text = 'I will look.\n<TOOLCALL>[{"name": "get", "arguments": {"a": 1}}]</TOOLCALL>'
    start: ReplyStart = "thinking" if field == "content" else "undecided"
    for seen in (
        _stream(*(_chunk(**{field: character}) for character in text), _chunk("stop"), tools=_TOOLS, start=start),
        _whole(_message(**{field: text}), tools=_TOOLS, start=start),
    ):
        assert [(name, json.loads(arguments)) for _, name, arguments in seen.calls] == [("get", {"a": 1})]
        assert seen.finish is not None
        assert (seen.reasoning, seen.finish.reason) == ("I will look.\n", "tool_calls")


def test_prose_about_calls_inside_thinking_that_ended_is_no_call():
    text = 'One writes\n<TOOLCALL>[{"name": "get", "arguments": {}}]</TOOLCALL>'
    seen = _stream(_chunk(reasoning=text), _chunk(content="So."), _chunk("stop"), tools=_TOOLS)
    assert (seen.calls, seen.reasoning, seen.text) == ([], text, "So.")


def test_markup_that_nobody_offered_tools_for_is_text():
    text = "<tool_call>\n<function=get>\n</function>\n</tool_call>"
    assert _whole(_message(content=text), family=NEMOTRON_3).text == text
    assert _whole(_message(content=text), family=NEMOTRON_3, tools=_TOOLS).calls


@pytest.mark.parametrize(
    ("native", "reason"),
    [
        ("stop", "stop"), ("eos_token", "stop"), ("completed", "stop"), ("STOP", "stop"), ("whatever", "stop"),
        ("length", "length"), ("max_tokens", "length"), ("max_output_tokens", "length"), ("safety", "content_filter"),
        ("content_filter", "content_filter"), ("tool_calls", "stop"),
    ],
)  # fmt: skip
def test_reasons_are_normalised_and_kept(native: str, reason: str):
    seen = _whole(_message(native, content="a"))
    assert seen.finish is not None
    assert (seen.finish.reason, seen.finish.native_reason) == (reason, native)


def test_a_stream_without_a_reason_is_whole_only_if_its_calls_are():
    calls = [_call(index=0, id="c", function={"name": "get", "arguments": '{"a":1}'})]
    seen = _stream(_chunk(tool_calls=calls), tools=_TOOLS)
    assert seen.finish is not None and seen.finish.reason == "tool_calls"


def test_several_choices_stay_apart():
    body = {"choices": [{"index": i, "message": {"content": f"c{i}"}, "finish_reason": "stop"} for i in (1, 0)]}
    events = ReplyReader("up", Reading()).whole(json.dumps(body).encode())
    assert [event.index for event in events if hasattr(event, "text")] == [1, 0]  # pyright: ignore


@pytest.mark.parametrize("field", ["content", "reasoning_content"])
def test_a_character_that_is_cut_in_two_costs_the_reply(field: str):
    seen = _stream(
        _chunk(**{field: "a\\ \ud83d"}),
        _chunk(**{field: "\ude00b\ud83d"}),
        _chunk(**{field: "\ude00"}),
        _chunk("stop", content="!"),
    )
    assert (seen.text, seen.reasoning) == (("a\\ 😀b😀!", "") if field == "content" else ("!", "a\\ 😀b😀"))


def test_half_a_character_is_sent_on():
    seen = _stream(_chunk(content="\ude00a\ud83db\ud83d"), _chunk(content="c\\ud83d"), _chunk("stop"))
    assert seen.text == "\ufffda\ufffdbc\\ud83d"
