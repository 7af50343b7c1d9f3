"""The catalogue's files: what they say can be read, a mistake in one is told with its place, and no name is two models'."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemoserve.catalogue.book import DATA, ModelBook, model_book
from nemoserve.catalogue.document import document
from nemoserve.catalogue.names import VARIANTS, split_variant
from nemoserve.config.settings import EMBEDDED_MODEL
from nemoserve.ledger.pricing import PriceBook

PAGE = Path(__file__).parents[3] / "docs" / "models.md"
NANO = "nvidia/nemotron-nano-9b-v2"

Edited = Callable[[str, str, str], ModelBook]


@pytest.fixture
def edited(tmp_path: Path) -> Edited:
    """The catalogue with one text in one file replaced by another."""

    def edit(file: str, old: str, new: str) -> ModelBook:
        folder = tmp_path / "data"
        shutil.copytree(DATA, folder)
        path = folder / file
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))
        return ModelBook.read(folder)

    return edit


def test_a_model_of_the_family_is_missing() -> None:
    ids = {entry.id for entry in model_book().models}
    assert ids >= {
        EMBEDDED_MODEL, NANO, "nvidia/nemotron-nano-12b-v2", "nvidia/nemotron-nano-12b-v2-vl",
        "nvidia/llama-3.1-nemotron-nano-8b-v1", "nvidia/llama-3.1-nemotron-nano-4b-v1.1",
        "nvidia/llama-3.3-nemotron-super-49b-v1", "nvidia/llama-3.3-nemotron-super-49b-v1.5",
        "nvidia/llama-3.1-nemotron-ultra-253b-v1", "nvidia/nemotron-3-nano-30b-a3b", "nvidia/nemotron-3-nano-4b",
        "nvidia/nemotron-3-super-120b-a12b", "nvidia/nemotron-3-ultra-550b-a55b", "nvidia/nemotron-3.5-lightning",
    }  # fmt: skip
    for entry in model_book().models:
        assert entry.id == entry.id.lower() and entry.conventions.name == entry.family
        assert all(offer.source for offer in entry.endpoints) and entry.sources, "everything has a source"
        best = max((offer.context_length or 0 for offer in entry.endpoints), default=0)
        assert best <= entry.context_length, f"{entry.id} has a provider that takes more than the model"


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        ("models/nemotron-nano-9b-v2.toml", "context_length = 131072\nmax", "contxt_length = 131072\nmax",
         r"nemotron-nano-9b-v2\.toml: contxt_length is unknown; the nearest known key is context_length"),
        ("models/nemotron-nano-9b-v2.toml", 'prompt = "0.04"', 'promt = "0.04"',
         r"toml, endpoints\[0\]\.prices\[0\]: promt is unknown; the nearest known key is prompt"),
        ("models/nemotron-nano-9b-v2.toml", "reasoning = { budget", "reasoning = { budgt",
         r"toml, reasoning: budgt is unknown; the nearest known key is budget"),
        ("models/nemotron-nano-9b-v2.toml", 'prompt = "0.04"', "prompt = 0.04",
         r"toml, endpoints\[0\]\.prices\[0\]\.prompt: Expected `str`, got `float`"),
        ("models/nemotron-nano-9b-v2.toml", 'prompt = "0.04"', 'prompt = "cheap"', r"endpoints\[0\]\.prices\[0\]: 'cheap'"),
        ("models/nemotron-nano-9b-v2.toml", 'quantization = "bf16"', 'quantization = "bf17"', r"endpoints\[0\]\.quantization"),
        ("models/nemotron-nano-9b-v2.toml", 'family = "nano-v2"', 'family = "nano-v9"', "family is one of nano-v2, "),
        ("models/nemotron-nano-9b-v2.toml", 'provider = "deepinfra"', 'provider = "depinfra"', "there is no provider depinfra"),
        ("models/nemotron-nano-9b-v2.toml", "aime-2025 = ", "aime-2052 = ", "there is no benchmark aime-2052"),
        ("models/nemotron-nano-9b-v2.toml", 'id = "nvidia', 'id == "nvidia', r"nemotron-nano-9b-v2\.toml: .*line 1"),
        ("models/nemotron-nano-12b-v2.toml", '"nemotron-nano-12b-v2"]', '"Nemotron-Nano-9B-v2"]',
         "the name Nemotron-Nano-9B-v2 is already that of|the name nemotron-nano-9b-v2 is already that of"),
        ("models/nemotron-3-super-120b-a12b.toml", "2026-05-15", "2026-01-15", "the oldest first"),
        ("models/nemotron-nano-9b-v2.toml", 'variant = "free"', "", "openrouter has it twice"),
        ("providers.toml", "base_url =", "base_ulr =", r"providers\.toml, providers\[0\]: base_ulr is unknown; .* base_url"),
        ("benchmarks.toml", '["programming"]', '["coding"]', r"benchmarks\.toml, .*coding"),
    ],
)  # fmt: skip
def test_a_mistake_is_not_told_or_without_its_place(
    edited: Edited, file: str, old: str, new: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        edited(file, old, new)


@pytest.mark.parametrize(
    ("name", "model", "variant"),
    [
        (NANO, NANO, ""),
        (" NVIDIA/Nemotron-Nano-9B-v2:Free ", NANO, "free"),
        ("nvidia/NVIDIA-Nemotron-Nano-9B-v2-FP8", NANO, ""),
        ("nvidia/nvidia-nemotron-nano-9b-v2", NANO, ""),
        ("nvidia.nemotron-nano-9b-v2:nitro", NANO, "nitro"),
        ("accounts/fireworks/models/nvidia-nemotron-nano-9b-v2", NANO, ""),
        ("nvidia.nemotron-nano-12b-v2", "nvidia/nemotron-nano-12b-v2-vl", ""),
        ("nemotron-3-nano:30b", "nvidia/nemotron-3-nano-30b-a3b", ""),
        ("nemotron-3-nano:30b:floor", "nvidia/nemotron-3-nano-30b-a3b", "floor"),
        ("hf:nvidia/NVIDIA-Nemotron-3-Super-120B-A12B-NVFP4", "nvidia/nemotron-3-super-120b-a12b", ""),
        ("nvidia/llama-3_3-nemotron-super-49b-v1_5", "nvidia/llama-3.3-nemotron-super-49b-v1.5", ""),
    ],
)  # fmt: skip
def test_a_client_with_a_hard_coded_name_is_sent_away(name: str, model: str, variant: str) -> None:
    found = model_book().find(name)
    assert found is not None and (found.entry.id, found.variant) == (model, variant)


@given(st.text(max_size=80) | st.sampled_from(["", ":", ":free", "nvidia/", f"{NANO}:", f"{NANO}:cheap", "../x"]))
def test_a_strange_name_finds_something_or_breaks(name: str) -> None:
    found = model_book().find(name)
    assert found is None or any(name.strip().lower().startswith(known.lower()) for known in found.entry.names)
    model, variant = split_variant(name)
    assert (model, variant) == (name, "") or (variant in VARIANTS and name.lower() == f"{model}:{variant}".lower())


def test_a_price_of_today_changes_the_past() -> None:
    book = PriceBook.load()

    def prices(model: str, provider: str, *days: str) -> list[tuple[int, int]]:
        moments = [round(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000) for day in days]
        found = [book.price(model, provider, moment) for moment in moments]
        return [(price.prompt, price.completion) for price in found]

    super49 = "nvidia/Llama-3_3-Nemotron-Super-49B-v1_5"
    assert prices(super49, "openrouter", "2025-10-09", "2025-10-10", "2026-06-06T23:59:59", "2026-06-07") == [
        (0, 0), (100_000, 400_000), (100_000, 400_000), (400_000, 400_000)
    ]  # fmt: skip
    super3 = "nvidia/nemotron-3-super-120b-a12b"
    assert prices(super3, "openrouter", "2026-03-11", "2026-05-15", "2026-06-26") == [
        (100_000, 500_000), (90_000, 450_000), (85_000, 400_000)
    ]  # fmt: skip
    ultra = book.price("nvidia/nemotron-3-ultra-550b-a55b", "deepinfra", 1_800_000_000_000)
    assert (ultra.prompt, ultra.completion, ultra.cached) == (500_000, 2_200_000, 100_000)


def test_what_a_provider_offers_is_found_by_any_names() -> None:
    book = model_book()
    endpoint = book.endpoint("nemotron-nano-9b-v2", "DeepInfra")
    assert endpoint is not None and endpoint.key == (NANO, "deepinfra", "")
    assert (endpoint.upstream_id, endpoint.quantization) == ("nvidia/NVIDIA-Nemotron-Nano-9B-v2", "bf16")
    assert endpoint.collects_data and not endpoint.zdr, "what is not known counts as the worse"
    aiml = book.endpoint(NANO, "aiml")
    assert aiml is not None and aiml.parameters is not None and "logprobs" not in aiml.parameters
    free = book.endpoint(f"{NANO}:free", "openrouter")
    assert free is not None and (free.slug, free.max_completion_tokens) == (f"{NANO}:free", 128_000)
    assert book.endpoint(f"{NANO}:free", "deepinfra") is None and book.endpoint("acme/x", "deepinfra") is None
    assert (
        dict(book.aliases(["acme/x", "nvidia/NVIDIA-Nemotron-Nano-9B-v2"]))[NANO] == "nvidia/NVIDIA-Nemotron-Nano-9B-v2"
    )


def test_the_page_is_as_the_data_writes_it() -> None:
    assert PAGE.read_text() == document(), "run: python -m nemoserve.catalogue.document > docs/models.md"
    assert all(f"### {entry.id}" in document() for entry in model_book().models)
