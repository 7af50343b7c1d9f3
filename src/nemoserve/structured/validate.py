"""A finished answer held against what was asked for, by a library that has no part in enforcing it. No grammars, no I/O."""

from __future__ import annotations

import json
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import jsonschema_rs

from nemoserve.types.chat import Notice, OutputFormat

_LONGEST_REASON = 200


def check_output(output: OutputFormat, text: str, *, complete: bool = True) -> Notice | None:
    """A notice if the answer is not what was asked for: cut off (`incomplete_output`), or wrong (`output_mismatch`).

    `complete` is False for an answer that ended at a limit. A grammar in Lark's notation cannot be checked: only a cut is
    reported. Compiling a large schema takes a while: call it in a thread.
    """
    problem = _problem(output, text.strip("\n"), complete)
    if problem is None:
        return None
    if not complete:
        message = "The answer was cut off before it had the form that was asked for; raise max_tokens."
        return Notice("incomplete_output", message, output.field)
    return Notice("output_mismatch", f"The answer is not what was asked for: {problem}", output.field)


def _problem(output: OutputFormat, text: str, complete: bool) -> str | None:
    match output.kind:
        case "json_object":
            return _mismatch({"type": "object"}, text)
        case "json_schema":
            return _mismatch(output.schema if output.schema is not None else True, text)
        case "regex":
            return _pattern_problem(output.pattern, text, complete)
        case "choice":
            return None if text in output.choices else "it is none of the choices"
        case "lark":
            return None if complete else "it was cut off"


def _mismatch(schema: dict[str, Any] | bool, text: str) -> str | None:
    validator = _validator(json.dumps(schema))
    try:
        value = json.loads(text, parse_float=Decimal)
    except (ValueError, RecursionError):
        return "it is not JSON"
    except InvalidOperation:
        return None  # a number with an exponent of twenty digits, of which nothing can be said
    try:
        if validator is not None:
            validator.validate(value)
    except jsonschema_rs.ValidationError as error:
        return error.message[:_LONGEST_REASON]
    except ValueError:
        # The value is deeper than the validator goes: nothing can be said.
        return None
    return None


def _pattern_problem(pattern: str, text: str, complete: bool) -> str | None:
    schema = {"type": "string", "pattern": f"^(?:{pattern.removeprefix('^').removesuffix('$')})$"}
    validator = _validator(json.dumps(schema))
    if validator is None:
        return None if complete else "it was cut off"  # the expression is too large to be looked at here
    return None if validator.is_valid(text) else "it does not match the expression"


@lru_cache(maxsize=256)
def _validator(schema: str) -> jsonschema_rs.Validator | None:
    """None for a schema that cannot be read."""
    # Linear expressions: the pattern and the text are both from outside. Nothing is ever fetched.
    options = jsonschema_rs.RegexOptions()
    try:
        return jsonschema_rs.validator_for(
            json.loads(schema), offline=True, validate_formats=True, pattern_options=options
        )
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError):
        return None
