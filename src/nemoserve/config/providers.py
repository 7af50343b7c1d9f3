"""Providers as the operator writes them down: addresses, keys by reference, models, prices. Knows no wire format; opens nothing.

A key is never in here, only where it is to be found: see `config/credentials.py`.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, get_args
from urllib.parse import urlsplit

import msgspec

from nemoserve.catalogue.entry import Parameter
from nemoserve.types.endpoint import Quantization
from nemoserve.types.families import FAMILIES
from nemoserve.types.money import nano_dollars, pico_per_token
from nemoserve.types.price import Price

ProviderType = Literal[
    "openai", "openrouter", "nim", "nvidia", "aiml", "neuralhub", "deepinfra", "together",
    "vllm", "sglang", "llama-server", "transformers", "nemoserve",
]  # fmt: skip
"""The adapter; `openai` is the generic one, `nim` a container of one's own, `nvidia` build.nvidia.com."""

BASE_URLS: Final[dict[ProviderType, str]] = {
    "openrouter": "https://openrouter.ai/api/v1",
    "nvidia": "https://integrate.api.nvidia.com/v1",
    "aiml": "https://api.aimlapi.com/v1",
    "neuralhub": "https://api.neuralhub.xyz/v1",
    "deepinfra": "https://api.deepinfra.com/v1/openai",
    "together": "https://api.together.xyz/v1",
}
"""Where the public ones are; the others have to be told."""

RESERVED: Final = "nemoserve"
"""The provider's name of this machine's own engines."""

Seconds = Annotated[float, msgspec.Meta(gt=0)]
Tokens = Annotated[int, msgspec.Meta(gt=0)]
Modality = Literal["text", "image"]
Field = Parameter | Literal["n", "stop_token_ids", "ignore_eos", "chat_template_kwargs"]
"""What OpenRouter calls a supported parameter, and what else a request may say."""
Reference = str | tuple[str, ...]
"""Where a key is: `env:NAME`, `file:PATH`, `command:…`, or a command as a list of its words."""

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")
"""How a provider may be called; requests may name it in other letters, small or capital."""
_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_OWN_HEADERS = frozenset({
    "accept-encoding", "connection", "content-length", "content-type", "host", "transfer-encoding"
})  # fmt: skip
"""These are said of every request already."""
_PICO_PER_NANO = 1000


class PriceTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """USD per million tokens; `image` and `request` in USD each. Strings, so that they stay exact."""

    prompt: str | None = None
    completion: str | None = None
    """Both or neither: half a price would make the other half free unasked."""
    cached: str | None = None
    """Prompt tokens read before; None: as other prompt tokens."""
    reasoning: str | None = None
    """None: thinking costs what other completion tokens cost."""
    image: str = "0"
    request: str = "0"

    def price(self) -> Price:
        """The same in pico-dollars. Raises ValueError, which names the field, for what is no amount or missing."""
        if (self.prompt is None) is not (self.completion is None):
            missing = "prompt" if self.prompt is None else "completion"
            raise ValueError(f'{missing}: is missing; write {missing} = "0" if that costs nothing')
        return Price(
            prompt=_amount("prompt", self.prompt or "0"),
            completion=_amount("completion", self.completion or "0"),
            cached=None if self.cached is None else _amount("cached", self.cached),
            reasoning=None if self.reasoning is None else _amount("reasoning", self.reasoning),
            image=_amount("image", self.image, each=True),
            request=_amount("request", self.request, each=True),
        )


class ProviderModel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A model at a provider. What is left out is taken from the catalogue, where that knows the model."""

    id: str
    """The id under which requests name the model; `…:free` makes it the free variant."""
    upstream_id: str = ""
    """The provider's own id for it; empty: `id`, as it is written."""
    price: PriceTable | None = None
    context_length: Tokens | None = None
    max_completion_tokens: Tokens | None = None
    quantization: Quantization | None = None
    parameters: tuple[Field, ...] | None = None
    """Request fields that the model honours here; None: those of the adapter."""
    modalities: tuple[Modality, ...] | None = None
    """What it reads; None: as the catalogue has it, and text alone where that does not know the model."""
    family: str | None = None
    """Which family's switches and markers it has; None: told by its id."""
    collects_data: bool | None = None
    zdr: bool | None = None
    """These two go before the provider's own."""

    def __post_init__(self) -> None:
        check_modalities(self.modalities)
        if not self.model.strip():
            raise ValueError("id: the name under which requests ask for the model")

    @property
    def model(self) -> str:
        """The id without its variant."""
        return self.id.removesuffix(":free")

    @property
    def variant(self) -> Literal["", "free"]:
        return "free" if self.id.endswith(":free") else ""


class ProviderSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[providers]]` table. Times are in seconds."""

    name: str
    """How requests and reports name it. `deepinfra/turbo` is a second endpoint of `deepinfra`."""
    type: ProviderType = "openai"
    base_url: str = ""
    """Up to and including `/v1`; empty: the type's public address."""
    api_key: Reference | None = None
    api_keys: tuple[Reference, ...] = ()
    """Several keys, used in turn; one that is refused or limited rests."""
    models: tuple[ProviderModel, ...] = ()

    local: bool = False
    """Runs on this machine or is paid for anyway: preferred while it is healthy."""
    collects_data: bool | None = None
    """It may keep prompts or train on them. None: nobody knows, which counts as the worse."""
    zdr: bool = False
    """It promises to keep nothing."""
    headers: dict[str, str] = {}
    """Sent with every request; no keys, which belong into `api_key`."""

    connect_timeout: Seconds = 5.0
    first_byte_timeout: Seconds | None = None
    """None: that of `[routing]`."""
    stall_timeout: Seconds = 300.0
    """Longest silence within a reply; models that think without saying so are silent for long."""
    max_connections: Tokens = 512
    """Requests at a time; further ones wait for a place, as long as for a first byte."""
    keepalive_timeout: Seconds = 60.0
    """Idle connections are kept this long."""

    requests_per_minute: Tokens | None = None
    """What a key may have, if that is known. Learnt from refusals where it is not."""
    adaptive_rate: bool | None = None
    """Slow down by itself after a 429; None: where the type's limits are hidden."""

    def __post_init__(self) -> None:
        if not NAME.fullmatch(self.name):
            raise ValueError("name: letters, digits, dots, dashes, underscores and slashes, 64 at most")
        if self.name.lower() == RESERVED:
            raise ValueError(f"name: {RESERVED!r} is this machine itself; give the provider another name")
        if not self.base_url and self.type not in BASE_URLS:
            raise ValueError(f"base_url: is missing, and {self.type!r} has no public address")
        _check_url(self.address)
        _check_headers(self.headers)
        if self.api_key is not None and self.api_keys:
            raise ValueError("api_keys: give api_key or api_keys, not both")
        twice = _first_twice([model.id.lower() for model in self.models])
        if twice is not None:
            raise ValueError(f"models: {twice} is there twice")

    @property
    def address(self) -> str:
        """The base URL without a slash at its end."""
        return (self.base_url or BASE_URLS.get(self.type, "")).rstrip("/")

    @property
    def references(self) -> tuple[Reference, ...]:
        """Where its keys are; empty: it asks for none."""
        return self.api_keys if self.api_key is None else (self.api_key,)


PROVIDER_TYPES: Final[tuple[str, ...]] = get_args(ProviderType)
FAMILY_NAMES: Final = tuple(family.name for family in FAMILIES)


def check_modalities(modalities: tuple[Modality, ...] | None) -> None:
    """Raises ValueError where text is not among them."""
    if modalities is not None and "text" not in modalities:
        raise ValueError('modalities: "text" is always one of them; write ["text", "image"]')


def _check_url(url: str) -> None:
    if any(character.isspace() or not character.isprintable() for character in url):
        raise ValueError("base_url: no blanks in it, nor before or behind it")
    try:
        parts = urlsplit(url)
        port_ok = parts.port is None or parts.port > 0
    except ValueError:
        parts, port_ok = None, False
    if parts is None or not port_ok or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("base_url: an address such as https://host/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("base_url: no names, keys or queries in it; keys belong into api_key")
    if parts.path.endswith(("/chat/completions", "/completions")):
        raise ValueError("base_url: as far as /v1 alone; /chat/completions is put behind it")


def _check_headers(headers: dict[str, str]) -> None:
    """Raises ValueError for what no request could be sent with; the value is not repeated."""
    for name, value in headers.items():
        if not _HEADER.fullmatch(name):
            raise ValueError(f"headers: {name!r} is no name of a header")
        if name.lower() in _OWN_HEADERS:
            raise ValueError(f"headers: {name!r} is not for the configuration to say; leave it out")
        if any(character < " " or character == "\x7f" for character in value):
            raise ValueError(f"headers: the value of {name!r} has a line break or another control character")


def _amount(field: str, text: str, *, each: bool = False) -> int:
    try:
        return nano_dollars(text) * _PICO_PER_NANO if each else pico_per_token(text)
    except ValueError as error:
        raise ValueError(f"{field}: {error}") from None


def _first_twice(names: list[str]) -> str | None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            return name
        seen.add(name)
    return None
