"""A draft in the order in which it is said, with thinking where a provider puts it. Knows places, not bodies."""

from __future__ import annotations

from typing import Literal

import msgspec

from nemoserve.mock.draft import Draft
from nemoserve.mock.faults import Quirk

Place = Literal["reasoning", "reasoning_content", "tags", "nowhere"]
Kind = Literal["reasoning", "content", "call", "arguments", "silence"]


class Said(msgspec.Struct, frozen=True):
    """One piece. `call` is the tool call's position; `silence` is a token that the caller is not shown."""

    kind: Kind
    text: str = ""
    call: int = 0
    tokens: int = 1


def said(draft: Draft, place: Place, quirk: Quirk | None, *, whole_calls: bool) -> list[Said]:
    """The pieces in order."""
    if quirk in ("raw-tags", "orphan-tag"):
        place = "tags"
    out: list[Said] = []
    if draft.thinking:
        out += _thought(draft, place, quirk)
    answer: Kind = "content"
    if quirk == "answer-as-reasoning" and place not in ("tags", "nowhere"):
        answer = "reasoning"
    out += [Said(answer, piece) for piece in draft.answer]
    for at, call in enumerate(draft.calls):
        arguments = "".join(call.arguments)
        if quirk == "call-in-think":
            markup = f'\n<TOOLCALL>[{{"name": "{call.name}", "arguments": {arguments}}}]</TOOLCALL>'
            out.append(
                Said("content" if place in ("tags", "nowhere") else "reasoning", markup, tokens=len(call.arguments))
            )
            continue
        out.append(Said("call", call.name, at, tokens=0))
        if whole_calls:
            out.append(Said("arguments", arguments, at, tokens=len(call.arguments)))
        else:
            out += [Said("arguments", piece, at) for piece in call.arguments]
    return out


def _thought(draft: Draft, place: Place, quirk: Quirk | None) -> list[Said]:
    if place == "nowhere":
        return [Said("silence")] * len(draft.thinking)
    if place != "tags":
        return [Said("reasoning", piece) for piece in draft.thinking]
    first, *others = draft.thinking
    opening = "" if quirk == "orphan-tag" else "<think>\n"
    out = [Said("content", opening + first), *(Said("content", piece) for piece in others)]
    if draft.ended_thinking and quirk != "call-in-think":
        out.append(Said("content", "\n</think>\n\n", tokens=0))
    return out
