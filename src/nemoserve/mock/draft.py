"""What is said in answer to a request, token by token, before any wire format: thinking, text, calls, why it ended."""

from __future__ import annotations

import random
import zlib

import msgspec

from nemoserve.mock.ask import Ask, Tool
from nemoserve.mock.content import instance, pieces, words
from nemoserve.mock.thinking import Thinking

_TOKENS_PER_MESSAGE = 4
_TOKENS_PER_IMAGE = 256
"""As of one tile."""
_OPEN, _CLOSE = "<think>", "</think>"


class Call(msgspec.Struct, frozen=True):
    """A tool call; its arguments are JSON in pieces."""

    name: str
    arguments: tuple[str, ...]


class Draft(msgspec.Struct, frozen=True):
    """One choice. Every piece is a token."""

    thinking: tuple[str, ...] = ()
    ended_thinking: bool = True
    answer: tuple[str, ...] = ()
    calls: tuple[Call, ...] = ()
    finish: str = "stop"

    @property
    def tokens(self) -> int:
        return len(self.thinking) + len(self.answer) + sum(len(call.arguments) for call in self.calls)


def prompt_tokens(ask: Ask) -> int:
    """The mock's own count: four per message, one per word, 256 per image."""
    if ask.messages:
        words_and_images = (len(turn.text.split()) + _TOKENS_PER_IMAGE * turn.images for turn in ask.messages)
        return _TOKENS_PER_MESSAGE * len(ask.messages) + sum(words_and_images)
    return len(_prompt(ask).split()) or 1


def drafts(ask: Ask, thinking: Thinking, *, tokens: int, seed: int) -> list[Draft]:
    """The choices of the answer: `tokens` tokens each, half of them thinking where there is any."""
    question = ask.messages[-1].text if ask.messages else _prompt(ask)
    base = zlib.crc32(question.encode(), ask.seed if ask.seed is not None and ask.seed >= 0 else seed)
    return [_draft(ask, thinking, tokens, random.Random(base + at)) for at in range(ask.n or 1)]


def _draft(ask: Ask, thinking: Thinking, tokens: int, rng: random.Random) -> Draft:
    last = ask.messages[-1] if ask.messages else None
    said = _prompt(ask) if last is None else (last.text if last.role == "assistant" else "")
    # A text to go on with decides itself whether the thinking in it has ended.
    wishes = _open(said) if last is None or last.role == "assistant" else thinking.on
    half = tokens // 2 if wishes else 0
    count = max(1, int(half * thinking.share)) if half else 0
    if thinking.budget is not None:
        count = min(count, thinking.budget)
    thought = words(rng, count, "Let")
    if last is not None and last.role != "tool" and (tool := _tool(ask)) is not None:
        arguments = instance(rng, tool.function.parameters) if tool.function else "{}"
        name = tool.function.name if tool.function else ""
        whole = Draft(thought, calls=(Call(name, pieces(arguments)),), finish="tool_calls")
    else:
        whole = Draft(thought, answer=_stopped(_answer(ask, rng, tokens - half), ask.stop))
    return _limited(whole, ask.limit)


def _answer(ask: Ask, rng: random.Random, count: int) -> tuple[str, ...]:
    form = ask.response_format or {}
    match form.get("type"):
        case "json_schema":
            holder = form.get("json_schema")
            schema: object = msgspec.convert(holder, dict[str, object]).get("schema") if holder else None
            return pieces(instance(rng, schema))
        case "json_object":
            return pieces(instance(rng, {"type": "object", "properties": {"answer": {"type": "string"}}}))
        case _:
            return words(rng, count, "So")


def _tool(ask: Ask) -> Tool | None:
    """The tool to call: the one that is asked for, else the first."""
    tools = [tool for tool in ask.tools or [] if tool.function is not None]
    if not tools or ask.tool_choice == "none":
        return None
    if isinstance(ask.tool_choice, dict):
        wanted = ask.tool_choice.get("function")
        name = msgspec.convert(wanted, dict[str, object]).get("name") if wanted else None
        return next((tool for tool in tools if tool.function and tool.function.name == name), None)
    return tools[0]


def _stopped(answer: tuple[str, ...], stop: str | list[str] | None) -> tuple[str, ...]:
    text = "".join(answer)
    places = [at for each in ([stop] if isinstance(stop, str) else stop or []) if each and (at := text.find(each)) >= 0]
    if not places:
        return answer
    kept: list[str] = []
    left = min(places)
    for piece in answer:
        kept.append(piece[:left])
        left -= len(piece)
        if left <= 0:
            break
    return tuple(piece for piece in kept if piece)


def _limited(draft: Draft, limit: int | None) -> Draft:
    """As much of it as `limit` tokens hold."""
    if limit is None or draft.tokens <= limit:
        return draft
    left = limit - len(draft.thinking)
    if left < 0:
        return Draft(draft.thinking[:limit], ended_thinking=False, finish="length")
    calls = tuple(Call(call.name, call.arguments[:left]) for call in draft.calls[:1])
    return Draft(draft.thinking, left > 0, draft.answer[:left], calls if left else (), "length")


def _prompt(ask: Ask) -> str:
    """The text to go on with; of token ids, the ids."""
    return "\n".join(map(str, ask.prompt)) if isinstance(ask.prompt, list) else ask.prompt or ""


def _open(text: str) -> bool:
    """Whether a text ends inside of thinking."""
    return text.rfind(_OPEN) > text.rfind(_CLOSE)
