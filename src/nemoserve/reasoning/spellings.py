"""Every spelling of think, don't, this much and don't show me, as data. Knows names and meanings; reads no request."""

from __future__ import annotations

from typing import Literal

import msgspec

Kind = Literal[
    "auto", "switch", "type", "effort", "hint", "budget", "cap", "least", "hide", "show", "display", "reserve", "transition",
    "steps",
]  # fmt: skip
"""How a value is read:

auto        the word "auto": the server decides
switch      a boolean: think, or don't
type        Anthropic's word for the same
effort      a level, which is a share of max_tokens; "none" is off
hint        a boolean that stands for a level where it is true, and neither switches nor excludes a number
budget      a number of tokens that asks for thinking
cap         a number of tokens that limits thinking if there is any
least       the fewest tokens of thinking, if there is any
hide, show  a boolean: return the thinking or not
display     Anthropic's word for the same
reserve, transition, steps   nemoserve's own
"""

Zero = Literal["refused", "unlimited", "at_once", "off"]
"""What a budget of 0 means: nothing sensible, no limit, the end of thinking as its first token, or thinking off."""


class Spelling(msgspec.Struct, frozen=True):
    """One field of a request that speaks about thinking."""

    path: str
    """Where it stands in the body, joined by full stops."""
    kind: Kind
    meaning: str
    source: str
    """Whose spelling it is."""
    zero: Zero = "refused"
    minus_one: bool = False
    """-1 is taken for "no limit"."""
    auto: bool = False
    """The word "auto" is taken too."""
    stands_for: Literal["low", "medium"] = "low"
    """The effort that a hint stands for."""


_SHARE = "thinking may use a share of `max_tokens`: max and xhigh 95 %, high 80 %, medium 50 %, low 20 %, minimal 10 %"

SPELLINGS = (
    Spelling("reasoning", "auto", "instead of the object: decide by the request whether to think, and for how long",
             "nemoserve"),
    Spelling("reasoning.enabled", "switch", "think, or don't; `true` alone sets no budget", "OpenRouter", auto=True),
    Spelling("reasoning.effort", "effort", f"{_SHARE}; `none` switches off", "OpenRouter", auto=True),
    Spelling("reasoning.max_tokens", "budget", "think, for at most so many tokens", "OpenRouter"),
    Spelling("reasoning.exclude", "hide", "think, but return none of it", "OpenRouter"),
    Spelling("reasoning.steps", "steps", "report the steps of the thinking, with tokens and times", "nemoserve"),
    Spelling("reasoning.answer_reserve", "reserve", "tokens of `max_tokens` that thinking may not use", "nemoserve"),
    Spelling("reasoning.transition", "transition", "what thinking that is cut off ends with", "nemoserve"),
    Spelling("reasoning_effort", "effort", "the same as `reasoning.effort`",
             "OpenAI, vLLM, SGLang, llama-server, NVIDIA's hosted API", auto=True),
    Spelling("include_reasoning", "show", "`false` is `reasoning.exclude: true`", "OpenRouter (legacy), vLLM"),
    Spelling("thinking.type", "type", "`enabled` and `adaptive` switch on, `disabled` off", "Anthropic"),
    Spelling("thinking.budget_tokens", "budget", "think, for at most so many tokens", "Anthropic"),
    Spelling("thinking.display", "display", "`omitted`: think, but return none of it; `summarized`: return it, as it was written",
             "Anthropic"),
    Spelling("chat_template_kwargs.enable_thinking", "switch", "think, or don't", "vLLM, SGLang, llama-server, NIM"),
    Spelling("chat_template_kwargs.thinking", "switch", "think, or don't", "SGLang"),
    Spelling("chat_template_kwargs.reasoning_effort", "effort", "the same as `reasoning.effort`", "vLLM"),
    Spelling("chat_template_kwargs.low_effort", "hint", "`true`: if it thinks, effort low", "Nemotron 3 Super"),
    Spelling("chat_template_kwargs.medium_effort", "hint", "`true`: if it thinks, effort medium", "Nemotron 3 Ultra",
             stands_for="medium"),
    Spelling("chat_template_kwargs.reasoning_budget", "cap", "at most so many tokens of thinking",
             "NVIDIA, Nemotron 3 Super and later", zero="unlimited", minus_one=True),
    Spelling("chat_template_kwargs.thinking_budget", "cap", "at most so many tokens of thinking", "SGLang",
             minus_one=True),
    Spelling("custom_params.thinking_budget", "cap", "at most so many tokens of thinking", "SGLang", minus_one=True),
    Spelling("thinking_token_budget", "cap", "at most so many tokens of thinking", "vLLM", zero="at_once",
             minus_one=True),
    Spelling("nvext.max_thinking_tokens", "cap", "at most so many tokens of thinking", "NIM", zero="unlimited"),
    Spelling("max_thinking_tokens", "cap", "at most so many tokens of thinking", "NVIDIA's hosted API",
             zero="unlimited"),
    Spelling("min_thinking_tokens", "least", "at least so many tokens of thinking", "NVIDIA's hosted API"),
    Spelling("reasoning_budget", "cap", "at most so many tokens of thinking", "NVIDIA's hosted API",
             zero="unlimited", minus_one=True),
    Spelling("thinking_budget_tokens", "cap", "at most so many tokens of thinking", "llama-server", zero="off",
             minus_one=True),
    Spelling("reasoning_budget_tokens", "cap", "at most so many tokens of thinking", "llama-server", zero="off",
             minus_one=True),
)  # fmt: skip

FIELDS = tuple(dict.fromkeys(spelling.path.partition(".")[0] for spelling in SPELLINGS))
"""The body's own fields that the spellings stand in."""

TEMPLATE_VARIABLES = frozenset(
    spelling.path.partition(".")[2] for spelling in SPELLINGS if spelling.path.startswith("chat_template_kwargs.")
)
"""Template variables that are read here, and set by the family's step where the family has them."""
