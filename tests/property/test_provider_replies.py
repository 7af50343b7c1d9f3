"""Fear: how a reply is cut, or what else a provider puts into it, changes what it says or stops the gateway."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nemoserve.backends.remote.choice import Reading
from nemoserve.backends.remote.reader import ReplyReader
from nemoserve.parsing.sse import SseParser
from nemoserve.parsing.tool_schemas import ToolSchemas
from nemoserve.types.errors import ApiError
from nemoserve.types.families import NANO_V2
from tests.examples import examples
from tests.providers import Seen

_TOOLS = ToolSchemas(({"type": "function", "function": {"name": "get", "parameters": {"type": "object"}}},))


def _seen(events: list[Any]) -> tuple[str, str]:
    seen = Seen()
    for event in events:
        seen.add(event)
    return seen.text, seen.reasoning


def _chunk(finish: str | None = None, **delta: Any) -> bytes:
    return json.dumps({"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}).encode()


_WORDS = st.text("ab <>/think\n", max_size=30)


@given(
    _WORDS,
    _WORDS,
    st.lists(st.integers(1, 5), min_size=1, max_size=5),
    st.booleans(),
    st.sampled_from([None, True, False]),
)
def test_in_pieces_and_whole_a_reply_says_the_same(
    thought: str, said: str, sizes: list[int], in_tags: bool, thinking: bool | None
):
    """Thinking in a field and in tags; the answer may hold anything."""
    message: dict[str, Any] = (
        {"content": f"<think>{thought}</think>{said}"} if in_tags else {"reasoning": thought, "content": said}
    )
    chunks: list[bytes] = []
    for field, text in message.items():
        at = turn = 0
        while at < len(text):
            size = sizes[turn % len(sizes)]
            chunks.append(_chunk(**{field: text[at : at + size]}))
            at, turn = at + size, turn + 1
    chunks.append(_chunk("stop"))
    streamed, whole = (ReplyReader("up", Reading(family=NANO_V2, thinking=thinking)) for _ in range(2))
    events = [event for chunk in chunks for event in streamed.event(b"", chunk)]
    body = {"choices": [{"index": 0, "message": message, "finish_reason": "stop"}]}
    assert _seen([*events, *streamed.end()]) == _seen(whole.whole(json.dumps(body).encode()))


@given(st.binary(max_size=60), st.binary(max_size=60))
def test_garbage_is_refused_and_never_more_than_that(first: bytes, second: bytes):
    reader, parser = ReplyReader("up", Reading()), SseParser()
    try:
        for data in (b"data: " + first, b"\n\ndata: {" + second + b"}\n\n"):
            for name, value in parser.push(data):
                reader.event(name, value)
        reader.end()
    except ApiError:
        return


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "index", "id", "name"]), inner)
    ),
    max_leaves=6,
)


@examples(60)
@given(st.fixed_dictionaries({}, optional=dict.fromkeys(("content", "reasoning", "reasoning_content", "thinking", "reasoning_details", "tool_calls", "finish_reason", "logprobs", "usage", "error", "timings", "message"), _JSON)))  # fmt: skip
def test_fields_of_any_type_are_read_or_refused(fields: dict[str, Any]):
    choice = {"delta": fields, "finish_reason": fields.get("finish_reason"), "logprobs": fields.get("logprobs")}
    body = {"choices": [choice], **{name: fields.get(name) for name in ("usage", "error", "timings", "message")}}
    reader = ReplyReader("up", Reading(tools=_TOOLS))
    try:
        reader.event(b"", json.dumps(body).encode())
        reader.end()
    except ApiError:
        return
