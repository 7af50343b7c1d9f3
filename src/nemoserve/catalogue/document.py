"""Writes docs/models.md from the catalogue's files. Knows Markdown; decides nothing.

`python -m nemoserve.catalogue.document > docs/models.md`
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence

from nemoserve.catalogue.book import ModelBook, model_book
from nemoserve.catalogue.entry import Dated, ModelEntry, Offer
from nemoserve.catalogue.names import VARIANTS


def document(book: ModelBook | None = None) -> str:
    """The whole page."""
    book = book or model_book()
    models = sorted(book.models, key=lambda entry: (entry.created, entry.id), reverse=True)
    parts = [_HEAD, _overview(models), _NAMES, *(_model(entry, book) for entry in models), _providers(book), _LIST]
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _overview(models: Sequence[ModelEntry]) -> str:
    return _table(
        ("model", "out since", "parameters", "context", "reads", "thinks", "tools"),
        (
            (
                f"[`{entry.id}`](#{_anchor(entry.id)})",
                entry.created.isoformat(),
                entry.size,
                f"{entry.context_length:,}",
                ", ".join(entry.input_modalities),
                _thinks(entry),
                "yes" if entry.tools else "no",
            )
            for entry in models
        ),
    )


def _thinks(entry: ModelEntry) -> str:
    reasoning = entry.reasoning
    if reasoning is None:
        return "no"
    words = ["always" if reasoning.mandatory else "on by default" if reasoning.default else "off by default"]
    if reasoning.efforts:
        words.append(f"efforts {', '.join(reasoning.efforts)}")
    if reasoning.budget:
        words.append("budget in tokens")
    return "; ".join(words)


def _anchor(name: str) -> str:
    """As GitHub makes it of a heading."""
    return "".join(letter for letter in name.lower() if letter.isalnum() or letter in "-_ ").replace(" ", "-")


def _model(entry: ModelEntry, book: ModelBook) -> str:
    parts = [f"### {entry.id}", entry.description.strip()]
    lines = [f"- Hub: {', '.join(f'`{name}`' for name in entry.hub_ids)}"] if entry.hub_ids else []
    others = [name for name in entry.names if name != entry.id and name not in entry.hub_ids]
    if others:
        lines.append(f"- Also called: {', '.join(f'`{name}`' for name in others)}")
    lines.append(f"- Family: {entry.conventions.title} (see [reasoning.md](reasoning.md))")
    if (sampling := entry.defaults).temperature is not None:
        lines.append(f"- Recommended sampling: temperature {sampling.temperature}, top_p {sampling.top_p}")
    if entry.knowledge_cutoff is not None:
        lines.append(f"- Knows the world until {entry.knowledge_cutoff:%Y-%m}")
    lines.append(f"- Source: {'; '.join(entry.sources)}")
    parts.append("\n".join(lines))
    if entry.scores:
        parts.append(_scores(entry, book))
    if entry.endpoints:
        parts.append(_endpoints(entry, book))
    return "\n\n".join(parts)


def _scores(entry: ModelEntry, book: ModelBook) -> str:
    return _table(
        ("benchmark", "score", "thinking", "source"),
        (
            (
                book.benchmarks[name].title,
                f"{score} {book.benchmarks[name].unit}",
                "on" if scores.thinking else "off",
                scores.source,
            )
            for scores in entry.scores
            for name, score in scores.values.items()
        ),
    )


def _endpoints(entry: ModelEntry, book: ModelBook) -> str:
    return _table(
        ("provider", "its id", "context", "most out", "quantisation", "USD per million, in / out", "source"),
        (_endpoint(offer, book) for offer in entry.endpoints),
    )


def _endpoint(offer: Offer, book: ModelBook) -> tuple[str, ...]:
    provider = book.provider(offer.provider)
    assert provider is not None
    return (
        provider.name + (" (free)" if offer.variant else ""),
        f"`{offer.id}`" if offer.id else "",
        "" if offer.context_length is None else f"{offer.context_length:,}",
        "" if offer.max_completion_tokens is None else f"{offer.max_completion_tokens:,}",
        "" if offer.quantization == "unknown" else offer.quantization,
        "0" if offer.variant == "free" else "; ".join(map(_price, offer.prices)),
        offer.source,
    )


def _price(dated: Dated) -> str:
    cached = f", cached {dated.cached}" if dated.cached is not None else ""
    return f"{dated.prompt} / {dated.completion}{cached} from {dated.begin}"


def _providers(book: ModelBook) -> str:
    rows = (
        (one.name, f"`{one.slug}`", f"`{one.base_url}`" if one.base_url else "", one.documentation or "")
        for one in book.providers
    )
    return "## Providers\n\n" + _table(("provider", "slug", "API", "documentation"), rows)


_HEAD = """<!-- Made by `python -m nemoserve.catalogue.document > docs/models.md`; a test compares the two. -->

# Models

What is known of every Nemotron that is hosted or published, and of the embedded model: from `src/nemoserve/catalogue/data/`, one file per model. What
no source says is left out. `nemoserve models` lists them; `GET /v1/models` lists what a server serves, and `?all=true` the rest
with it."""

_NAMES = f"""A request finds a served model by any of its names, whatever their case: id, hub id, alias, the id that a provider has for it, or a
name that the configuration gives it (`[aliases]`, such as `"gpt-4o-mini" = "nemoserve/mini"`). Behind a
colon may stand a variant: {", ".join(f"`:{name}`" for name in VARIANTS)}. The last three
change nothing here, which a warning says (`not_applied`). Any other variant is an unknown name: a 404, and in `models` it is passed over with a
warning (`unknown_name`).

Prices hold from their day on, and what was settled keeps its own. Most sources do not date their prices; such a price holds from the day on which the
model came out or was first listed. The ledger takes them from here; `nemoserve serve --prices FILE` goes before.

## Each model"""

_LIST = """## The list over HTTP

`GET /v1/models` has what the key in use may use, with the prices of the providers that it may use. It takes OpenRouter's parameters; an unknown one is
refused by name.

| parameter | meaning |
| --- | --- |
| `all` | all that is served, whatever the key may use, and what is known and not served, with `served` false and `status` `not_served` |
| `q`, `arch`, `model_authors`, `providers` | what id or name contain; tokenizer, family or name; authors; who serves it |
| `category` | models with a published score in it; `data/benchmarks.toml` says which score is in which category |
| `supported_parameters`, `input_modalities` | separated by commas, all of them; `output_modalities`: any of them, or `all` |
| `context` | the least context, in tokens |
| `min_price`, `max_price`, `min_output_price`, `max_output_price` | dollars per million tokens |
| `min_age_days`, `max_age_days` | days since it came out |
| `zdr` | only with an endpoint that keeps nothing |
| `sort` | `newest`, `pricing-low-to-high`, `pricing-high-to-low`, `context-high-to-low`; `throughput-high-to-low`, `latency-low-to-high`: as measured here; `most-popular`, `top-weekly`: by this server's tokens of 30 or 7 days; `intelligence-`, `coding-`, `agentic-high-to-low`: by GPQA Diamond, LiveCodeBench, BFCL v3 |
| `offset`, `limit` | a page; `links.next` is the next one |

What has no value to be sorted by comes last. A model that is served tells the modalities that this server passes on (text, and images where an endpoint
reads them), not all that it could read.
The price shown is that of this machine's engine, or else of the cheapest endpoint; -1 is an unknown one.

`GET /v1/models/{id}/endpoints` has each endpoint with its price, quantisation, uptime, latency and throughput (null until measured); `status` is 0 for a
normal one, -1 degraded, -2 tried last, -5 resting after failures, -10 known and not configured here. `GET /v1/providers`, `/v1/model/{id}`,
`/v1/models/count`, `/v1/models/user` (with `all` too only what the key may use) and `/v1/endpoints/zdr` are OpenRouter's."""


if __name__ == "__main__":
    sys.stdout.write(document())
