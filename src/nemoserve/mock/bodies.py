"""Drafts to the bodies and chunks of a provider's chat and text completions. Pure; the faults come after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from nemoserve.mock.ask import Ask
from nemoserve.mock.draft import Draft, prompt_tokens
from nemoserve.mock.faults import Quirk
from nemoserve.mock.reply import JSON, MARK, SSE, Chunk, Reply
from nemoserve.mock.said import Place, Said, said
from nemoserve.mock.styles import Body, Style
from nemoserve.mock.thinking import Thinking
from nemoserve.mock.usage import extras, usage

_DONE = Chunk("done", b"data: [DONE]\n\n")
_Endpoint = Literal["chat", "text"]


class Writer:
    """Writes one reply in a provider's format."""

    def __init__(
        self, style: Style, ask: Ask, thinking: Thinking, drafts: list[Draft], created: int, quirk: Quirk | None
    ) -> None:
        self._style, self._ask, self._drafts = style, ask, drafts
        self._quirk: Quirk | None = quirk
        self._model = ask.model or style.models[0]
        self._place: Place = _place(style, thinking)
        self._created = created
        self._prompt = prompt_tokens(ask)
        self._completion = sum(draft.tokens for draft in drafts)
        # llama-server tells what one of the choices took.
        told = drafts[:1] if style.usage == "llama" else drafts
        tokens, reasoning = sum(draft.tokens for draft in told), sum(len(draft.thinking) for draft in told)
        self._usage = usage(style, self._prompt, tokens, reasoning)
        self._extras = extras(style, self._prompt, tokens)

    def reply(self, endpoint: _Endpoint) -> Reply:
        """The whole of it, streamed where the request asks for that."""
        headers = (("X-Generation-Id", self._id()),) if self._style.id_prefix == "gen-" else ()
        if self._ask.stream:
            chunks = tuple(self._chat_chunks() if endpoint == "chat" else self._text_chunks())
            return Reply(
                media=SSE,
                headers=(*headers, ("Cache-Control", "no-cache")),
                chunks=chunks,
                tokens=self._completion,
                prompt_tokens=self._prompt,
            )
        body = self._chat_body() if endpoint == "chat" else self._text_body()
        return Reply(media=JSON, headers=headers, body=body, tokens=self._completion, prompt_tokens=self._prompt)

    def _id(self) -> str:
        if self._style.id_prefix == "gen-":
            return f"gen-{self._created}-{MARK}"
        return f"{self._style.id_prefix}{'0' * 12}{MARK}"

    def _head(self, kind: str, more: Body) -> Body:
        head: Body = {"id": self._id(), "object": kind, "created": self._created, "model": self._model}
        if self._style.provider is not None:
            head["provider"] = self._style.provider
        return {**head, **more}

    # Whole answers.

    def _chat_body(self) -> Body:
        choices = [self._chat_choice(at, draft) for at, draft in enumerate(self._drafts)]
        head = self._head("chat.completion", self._style.whole)
        return {**head, "choices": choices, "usage": self._usage, **self._extras}

    def _chat_choice(self, at: int, draft: Draft) -> Body:
        pieces = self._said(draft)
        reasoning = "".join(piece.text for piece in pieces if piece.kind == "reasoning")
        content = "".join(piece.text for piece in pieces if piece.kind == "content")
        calls = _calls(pieces)
        message: Body = {"role": "assistant", "content": content, **self._style.message}
        if self._place in ("reasoning", "reasoning_content"):
            message[self._place] = reasoning or None
            if reasoning and self._style.reasoning_details:
                message["reasoning_details"] = [_detail(reasoning)]
        if calls:
            message["tool_calls"] = calls
            message["content"] = content or ("" if self._style.usage == "openrouter" else None)
        return self._finished({"index": at, "message": message}, draft, _logprobs(self._ask, pieces))

    def _text_body(self) -> Body:
        head = self._head("text_completion", self._style.whole)
        choices = [
            self._finished({"index": at, "text": _text(draft)}, draft, None) for at, draft in enumerate(self._drafts)
        ]
        return {**head, "choices": choices, "usage": self._usage, **self._extras}

    # Streams.

    def _chat_chunks(self) -> Iterator[Chunk]:
        if self._style.opens_with_comment:
            yield Chunk("comment", self._style.comment)
        head = self._head("chat.completion.chunk", self._chunk_fields())
        if not self._style.role_everywhere:
            opening: Body = {"role": "assistant", "content": None if self._style.usage == "llama" else ""}
            for at in range(len(self._drafts)):
                yield Chunk("open", {**head, "choices": [self._choice(at, opening)]})
        for at, draft in enumerate(self._drafts):
            pieces = self._said(draft)
            for piece in pieces:
                if piece.kind == "silence" or (piece.kind == "call" and self._style.whole_calls):
                    yield Chunk("token", b"", piece.tokens)
                    continue
                name = draft.calls[piece.call].name if piece.kind == "arguments" and self._style.whole_calls else None
                choice = self._choice(at, self._delta(piece, name))
                if (logprobs := _logprobs(self._ask, [piece])) is not None:
                    choice["logprobs"] = logprobs
                yield Chunk("token", {**head, "choices": [choice]}, piece.tokens)
        finishes = [
            self._finished(self._choice(at, self._empty_delta()), draft, None) for at, draft in enumerate(self._drafts)
        ]
        yield from self._ending(head, finishes)

    def _text_chunks(self) -> Iterator[Chunk]:
        head = self._head("text_completion", self._chunk_fields())
        for at, draft in enumerate(self._drafts):
            for piece in said(draft, "tags", "orphan-tag", whole_calls=True):
                choice: Body = {"index": at, "text": piece.text, **self._style.choice, "finish_reason": None}
                yield Chunk("token", {**head, "choices": [choice]}, piece.tokens)
        finishes = [self._finished({"index": at, "text": ""}, draft, None) for at, draft in enumerate(self._drafts)]
        yield from self._ending(head, finishes)

    def _ending(self, head: Body, finishes: list[Body]) -> Iterator[Chunk]:
        how = self._style.stream_usage
        counted: Body = {"usage": self._usage, **self._extras}
        for at, finish in enumerate(finishes):
            last, each = at == len(finishes) - 1, self._style.usage == "llama"
            more = counted if how == "finish" and last else self._extras if each and not self._ask.wants_usage else {}
            yield Chunk("finish", {**head, "choices": [finish], **more})
            if each and not last and self._ask.wants_usage:
                yield Chunk("usage", {**head, "choices": [], **counted})
        if how == "repeat":
            yield Chunk("usage", {**head, "choices": [finishes[0]], **counted})
        elif how == "asked" and self._ask.wants_usage:
            yield Chunk("usage", {**head, "choices": [], **counted})
        if self._style.done:
            yield _DONE

    def _chunk_fields(self) -> Body:
        # OpenAI names usage in every chunk once it has been asked for.
        asked: Body = {"usage": None} if self._style.usage == "openai" and self._ask.wants_usage else {}
        return {**self._style.chunk, **asked}

    def _choice(self, at: int, delta: Body) -> Body:
        choice: Body = {"index": at, "delta": delta, **self._style.choice, "finish_reason": None}
        if self._style.native_finish:
            choice["native_finish_reason"] = None
        return choice

    def _finished(self, choice: Body, draft: Draft, logprobs: Body | None) -> Body:
        finish = "stop" if self._quirk == "call-in-think" and draft.calls else draft.finish
        whole: Body = {**choice, **self._style.choice, "finish_reason": finish}
        if logprobs is not None:
            whole["logprobs"] = logprobs
        if self._style.native_finish:
            whole["native_finish_reason"] = finish
        return {**whole, **self._style.finish}

    def _delta(self, piece: Said, name: str | None) -> Body:
        base = self._empty_delta() if self._style.role_everywhere else dict(self._style.delta)
        match piece.kind:
            case "reasoning":
                field = "reasoning_content" if self._place == "reasoning_content" else "reasoning"
                details: Body = {"reasoning_details": [_detail(piece.text)]} if self._style.reasoning_details else {}
                return {**base, field: piece.text, **details}
            case "call":
                function: Body = {"name": piece.text, "arguments": ""}
                call: Body = {"index": piece.call, "id": _call_id(piece.call), "type": "function", "function": function}
                return {**base, "tool_calls": [call]}
            case "arguments" if name is not None:
                call = _call(piece.call, name, piece.text)
                return {**base, "tool_calls": [call]}
            case "arguments":
                return {**base, "tool_calls": [{"index": piece.call, "function": {"arguments": piece.text}}]}
            case _:
                return {**base, "content": piece.text}

    def _empty_delta(self) -> Body:
        return {"role": "assistant", "content": ""} if self._style.role_everywhere else dict(self._style.delta)

    def _said(self, draft: Draft) -> list[Said]:
        return said(draft, self._place, self._quirk, whole_calls=self._style.whole_calls)


def _place(style: Style, thinking: Thinking) -> Place:
    if not thinking.shown or not style.reasoning_field:
        return "nowhere"
    return "tags" if thinking.tagged else style.reasoning_field


def _detail(text: str) -> Body:
    return {"type": "reasoning.text", "text": text, "format": "unknown", "index": 0}


def _text(draft: Draft) -> str:
    return "".join(piece.text for piece in said(draft, "tags", "orphan-tag", whole_calls=True))


def _calls(pieces: list[Said]) -> list[Body]:
    names = {piece.call: piece.text for piece in pieces if piece.kind == "call"}
    arguments = {
        at: "".join(piece.text for piece in pieces if piece.kind == "arguments" and piece.call == at) for at in names
    }
    return [_call(at, name, arguments[at]) for at, name in names.items()]


def _call(at: int, name: str, arguments: str) -> Body:
    return {"index": at, "id": _call_id(at), "type": "function", "function": {"name": name, "arguments": arguments}}


def _call_id(at: int) -> str:
    return f"call_{at}{MARK}"


def _logprobs(ask: Ask, pieces: list[Said]) -> Body | None:
    """OpenAI's form; every token is as likely as the next."""
    if ask.logprobs is not True:
        return None
    tokens: list[Body] = [
        {"token": piece.text, "logprob": -0.1, "bytes": list(piece.text.encode()), "top_logprobs": []}
        for piece in pieces
        if piece.kind == "content"
    ]
    return {"content": tokens, "refusal": None}
