"""The faults that change what a reply says. Works on bodies and chunks; bytes and time are `timeline`'s."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import msgspec

from nemoserve.mock.draft import Call, Draft
from nemoserve.mock.faults import Fault
from nemoserve.mock.refusals import error_body, stream_error
from nemoserve.mock.reply import Chunk, Reply
from nemoserve.mock.styles import Body, Style

_PAGE = b"<!DOCTYPE html><html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>\n"
_COMMENT = b": keep-alive\n\n"
_COMMENTS = 5
_ERRORS = frozenset({"error-finish", "error-usage", "error-empty", "error-only", "error-event"})
_FINISHES = {"length": "length", "content-filter": "content_filter", "abort": "abort"}
MESSAGE = "The provider failed in the middle of its answer."


def shorten(drafts: list[Draft], fault: Fault) -> list[Draft]:
    """The drafts that a fault leaves: half of each, or nothing."""
    if fault.name == "no-content":
        return [Draft() for _ in drafts]
    if (finish := _FINISHES.get(fault.name)) is None:
        return drafts
    return [_half(draft, finish) for draft in drafts]


def _half(draft: Draft, finish: str) -> Draft:
    left = max(1, draft.tokens // 2)
    thought = draft.thinking[:left]
    left -= len(thought)
    calls = tuple(Call(call.name, call.arguments[:left]) for call in draft.calls if left)
    return Draft(thought, len(thought) == len(draft.thinking), draft.answer[:left], calls, finish)


def spoil(style: Style, reply: Reply, fault: Fault) -> Reply:
    """What the reply says under a fault; the reply itself where the fault is of another kind."""
    match fault.name:
        case "error-200":
            return Reply(body=error_body(style, 500))
        case "html":
            return Reply(media="text/html", body=_PAGE)
        case "wrong-content-type":
            return msgspec.structs.replace(reply, media="text/html; charset=utf-8")
        case "empty-body":
            return msgspec.structs.replace(reply, chunks=None, body=b"", tokens=0)
        case _:
            pass
    if reply.chunks is None:
        return _spoiled_body(style, reply, fault)
    return msgspec.structs.replace(reply, chunks=tuple(_spoiled_chunks(style, list(reply.chunks), fault)))


def _spoiled_body(style: Style, reply: Reply, fault: Fault) -> Reply:
    body = cast("Body", reply.body)
    match fault.name:
        case "no-usage":
            body = {name: value for name, value in body.items() if name not in ("usage", "meta", "timings")}
        case "no-finish":
            body = _with_finish(body, None)
        case "zero-reasoning-tokens":
            body = _no_reasoning_tokens(body)
        case "error-finish":
            error = stream_error(style, 502, MESSAGE)
            choices = [{**choice, "error": error} for choice in _choices(_with_finish(body, "error"))]
            body = {**body, "choices": choices}
        case name if name in _ERRORS:
            return Reply(body=error_body(style, 500, MESSAGE))
        case _:
            return reply
    return msgspec.structs.replace(reply, body=body)


def _spoiled_chunks(style: Style, chunks: list[Chunk], fault: Fault) -> Iterable[Chunk]:
    match fault.name:
        case "duplicate-finish":
            ends = [chunk for chunk in chunks if chunk.kind in ("finish", "done")]
            return [*chunks[: chunks.index(ends[0]) + 1], ends[0], *chunks[chunks.index(ends[0]) + 1 :], *ends[1:]]
        case "no-finish":
            unfinished = [chunk for chunk in chunks if chunk.kind != "finish"]
            return [_edited(chunk, _with_finish) if chunk.kind == "usage" else chunk for chunk in unfinished]
        case "no-done":
            return [chunk for chunk in chunks if chunk.kind != "done"]
        case "no-usage":
            kept = [chunk for chunk in chunks if chunk.kind != "usage"]
            return [_edited(chunk, _without_usage) for chunk in kept]
        case "zero-reasoning-tokens":
            return [_edited(chunk, _no_reasoning_tokens) for chunk in chunks]
        case "comments-only":
            return [Chunk("comment", style.comment or _COMMENT)] * int(fault.argument or _COMMENTS)
        case name if name in _ERRORS:
            return [*half(chunks), *_failure(style, chunks, name)]
        case _:
            return chunks


def half(chunks: list[Chunk]) -> list[Chunk]:
    """The chunks up to the middle token; one token at least, where there is one."""
    tokens = [at for at, chunk in enumerate(chunks) if chunk.kind == "token"]
    return chunks[: tokens[len(tokens) // 2 if len(tokens) > 1 else 0]] or chunks[:1] if tokens else []


def _failure(style: Style, chunks: list[Chunk], name: str) -> list[Chunk]:
    """The end of a stream that fails, in one of the shapes that providers use."""
    error = stream_error(style, 502, MESSAGE)
    bodies = [chunk.body for chunk in chunks if isinstance(chunk.body, dict)]
    head: Body = {field: value for field, value in (bodies[0] if bodies else {}).items() if field != "choices"}
    done = [Chunk("done", b"data: [DONE]\n\n")]
    delta: Body = {"role": "assistant", "content": ""}
    match name:
        case "error-finish":
            choice: Body = {"index": 0, "delta": delta, "finish_reason": "error"}
            return [Chunk("error", {**head, "error": error, "choices": [choice]})]
        case "error-usage":
            usage = next((body["usage"] for body in bodies if body.get("usage") is not None), None)
            choice = {"index": 0, "delta": delta, "finish_reason": None}
            return [Chunk("error", {**head, "error": error, "choices": [choice], "usage": usage}), *done]
        case "error-empty":
            return [Chunk("error", {**head, "error": error, "choices": []})]
        case "error-event":
            return [Chunk("error", b"event: error\ndata: " + msgspec.json.encode({"error": error}) + b"\n\n")]
        case _:
            return [Chunk("error", {"error": error}), *done]


def _edited(chunk: Chunk, edit: object) -> Chunk:
    if not isinstance(chunk.body, dict) or not callable(edit):
        return chunk
    return msgspec.structs.replace(chunk, body=edit(chunk.body))


def _choices(body: Body) -> list[Body]:
    return cast("list[Body]", body.get("choices") or [])


def _with_finish(body: Body, finish: str | None = None) -> Body:
    fields: Body = {"finish_reason": finish}
    choices = [
        {**choice, **fields, **({"native_finish_reason": finish} if "native_finish_reason" in choice else {})}
        for choice in _choices(body)
    ]
    return {**body, "choices": choices}


def _without_usage(body: Body) -> Body:
    return {name: value for name, value in body.items() if name not in ("usage", "meta", "timings")}


def _no_reasoning_tokens(body: Body) -> Body:
    usage = body.get("usage")
    if not isinstance(usage, dict):
        return body
    counted = cast("Body", usage)
    details = counted.get("completion_tokens_details")
    if isinstance(details, dict):
        counted = {**counted, "completion_tokens_details": {**cast("Body", details), "reasoning_tokens": 0}}
    if "reasoning_tokens" in counted:
        counted = {**counted, "reasoning_tokens": 0}
    return {**body, "usage": counted}
