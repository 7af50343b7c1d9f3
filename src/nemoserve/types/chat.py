"""Requests as the gateway handles them after the edge: validated, complete, free of wire spellings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import msgspec

from nemoserve.types.reasoning import ReasoningIntent
from nemoserve.types.route import Preferences

Role = Literal["system", "user", "assistant", "tool"]


class ToolCall(msgspec.Struct, frozen=True):
    """A call of a function: by the model in an answer, or by the client in a conversation's history."""

    id: str
    name: str
    arguments: str
    """JSON text, as OpenAI's wire has it."""


IMAGE_TOKENS = 1664
"""What an image is taken to cost in a prompt before anybody has counted: half of the most that the family's eyes make of one
(twelve tiles and a thumbnail of 256 tokens each, in Nano 12B v2 VL)."""


class Image(msgspec.Struct, frozen=True):
    """A picture in a message. Nobody in this server opens it, neither its address nor its bytes."""

    url: str
    """An address (http, https), or the bytes themselves as `data:image/…;base64,…`."""
    detail: str = ""
    """How closely it is to be looked at, in OpenAI's words; empty: nothing was said."""

    @property
    def inline(self) -> bool:
        """Its bytes came with it."""
        return self.url[:5].lower() == "data:"

    def __repr__(self) -> str:
        # Pictures are large and private: whoever prints a request must not print them.
        return f"Image({'inline' if self.inline else 'by address'}, {len(self.url)} characters)"


class Message(msgspec.Struct, frozen=True):
    """One turn of a conversation; lists of texts are flattened to one and names folded into it."""

    role: Role
    text: str
    reasoning: str = ""
    """Past thinking that the client sent back (assistant only)."""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    reasoning_signature: str = ""
    """This server's signature of that thinking, if it came back with it."""
    at: int = 0
    """Its place in the request's messages, for what is said about it."""
    parts: tuple[str | Image, ...] = ()
    """Texts and images in their order, where there are images (user only); `text` is these texts, a newline between any two."""

    @property
    def images(self) -> tuple[Image, ...]:
        """In their order."""
        return tuple(part for part in self.parts if isinstance(part, Image))

    def texts(self) -> Iterator[str]:
        """All that a model reads of it."""
        yield self.text
        yield self.reasoning
        for call in self.tool_calls:
            yield call.name
            yield call.arguments

    def retold(self, rewrite: Callable[[str], str]) -> Message:
        """The message with its text rewritten: each text by itself where images stand between them, and those in their places."""
        if not self.parts:
            return msgspec.structs.replace(self, text=rewrite(self.text))
        return self.shown(part if isinstance(part, Image) else rewrite(part) for part in self.parts)

    def shown(self, parts: Iterable[str | Image]) -> Message:
        """The message with these texts and images for content; empty texts are left out."""
        kept = tuple(part for part in parts if part)
        return msgspec.structs.replace(self, parts=kept, text="\n".join(part for part in kept if isinstance(part, str)))


class Notice(msgspec.Struct, frozen=True, omit_defaults=True):
    """A parameter that was not applied, or applied otherwise than asked."""

    code: str
    message: str
    parameter: str | None = None


class Sampling(msgspec.Struct, frozen=True):
    """Sampling as asked for; None means that the caller left it out, so that the model's own default applies."""

    max_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    min_p: float | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    repetition_penalty: float | None = None
    logit_bias: dict[int, float] = {}
    seed: int | None = None
    stop: tuple[str, ...] = ()
    stop_token_ids: tuple[int, ...] = ()
    ignore_eos: bool = False
    logprobs: int | None = None
    """None: none; k: the chosen token's log probability and those of the k most likely ones."""
    n: int = 1


class ToolChoice(msgspec.Struct, frozen=True):
    """Whether the reply may, must not or must call a tool; `name` is the one that must be called."""

    mode: Literal["none", "auto", "required", "named"] = "auto"
    name: str | None = None


class SchemaTitle(msgspec.Struct, frozen=True):
    """What a request says of its JSON schema besides; a provider may show it to the model."""

    name: str = "answer"
    description: str | None = None
    strict: bool = True


class OutputFormat(msgspec.Struct, frozen=True):
    """What the answer's text must look like. One of `schema`, `pattern` and `choices` is set, by kind."""

    kind: Literal["json_object", "json_schema", "regex", "choice", "lark"]
    schema: dict[str, object] | bool | None = None
    pattern: str = ""
    """A regular expression, or a grammar in Lark's notation."""
    choices: tuple[str, ...] = ()
    field: str = "response_format"
    """The request's field that asked for it, which complaints name."""
    title: SchemaTitle = SchemaTitle()
    """For providers alone: here a schema is enforced whatever is said of it."""


class ChatRequest(msgspec.Struct, frozen=True):
    """A conversation to be continued."""

    models: tuple[str, ...]
    """Wanted model ids in order of preference; empty means the server's default."""
    messages: tuple[Message, ...]
    sampling: Sampling
    reasoning: ReasoningIntent
    tools: tuple[dict[str, object], ...] = ()
    """Function tools in OpenAI's form, offered to the model."""
    strict_tools: dict[str, bool] = {}
    """For providers alone: whether a tool is strict, by its name, where that is said."""
    tool_choice: ToolChoice = ToolChoice()
    parallel_tool_calls: bool = True
    output: OutputFormat | None = None
    session_id: str | None = None
    """The client's name for the conversation."""
    stream: bool = False
    preferences: Preferences = Preferences()
    fallback_to_family: bool = False
    """Another model of the family may answer when none of `models` can."""
    compression: bool | None = None
    """Whether a conversation that is too long for the model is made to fit; None: the server's rule for its context."""
    template_kwargs: dict[str, object] = {}
    """Extra variables for the checkpoint's template, switches for thinking taken out."""
    warnings: tuple[Notice, ...] = ()
    """Parameters already known not to be honoured by any backend."""

    @property
    def images(self) -> tuple[Image, ...]:
        """Of all messages."""
        return tuple(image for message in self.messages for image in message.images)


class CompletionRequest(msgspec.Struct, frozen=True):
    """Raw text to be continued, without a chat template."""

    models: tuple[str, ...]
    prompts: tuple[str | tuple[int, ...], ...]
    sampling: Sampling
    echo: bool = False
    output: OutputFormat | None = None
    add_special_tokens: bool = True
    session_id: str | None = None
    stream: bool = False
    preferences: Preferences = Preferences()
    fallback_to_family: bool = False
    warnings: tuple[Notice, ...] = ()
