"""The tool loop that every client runs: what the engine is told to say, and what must have passed when it is over.

The engine says what the last order in the prompt tells it to: the user's text orders a call, the tool's result the answer.
"""

from __future__ import annotations

import json
import re
from typing import Any

from tests.contract.recorder import Exchange
from tests.gateway import Gateway, order

NAME = "get_weather"
ARGUMENTS = {"city": "Köln", "days": [1, 2]}
THOUGHT = "The user wants\nthe weather.\n"
"""Its newline is spelt out in the order, so that only real past thinking looks like this in a prompt."""
INTRODUCTION = "Let me look."
SECOND_THOUGHT = "The tool\nknows.\n"
ANSWER = "It is **sunny** in Köln ☀."

_CALL = json.dumps([{"name": NAME, "arguments": ARGUMENTS}], ensure_ascii=False)
QUESTION = order(say=f"{THOUGHT}</think>\n{INTRODUCTION}\n<TOOLCALL>{_CALL}</TOOLCALL>\n")
RESULT = "sunny, " + order(say=f"{SECOND_THOUGHT}</think>\n{ANSWER}\n")

PARAMETERS: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "array", "items": {"type": "integer"}}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": NAME, "description": "The weather of a city.", "parameters": PARAMETERS},
}


def get_weather(city: str, days: list[int]) -> str:
    """The weather of a city."""
    assert {"city": city, "days": days} == ARGUMENTS
    return RESULT


def check_loop(exchanges: list[Exchange], gateway: Gateway, *, signed: bool = True) -> None:
    """The client made two requests, and the second gave the call, its result and the thinking back, and the model read all.

    `signed`: the client keeps `reasoning_details`, so their signatures have to come back too.
    """
    first, second = exchanges
    assert [message["role"] for message in first.body["messages"]] == ["user"]
    asked, called, result = second.body["messages"]
    assert asked == first.body["messages"][0]
    assert (called["role"], result["role"]) == ("assistant", "tool")
    (call,) = called["tool_calls"]
    assert call["function"]["name"] == NAME and json.loads(call["function"]["arguments"]) == ARGUMENTS
    assert call["id"] == result["tool_call_id"] and call["id"] in first.reply
    assert text_of(result["content"]) == RESULT
    assert past_thinking(called) == THOUGHT
    if signed:
        assert _signatures(first.reply) == _signatures(json.dumps(called["reasoning_details"]))
    _, question, rest = gateway.prompt().partition(_seen(QUESTION))
    thought = rest.find(THOUGHT)
    assert question and 0 <= thought < rest.find(f'"name": "{NAME}"') < rest.find(_seen(RESULT))


def past_thinking(message: dict[str, Any]) -> str:
    """What an assistant message that a client sent carries of its thinking, in whichever field."""
    spelt = message.get("reasoning") or message.get("reasoning_content")
    details = "".join(detail.get("text") or "" for detail in message.get("reasoning_details") or ())
    if spelt and details:
        assert spelt == details
    return spelt or details


def text_of(content: str | list[dict[str, Any]]) -> str:
    """A message's text, whether it is a string or parts."""
    return content if isinstance(content, str) else "".join(part["text"] for part in content)


def _seen(text: str) -> str:
    """How the journal's prompt shows a text: without the markers that are tokens of their own."""
    return re.sub("</?(think|TOOLCALL)>", "", text)


def _signatures(text: str) -> set[str]:
    return set(re.findall(r'"signature":\s*"([^"]+)"', text))
