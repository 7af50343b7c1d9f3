"""The request's fields by their names: which were set, and the request without some of them. Knows names; no endpoint."""

from __future__ import annotations

from typing import Final

import msgspec

from nemoserve.types.chat import ChatRequest, CompletionRequest, Notice, Sampling, ToolChoice
from nemoserve.types.reasoning import ReasoningIntent

_SAMPLING: Final = (
    "temperature", "top_p", "top_k", "min_p", "frequency_penalty", "presence_penalty", "repetition_penalty", "logit_bias",
    "seed", "stop_token_ids", "ignore_eos",
)  # fmt: skip
"""Fields of `Sampling` under their own names. `stop` and `n` are not there: what an endpoint cannot do of them is done here."""
_UNSET = Sampling()
_FREE = ToolChoice()


def given(request: ChatRequest | CompletionRequest) -> frozenset[str]:
    """The fields that were set and that an endpoint may or may not honour."""
    sampling = request.sampling
    names: list[str] = []
    if sampling != _UNSET:
        names += [name for name in _SAMPLING if getattr(sampling, name) != getattr(_UNSET, name)]
        if sampling.logprobs is not None:
            names += ["logprobs", "top_logprobs"] if sampling.logprobs else ["logprobs"]
    if request.output is not None:
        names.append("response_format" if request.output.kind == "json_object" else "structured_outputs")
    if isinstance(request, ChatRequest):
        names += _of_chat(request)
    return frozenset(names)


def _of_chat(request: ChatRequest) -> list[str]:
    names: list[str] = []
    if request.tools:
        names.append("tools")
        if request.tool_choice != _FREE:
            names.append("tool_choice")
        if not request.parallel_tool_calls:
            names.append("parallel_tool_calls")
    intent = request.reasoning
    if intent.enabled is not None or intent.effort is not None or intent.max_tokens is not None or intent.auto:
        names.append("reasoning")
    if intent.max_tokens is not None:
        names.append("reasoning_budget")
    if request.template_kwargs:
        names.append("chat_template_kwargs")
    return names


def without(request: ChatRequest, names: frozenset[str]) -> tuple[ChatRequest, tuple[Notice, ...]]:
    """The request without these of its fields, and what is to be said of it."""
    if not names:
        return request, ()
    unset = {name: getattr(_UNSET, name) for name in _SAMPLING if name in names}
    if names & {"logprobs", "top_logprobs"}:
        unset["logprobs"] = None if "logprobs" in names or request.sampling.logprobs is None else 0
    changes: dict[str, object] = {"sampling": msgspec.structs.replace(request.sampling, **unset)} if unset else {}
    if names & {"response_format", "structured_outputs"}:
        changes["output"] = None
    if "tools" in names:
        changes |= {"tools": (), "tool_choice": _FREE}
    if "tool_choice" in names:
        changes["tool_choice"] = _FREE
    if "parallel_tool_calls" in names:
        changes["parallel_tool_calls"] = True
    if "reasoning" in names:
        kept = request.reasoning
        changes["reasoning"] = ReasoningIntent(exclude=kept.exclude, steps=kept.steps)
    if "chat_template_kwargs" in names:
        changes["template_kwargs"] = {}
    return msgspec.structs.replace(request, **changes), tuple(
        Notice("dropped_parameter", f"{name} was dropped: the provider does not support it for this model.", name)
        for name in sorted(names)
    )
