"""One request's sequences: the engine's messages become pieces of text. Knows ids and text; no wire format, no stop strings."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Sequence

from nemoserve.backends.local.supervisor import Run
from nemoserve.backends.local.vocabulary import Vocabulary
from nemoserve.engine import protocol
from nemoserve.parsing.detokenise import Detokeniser
from nemoserve.types.errors import ApiError
from nemoserve.types.events import TokenAlternative, TokenLogprob
from nemoserve.types.prompt import Ended, Job, Piece, Pieces, PromptPieces, RawOutput
from nemoserve.types.usage import Timing


class LocalGeneration:
    """What the engine says about one request, as text. Ends when every choice has ended or was stopped."""

    def __init__(self, job: Job, run: Run, vocabulary: Vocabulary) -> None:
        self._job = job
        self._run = run
        self._vocabulary = vocabulary
        count = len(job.prompts) * job.sampling.n
        self._detokenisers: list[Detokeniser] = [vocabulary.detokeniser() for _ in range(count)]
        self._echoed = [not job.echo] * count
        self._ended = [False] * count

    def __aiter__(self) -> AsyncIterator[RawOutput]:
        return self._outputs()

    def stop(self, index: int) -> None:
        """Ends one choice within an engine step."""
        self._ended[index] = True
        self._run.cancel(f"{self._job.id}/{index}")

    def end_thinking(self) -> None:
        """Has every choice that still thinks stop at its next newline."""
        self._run.end_thinking()

    def left(self) -> list[RawOutput]:
        """As `Generation.left` says."""
        outputs: list[RawOutput] = []
        with contextlib.suppress(ApiError):  # it has ended already
            for message in self._run.left():
                outputs += self._said(message)
        return outputs

    def close(self) -> None:
        """Ends all choices that still run."""
        self._run.cancel()

    async def counted(self) -> list[int]:
        """The tokens sampled for each choice, also those that nobody has read; known a step after `close`."""
        counts = await self._run.counted()
        return [counts[f"{self._job.id}/{index}"] for index in range(len(self._ended))]

    async def _outputs(self) -> AsyncIterator[RawOutput]:
        while not all(self._ended):
            for message in await self._run.take():
                for output in self._said(message):
                    yield output

    def _said(self, message: protocol.Tokens | protocol.Finished | protocol.Rejected) -> Sequence[RawOutput]:
        index = int(message.id.rpartition("/")[2])
        if self._ended[index]:
            return ()  # what was on its way when the choice was stopped is not wanted
        match message:
            case protocol.Tokens():
                outputs = self._echo(index, message.prompt_logprobs)
                if message.tokens or message.cached_tokens:
                    outputs.append(Pieces(index, self._pieces(index, message), message.cached_tokens))
                return outputs
            case protocol.Finished():
                self._ended[index] = True
                return [*self._echo(index, None), self._end(index, message)]
            case protocol.Rejected():
                self._ended[index] = True
                raise _rejection(message)

    def _echo(self, index: int, logprobs: list[protocol.TokenLogprob | None] | None) -> list[RawOutput]:
        if self._echoed[index]:
            return []
        self._echoed[index] = True
        tokens = self._job.prompts[index // self._job.sampling.n].tokens
        detokeniser = self._vocabulary.detokeniser()
        pieces: list[Piece] = []
        offset = 0
        for position, token in enumerate(tokens):
            entry = logprobs[position] if logprobs is not None and position < len(logprobs) else None
            text = detokeniser.push(token)
            wanted = self._job.sampling.logprobs is not None
            pieces.append(Piece(text, self._logprob(token, entry, offset) if wanted else None))
            offset += len(text)
        return [PromptPieces(index, pieces)]

    def _pieces(self, index: int, message: protocol.Tokens) -> list[Piece]:
        detokeniser = self._detokenisers[index]
        if message.logprobs is None:
            return [Piece(detokeniser.push(token)) for token in message.tokens]
        return [
            Piece(detokeniser.push(token), self._logprob(token, entry, 0))
            for token, entry in zip(message.tokens, message.logprobs, strict=True)
        ]

    def _logprob(self, token: int, entry: protocol.TokenLogprob | None, offset: int) -> TokenLogprob:
        if entry is None:
            return TokenLogprob(self._alternative(token, None), (), offset)
        top = tuple(self._alternative(other, value) for other, value in entry.top)
        return TokenLogprob(self._alternative(token, entry.logprob), top, offset)

    def _alternative(self, token: int, logprob: float | None) -> TokenAlternative:
        data = self._vocabulary.bytes_of(token)
        return TokenAlternative(token, data.decode("utf-8", "replace"), data, logprob)

    def _end(self, index: int, message: protocol.Finished) -> Ended:
        timing = Timing(message.queue_s, message.prefill_s, message.decode_s)
        match message.reason:
            case "stop" | "length":
                ended_turn = message.stop_token is not None
                return Ended(index, message.reason, message.completion_tokens, timing, ended_turn, message.thinking_cut)
            case "cancelled":
                raise ApiError("provider_unavailable", "The engine cancelled the request.")
            case "error":
                raise ApiError("provider_unavailable", f"The engine failed on this request: {message.message}")


def _rejection(message: protocol.Rejected) -> ApiError:
    match message.code:
        case "overloaded":
            return ApiError(
                "rate_limit_exceeded",
                f"The model is busy: {message.message}",
                retry_after_s=message.retry_after_s if message.retry_after_s is not None else 1.0,
            )
        case "too_long":
            return ApiError("context_length_exceeded", message.message)
        case "invalid":
            return ApiError("invalid_request", message.message)
