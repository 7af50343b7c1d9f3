"""Fear: what llama-server does in a way of its own, and without a word, is taken for what was asked. The replies are a real one's."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from nemoserve.backends.base import Texts
from nemoserve.backends.remote.choice import Reading
from nemoserve.backends.remote.dialect import DIALECTS
from nemoserve.backends.remote.reader import ReplyReader
from nemoserve.types.chat import Message, Sampling, ToolChoice
from nemoserve.types.errors import ApiError
from nemoserve.types.events import TextDelta
from tests.providers import DONE, END, HEAD, backend, collect, delta, event, job, provider, whole

_TOOLS: tuple[dict[str, object], ...] = tuple(
    {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}} for name in ("get", "put")
)
_REPLY: dict[str, Any] = {
    "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hi"}}]
}
_STREAM = (HEAD, delta("stop", content="Hi"), DONE, END)


def _token(text: str) -> dict[str, Any]:
    top = [{"id": 5, "token": text, "bytes": [*text.encode()], "logprob": -0.5}]
    return {**top[0], "top_logprobs": [*top, {**top[0], "token": "x", "logprob": -2.0}]}


async def _sent(**asked: Any) -> dict[str, Any]:
    """The body that reaches it."""
    async with provider((whole(_REPLY),)) as house:
        remote = backend(house.url, type="llama-server")
        texts = asked.pop("texts", None)
        await collect(remote, msgspec.structs.replace(job(remote, stream=False, **asked), texts=texts))
        await remote.close()
        return house.heard[-1].body


async def test_a_penalty_has_a_name_that_it_ignores() -> None:
    body = await _sent(sampling=Sampling(repetition_penalty=1.3))
    assert body["repeat_penalty"] == 1.3
    assert "repetition_penalty" not in body


async def test_the_tool_that_has_to_be_called_is_one_of_many() -> None:
    body = await _sent(tools=_TOOLS, tool_choice=ToolChoice("named", "put"))
    assert (body["tools"], body["tool_choice"]) == ([_TOOLS[1]], "required")


async def test_twenty_alternatives_come_where_none_were_asked_for() -> None:
    assert (await _sent(sampling=Sampling(logprobs=0)))["top_logprobs"] == 1
    assert (await _sent(sampling=Sampling(logprobs=3)))["top_logprobs"] == 3
    body = json.dumps({"choices": [{**_REPLY["choices"][0], "logprobs": {"content": [_token("Hi")]}}]}).encode()
    for wanted in (0, 1, 2):
        first, *_ = ReplyReader("up", Reading(alternatives=wanted)).whole(body)
        assert isinstance(first, TextDelta)
        assert len(first.logprobs[0].top) == wanted


async def test_log_probabilities_that_it_cannot_stream_beside_tools_are_gone_from_all_requests() -> None:
    said = {"error": {"code": 400, "message": "logprobs is not supported with tools + stream"}}
    async with provider((whole(said, status="400 Bad"),), _STREAM) as house:
        remote = backend(house.url, type="llama-server")
        seen = await collect(remote, job(remote, tools=_TOOLS, sampling=Sampling(logprobs=2)))
        assert seen.finish is not None
        assert [one.parameter for one in seen.finish.warnings] == ["logprobs", "top_logprobs"]
        await collect(remote, job(remote, sampling=Sampling(logprobs=2)))
        await remote.close()
    assert [("logprobs" in heard.body, "top_logprobs" in heard.body) for heard in house.heard] == [
        (True, True),
        (False, False),
        (True, True),
    ]


@pytest.mark.parametrize(
    ("pieces", "text"),
    [
        (["I said", " so."], " so."),
        (["I", " said so", "."], " so."),
        ([" so", "."], " so."),
        (["I s"], "I s"),
        (["I see"], "I see"),
        (["I said"], ""),
        (["<think>\n</think>", "I said so."], " so."),
    ],
)
async def test_a_reply_begins_with_what_it_continues(pieces: list[str], text: str) -> None:
    turns = (Message("user", "Hello"), Message("assistant", "I said"))
    whole_reply = {"role": "assistant", "content": "".join(pieces)}
    body = {"choices": [{"index": 0, "finish_reason": "stop", "message": whole_reply}]}
    streamed = (HEAD, *(delta(content=piece) for piece in pieces), delta("stop"), DONE, END)
    async with provider(streamed, (whole(body),)) as house:
        remote = backend(house.url, type="llama-server")
        for _ in range(2):
            assert (await collect(remote, job(remote, messages=turns))).text == text
        await remote.close()


def test_several_choices_are_counted_as_one() -> None:
    assert "n" not in DIALECTS["llama-server"].fields, "each is a request of its own"


@pytest.mark.parametrize("streamed", [False, True])
def test_log_probabilities_of_a_text_have_the_form_of_a_chats(streamed: bool) -> None:
    parts = [["On", "ce"], [" up"]] if streamed else [["On", "ce", " up"]]
    chunks: list[dict[str, Any]] = [
        {"choices": [{"index": 0, "text": "".join(part), "logprobs": {"content": [*map(_token, part)]}}]}
        for part in parts
    ]
    chunks[-1]["choices"][0]["finish_reason"] = "length"
    reader = ReplyReader("up", Reading(start="answer", alternatives=2))
    found = [event for chunk in chunks for event in reader.event(b"", json.dumps(chunk).encode())]
    told = [one for event in found if isinstance(event, TextDelta) for one in event.logprobs]
    assert [(one.chosen.text, one.chosen.logprob, one.offset, len(one.top)) for one in told] == [
        ("On", -0.5, 0, 2),
        ("ce", -0.5, 2, 2),
        (" up", -0.5, 4, 2),
    ]


async def test_which_field_is_too_long_is_not_said() -> None:
    said = {"code": 400, "message": "request (6013 tokens) exceeds the available context size (4096 tokens), try increasing it",
            "type": "exceed_context_size_error", "n_prompt_tokens": 6013, "n_ctx": 4096}  # fmt: skip
    async with provider((whole({"error": said}, status="400 Bad"),)) as house:
        remote = backend(house.url, type="llama-server")
        chat = job(remote)
        for asked, field in (
            (chat, "messages"),
            (msgspec.structs.replace(chat, texts=Texts(prompts=("a",))), "prompt"),
        ):
            with pytest.raises(ApiError) as caught:
                await collect(remote, asked)
            assert (caught.value.error_type, caught.value.metadata["parameter"]) == ("context_length_exceeded", field)
        await remote.close()


async def test_requests_that_outgrow_it_together_are_each_ones_fault() -> None:
    said = {"error": {"code": 500, "message": "Context size has been exceeded.", "type": "server_error"}}
    async with provider((HEAD, delta(content="So"), event(said), END)) as house:
        remote = backend(house.url, type="llama-server")
        with pytest.raises(ApiError) as caught:
            await collect(remote, job(remote))
        await remote.close()
    assert caught.value.error_type == "provider_overloaded"


async def test_a_text_asks_for_more_than_no_alternatives() -> None:
    body = await _sent(texts=Texts(prompts=("a",)), sampling=Sampling(logprobs=0))
    assert body["logprobs"] == 1
