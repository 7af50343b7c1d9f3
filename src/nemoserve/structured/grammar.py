"""What an answer must look like, as one grammar. Knows which wishes exclude each other; pure: no library, no I/O.

The grammar is the constrained-decoding library's own JSON. It is about the answer alone: what comes after the thinking.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from nemoserve.structured import lark
from nemoserve.structured.calls import MOST_CALLS, Tool, json_calls
from nemoserve.structured.schema import Schema, enforceable
from nemoserve.structured.xml_calls import xml_calls
from nemoserve.types.chat import OutputFormat, ToolChoice
from nemoserve.types.errors import invalid
from nemoserve.types.model import ToolFormat

_ANY_OBJECT: Schema = {"type": "object"}


def grammar_for(
    output: OutputFormat | None,
    tools: Sequence[Mapping[str, object]],
    choice: ToolChoice,
    parallel: bool,
    tool_format: ToolFormat,
    tokens: Mapping[str, int] | None = None,
) -> str | None:
    """The grammar to enforce; None if the answer is free.

    A call that is required or named leaves no room for anything else: one call if it is named or not `parallel`, else at
    most `MOST_CALLS`. With tools that may be called, an answer of a given form is that or calls. `tokens` are the ids of
    the markers (`calls.MARKERS`) that the vocabulary has as one token; the others are matched by their text.

    Raises ApiError (400) naming the field for what cannot be enforced; what passes may still fail to compile.
    """
    forced = choice.mode in ("required", "named")
    if tool_format == "none" and forced:
        raise invalid("tool_choice", "this model has no way of calling tools")
    if not forced and output is None:
        return None
    if not forced and (not tools or choice.mode == "none" or tool_format == "none"):
        return None if output is None else _alone(output)
    offered = [Tool(tool, f"tools[{at}]") for at, tool in enumerate(tools)]
    if choice.mode == "named":
        offered = [tool for tool in offered if tool.name == choice.name][:1]
    most = MOST_CALLS if parallel and choice.mode != "named" else 1
    calls = (xml_calls if tool_format == "xml" else json_calls)(offered, most, tokens or {})
    if forced or output is None:
        return lark.grammar(["start: calls", *calls])
    answer, parts = _answer(output)
    return lark.grammar(["start: calls | answer", f"answer: {answer}", *calls], parts)


def pieces(
    output: OutputFormat | None, tools: Sequence[Mapping[str, object]], choice: ToolChoice
) -> list[tuple[str, str]]:
    """The parts of the grammar that stand alone, each with the field it comes from: where to look when the whole fails."""
    found: list[tuple[str, str]] = []
    if output is not None and choice.mode not in ("required", "named"):
        json_like = output.kind in ("json_object", "json_schema")
        found.append((output.field, lark.schema_grammar(_schema(output)) if json_like else _alone(output)))
    if output is not None or choice.mode in ("required", "named"):
        offered = [Tool(tool, f"tools[{at}]") for at, tool in enumerate(tools)]
        found += [
            (tool.field, lark.schema_grammar(tool.schema)) for tool in offered if choice.name in (None, tool.name)
        ]
    return found


def _alone(output: OutputFormat) -> str:
    return lark.grammar([output.pattern if output.kind == "lark" else f"start: {_answer(output)[0]}"])


def _answer(output: OutputFormat) -> tuple[str, dict[str, str]]:
    """The body of a rule, and the grammars that it refers to."""
    match output.kind:
        case "json_object" | "json_schema":
            return lark.json_value(_schema(output)), {}
        case "regex":
            return lark.regex(output.pattern), {}
        case "choice":
            return lark.choice(output.choices), {}
        case "lark":
            return "@output", {"output": output.pattern}


def _schema(output: OutputFormat) -> Schema:
    if output.kind == "json_object":
        return _ANY_OBJECT
    if output.schema is False:
        raise invalid(output.field, "no answer can match the schema false")
    return enforceable(cast("Schema", output.schema), output.field)
