"""The API as an OpenAPI 3.1 document. Knows what each route takes and answers; how it does so is the routes'.

A new route needs its row in `OPERATIONS`. Bodies come from the structs that decode them, paths from the application, and the
words from the routes' docstrings, so that the document can say nothing that the code does not.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Sequence
from typing import Any, Literal, get_args

import msgspec
from starlette.routing import BaseRoute, Route

from nemoserve import __version__
from nemoserve.catalogue.entry import Category
from nemoserve.http.model_query import Sort
from nemoserve.http.openapi_replies import ERRORS, LIMITS, REPLIES, headers, only
from nemoserve.http.routes_control import ControlBody
from nemoserve.http.routes_tokens import DetokenizeBody, TokenizeBody
from nemoserve.http.wire_chat import ChatBody
from nemoserve.http.wire_keys import CreateBody, RotateBody, UpdateBody
from nemoserve.http.wire_text import TextBody

Schema = dict[str, Any]

_SCHEMAS = "#/components/schemas/"
_PREFIX = re.compile(r"^(?:/api)?/v1(?=/)")
_CONVERTER = re.compile(r":\w+\}")
_OWN_ADDRESS = re.compile(r"^[A-Z]+ /\S*?[,;:]?(?:\s+|$)")
_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")

_TAKES_A_BODY = (400, 413)
_NEEDS_A_KEY = (401, 403, 429)
_GENERATES = (402, 404, 429, 502, 503)
_EVERY = ("X-Request-Id", "X-Processing-Ms", *LIMITS)
_COSTS = ("X-Cost", "X-Cost-Reserved")

COUNT: Schema = {"type": "integer", "minimum": 0, "maximum": 10**9}
INTEGER: Schema = {"type": "integer"}
TEXT: Schema = {"type": "string"}
FLAG: Schema = {"type": "boolean"}


class Parameter(msgspec.Struct, frozen=True):
    """A query parameter or header that a route reads. Parameters in the path are found there."""

    name: str
    description: str
    schema: Schema = msgspec.field(default_factory=lambda: TEXT)
    where: Literal["query", "header"] = "query"


class Operation(msgspec.Struct, frozen=True):
    """What the document says about one route, beside its docstring."""

    summary: str
    tag: str
    reply: str | None = None
    """The reply's schema, by its name in `REPLIES`; None: nothing is sent back but the status."""
    body: type | None = None
    """The struct that the request's body is decoded to; None: it is not read."""
    parameters: tuple[Parameter, ...] = ()
    errors: tuple[int, ...] = ()
    """Statuses of failures beyond those of any route with a body, and of any that asks for a key."""
    status: int = 200
    """The status of success."""
    alike: tuple[int, ...] = ()
    """Statuses of failures that are told in the reply's own form."""
    media: str = "application/json"
    chunks: str | None = None
    """The schema of a stream's chunks where `stream: true` asks for one."""
    table: bool = False
    """It may be had as CSV."""
    keyless: bool = False
    """Nobody is asked for a key here."""


_SESSION = Parameter("X-Session-Id", "Names the conversation, where the body has no session_id.", TEXT, "header")

_GENERATION = Parameter("id", "The reply's id, `gen-…`.")
_OFFSET = Parameter("offset", "How many of the newest keys to pass over.", INTEGER)
_DISABLED = Parameter("include_disabled", "Disabled keys too.", FLAG)
_ACTIVITY = (
    Parameter("date", "One UTC day, instead of the last 30 that are over."),
    Parameter("include_today", "Today too.", FLAG),
    Parameter("format", "csv for a table."),
    Parameter("tag", "NAME=VALUE of a key's tag; may be repeated."),
    *(
        Parameter(name, "Only what has this.")
        for name in ("key", "api_key_hash", "owner", "app", "user", "session", "model", "provider")
    ),
)

_ALL = Parameter("all", "Also what is known and not served here.", FLAG)
_MODELS = (
    _ALL,
    Parameter("offset", "How many to pass over.", COUNT),
    Parameter("limit", "How many at most; all of them without it.", {"type": "integer", "minimum": 1, "maximum": 1000}),
    Parameter("q", "What the id or the name contains."),
    Parameter("category", "Only models with a published score in it.", only(*get_args(Category))),
    Parameter("supported_parameters", "Request fields, separated by commas; all of them."),
    Parameter("input_modalities", "Separated by commas; all of them."),
    Parameter("output_modalities", "Separated by commas; any of them. `text` without it; `all`."),
    Parameter("context", "The least context, in tokens.", COUNT),
    *(
        Parameter(name, "US dollars per million tokens.", {"type": "number", "minimum": 0})
        for name in ("min_price", "max_price", "min_output_price", "max_output_price")
    ),
    Parameter("min_age_days", "Days since it came out, at least.", COUNT),
    Parameter("max_age_days", "Days since it came out, at most.", COUNT),
    Parameter("arch", "What its tokenizer, family, id or name contains."),
    Parameter("model_authors", "Separated by commas; any of them."),
    Parameter("providers", "Slugs or names, separated by commas; any of them."),
    Parameter("zdr", "Only with an endpoint that keeps nothing.", FLAG),
    Parameter("sort", "The order; what has no value for it comes last.", only(*get_args(Sort))),
)

OPERATIONS: dict[tuple[str, str], Operation] = {
    ("POST", "/chat/completions"): Operation(
        "Answer a conversation", "generation", "ChatReply", ChatBody, (_SESSION,), _GENERATES, chunks="ChatReplyChunk"
    ),
    ("POST", "/chat/completions/{id}/control"): Operation(
        "Steer a reply under way", "generation", "Accepted", ControlBody, errors=(404,)
    ),
    ("POST", "/completions"): Operation(
        "Continue a text", "generation", "TextCompletion", TextBody, (_SESSION,), _GENERATES, chunks="TextChunk"
    ),
    ("GET", "/models"): Operation("List the models", "models", "ModelList", parameters=_MODELS, errors=(400, 503)),
    ("GET", "/models/user"): Operation(
        "List the models that the key may use", "models", "ModelList", parameters=_MODELS, errors=(400, 503)
    ),
    ("GET", "/models/count"): Operation("Count the models", "models", "ModelCount", parameters=_MODELS, errors=(400,)),
    ("GET", "/models/{id}"): Operation("Describe a model", "models", "Model", errors=(400, 404)),
    ("GET", "/model/{id}"): Operation("Describe a model, as data", "models", "ModelData", errors=(400, 404)),
    ("GET", "/models/{id}/endpoints"): Operation(
        "Who serves a model", "models", "ModelEndpoints", parameters=(_ALL,), errors=(400, 404)
    ),
    ("GET", "/endpoints/zdr"): Operation("Endpoints that keep nothing", "models", "Endpoints", errors=(400,)),
    ("GET", "/providers"): Operation("List the providers", "models", "Providers", parameters=(_ALL,), errors=(400,)),
    ("GET", "/keys"): Operation("List the keys", "keys", "KeyList", parameters=(_OFFSET, _DISABLED), errors=(400,)),
    ("POST", "/keys"): Operation("Make a key", "keys", "NewKey", CreateBody, status=201),
    ("GET", "/keys/{hash}"): Operation("Describe a key", "keys", "KeyReply", errors=(404,)),
    ("PATCH", "/keys/{hash}"): Operation("Change a key", "keys", "KeyReply", UpdateBody, errors=(404,)),
    ("DELETE", "/keys/{hash}"): Operation("Delete a key", "keys", "Deleted", errors=(404,)),
    ("POST", "/keys/{hash}/rotate"): Operation("Give a key a new text", "keys", "NewKey", RotateBody, errors=(404,)),
    ("GET", "/key"): Operation("Describe the key in use", "keys", "OwnKey"),
    ("GET", "/auth/key"): Operation("Describe the key in use", "keys", "OwnKey"),
    ("GET", "/generation"): Operation(
        "What a reply used and cost", "usage", "Generation", parameters=(_GENERATION,), errors=(400, 404, 503)
    ),
    ("GET", "/generation/content"): Operation(
        "What went in and came out", "usage", "Content", parameters=(_GENERATION,), errors=(400, 404, 503)
    ),
    ("DELETE", "/generation/content"): Operation(
        "Delete what went in and came out", "usage", "Deleted", parameters=(_GENERATION,), errors=(400, 404, 503)
    ),
    ("GET", "/credits"): Operation("Limits and spending in all", "usage", "Credits", errors=(400, 503)),
    ("GET", "/activity"): Operation(
        "Use by day, model and provider", "usage", "Activity", parameters=_ACTIVITY, errors=(400, 503), table=True
    ),
    ("POST", "/tokenize"): Operation("Count the tokens of a prompt", "tokens", "Tokens", TokenizeBody, errors=(404,)),
    ("POST", "/detokenize"): Operation("Turn tokens to text", "tokens", "Text", DetokenizeBody, errors=(404,)),
    ("GET", "/metrics"): Operation("Metrics", "service", "Page", media="text/plain"),
    ("GET", "/health/live"): Operation("Is the server alive?", "service", "Health", keyless=True),
    ("GET", "/health/ready"): Operation("Is it ready?", "service", "Readiness", alike=(503,), keyless=True),
    ("GET", "/version"): Operation("Version", "service", "Version", keyless=True),
    ("GET", "/openapi.json"): Operation("This document", "service", "Document", keyless=True),
    ("GET", "/"): Operation("What is here", "service", "Overview", keyless=True),
}
"""By method and path, the path without /v1 or /api/v1."""


def document(routes: Iterable[BaseRoute], *, keys_required: bool = False) -> Schema:
    """The document for these routes; `keys_required`: the server takes no request without a key.

    Raises KeyError for a route that has no row in `OPERATIONS`.
    """
    components = _components()
    paths: Schema = {}
    named: set[str] = set()
    for route in routes:
        if not isinstance(route, Route):
            continue
        path = _CONVERTER.sub("}", route.path)
        for method in _METHODS:
            if method not in (route.methods or ()):
                continue
            operation = OPERATIONS[method, _PREFIX.sub("", path)]
            paths.setdefault(path, {})[method.lower()] = {
                "operationId": _name(route, named),
                **_operation(path, operation, inspect.getdoc(inspect.unwrap(route.endpoint)) or ""),
            }
    anyone: list[Schema] = [] if keys_required else [{}]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "nemoserve",
            "version": __version__,
            "description": "An OpenAI- and OpenRouter-compatible server of language models. Fields that are not named here "
            "are not read, nor are some that are known; `warnings` says which.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "security": [{"bearer": []}, {"apiKey": []}, *anyone],
        "paths": paths,
        "components": components,
    }


def _components() -> Schema:
    bodies = [operation.body for operation in OPERATIONS.values() if operation.body is not None]
    # Values of type `object` are read by hand, and refused with a message where they make no sense.
    _, schemas = msgspec.json.schema_components(
        bodies, schema_hook=lambda _type: {"description": "Any value."}, ref_template=_SCHEMAS + "{name}"
    )
    return {
        "schemas": {**schemas, **REPLIES},
        "responses": {f"Error{status}": _error(status) for status in ERRORS},
        "securitySchemes": {
            "bearer": {"type": "http", "scheme": "bearer"},
            "apiKey": {"type": "apiKey", "in": "header", "name": "x-api-key"},
        },
    }


def _error(status: int) -> Schema:
    waits = ("Retry-After",) if status in (402, 429, 503) else ()
    # Of those routes that generate.
    some = {name: {**header, "required": False} for name, header in headers("X-Generation-Id", *_COSTS).items()}
    return {
        "description": ERRORS[status],
        "headers": {**headers(*_EVERY, *waits), **some},
        "content": {"application/json": {"schema": {"$ref": _SCHEMAS + "Error"}}},
    }


def _operation(path: str, operation: Operation, words: str) -> Schema:
    described: Schema = {"summary": operation.summary, "tags": [operation.tag]}
    if description := _description(words):
        described["description"] = description
    if operation.keyless:
        described["security"] = []
    parameters = [
        {"name": name, "in": "path", "required": True, "schema": TEXT} for name in re.findall(r"\{(\w+)\}", path)
    ]
    parameters += [
        {"name": given.name, "in": given.where, "description": given.description, "schema": given.schema}
        for given in operation.parameters
    ]
    if parameters:
        described["parameters"] = parameters
    if operation.body is not None:
        schema = {"$ref": _SCHEMAS + operation.body.__name__}
        described["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    described["responses"] = _responses(operation)
    return described


def _responses(operation: Operation) -> Schema:
    responses = {str(status): _reply(operation) for status in (operation.status, *operation.alike)}
    statuses = {500, *operation.errors}
    statuses |= set() if operation.body is None else set(_TAKES_A_BODY)
    statuses |= set() if operation.keyless else set(_NEEDS_A_KEY)
    for status in sorted(statuses):
        responses[str(status)] = {"$ref": f"#/components/responses/Error{status}"}
    return responses


def _reply(operation: Operation) -> Schema:
    generates = ("X-Generation-Id", *_COSTS, "X-Sampling") if operation.chunks else ()
    reply: Schema = {"description": operation.summary, "headers": headers(*_EVERY, *generates)}
    if operation.reply is not None:
        reply["content"] = {operation.media: {"schema": {"$ref": _SCHEMAS + operation.reply}}}
        if operation.table:
            reply["content"]["text/csv"] = {"schema": TEXT}
        if operation.chunks is not None:
            reply["content"]["text/event-stream"] = {"schema": _event(operation.chunks)}
    return reply


def _event(chunk: str) -> Schema:
    """One server-sent event of a stream."""
    content = {"type": "string", "contentMediaType": "application/json", "contentSchema": {"$ref": _SCHEMAS + chunk}}
    return {
        "type": "object",
        "description": "One event of the stream that `stream: true` asks for; the last is `[DONE]`. A failure in mid-stream is "
        "the last chunk before it, with `error`. Between events come comments that keep the connection.",
        "properties": {"data": {"anyOf": [{"const": "[DONE]"}, content]}},
        "required": ["data"],
    }


def _description(words: str) -> str:
    """The first paragraph of a docstring, its lines joined, without the method and path that it may begin with."""
    paragraphs: Sequence[str] = re.split(r"\n\s*\n", _OWN_ADDRESS.sub("", words, count=1).strip())
    text = " ".join(paragraphs[0].split())
    return text[:1].upper() + text[1:]


def _name(route: Route, named: set[str]) -> str:
    """A name for clients' methods: the function's, with a number where a function has several paths."""
    name = str(inspect.unwrap(route.endpoint).__name__)
    number = 1
    while (candidate := name if number == 1 else f"{name}_{number}") in named:
        number += 1
    named.add(candidate)
    return candidate
