"""What is publicly known of a served model. No paths, no handles."""

from __future__ import annotations

from typing import Literal

import msgspec

ToolFormat = Literal["json", "xml", "none"]
"""How calls are written: a JSON list in `<TOOLCALL>`, XML in `<tool_call>`, or not at all."""

ThinkingSwitch = Literal["slash", "variable", "none"]
"""How a model family's template switches thinking: `/no_think` in a text (Nano v2), `enable_thinking` (Nemotron 3), not."""


class ModelCard(msgspec.Struct, frozen=True):
    """The facts that the model list shows."""

    id: str
    name: str
    created: int
    """Unix seconds."""
    context_length: int
    max_completion_tokens: int
    description: str = ""
    hugging_face_id: str = ""
    aliases: tuple[str, ...] = ()
    """Other names under which requests find the model."""
    thinking_switch: ThinkingSwitch = "none"
    calls_tools: bool = True
    default_temperature: float | None = None
    default_top_p: float | None = None
    default_top_k: int | None = None
