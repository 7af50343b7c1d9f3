"""Conversations and texts to token ids. Knows a checkpoint's template and vocabulary; no engine, no requests."""

from __future__ import annotations

import asyncio

import msgspec

from nemoserve.backends.local.checkpoint import TextSide
from nemoserve.backends.local.template import Template
from nemoserve.types.chat import Message
from nemoserve.types.errors import ApiError, invalid
from nemoserve.types.prompt import ChatTurn, Prompt, ReplyStart

# Above it, tokenising would hold up other requests noticeably and is done in a thread.
_LONG_TEXT = 16_384


def _as_template_wants(message: Message, template: Template) -> dict[str, object]:
    if message.images:  # routing sends none here; a prompt without them would answer another question
        raise invalid(f"messages[{message.at}].content", "the models on this machine read no images; send text alone")
    entry: dict[str, object] = {"role": message.role, "content": message.text}
    if message.reasoning and template.reads_past_thinking:
        entry["reasoning_content"] = message.reasoning
    if message.tool_calls:
        entry["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": arguments}}
            for call in message.tool_calls
            for arguments in (_arguments(call.arguments, template),)
        ]
    if message.tool_call_id is not None:
        entry["tool_call_id"] = message.tool_call_id
    return entry


def _arguments(text: str, template: Template) -> object:
    if not template.objects_as_arguments:
        return text or "{}"
    try:
        return msgspec.json.decode(text or "{}", type=dict[str, object])
    except (ValueError, RecursionError) as error:
        raise ApiError(
            "invalid_prompt", f"messages: tool_calls[].function.arguments must be a JSON object: {error}"
        ) from error


def render_text(turn: ChatTurn, template: Template | None) -> tuple[str, ReplyStart]:
    """The conversation as text, and where the reply begins. Raises ApiError (400)."""
    if template is None:
        raise ApiError(
            "invalid_request", "messages: this model has no chat template; use /v1/completions with a plain prompt"
        )
    text = template.render(
        [_as_template_wants(message, template) for message in turn.messages],
        tools=turn.tools,
        add_generation_prompt=turn.add_generation_prompt,
        variables=turn.template_kwargs,
    )
    if turn.slash:
        text = text.replace(turn.slash, "/")
    if not turn.add_generation_prompt:
        return text, "answer"
    opener, closer = template.family.opener, template.family.closer
    tail, prefill = text.rstrip(), turn.prefill or ""
    opened = tail.endswith(opener)
    if opened:
        # The template has opened the block already.
        prefill = prefill.removeprefix(opener).lstrip("\n")
    elif tail.endswith(closer):
        prefill = prefill.rpartition(closer)[2].lstrip("\n")
    thought, closed, answer = prefill.partition(closer)
    if not closed and (opened or prefill.startswith(opener)):
        return text + prefill, "thinking"
    begun = answer if closed and (opened or thought.startswith(opener)) else prefill
    return text + prefill, "answer" if begun.strip() else "undecided"


class PromptMaker:
    """Makes prompts for one checkpoint. Long texts are tokenised in a thread; hopelessly long ones not at all."""

    def __init__(self, text_side: TextSide) -> None:
        self._text_side = text_side

    async def render(self, turn: ChatTurn, context_length: int) -> Prompt:
        """The prompt of a conversation. Raises ApiError (400) if it cannot be rendered or is far too long."""
        text, start = render_text(turn, self._text_side.template)
        tokens = await self._encode(text, context_length, "messages", add_special_tokens=False)
        return Prompt(tokens, start, self._stem(text, tokens))

    async def encode(self, text: str, context_length: int, *, add_special_tokens: bool) -> Prompt:
        """The prompt of a plain text. Raises ApiError (400) if it is far too long."""
        return Prompt(await self._encode(text, context_length, "prompt", add_special_tokens=add_special_tokens))

    def _stem(self, text: str, tokens: list[int]) -> int:
        """How many tokens come before what only begins this reply: past turns are rendered without an opened think block."""
        template = self._text_side.template
        family = None if template is None else template.family
        for ending in () if family is None else (family.thinking_prefix, family.direct_prefix):
            if ending and text.endswith(ending):
                own = self._text_side.vocabulary.encode(ending, add_special_tokens=False)
                if len(own) < len(tokens) and tokens[-len(own) :] == own:
                    return len(tokens) - len(own)
        return len(tokens)

    async def _encode(self, text: str, context_length: int, field: str, *, add_special_tokens: bool) -> list[int]:
        vocabulary = self._text_side.vocabulary
        least = vocabulary.least_tokens(text)
        if least > context_length:
            raise too_long(field, least, 0, context_length, at_least=True)
        if len(text) <= _LONG_TEXT:
            return vocabulary.encode(text, add_special_tokens=add_special_tokens)
        return await asyncio.to_thread(vocabulary.encode, text, add_special_tokens=add_special_tokens)


def too_long(field: str, prompt: int, wanted: int, context_length: int, *, at_least: bool = False) -> ApiError:
    """The 400 for a prompt, in that field, that leaves no room in the context; all numbers in tokens."""
    count = f"at least {prompt}" if at_least else str(prompt)
    return ApiError(
        "context_length_exceeded",
        f"The prompt has {count} tokens; this model is served with a context length of {context_length} tokens, the reply included. "
        'Shorten the messages (or the prompt); plugins: [{"id": "context-compression"}] leaves out the middle of a conversation.',
        metadata={"parameter": field, "prompt_tokens": prompt, "max_tokens": wanted, "context_length": context_length},
    )
