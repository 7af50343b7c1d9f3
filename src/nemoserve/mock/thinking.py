"""Whether a provider would think on a request, and how long: each honours its own switches and ignores the others'."""

from __future__ import annotations

import msgspec

from nemoserve.mock.ask import Ask, Family, family
from nemoserve.mock.styles import Body, Style

_SHARES = {"minimal": 0.25, "low": 0.5}
"""Of the usual length; other efforts think for all of it."""


class Thinking(msgspec.Struct, frozen=True):
    """What the request's switches come to."""

    on: bool
    budget: int | None = None
    """Tokens; None is no limit."""
    share: float = 1.0
    shown: bool = True
    tagged: bool = False
    """The text arrives in the content, between tags, whatever the provider's usual place."""


def thinking(style: Style, ask: Ask) -> Thinking:
    """The thinking that `style` would do on `ask`."""
    kind = family(ask.model or style.models[0])
    on = _by_prompt(style, kind, ask)
    budget: int | None = None
    share, shown, tagged = 1.0, True, False
    has = style.spellings.__contains__
    if has("template") and ask.chat_template_kwargs and kind in ("nano-3", "omni", "large-3", "other"):
        wish = _wish(ask.chat_template_kwargs, "enable_thinking", "thinking")
        on = on if wish is None else wish
        share = 0.5 if ask.chat_template_kwargs.get("low_effort") is True else share
        budget = _count(ask.chat_template_kwargs, "reasoning_budget")
    if has("reasoning_effort") and ask.reasoning_effort is not None:
        on, share = _effort(ask.reasoning_effort)
    if has("reasoning") and ask.reasoning is not None:
        on, share, budget = _object(ask.reasoning, on)
        shown = ask.reasoning.get("exclude") is not True
    if has("include_reasoning") and ask.include_reasoning is False:
        shown = False
    if has("nvext") and ask.nvext:
        budget = _count(ask.nvext, "max_thinking_tokens")
    if has("thinking_tokens") and ask.max_thinking_tokens and (ask.min_thinking_tokens or kind == "nano-3"):
        budget = ask.max_thinking_tokens
    if has("reasoning_budget") and ask.reasoning_budget is not None and ask.reasoning_budget > 0:
        budget = ask.reasoning_budget
    if has("thinking_token_budget") and ask.thinking_token_budget is not None and ask.thinking_token_budget >= 0:
        budget = ask.thinking_token_budget
    if has("custom_params") and ask.custom_params:
        budget = _count(ask.custom_params, "thinking_budget")
    if has("budget_tokens"):
        limits = [n for n in (ask.thinking_budget_tokens, ask.reasoning_budget_tokens) if n is not None and n >= 0]
        budget = min(limits, default=budget)
    if has("separate_reasoning") and ask.separate_reasoning is False:
        tagged = True
    if has("reasoning_format") and ask.reasoning_format == "none":
        tagged = True
    return Thinking(on, budget, share, shown, tagged)


def _by_prompt(style: Style, kind: Family, ask: Ask) -> bool:
    system = " ".join(turn.text for turn in ask.messages if turn.role == "system")
    if kind == "llama":
        return "detailed thinking on" in system
    if kind in ("nano-v2", "nano-v2-vl", "super-v1.5") and style.reasoning_field:
        if "/no_think" in system:
            return False
        return "/think" in system or (kind != "nano-v2-vl" and style.thinks)
    return style.thinks


def _effort(effort: object) -> tuple[bool, float]:
    """Whether to think at all, and the share of the usual length."""
    if isinstance(effort, str):
        return effort != "none", _SHARES.get(effort, 1.0)
    return effort != 0, 1.0


def _object(reasoning: Body, on: bool) -> tuple[bool, float, int | None]:
    share = 1.0
    if (effort := reasoning.get("effort")) is not None:
        on, share = _effort(effort)
    budget = _count(reasoning, "max_tokens")
    if budget is not None:
        on = True
    wish = _wish(reasoning, "enabled")
    return on if wish is None else wish, share, budget


def _wish(fields: Body, *names: str) -> bool | None:
    return next((value for name in names if isinstance(value := fields.get(name), bool)), None)


def _count(fields: Body, name: str) -> int | None:
    value = fields.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else None
