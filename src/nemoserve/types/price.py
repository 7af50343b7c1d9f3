"""What tokens cost. Knows the arithmetic of one price list; not where prices come from or which one holds."""

from __future__ import annotations

import msgspec

from nemoserve.types.usage import Usage

_PICO_PER_NANO = 1000


class Price(msgspec.Struct, frozen=True, kw_only=True):
    """Pico-dollars per token, per image and per request. All zero: free of charge."""

    prompt: int = 0
    completion: int = 0
    reasoning: int | None = None
    """None: thinking costs what other completion tokens cost."""
    cached: int | None = None
    """Prompt tokens that the provider had read before; None: as other prompt tokens."""
    image: int = 0
    request: int = 0

    @property
    def free(self) -> bool:
        return not (self.prompt or self.completion or self.reasoning or self.cached or self.image or self.request)

    def cost(self, usage: Usage, images: int = 0) -> int:
        """Nano-dollars for one reply, rounded half up once, at the end."""
        cached = self.prompt if self.cached is None else self.cached
        reasoning = self.completion if self.reasoning is None else self.reasoning
        pico = (
            (usage.prompt_tokens - usage.cached_tokens) * self.prompt
            + usage.cached_tokens * cached
            + (usage.completion_tokens - usage.reasoning_tokens) * self.completion
            + usage.reasoning_tokens * reasoning
            + images * self.image
            + self.request
        )
        return (2 * pico + _PICO_PER_NANO) // (2 * _PICO_PER_NANO)

    def asked(self, times: int) -> Price:
        """The same for a reply that takes so many requests, each of which is paid for."""
        return msgspec.structs.replace(self, request=times * self.request) if self.request and times > 1 else self

    def prompt_cost(self, usage: Usage, images: int = 0) -> int:
        """The part of `cost` that is not for the completion, in nano-dollars; the rest of it is the completion's."""
        return self.cost(msgspec.structs.replace(usage, completion_tokens=0, reasoning_tokens=0), images)

    def most(self, prompt_tokens: int, completion_tokens: int, images: int = 0) -> int:
        """The most nano-dollars that a request may cost: every completion token at the dearer of its two prices, rounded up."""
        completion = max(self.completion, self.reasoning or 0)
        return -(-(self._beside(prompt_tokens, images) + completion_tokens * completion) // _PICO_PER_NANO)

    def affordable(self, nano: int, prompt_tokens: int, images: int = 0) -> int | None:
        """The most completion tokens that `nano` nano-dollars surely pay for, beside the prompt; None: any number.

        Below 0 when they do not even pay for the prompt.
        """
        completion = max(self.completion, self.reasoning or 0)
        left = nano * _PICO_PER_NANO - self._beside(prompt_tokens, images)
        if left < 0:
            return -1
        return left // completion if completion else None

    def _beside(self, prompt_tokens: int, images: int) -> int:
        """The most pico-dollars that all but the completion may cost."""
        return prompt_tokens * max(self.prompt, self.cached or 0) + images * self.image + self.request


class PriceRow(msgspec.Struct, frozen=True):
    """What a model costs at a provider from a time on, until a later row of the same two."""

    model: str
    """An id or another name, without a variant: the free one costs nothing."""
    provider: str
    begin_ms: int
    """Milliseconds since the epoch."""
    price: Price
