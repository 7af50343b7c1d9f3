"""The published model families, as data, and which of them a checkpoint is. Knows what templates look like; renders none.

It stands among the types because both the step that sets a family's switch and the backends, which know checkpoints, need it.
"""

from __future__ import annotations

import re

import msgspec

from nemoserve.types.model import PLAIN, Family, Recommended

_GREEDY = Recommended(temperature=0.0)
_WARM = Recommended(temperature=0.6, top_p=0.95)
LOW_EFFORT = ("low", "low_effort")
"""An effort, and the template's variable for it."""

NANO_V2 = Family(
    name="nano-v2",
    title="Nemotron Nano 9B v2, 12B v2",
    switch="slash",
    switched_by=("system", "user"),
    tool_format="json",
    thinking=_WARM,
    direct=_GREEDY,
    thinking_prefix="<think>\n",
    direct_prefix="<think></think>",
)
NANO_V2_VL = msgspec.structs.replace(
    NANO_V2, name="nano-v2-vl", title="Nemotron Nano 12B v2 VL", thinks=False, tool_format="none"
)
LLAMA_V1 = Family(
    name="llama-v1",
    title="Llama-Nemotron Super 49B v1, Ultra 253B v1",
    switch="detailed",
    switched_by=("system",),
    thinking=_WARM,
    direct=_GREEDY,
)
LLAMA_V1_NANO = msgspec.structs.replace(
    LLAMA_V1,
    name="llama-v1-nano",
    title="Llama-Nemotron Nano 8B v1, 4B v1.1",
    direct_prefix="<think>\n</think>\n\n",
    direct_prefill="<think>\n</think>\n\n",
)
LLAMA_V1_5 = Family(
    name="llama-v1.5",
    title="Llama-Nemotron Super 49B v1.5",
    switch="slash",
    switched_by=("system",),
    tool_format="json",
    thinking=_WARM,
    direct=_GREEDY,
    direct_prefix="<think>\n\n</think>\n\n",
)
NEMOTRON_3 = Family(
    name="nemotron-3",
    title="Nemotron 3 Nano 4B, 30B-A3B",
    switch="variable",
    switched_by=("system", "user"),
    tool_format="xml",
    past_thinking="tool_loop",
    thinking=Recommended(),
    thinking_prefix="<think>\n",
    direct_prefix="<think></think>",
)
NEMOTRON_3_SUPER = msgspec.structs.replace(
    NEMOTRON_3,
    name="nemotron-3-super",
    title="Nemotron 3 Super",
    effort_variables=(LOW_EFFORT,),
    thinking=Recommended(top_p=0.95),
)
NEMOTRON_3_ULTRA = msgspec.structs.replace(
    NEMOTRON_3_SUPER,
    name="nemotron-3-ultra",
    title="Nemotron 3 Ultra",
    effort_variables=(("medium", "medium_effort"),),
    direct=Recommended(temperature=0.2, top_p=0.95),
)
FAMILIES = (
    NANO_V2,
    NANO_V2_VL,
    LLAMA_V1_NANO,
    LLAMA_V1,
    LLAMA_V1_5,
    NEMOTRON_3,
    NEMOTRON_3_SUPER,
    NEMOTRON_3_ULTRA,
    PLAIN,
)

_V1_NAME = re.compile(r"nemotron[-_](nano|super|ultra)[-_]\d+b", re.IGNORECASE)


def family_of(source: str, model_type: str = "", name: str = "") -> Family:
    """The family of a checkpoint, by its template's text; `model_type` and the model's name tell apart what looks the same.

    A stranger whose template knows one of the switches is "plain" with that switch.
    """
    if "<SPECIAL_1" in source and "/no_think" in source:
        sees = "<image>" in source or "vl" in re.split(r"[-_]", model_type.lower())
        family = NANO_V2_VL if sees else NANO_V2
        # None of the published templates has it; the embedded model's has.
        return msgspec.structs.replace(family, effort_variables=(LOW_EFFORT,)) if LOW_EFFORT[1] in source else family
    if "<|start_header_id|>" in source and "/no_think" in source:
        return LLAMA_V1_5
    if "detailed thinking" in source or ("<|start_header_id|>" in source and _V1_NAME.search(name)):
        return LLAMA_V1 if model_type == "nemotron-nas" or re.search("super|ultra", name, re.I) else LLAMA_V1_NANO
    if "enable_thinking" in source and "<|im_start|>" in source and "<function=" in source:
        return _nemotron_3(source)
    if "/no_think" in source:
        return msgspec.structs.replace(PLAIN, switch="slash", switched_by=("system", "user"))
    if "enable_thinking" in source:
        return msgspec.structs.replace(PLAIN, switch="variable", switched_by=("system", "user"))
    return PLAIN


def _nemotron_3(source: str) -> Family:
    """The member whose template this is, with the variables that this very template has."""
    low, medium = "low_effort" in source, "medium_effort" in source
    family = NEMOTRON_3_ULTRA if medium else NEMOTRON_3_SUPER if low else NEMOTRON_3
    if low and medium:
        return msgspec.structs.replace(family, effort_variables=(LOW_EFFORT, ("medium", "medium_effort")))
    return family
