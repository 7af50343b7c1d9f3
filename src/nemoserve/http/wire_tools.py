"""The tool fields of a chat request: tools and tool_choice. Knows OpenAI's form of them; no grammar, no markup."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from nemoserve.types.chat import Notice, ToolChoice
from nemoserve.types.errors import invalid

_LONGEST_TOOL_NAME = 64
_MOST_TOOLS = 1024

Tools = tuple[dict[str, object], ...]


def read_tools(
    given: Sequence[dict[str, object]], choice: str | dict[str, object] | None
) -> tuple[Tools, dict[str, bool], ToolChoice, list[Notice]]:
    """The function tools offered to the model, which of them are said to be strict or not, whether one must be called, and what
    was dropped.

    With the choice none no tools are offered at all. Raises ApiError (400) naming the field that makes no sense.
    """
    if len(given) > _MOST_TOOLS:
        raise invalid("tools", f"expected at most {_MOST_TOOLS} tools, got {len(given)}")
    tools: list[dict[str, object]] = []
    strict: dict[str, bool] = {}
    notices: list[Notice] = []
    for at, tool in enumerate(given):
        kind = tool.get("type", "function")
        if kind != "function":
            text = f"tools[{at}] was dropped: tools of type {str(kind)[:60]!r} are not known here."
            notices.append(Notice("dropped_parameter", text, f"tools[{at}]"))
            continue
        where = f"tools[{at}].function"
        tools.append(_tool(where, tool))
        told = cast("dict[str, object]", tool["function"]).get("strict")
        if told is not None and not isinstance(told, bool):
            raise invalid(f"{where}.strict", "expected true or false")
        if told is not None:
            strict[str(_name(tools[-1]))] = told
    chosen = _choice(choice, tools)
    return (() if chosen.mode == "none" else tuple(tools)), strict, chosen, notices


def _choice(given: str | dict[str, object] | None, tools: Sequence[dict[str, object]]) -> ToolChoice:
    match given:
        case None | "auto":
            return ToolChoice()
        case "none":
            return ToolChoice("none")
        case "required":
            choice = ToolChoice("required")
        case str():
            raise invalid("tool_choice", f"expected none, auto, required or an object, got {given[:40]!r}")
        case _:
            choice = ToolChoice("named", _named(given))
    if not tools:
        raise invalid("tool_choice", "it needs tools to choose from")
    if choice.name is not None and choice.name not in [_name(tool) for tool in tools]:
        raise invalid("tool_choice.function.name", f"{choice.name[:64]!r} is not among the tools")
    return choice


def _name(tool: dict[str, object]) -> object:
    return cast("dict[str, object]", tool["function"])["name"]


def _named(choice: dict[str, object]) -> str:
    if choice.get("type", "function") != "function":
        raise invalid("tool_choice.type", f'expected "function", got {str(choice["type"])[:40]!r}')
    function = choice.get("function")
    name = cast("dict[str, object]", function).get("name") if isinstance(function, dict) else None
    if not isinstance(name, str):
        raise invalid("tool_choice.function.name", "expected a string")
    return name


def _tool(where: str, tool: dict[str, object]) -> dict[str, object]:
    function = tool.get("function")
    if not isinstance(function, dict):
        raise invalid(where, "expected an object")
    function = cast("dict[str, object]", function)
    name = function.get("name")
    if not isinstance(name, str) or not name or len(name) > _LONGEST_TOOL_NAME:
        raise invalid(f"{where}.name", f"expected a string of 1 to {_LONGEST_TOOL_NAME} characters")
    for field, kind, words in (("description", str, "a string"), ("parameters", dict, "an object")):
        if function.get(field) is not None and not isinstance(function[field], kind):
            raise invalid(f"{where}.{field}", f"expected {words}")
    known = {
        field: function[field] for field in ("name", "description", "parameters") if function.get(field) is not None
    }
    return {"type": "function", "function": known}
