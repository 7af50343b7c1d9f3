"""Pieces of grammar text in the constrained-decoding library's notation. Knows how it is quoted; no requests, no I/O."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping

from nemoserve.structured.schema import Schema

# Forced text is then offered in any spelling: the library's own choice may be a marker's token, which it goes on to refuse.
_NO_FORCING = '%llguidance {"no_forcing": true}'
# A blank after a separator is all the whitespace there is: a model that is unsure of what comes next takes to whitespace
# wherever JSON allows it, and its tokens run out. Escapes are those that leave every string but one spelling. The library
# would also keep apart what skips whitespace from other terminals that can begin at the same place, and never get to it.
_JSON_OPTIONS: Mapping[str, object] = {
    "whitespace_flexible": False, "item_separator": ", ?", "key_separator": ": ?", "json_allowed_escapes": 'nrbtf\\"',
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


def json_value(schema: Schema) -> str:
    """A value of a schema that `enforceable` has made ready, on one line."""
    return f"%json {_schema_text(schema)}"


def schema_grammar(schema: Schema) -> str:
    """The grammar of a value of such a schema in a form that shows the schema; for compiling on trial, not for enforcing."""
    return f'{{"grammars": [{{"json_schema": {_schema_text(schema)}}}]}}'


def grammar(rules: Iterable[str], parts: Mapping[str, str] | None = None) -> str:
    """The whole grammar of some rules, one of them `start`; `parts` are grammars that they refer to as `@name`."""
    named = [{"name": name, "lark_grammar": text} for name, text in (parts or {}).items()]
    return json.dumps({"grammars": [{"lark_grammar": "\n".join([*rules, _NO_FORCING])}, *named]})


def _schema_text(schema: Schema) -> str:
    # There is no form of false that could carry options; the library refuses this one as well.
    members: dict[str, object] = schema if isinstance(schema, dict) else {} if schema else {"not": {}}
    return json.dumps({**members, "x-guidance": _JSON_OPTIONS}, allow_nan=False)
