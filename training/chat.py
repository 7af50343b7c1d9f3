"""Turns examples into prompt and reply text in the Nano v2 chat format, through the same template that is shipped. No tokens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

from jinja2.sandbox import ImmutableSandboxedEnvironment

from training.tasks.base import Example

TEMPLATE_FILE = Path(__file__).with_name("chat_template.jinja")
END_OF_THINKING = "\n</think>\n\n"
END_OF_TURN = "\n<SPECIAL_12>"

Effort = Literal["off", "low", "full"]
"""No thinking; the short working; the whole one."""


def _fail(message: str) -> None:
    raise ValueError(message)


_environment = ImmutableSandboxedEnvironment(
    trim_blocks=True, lstrip_blocks=True, extensions=["jinja2.ext.loopcontrols"]
)
_environment.filters["tojson"] = lambda value, **_: json.dumps(value, ensure_ascii=False)
_environment.globals["raise_exception"] = _fail
_template = _environment.from_string(TEMPLATE_FILE.read_text())


def render_prompt(messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None, effort: Effort) -> str:
    """The prompt as served, generation prefix included; the switch is put where a caller would put it."""
    if effort == "off":
        first = messages[0]
        if first["role"] == "system":
            messages = [{**first, "content": f"{first['content']} /no_think"}, *messages[1:]]
        else:
            messages = [{"role": "system", "content": "/no_think"}, *messages]
    low = effort == "low"
    return _template.render(messages=messages, tools=tools, add_generation_prompt=True, low_effort=low)


def render_reply(example: Example, effort: Effort) -> str:
    """What the model is to write after the prompt, its end-of-turn token included."""
    short = effort == "low" and example.brief is not None
    thought = "" if effort == "off" else _closed(example.brief or "" if short else example.trace)
    return thought + example.answer + END_OF_TURN


def _closed(thinking: str) -> str:
    """The prompt ends with a newline, so nothing but the marker follows where nothing has been thought."""
    return thinking + (END_OF_THINKING if thinking else END_OF_THINKING.removeprefix("\n"))


def cut_thinking(example: Example, lines: int) -> tuple[str, str]:
    """The first lines of the thinking, and the end that a server puts in when a budget is used up there."""
    kept = "\n".join(example.trace.split("\n")[:lines])
    return kept, _closed(kept).removeprefix(kept)
