"""A model on this machine as a backend. Knows text and token ids, and turns each into the other; the engine knows ids only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from nemoserve.backends.base import Health
from nemoserve.backends.local.checkpoint import TextSide, load_text_side
from nemoserve.backends.local.generation import LocalGeneration
from nemoserve.backends.local.prompts import PromptMaker, too_long
from nemoserve.backends.local.supervisor import Supervisor
from nemoserve.config.settings import EMBEDDED_MODEL, Settings
from nemoserve.engine import protocol
from nemoserve.observe.logs import Log
from nemoserve.types.errors import invalid
from nemoserve.types.model import PLAIN, ModelCard
from nemoserve.types.prompt import ChatTurn, Job, Prompt


class LocalBackend:
    """One checkpoint and its engine process."""

    def __init__(
        self,
        name: str,
        folder: Path,
        settings: Settings,
        log: Log,
        *,
        aliases: Sequence[str] = (),
        on_change: Callable[[str, Health], None] = lambda _name, _health: None,
        on_status: Callable[[str, protocol.Status], None] = lambda _name, _status: None,
    ) -> None:
        """Reads the text side at once. Raises CheckpointError."""
        self._text_side: TextSide = load_text_side(folder, name)
        self._prompts = PromptMaker(self._text_side)
        self._aliases = tuple(aliases)
        self._name = name
        self._card: ModelCard | None = None
        self._created = int((folder / "config.json").stat().st_mtime)
        self.supervisor = Supervisor(
            name,
            _arguments(folder, settings),
            settings,
            log,
            on_change=lambda health: on_change(name, health),
            on_status=lambda status: on_status(name, status),
        )

    @property
    def context_length(self) -> int:
        """Tokens of prompt and reply together: the model's, or fewer if the engine's cache holds fewer."""
        ready = self.supervisor.ready
        return self._text_side.context_length if ready is None else min(ready.context_length, ready.kv_tokens)

    @property
    def card(self) -> ModelCard:
        if self._card is None or self._card.context_length != self.context_length:
            self._card = self._described()
        return self._card

    def _described(self) -> ModelCard:
        template, defaults = self._text_side.template, self._text_side.defaults
        return ModelCard(
            id=self._name,
            name="nemoserve mini" if self._name == EMBEDDED_MODEL else self._name.rpartition("/")[2],
            created=self._created,
            context_length=self.context_length,
            max_completion_tokens=self.context_length,
            description=f"A {self._text_side.model_type or 'transformer'} model served on this machine.",
            aliases=self._aliases,
            family=PLAIN if template is None else template.family,
            calls_tools=template is not None and template.offers_tools and template.family.tool_format != "none",
            default_temperature=defaults.temperature,
            default_top_p=defaults.top_p,
            default_top_k=defaults.top_k,
        )

    @property
    def health(self) -> Health:
        return self.supervisor.health

    @property
    def tokenizer_file(self) -> Path:
        return self._text_side.folder / "tokenizer.json"

    def tokens_named(self, names: Sequence[str]) -> dict[str, int]:
        """The ids of those names that are a token of their own."""
        ids = ((name, self._text_side.vocabulary.id_of(name)) for name in names)
        return {name: token for name, token in ids if token is not None}

    async def render(self, turn: ChatTurn) -> Prompt:
        return await self._prompts.render(turn, self.context_length)

    async def encode(self, text: str, *, add_special_tokens: bool) -> Prompt:
        return await self._prompts.encode(text, self.context_length, add_special_tokens=add_special_tokens)

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of tokens. Raises ApiError (400) for an id outside the vocabulary."""
        self._check_ids("tokens", tokens)
        return self._text_side.vocabulary.decode(tokens)

    def token_texts(self, tokens: Sequence[int]) -> list[str]:
        vocabulary = self._text_side.vocabulary
        return [vocabulary.name_of(token) for token in tokens]

    async def generate(self, job: Job) -> LocalGeneration:
        """Submits the job. Raises ApiError: the engine is not ready, or the request can never fit."""
        ready = await self.supervisor.until_ready()
        limit = min(ready.context_length, ready.kv_tokens)
        sequences: list[protocol.Submit] = []
        for at, prompt in enumerate(job.prompts):
            self._check_ids("prompt", prompt.tokens, ready.vocab_size)
            if not prompt.tokens:
                raise invalid("prompt", "it has no tokens")
            room = limit - len(prompt.tokens)
            if room < 0 or (room == 0 and job.max_tokens > 0):
                raise too_long("prompt", len(prompt.tokens), job.max_tokens, limit)
            for choice in range(job.sampling.n):
                index = at * job.sampling.n + choice
                sampling = self._sampling(job, prompt, choice, min(job.max_tokens, room), ready.vocab_size)
                submit = protocol.Submit(
                    f"{job.id}/{index}",
                    prompt.tokens,
                    sampling,
                    prompt.stem,
                    keep_reply=not (job.chat and job.thinking),
                    wanted=job.wanted,
                )
                sequences.append(submit)
        if len(sequences) > 1:
            _check_count(sequences, ready, "n" if job.sampling.n > 1 else "prompt")
        # Nothing may be awaited from here to the submission: the engine could die in between unnoticed.
        run = self.supervisor.submit(sequences)
        return LocalGeneration(job, run, self._text_side.vocabulary)

    def _sampling(
        self, job: Job, prompt: Prompt, choice: int, max_tokens: int, vocabulary_size: int
    ) -> protocol.Sampling:
        """The engine's sampling parameters: the request's, else the checkpoint's."""
        asked, defaults = job.sampling, self._text_side.defaults
        end = self._text_side.turn_end_tokens if job.chat else self._text_side.end_tokens
        for token in asked.logit_bias:
            if token >= vocabulary_size:
                raise invalid("logit_bias", f"{token} is not a token id; the vocabulary has {vocabulary_size} tokens")
        return protocol.Sampling(
            max_tokens=max_tokens,
            temperature=_first(asked.temperature, defaults.temperature, 1.0),
            top_p=_first(asked.top_p, defaults.top_p, 1.0),
            top_k=max(0, int(_first(asked.top_k, defaults.top_k, 0))),
            min_p=_first(asked.min_p, 0.0),
            frequency_penalty=_first(asked.frequency_penalty, 0.0),
            presence_penalty=_first(asked.presence_penalty, 0.0),
            repetition_penalty=_first(asked.repetition_penalty, defaults.repetition_penalty, 1.0),
            logit_bias=asked.logit_bias,
            seed=None if asked.seed is None else _seed(asked.seed, choice),
            logprobs=asked.logprobs,
            prompt_logprobs=asked.logprobs if job.echo else None,
            stop_token_ids=tuple(sorted({*end, *asked.stop_token_ids})),
            ignore_eos=asked.ignore_eos,
            thinking=self._thinking(job, prompt),
            grammar=job.grammar,
        )

    def _thinking(self, job: Job, prompt: Prompt) -> protocol.Thinking | None:
        """What the engine is to watch; nothing where the reply cannot think, or is not asked to."""
        template = self._text_side.template
        if template is None or not (job.chat and job.thinking) or prompt.start == "answer":
            return None
        family, limits = template.family, job.limits
        return protocol.Thinking(
            opened=prompt.start == "thinking",
            opener=family.opener.encode(),
            closer=family.closer.encode(),
            budget=limits.budget,
            grace=limits.grace,
            minimum=limits.minimum,
            end=limits.end,
        )

    def _check_ids(self, field: str, tokens: Sequence[int], size: int | None = None) -> None:
        """Raises ApiError (400) for ids that the model has no embedding for."""
        ready = self.supervisor.ready
        limit = size or (ready.vocab_size if ready is not None else self._text_side.vocabulary.size)
        if tokens and (min(tokens) < 0 or max(tokens) >= limit):
            strange = next(token for token in tokens if not 0 <= token < limit)
            raise invalid(field, f"{strange} is not a token id; the vocabulary has {limit} tokens")


def _first(*values: float | None) -> float:
    """The first value that is given."""
    return next(value for value in values if value is not None)


def _check_count(sequences: Sequence[protocol.Submit], ready: protocol.Ready, field: str) -> None:
    """Raises ApiError (400) for more sequences than can ever be under way together, which no later moment would take either."""
    running = reserved = 0
    for sequence in sequences:
        reserved += len(sequence.prompt) + sequence.sampling.max_tokens
        if running == ready.max_sequences or reserved > ready.kv_tokens:
            break
        running += 1
    if len(sequences) > running + ready.max_waiting:
        text = (
            f"{len(sequences)} replies are wanted at once, but {running} of these can run and {ready.max_waiting} wait; ask for "
            "fewer in one request, or start the server with more (--max-sequences, --kv-tokens, --max-waiting)"
        )
        raise invalid(field, text)


def _seed(seed: int, choice: int) -> int:
    """Each choice's own seed, kept in 64 signed bits."""
    return (seed + choice + (1 << 63)) % (1 << 64) - (1 << 63)


def _arguments(folder: Path, settings: Settings) -> list[str]:
    """The engine's command line beyond its socket."""
    arguments = ["--model", str(folder), "--dtype", settings.dtype, "--device", settings.device]
    for name in ("max_sequences", "kv_tokens", "max_waiting", "prefill_chunk", "prefix_cache_mib", "threads"):
        value: int | None = getattr(settings, name)
        if value is not None:
            arguments += ["--" + name.replace("_", "-"), str(value)]
    if len(settings.models) > 1:  # all are started at once, and each would take the same free memory for its own
        arguments += ["--memory-share", str(1 / len(settings.models))]
    return arguments
