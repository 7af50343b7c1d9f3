"""Fear: log probabilities are lost, belong to other tokens, or cost the reply that they came with."""

import json
from typing import Any

import pytest

from nemoserve.backends.remote.choice import Reading
from nemoserve.backends.remote.reader import ReplyReader
from nemoserve.types.events import TextDelta


def _message(content: str, logprobs: object) -> bytes:
    choice: dict[str, Any] = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": content}}
    return json.dumps({"choices": [{**choice, "logprobs": logprobs}]}).encode()


def test_log_probabilities_arrive():
    token = {
        "token": "So",
        "logprob": -0.5,
        "bytes": [83, 111],
        "top_logprobs": [{"token": "No", "logprob": -2.0, "bytes": None}],
    }
    first, *_ = ReplyReader("up", Reading()).whole(_message("So", {"content": [token]}))
    assert isinstance(first, TextDelta)
    (entry,) = first.logprobs
    assert (entry.chosen.text, entry.chosen.data, entry.top[0].logprob) == ("So", b"So", -2.0)
    other, *_ = ReplyReader("up", Reading()).whole(_message("So", {"tokens": ["So"], "token_logprobs": [-0.5]}))
    assert other == TextDelta(0, "So")


@pytest.mark.parametrize("value", ["NaN", "-Infinity", "Infinity"])
def test_a_log_probability_that_is_no_number_costs_the_reply(value: str):
    body = _message('a "NaN" of -Infinity', {"content": [{"token": "a", "logprob": float(value)}]})
    assert value.encode() in body.rpartition(b"logprob")[2]
    first, *_ = ReplyReader("up", Reading()).whole(body)
    assert isinstance(first, TextDelta)
    assert (first.text, first.logprobs[0].chosen.logprob) == ('a "NaN" of -Infinity', -9999.0)


@pytest.mark.parametrize(
    "logprobs", [None, {}, {"tokens": 5}, {"content": []}, {"tokens": ["a"], "token_logprobs": "b"}]
)
def test_log_probabilities_in_another_form_cost_a_text(logprobs: object) -> None:
    body = {"choices": [{"index": 0, "text": "<think>a", "logprobs": logprobs, "finish_reason": "length"}]}
    events = ReplyReader("up", Reading(start="answer")).whole(json.dumps(body).encode())
    assert events[:1] == [TextDelta(0, "<think>a")], "what stands in a text is left as it is"


def test_log_probabilities_of_a_text_are_another_tokens() -> None:
    told = {
        "tokens": ["On", "ce"],
        "token_logprobs": [None, -0.5],
        "top_logprobs": [None, {"ce": -0.5, "to": -2.0}],
        "text_offset": [0, 2],
    }
    body = {"choices": [{"index": 0, "text": "Once", "logprobs": told, "finish_reason": "stop"}]}
    first, *_ = ReplyReader("up", Reading(start="answer")).whole(json.dumps(body).encode())
    assert isinstance(first, TextDelta)
    found = [(one.chosen.text, one.chosen.logprob, one.offset) for one in first.logprobs]
    assert found == [("On", None, 0), ("ce", -0.5, 2)]
    assert [[(top.text, top.logprob) for top in one.top] for one in first.logprobs] == [
        [],
        [("ce", -0.5), ("to", -2.0)],
    ]


def test_places_that_sglang_does_not_tell_are_places() -> None:
    reader, found = ReplyReader("up", Reading(start="answer")), []
    for tokens, finish in ((["On", "ce"], None), ([" up", "<|end|>"], "stop")):
        told = {"tokens": tokens, "token_logprobs": [-0.5] * 2, "top_logprobs": [], "text_offset": [-1, -1]}
        text = "".join(token for token in tokens if token != "<|end|>")
        choice = {"index": 0, "text": text, "logprobs": told, "finish_reason": finish}
        found += reader.event(b"", json.dumps({"choices": [choice]}).encode())
    told_of = [
        (one.chosen.text, one.offset) for event in found if isinstance(event, TextDelta) for one in event.logprobs
    ]
    assert told_of == [("On", 0), ("ce", 2), (" up", 4)]


@pytest.mark.parametrize("start", [0, 7])
@pytest.mark.parametrize("echoed", ["", "Q: "])
@pytest.mark.parametrize(("finish", "kept"), [("stop", 2), ("length", 4)])
def test_the_token_that_ended_a_text_is_counted_into_it(start: int, echoed: str, finish: str, kept: int) -> None:
    tokens = [*([echoed] if echoed else []), "On", "ce", "", "<|end|>"]
    offsets = [start + len("".join(tokens[:at])) for at in range(len(tokens))]
    told = {"tokens": tokens, "token_logprobs": [-0.5] * len(tokens), "text_offset": offsets}
    body = {"choices": [{"index": 0, "text": f"{echoed}Once", "logprobs": told, "finish_reason": finish}]}
    first, *_ = ReplyReader("up", Reading(start="answer")).whole(json.dumps(body).encode())
    assert isinstance(first, TextDelta)
    assert [one.chosen.text for one in first.logprobs] == tokens[: bool(echoed) + kept]
