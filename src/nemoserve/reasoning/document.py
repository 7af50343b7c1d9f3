"""Writes docs/reasoning.md from the data that the code itself reads. Knows Markdown; decides nothing.

`python -m nemoserve.reasoning.document > docs/reasoning.md`
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from nemoserve.reasoning.auto import TOY_BILLIONS
from nemoserve.reasoning.budget import (
    GRACE_DIVISOR,
    LEAST_RESERVE,
    MOST_GRACE,
    MOST_RESERVE,
    RESERVE_DIVISOR,
    SHARE_PERCENT,
)
from nemoserve.reasoning.intent import LONGEST_TRANSITION
from nemoserve.reasoning.spellings import SPELLINGS, Kind, Spelling, Zero
from nemoserve.types.families import FAMILIES
from nemoserve.types.model import Family, PastThinking, Recommended, Switch

_VALUES: dict[Kind, str] = {
    "auto": "`auto`",
    "switch": "boolean",
    "type": "`enabled`, `adaptive`, `disabled`",
    "effort": "`none`, `minimal`, `low`, `medium`, `high`, `xhigh`, `max`",
    "hint": "boolean",
    "budget": "tokens",
    "cap": "tokens",
    "least": "tokens",
    "hide": "boolean",
    "show": "boolean",
    "display": "`summarized`, `omitted`",
    "reserve": "tokens",
    "transition": f"at most {LONGEST_TRANSITION} characters, without `</think>`",
    "steps": "boolean",
}
_ZEROS: dict[Zero, str] = {
    "refused": "refused",
    "unlimited": "no limit, and a notice that it is not off",
    "at_once": "thinking ends as its first token",
    "off": "thinking off",
}
_SWITCHES: dict[Switch, str] = {
    "slash": "`/think`, `/no_think`",
    "variable": "`enable_thinking`",
    "detailed": "`detailed thinking on`, `detailed thinking off`",
    "none": "none",
}
_PAST: dict[PastThinking, str] = {"none": "none", "tool_loop": "since the last user message"}


def document() -> str:
    """The whole page."""
    return (
        "\n\n".join((_HEAD, _spellings(), _WISHES, _families(), _FAMILY_NOTES, _budgets(), _AUTO, _PROTECTION)) + "\n"
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _spellings() -> str:
    return _table(
        ("field", "value", "meaning", "0", "-1", "whose"),
        ((f"`{s.path}`", _value(s), s.meaning, *_limits(s), s.source) for s in SPELLINGS),
    )


def _value(spelling: Spelling) -> str:
    return _VALUES[spelling.kind] + (", `auto`" if spelling.auto else "")


def _limits(spelling: Spelling) -> tuple[str, str]:
    match spelling.kind:
        case "budget" | "cap":
            return _ZEROS[spelling.zero], "no limit" if spelling.minus_one else "refused"
        case "least" | "reserve":
            return "none", "refused"
        case _:
            return "", ""


def _families() -> str:
    return _table(
        ("family", "switch", "read in", "default", "prompt ends, on", "prompt ends, off", "calls", "past thinking kept",
         "sampling, on", "sampling, off"),
        (_family(family) for family in FAMILIES),
    )  # fmt: skip


def _family(family: Family) -> tuple[str, ...]:
    efforts = ", ".join(f"`{variable}`" for _, variable in family.effort_variables)
    return (
        family.title,
        _SWITCHES[family.switch] + (f"; {efforts}" if efforts else ""),
        " and ".join(family.switched_by),
        "on" if family.thinks else "off",
        _code(family.thinking_prefix),
        _code(family.direct_prefix),
        {"json": "`<TOOLCALL>`, JSON", "xml": "`<tool_call>`, XML", "none": "none"}[family.tool_format],
        _PAST[family.past_thinking],
        _sampling(family.thinking),
        _sampling(family.direct),
    )


def _code(text: str) -> str:
    return f"`{text!r}`".replace("'", "") if text else ""


def _sampling(sampling: Recommended | None) -> str:
    if sampling is None:
        return "as the checkpoint says"
    if sampling.temperature == 0:
        return "greedy"
    return f"{sampling.temperature} / {sampling.top_p}" + (f" / {sampling.top_k}" if sampling.top_k else "")


def _budgets() -> str:
    shares = ", ".join(f"{effort} {percent} %" for effort, percent in SHARE_PERCENT.items())
    return f"""## Budgets and the answer's reserve

All numbers are tokens of the model, and whole. A reply's `max_tokens` holds, in this order: the thinking's **budget**, a
**grace**, the text that ends the thinking, and the answer.

- A number (`reasoning.max_tokens` and its like) is the budget. A level is a share of `max_tokens`:
  {shares}. Where both stand, the number is the budget.
- At the budget the thinking is to end at the next newline, or when the grace is used up: 1/{GRACE_DIVISOR} of the budget, at least 1
  and at most {MOST_GRACE}. Then the end (`\\n</think>\\n\\n`, after `reasoning.transition` if there is one) is put in place of
  further thinking, and the model goes on to its answer.
- For the answer 1/{RESERVE_DIVISOR} of `max_tokens` is kept, at least {LEAST_RESERVE} and at most {MOST_RESERVE}; `reasoning.answer_reserve` is
  another number, and 0 keeps none. A budget that does not fit beside the reserve is lowered, and the reply says so
  (`adjusted_parameter`). Where it was the reserve that cut the thinking short, the reply says that too
  (`answer_reserve`).
- In a `max_tokens` that hardly holds the reserve, thinking gets no tokens and is ended before it begins.
- `reasoning.enabled: true` alone sets no budget: the model thinks until it is done or until the reserve. OpenRouter calls
  this medium effort; a Nemotron finds its own end, and half of `max_tokens` would cut long thoughts short for nothing.
- `min_thinking_tokens` keeps the model from ending its thinking earlier. It is never more than the budget.
- A reply that does not think has no budget, whatever number was sent."""


_HEAD = """<!-- Made by `python -m nemoserve.reasoning.document > docs/reasoning.md`; a test compares the two. -->

# Thinking

A request may say in many ways whether the model is to think, for how long, and whether the thinking is returned. All of
them become one intent, which is then put into the switch of the model's own family.

## Spellings

A field of an object is written with a full stop. `null` is the same as absent."""

_WISHES = """What is more than one wish:

- A field goes before the text: `/no_think` in a message is overruled by `reasoning.enabled: true`. Without either, the
  family's default holds, except that a request which ends with the beginning of an answer is past thinking.
- `reasoning.max_tokens` and `thinking.budget_tokens` ask for thinking. The other numbers only limit it if there is any.
- Fields that contradict each other are refused (400), and both are named: on and off; a number of tokens, or a least number, and
  off; two different levels; two different numbers; a least number above the most. So are `reasoning.effort` (or
  `reasoning_effort`) and a number that asks for thinking, as OpenRouter has it.
- A level may stand beside a number that only limits, since NVIDIA's own clients send both.
- "Off" is always the family's switch, never a budget of 0. What 0 means otherwise is its author's choice, in the table.
- Other keys of `reasoning`, `thinking`, `nvext` and `custom_params` are dropped, and the reply's notices name them. Other
  variables in `chat_template_kwargs` go to the template as they are.

## Families

A checkpoint's family is told by the text of its chat template, and where that is not enough by its model type and name.
The template itself does the rendering; a model of no known family keeps whichever switch its template has."""

_FAMILY_NOTES = """- Sampling is temperature / top_p, for requests that name none. With thinking on, what the checkpoint's
  `generation_config.json` says goes before it.
- Where the prompt's ending is empty, the model opens its think block itself. The small Llama-Nemotron v1 models are kept from
  it by an empty block, which the server adds.
- `/think` and `/no_think`, and in the system text `detailed thinking on` or `off`, are read in every family, and become its own
  switch.
- Effort low or minimal sets `low_effort` (or `medium_effort` where there is only that), effort medium `medium_effort`, in
  addition to the budget. The embedded model's template has `low_effort` too, which no published Nano v2 template has.
- `detailed thinking on` or `off` is put in front of the system text, with an empty line between them.
- The 12B v2 VL is told explicitly either way, since its default was not the same everywhere."""

_AUTO = f"""## Auto: deciding by the request

`"reasoning": "auto"` (or `reasoning.enabled: "auto"`, or an effort of `auto`) has the server decide whether this request is worth thinking about, and
for how long. `"model": "nemoserve/auto"` (`openrouter/auto` is the same) decides that too, and picks a model by its size: a request that needs
depth goes to the largest model that is served, any other to the smallest. Models whose id does not tell their size come behind those, and models of
less than {TOY_BILLIONS} billion parameters, such as the embedded one, are asked only where there is nothing else. The other models stay as fallbacks, in
the same order. A variant (`nemoserve/auto:free`) holds for all of them.

- What the caller says goes first: on or off in a field, `/think` or `/no_think` in the text, a level, a number of tokens. A reply that the
  request has begun is past thinking, and nothing is decided.
- The verdict is none (off), some (effort medium) or much (on, without a limit of its own). For the embedded model, which was measured,
  it is none or some, with effort low, and that without the share of `max_tokens` that goes with an effort of the caller's own.
- `warnings` says what was decided and why (`auto_reasoning`, `auto_model`): the odds, and the three features of the request that spoke most
  for it, each with what it added to the logarithm of the odds.
- No model is asked. Features of the last user message (numbers, operators, words of some twenty groups, code, formulas, lists,
  quotations, length), tools, history and output format are weighed by linear scores. It takes some tenths of a millisecond at most: of a
  long text only the first and last 600 characters are read.
- The weights are data, `complexity.json`, made by `python -m training.complexity` from two sources: some four hundred prompts labelled
  by hand, in English for the most part, with a few in German, French, Spanish, Italian, Chinese and Japanese; and for the embedded
  model, which has to think about far simpler things, its own right and wrong answers to training problems at each effort.
  [benchmarks.md](benchmarks.md) has what that saves.
- It judges by the words of a question, and does not understand it. Labels are one author's; prompts unlike any of them, and other
  languages, are judged worse. Where a wrong verdict is dear, say on or off."""

_PROTECTION = """## Protection of text

The templates of Nano v2 and Super v1.5 search texts for the letters `/think` and `/no_think`, and cut them out wherever they
are. A path such as `/thinking` or a link such as `https://x.org/no_think` would switch the model and arrive damaged.

nemoserve decides itself what a switch is: the word by itself, not within a path, a link, a tag or a longer word. Such
switches are taken out of the text and become the intent. In all that only looks like one the slash is replaced, before the template
runs, by a character that occurs nowhere in the request (from Unicode's private-use areas), and put back into the rendered
prompt. Then the family's switch is added once, at the end of the system text.

In Super v1.5 only the system text can switch, because its template looks nowhere else; in a user's text `/no_think` is
text. The older switch is a line of the system text that says exactly `detailed thinking on` or `detailed thinking off`; the
same words within a sentence, or said by the user, are text. Every family with a switch is switched by either spelling, since
prompts are carried from one model to the next. Assistants and tools cannot switch anything."""


if __name__ == "__main__":
    sys.stdout.write(document())
