"""The fields that say what an answer must look like, in every spelling; one meaning. Knows the wire; no grammar library.

OpenAI and OpenRouter say `response_format`, vLLM `structured_outputs` and, as NIM does, `guided_*`; all may come at once if
they agree.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

import msgspec

from nemoserve.http.wire_sampling import SamplingFields
from nemoserve.types.chat import Notice, OutputFormat, SchemaTitle
from nemoserve.types.errors import invalid

_MOST_CHOICES = 4096
_MOST_TOLD = 8
# Types that other servers know and this one does not: reported, as any parameter that cannot be honoured.
_FOREIGN_TYPES = ("python", "structural_tag")
_TITLE = {"name": (str, "a string"), "description": (str, "a string"), "strict": (bool, "a boolean")}
"""What may stand beside a named schema."""


class OutputFields(SamplingFields, kw_only=True):
    """Fields of a body whose answer can be constrained. None is the same as absent."""

    response_format: dict[str, object] | None = None
    structured_outputs: bool | dict[str, object] | None = None
    """vLLM's object with one constraint; OpenRouter's flag, which asks for nothing by itself."""
    guided_json: str | bool | dict[str, object] | None = None
    guided_regex: str | None = None
    guided_choice: list[str] | None = None
    guided_grammar: str | None = None
    grammar: str | None = None
    nvext: object = None
    """NIM's extensions: `guided_*` among them, and budgets of thinking, which are read elsewhere."""


def read_output(body: OutputFields) -> tuple[OutputFormat | None, list[Notice]]:
    """What the answer must look like, and which fields were dropped.

    A JSON schema is enforced here whatever its `strict` says. Raises ApiError (400) naming the field that makes no sense, or the
    two that contradict each other.
    """
    formats: list[OutputFormat] = []
    dropped: list[str] = []
    if body.response_format is not None:
        formats += _response_format(body.response_format, dropped)
    if isinstance(body.structured_outputs, dict):
        formats += _constraints("structured_outputs", "", body.structured_outputs, dropped)
    top = {name: getattr(body, f"guided_{name}") for name in ("json", "regex", "choice", "grammar")}
    formats += _constraints("", "guided_", {f"guided_{name}": value for name, value in top.items()}, dropped)
    nvext = body.nvext
    if isinstance(nvext, dict):
        formats += _constraints("nvext", "guided_", cast("dict[str, object]", nvext), dropped)
    if body.grammar is not None:
        formats.append(_lark("grammar", body.grammar))
    first = formats[0] if formats else None
    for other in formats[1:]:
        if first is not None and msgspec.structs.replace(other, field=first.field, title=first.title) != first:
            raise invalid(f"{first.field} and {other.field}", "they ask for different outputs; send one of them")
    notices = [
        Notice("dropped_parameter", f"{name} was dropped: it is not supported here.", name)
        for name in dropped[:_MOST_TOLD]
    ]
    return first, notices


def _response_format(given: dict[str, object], dropped: list[str]) -> list[OutputFormat]:
    kind = given.get("type")
    if not isinstance(kind, str):
        raise invalid("response_format.type", "expected a string")
    match kind:
        case "text":
            return []
        case "json_object":
            # Several servers take a schema here.
            if given.get("schema") is not None:
                return [_schema("response_format.schema", given["schema"])]
            return [OutputFormat("json_object", field="response_format")]
        case "json_schema":
            return [_named_schema(given.get("json_schema"))]
        case "regex":
            return [_regex("response_format.pattern", given.get("pattern"))]
        case "grammar":
            return [_lark("response_format.grammar", given.get("grammar"))]
        case _ if kind in _FOREIGN_TYPES:
            dropped.append("response_format")
            return []
        case _:
            raise invalid(
                "response_format.type", f"expected text, json_object, json_schema, regex or grammar, got {kind[:40]!r}"
            )


def _named_schema(given: object) -> OutputFormat:
    where = "response_format.json_schema"
    if not isinstance(given, dict):
        raise invalid(where, "expected an object with name and schema")
    fields = cast("dict[str, object]", given)
    for name, (kind, words) in _TITLE.items():
        if fields.get(name) is not None and not isinstance(fields[name], kind):
            raise invalid(f"{where}.{name}", f"expected {words}")
    title = msgspec.convert({name: fields[name] for name in _TITLE if fields.get(name) not in (None, "")}, SchemaTitle)
    return msgspec.structs.replace(_schema(f"{where}.schema", fields.get("schema")), title=title)


def _constraints(where: str, prefix: str, given: Mapping[str, object], dropped: list[str]) -> list[OutputFormat]:
    """The formats of an object whose keys are `json`, `regex` and so on, after a prefix; the values may be null."""
    readers: dict[str, Callable[[str, object], OutputFormat]] = {
        "json": _json_text_or_schema,
        "regex": _regex,
        "choice": _choice,
        "grammar": _lark,
    }
    formats: list[OutputFormat] = []
    for key, value in given.items():
        field = f"{where}.{key}" if where else key
        name = key.removeprefix(prefix) if key.startswith(prefix) else ""
        if value is None:
            continue
        if name in readers:
            formats.append(readers[name](field, value))
        elif name == "json_object":
            if not isinstance(value, bool):
                raise invalid(field, "expected true or false")
            formats += [OutputFormat("json_object", field=field)] if value else []
        elif name and value:
            dropped.append(field)
    return formats


def _json_text_or_schema(field: str, value: object) -> OutputFormat:
    if isinstance(value, str):
        try:
            value = cast("object", msgspec.json.decode(value))
        except (msgspec.DecodeError, RecursionError) as error:
            raise invalid(field, f"it is not the JSON of a schema: {error}") from error
    return _schema(field, value)


def _schema(field: str, value: object) -> OutputFormat:
    if not isinstance(value, (dict, bool)):
        raise invalid(field, "expected a JSON schema: an object, or true or false")
    return OutputFormat("json_schema", schema=cast("dict[str, object] | bool", value), field=field)


def _regex(field: str, value: object) -> OutputFormat:
    pattern = _text(field, value, "a regular expression")
    if (len(pattern) - len(pattern.rstrip("\\"))) % 2:
        raise invalid(field, "it ends with a backslash that stands for nothing; write \\\\ for one of itself")
    return OutputFormat("regex", pattern=pattern, field=field)


def _choice(field: str, value: object) -> OutputFormat:
    items = cast("list[object]", value) if isinstance(value, list) else []
    if not items or len(items) > _MOST_CHOICES:
        raise invalid(field, f"expected a list of 1 to {_MOST_CHOICES} strings")
    choices = tuple(_text(f"{field}[{at}]", item, "a string") for at, item in enumerate(items))
    return OutputFormat("choice", choices=choices, field=field)


def _lark(field: str, value: object) -> OutputFormat:
    text = _text(field, value, "a grammar")
    if "::=" in text and "start:" not in text:
        raise invalid(field, "expected a grammar in Lark's notation with a rule named start; this looks like EBNF")
    return OutputFormat("lark", pattern=text, field=field)


def _text(field: str, value: object, words: str) -> str:
    if not isinstance(value, str) or not value:
        raise invalid(field, f"expected {words} that is not empty")
    return value
