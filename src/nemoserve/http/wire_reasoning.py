"""The fields of a chat body that speak about thinking. Knows which they are; what they mean stands in `reasoning`."""

from __future__ import annotations

from nemoserve.http.wire_output import OutputFields
from nemoserve.reasoning.intent import read_intent
from nemoserve.reasoning.spellings import FIELDS, TEMPLATE_VARIABLES
from nemoserve.types.chat import Notice
from nemoserve.types.reasoning import ReasoningIntent


class ReasoningFields(OutputFields, kw_only=True):
    """Values of any type: one reader checks them all, by the table in `reasoning/spellings.py`."""

    reasoning: object = None
    reasoning_effort: object = None
    include_reasoning: object = None
    thinking: object = None
    chat_template_kwargs: dict[str, object] | None = None
    thinking_token_budget: object = None
    max_thinking_tokens: object = None
    min_thinking_tokens: object = None
    reasoning_budget: object = None
    thinking_budget_tokens: object = None
    reasoning_budget_tokens: object = None
    custom_params: object = None


def read_reasoning(body: ReasoningFields, *, elsewhere: tuple[str, ...] = ()) -> tuple[ReasoningIntent, list[Notice]]:
    """What the body wants of thinking, and what is dropped; `elsewhere` as for `read_intent`.

    Raises ApiError (400) naming the field, or two that contradict each other.
    """
    said = {name: value for name in FIELDS if (value := getattr(body, name)) is not None}
    return read_intent(said, elsewhere=elsewhere) if said else (ReasoningIntent(), [])


def template_variables(body: ReasoningFields) -> dict[str, object]:
    """The variables for the template that do not speak about thinking."""
    kwargs = body.chat_template_kwargs or {}
    return {name: value for name, value in kwargs.items() if name not in TEMPLATE_VARIABLES}
