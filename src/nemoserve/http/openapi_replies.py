"""What the API answers, as JSON schemas. Knows the fields that are always there; others may come, and clients must let them.

The bodies themselves are made in the `wire_*` modules; a test holds real answers against these schemas.
"""

from __future__ import annotations

from typing import Any, get_args

from nemoserve.http.listing import State
from nemoserve.types.errors import ErrorType
from nemoserve.types.events import FinishReason

Schema = dict[str, Any]

ERRORS = {
    400: "A field makes no sense; the message names it.",
    401: "No key, or not a valid one.",
    402: "The key has no money left for this.",
    403: "The key may not do this.",
    404: "There is nothing of that name.",
    409: "It cannot be done in the state that this is in.",
    413: "The body is larger than this server takes.",
    429: "Too much at once; Retry-After says when to come back.",
    500: "The server failed.",
    502: "The model failed.",
    503: "The model or the server cannot take requests now; try again in a moment.",
}
"""What each status of a failure means."""

_HEADERS: dict[str, Schema] = {
    "X-Request-Id": {"description": "The request's id in the log.", "required": True, "schema": {"type": "string"}},
    "X-Generation-Id": {"description": "The reply's id.", "required": True, "schema": {"type": "string"}},
    "Retry-After": {"description": "Whole seconds.", "schema": {"type": "integer", "minimum": 1}},
    **{
        name: {"description": description, "schema": {"type": "string" if name == "X-Sampling" else "number"}}
        for name, description in {
            "X-Processing-Ms": "How long the answer took to begin.",
            "X-Sampling": "Sampling that was applied though the request did not name it.",
            "X-Cost": "US dollars, of routes that generate; a stream's cost is in its last chunk.",
            "X-Cost-Reserved": "US dollars held while the reply is made.",
            "X-Limit-Remaining": "US dollars that the key's limit leaves, neither spent nor held; for keys with a limit.",
            "X-RateLimit-Limit": "Per minute, of the rate of which the smaller share is left; for keys with rates.",
            "X-RateLimit-Remaining": "What is left of it.",
            "X-RateLimit-Reset": "When all of it is there again, in milliseconds since the epoch.",
        }.items()
    },
}
LIMITS = ("X-Limit-Remaining", "X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset")
"""Headers of every answer to a key that has such limits."""


def headers(*names: str) -> Schema:
    """The descriptions of these response headers."""
    return {name: _HEADERS[name] for name in names}


def ref(name: str) -> Schema:
    """Another schema of the document, by name."""
    return {"$ref": f"#/components/schemas/{name}"}


def obj(**fields: Schema) -> Schema:
    """An object in which all of these fields are there; others may be."""
    return {"type": "object", "properties": fields, "required": list(fields)}


def many(item: Schema) -> Schema:
    """A list of such items."""
    return {"type": "array", "items": item}


def maybe(schema: Schema) -> Schema:
    """Such a value or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def either(conversation: str, text: str) -> Schema:
    """The answer to a chat call, which is a text completion where it has a prompt and no messages."""
    return {"anyOf": [ref(conversation), ref(text)], "description": f"A {text} where a prompt came without messages."}


def only(*values: str | int) -> Schema:
    """One of these."""
    return {"enum": list(values)}


TEXT: Schema = {"type": "string"}
COUNT: Schema = {"type": "integer", "minimum": 0}
AMOUNT: Schema = {"type": "number", "minimum": 0}
FLAG: Schema = {"type": "boolean"}
ANYTHING: Schema = {"type": "object"}

_FINISH = maybe(only(*get_args(FinishReason)))
_ERROR = obj(code={"type": "integer"}, message=TEXT, metadata=obj(error_type=only(*get_args(ErrorType))))
_STATES = only("loading", "ready", "restarting", "failed", "stopped")
_PRICING: Schema = {"type": "object", "additionalProperties": TEXT, "description": "US dollars per token."}
_ARCHITECTURE = obj(modality=TEXT, input_modalities=many(TEXT), output_modalities=many(TEXT))
_PERCENTILES = maybe(obj(p50=AMOUNT, p75=AMOUNT, p90=AMOUNT, p99=AMOUNT))
_MODEL = obj(
    id=TEXT,
    object=only("model"),
    created=COUNT,
    owned_by=TEXT,
    name=TEXT,
    context_length=COUNT,
    architecture=_ARCHITECTURE,
    pricing=_PRICING,
    top_provider=obj(context_length=COUNT, is_moderated=FLAG),
    supported_parameters=many(TEXT),
    status=only(*get_args(State)),
    served=FLAG,
)
_ENDPOINT = obj(
    name=TEXT,
    model_id=TEXT,
    model_name=TEXT,
    provider_name=TEXT,
    tag=TEXT,
    context_length=COUNT,
    max_completion_tokens=maybe(COUNT),
    max_prompt_tokens=maybe(COUNT),
    pricing=_PRICING,
    quantization=TEXT,
    status=only(0, -1, -2, -5, -10),
    served=FLAG,
    supported_parameters=many(TEXT),
    uptime_last_5m=maybe(AMOUNT),
    uptime_last_30m=maybe(AMOUNT),
    uptime_last_1d=maybe(AMOUNT),
    latency_last_30m=_PERCENTILES,
    throughput_last_30m=_PERCENTILES,
)

_KEY = obj(
    hash=TEXT,
    name=TEXT,
    label=TEXT,
    disabled=FLAG,
    limit=maybe(AMOUNT),
    limit_remaining=maybe(AMOUNT),
    limit_reset=maybe(only("daily", "weekly", "monthly")),
    usage=AMOUNT,
    usage_daily=AMOUNT,
    usage_weekly=AMOUNT,
    usage_monthly=AMOUNT,
    created_at=TEXT,
    updated_at=TEXT,
    expires_at=maybe(TEXT),
)


def _reply(kind: str, choice: Schema, **more: Schema) -> Schema:
    return obj(id=TEXT, object=only(kind), created=COUNT, model=TEXT, provider=TEXT, choices=many(choice), **more) | {
        "description": "`warnings` lists what was not done as asked."
    }


def _choice(**fields: Schema) -> Schema:
    return obj(index=COUNT, finish_reason=_FINISH, native_finish_reason=maybe(TEXT), logprobs=maybe(ANYTHING), **fields)


REPLIES: dict[str, Schema] = {
    "Error": obj(error=_ERROR),
    "Usage": obj(
        prompt_tokens=COUNT,
        completion_tokens=COUNT,
        total_tokens=COUNT,
        cost=AMOUNT,
        prompt_tokens_details=obj(cached_tokens=COUNT),
        completion_tokens_details=obj(reasoning_tokens=COUNT),
    ),
    "ChatCompletion": _reply(
        "chat.completion",
        _choice(message=obj(role=only("assistant"), content=TEXT, refusal=maybe(TEXT), reasoning=maybe(TEXT))),
        usage=ref("Usage"),
    ),
    "ChatChunk": _reply("chat.completion.chunk", _choice(delta=obj(content=TEXT))),
    "TextCompletion": _reply("text_completion", _choice(text=TEXT), usage=ref("Usage")),
    "TextChunk": _reply("text_completion", _choice(text=TEXT)),
    "ChatReply": either("ChatCompletion", "TextCompletion"),
    "ChatReplyChunk": either("ChatChunk", "TextChunk"),
    "Accepted": obj(id=TEXT, object=only("chat.completion.control"), action=TEXT, accepted=FLAG),
    "Model": _MODEL,
    "ModelList": obj(object=only("list"), data=many(ref("Model")), total_count=COUNT),
    "ModelCount": obj(data=obj(count=COUNT)),
    "ModelData": obj(data=ref("Model")),
    "ModelEndpoints": obj(
        data=obj(
            id=TEXT, name=TEXT, created=COUNT, description=TEXT, architecture=_ARCHITECTURE, endpoints=many(_ENDPOINT)
        )
    ),
    "Endpoints": obj(data=many(_ENDPOINT)),
    "Providers": obj(data=many(obj(name=TEXT, slug=TEXT, privacy_policy_url=maybe(TEXT)))),
    "KeyList": obj(data=many(_KEY)),
    "KeyReply": obj(data=_KEY),
    "NewKey": obj(data=_KEY, key=TEXT),
    "OwnKey": obj(
        data=obj(label=TEXT, limit=maybe(AMOUNT), limit_remaining=maybe(AMOUNT), usage=AMOUNT, rate_limit=ANYTHING)
    ),
    "Deleted": obj(deleted=FLAG),
    "Generation": obj(
        data=obj(
            id=TEXT,
            model=TEXT,
            provider_name=TEXT,
            created_at=TEXT,
            tokens_prompt=COUNT,
            tokens_completion=COUNT,
            native_tokens_reasoning=COUNT,
            total_cost=AMOUNT,
            cancelled=FLAG,
            streamed=FLAG,
            finish_reason=maybe(TEXT),
        )
    ),
    "Content": obj(data=obj(input=ANYTHING, output=ANYTHING, error=maybe(ANYTHING))),
    "Credits": obj(data=obj(total_credits=AMOUNT, total_usage=AMOUNT)),
    "Activity": obj(
        data=many(
            obj(
                date=TEXT,
                model=TEXT,
                provider_name=TEXT,
                requests=COUNT,
                prompt_tokens=COUNT,
                completion_tokens=COUNT,
                reasoning_tokens=COUNT,
                usage=AMOUNT,
            )
        )
    ),
    "Tokens": obj(count=COUNT, max_model_len=COUNT, tokens=many(COUNT), token_strs=maybe(many(TEXT))),
    "Text": obj(prompt=TEXT),
    "Health": obj(object=only("health.response"), message=TEXT),
    "Readiness": obj(object=only("health.response"), message=TEXT, models=many(obj(id=TEXT, state=_STATES))),
    "Version": obj(release=TEXT, version=TEXT, api=TEXT),
    "Overview": obj(name=TEXT, version=TEXT, models=ANYTHING, paths=many(TEXT)),
    "Document": obj(openapi=TEXT, info=ANYTHING, paths=ANYTHING),
    "Page": TEXT,
}
"""By name, as `Operation.reply` gives it."""
