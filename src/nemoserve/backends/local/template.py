"""A checkpoint's chat template. Knows Jinja; where a template comes from and what the text means is not its business.

Templates are code, so they run in Jinja's immutable sandbox, and only the checkpoint's own is ever run. The environment is
the one that checkpoints are written for, transformers' `apply_chat_template`: trimmed blocks, `tojson` that leaves
characters alone, `raise_exception`, `strftime_now`, loop controls and `generation` blocks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import jinja2
import jinja2.ext
import jinja2.nodes
import jinja2.parser
from jinja2.sandbox import ImmutableSandboxedEnvironment

from nemoserve.types.errors import ApiError
from nemoserve.types.families import family_of


class _GenerationBlocks(jinja2.ext.Extension):
    """`{% generation %}` marks what training counts; rendering ignores it."""

    tags = {"generation"}

    def parse(self, parser: jinja2.parser.Parser) -> jinja2.nodes.Node | list[jinja2.nodes.Node]:
        next(parser.stream)
        return list(parser.parse_statements(("name:endgeneration",), drop_needle=True))


def _raise_exception(message: str) -> None:
    raise jinja2.TemplateError(message)


def _tojson(
    value: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def _strftime_now(form: str) -> str:
    return datetime.now().strftime(form)


class Template:
    """One compiled template. Raises ValueError when it does not compile."""

    def __init__(self, source: str, special_tokens: Mapping[str, str], *, model_type: str = "", name: str = "") -> None:
        environment = ImmutableSandboxedEnvironment(
            trim_blocks=True, lstrip_blocks=True, extensions=[_GenerationBlocks, jinja2.ext.loopcontrols]
        )
        filters = cast("dict[str, object]", environment.filters)  # pyright: ignore[reportUnknownMemberType]
        filters["tojson"] = _tojson
        global_names = cast("dict[str, object]", environment.globals)  # pyright: ignore[reportUnknownMemberType]
        global_names["raise_exception"] = _raise_exception
        global_names["strftime_now"] = _strftime_now
        try:
            self._template = environment.from_string(source)
        except jinja2.TemplateError as error:
            raise ValueError(f"the chat template does not compile: {error}") from error
        self._special_tokens = dict(special_tokens)
        self.family = family_of(source, model_type, name)
        self.offers_tools = "tools" in source
        self.objects_as_arguments = self.family.switch == "variable"
        """Arguments of past calls must be objects (Nemotron 3 loops over them); Nano v2 copies their text."""
        self.reads_past_thinking = "reasoning_content" in source

    def render(
        self,
        messages: Sequence[Mapping[str, object]],
        *,
        tools: Sequence[Mapping[str, object]],
        add_generation_prompt: bool,
        variables: Mapping[str, object],
    ) -> str:
        """The conversation as the model was trained to read it. Raises ApiError (400) if the template refuses it."""
        try:
            return self._template.render(
                {
                    **self._special_tokens,
                    **variables,
                    "messages": [dict(message) for message in messages],
                    "tools": [dict(tool) for tool in tools] or None,
                    "documents": None,
                    "add_generation_prompt": add_generation_prompt,
                }
            )
        except (jinja2.TemplateError, TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
            raise ApiError(
                "invalid_prompt",
                f"messages: the model's chat template cannot render them: {str(error)[:500]}",
                metadata={"parameter": "messages"},
            ) from error
