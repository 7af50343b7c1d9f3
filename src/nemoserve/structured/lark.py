"""Pieces of grammar text in the constrained-decoding library's notation. Knows how it is quoted; no requests, no I/O."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from nemoserve.structured.schema import Schema

# Forced text is then offered in any spelling: the library's own choice may be a marker's token, which it goes on to refuse.
_NO_FORCING = '%llguidance {"no_forcing": true}'
# A blank, or a new line and its indentation, wherever JSON allows whitespace: enough for any usual layout, and a model
# cannot get lost in it. Escapes are those that leave every string but one spelling.
_ESCAPES = {"json_allowed_escapes": 'nrbtf\\"'}
_JSON_OPTIONS: Mapping[str, object] = {"whitespace_pattern": r" |\n[ \t]{0,32}", **_ESCAPES}
_COMPACT_OPTIONS: Mapping[str, object] = {
    "whitespace_flexible": False, "item_separator": ", ?", "key_separator": ": ?", **_ESCAPES,
}  # fmt: skip

_RESPELT = {
    "/": r"\/", "\n": r"\n", "\\\n": r"\n", "\r": r"\r", "\\\r": r"\r",
    r"\d": "[0-9]", r"\D": "[^0-9]", r"\w": "[0-9A-Za-z_]", r"\W": "[^0-9A-Za-z_]",
}  # fmt: skip


def literal(text: str) -> str:
    """A terminal that matches the text exactly."""
    return json.dumps(text)


def choice(texts: Iterable[str]) -> str:
    """One of the texts."""
    return " | ".join(literal(text) for text in texts)


def regex(pattern: str) -> str:
    """A terminal that matches the whole pattern, in Rust's regular expressions without look-around.

    Digits and word characters are ASCII's, as in JSON Schema's patterns.
    """
    return "/" + re.sub(r"\\[\s\S]|[/\n\r]", lambda found: _RESPELT.get(found[0], found[0]), pattern) + "/"


def marker(text: str, tokens: Mapping[str, int]) -> str:
    """Markup that may be one token of the vocabulary; the library never spells out text with such a token by itself."""
    return f"<[{tokens[text]}]>" if text in tokens else literal(text)


def json_value(schema: Schema, *, beside_text: bool = False) -> str:
    """A value of a schema that `enforceable` has made ready.

    `beside_text`: there are terminals that can begin at the same place. The library keeps apart what skips whitespace and
    what does not, and would then never get to this value; so it is given without any but a blank after a separator.
    """
    return f"%json {_schema_text(schema, _COMPACT_OPTIONS if beside_text else _JSON_OPTIONS)}"


def schema_grammar(schema: Schema) -> str:
    """The grammar of a value of such a schema in a form that shows the schema; for compiling on trial, not for enforcing."""
    return f'{{"grammars": [{{"json_schema": {_schema_text(schema, _JSON_OPTIONS)}}}]}}'


def grammar(rules: Iterable[str], parts: Mapping[str, str] | None = None) -> str:
    """The whole grammar of some rules, one of them `start`; `parts` are grammars that they refer to as `@name`."""
    named = [{"name": name, "lark_grammar": text} for name, text in (parts or {}).items()]
    return json.dumps({"grammars": [{"lark_grammar": "\n".join([*rules, _NO_FORCING])}, *named]})


def _schema_text(schema: Schema, options: Mapping[str, object]) -> str:
    # There is no form of false that could carry options; the library refuses this one as well.
    members: dict[str, object] = schema if isinstance(schema, dict) else {} if schema else {"not": {}}
    return json.dumps({**members, "x-guidance": options}, allow_nan=False)
