"""What is publicly known of a served model and of its family's conventions. No paths, no handles, no templates' text."""

from __future__ import annotations

from typing import Literal

import msgspec

from nemoserve.types.endpoint import Endpoint

ToolFormat = Literal["json", "xml", "none"]
"""How calls are written: a JSON list in `<TOOLCALL>`, XML in `<tool_call>`, or not at all."""

Switch = Literal["slash", "variable", "detailed", "none"]
"""What switches thinking: `/think` and `/no_think` in a text, the template's variable `enable_thinking`, a line
`detailed thinking on|off` in the system text, or nothing."""

PastThinking = Literal["none", "tool_loop"]
"""What a prompt keeps of earlier turns' thinking: nothing, or that since the last user message."""


class Recommended(msgspec.Struct, frozen=True):
    """Sampling as a publisher recommends it; temperature 0 is greedy, top_k 0 is off."""

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0


class Family(msgspec.Struct, frozen=True, kw_only=True):
    """What the models of one family have in common: switch, markers, tools, history, recommended sampling."""

    name: str
    title: str
    switch: Switch = "none"
    switched_by: tuple[Literal["system", "user"], ...] = ()
    """Whose texts are searched for a switch."""
    thinks: bool = True
    """The default: whether it thinks when nothing says anything."""
    opener: str = "<think>"
    closer: str = "</think>"
    end: str = "\n</think>\n\n"
    """What is put in place of further thinking when a budget is used up."""
    effort_variables: tuple[tuple[Literal["low", "medium"], str], ...] = ()
    """Template variables that ask for little thinking, lowest first, each with the effort that it stands for."""
    tool_format: ToolFormat = "none"
    past_thinking: PastThinking = "none"
    thinking: Recommended | None = None
    """None: nothing is recommended."""
    direct: Recommended | None = None
    """Sampling without thinking; None: as the checkpoint says, or as with thinking."""
    thinking_prefix: str = ""
    """What the prompt ends with before the reply."""
    direct_prefix: str = ""
    direct_prefill: str = ""
    """The part of `direct_prefix` that the template does not write, and that the server adds."""


PLAIN = Family(name="plain", title="any other model")


class ModelCard(msgspec.Struct, frozen=True):
    """The facts that the model list shows."""

    id: str
    name: str
    created: int
    """Unix seconds."""
    context_length: int
    max_completion_tokens: int
    provider: str = "nemoserve"
    """Who runs it: this server, or the provider that it asks."""
    description: str = ""
    hugging_face_id: str = ""
    aliases: tuple[str, ...] = ()
    """Other names under which requests find the model."""
    family: Family = PLAIN
    calls_tools: bool = True
    default_temperature: float | None = None
    """What the checkpoint recommends, where it does; so for the other two."""
    default_top_p: float | None = None
    default_top_k: int | None = None

    @property
    def endpoint(self) -> Endpoint:
        """The model as routing sees it, where this machine runs it."""
        return Endpoint(
            model=self.id,
            provider=self.provider,
            local=True,
            context_length=self.context_length,
            max_completion_tokens=self.max_completion_tokens,
        )
