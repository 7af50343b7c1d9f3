"""Fear: a typo in the configuration is swallowed, or the complaint leaves the operator guessing where."""

import re
from pathlib import Path

import pytest

from nemoserve.backends.remote.endpoints import endpoint_of
from nemoserve.config.engines import EngineSettings
from nemoserve.config.file import ConfigError, ServerTable, load_settings
from nemoserve.config.providers import PriceTable, ProviderModel, ProviderSettings
from nemoserve.config.routing import RoutingSettings
from nemoserve.config.settings import EMBEDDED_MODEL, Settings
from nemoserve.routing.filters import matches

_PROVIDER = """
[[providers]]
name = "deepinfra"
type = "deepinfra"
api_key = "env:DEEPINFRA_KEY"

[[providers.models]]
id = "nvidia/nemotron-nano-9b-v2"
upstream_id = "nvidia/NVIDIA-Nemotron-Nano-9B-v2"
price = { prompt = "0.04", completion = "0.16" }
"""


def _write(folder: Path, text: str) -> Path:
    file = folder / "config.toml"
    file.write_text(text)
    return file


def _complaint(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        load_settings(_write(folder, text), {})
    return str(caught.value)


def test_without_a_file_nothing_changes():
    assert load_settings(None, {"port": 8001}) == Settings(port=8001)


def test_providers_prices_and_routing_arrive(tmp_path: Path):
    settings = load_settings(_write(tmp_path, _PROVIDER + "[routing]\nfirst_byte_timeout = 2\n"), {})
    (provider,) = settings.providers
    (model,) = provider.models
    assert (provider.name, provider.address) == ("deepinfra", "https://api.deepinfra.com/v1/openai")
    assert (model.model, model.upstream_id) == ("nvidia/nemotron-nano-9b-v2", "nvidia/NVIDIA-Nemotron-Nano-9B-v2")
    assert model.price is not None
    assert (model.price.price().prompt, model.price.price().completion) == (40_000, 160_000)
    assert settings.routing.first_byte_timeout == 2
    assert settings.models == (EMBEDDED_MODEL,)


def test_flags_win_over_the_file_and_the_file_over_defaults(tmp_path: Path):
    file = _write(tmp_path, '[server]\nport = 9000\nhost = "::1"\ndata_dir = "data"\n')
    settings = load_settings(file, {"port": 9001})
    assert (settings.port, settings.host, settings.data_dir) == (9001, "::1", tmp_path / "data")


@pytest.mark.parametrize(
    ("table", "models"),
    [
        ("embedded = false", ()),
        ("embedded = true", (EMBEDDED_MODEL,)),
        ('models = ["a/b"]', ("a/b",)),
        ('models = ["a/b"]\nembedded = true', (EMBEDDED_MODEL, "a/b")),
        (f'models = ["{EMBEDDED_MODEL}", "a/b"]\nembedded = false', ("a/b",)),
    ],
)
def test_the_embedded_model_can_be_switched_off_and_kept_beside_others(
    tmp_path: Path, table: str, models: tuple[str, ...]
):
    assert load_settings(_write(tmp_path, f"[server]\n{table}\n"), {}).models == models


def test_of_several_slips_only_the_first_is_named(tmp_path: Path):
    slips = _PROVIDER.replace("upstream_id", "upstream").replace("prompt =", "promt =").replace("api_key", "apikey")
    with pytest.raises(ConfigError) as caught:
        load_settings(_write(tmp_path, f"[server]\nprot = 1\n[routing]\nstiky = 1\n{slips}[engine]\n"), {})
    named = [line.partition("'")[2].partition("'")[0] for line in str(caught.value).splitlines()]
    assert set(named) == {"apikey", "engine", "prot", "promt", "stiky", "upstream"}


def test_a_provider_with_capitals_in_its_name_is_refused_or_found_by_these_alone(tmp_path: Path):
    (provider,) = load_settings(_write(tmp_path, _PROVIDER.replace('name = "d', 'name = "D')), {}).providers
    (endpoint,) = (endpoint_of(provider, model) for model in provider.models)
    assert provider.name == endpoint.provider == "Deepinfra"
    assert matches("deepinfra", endpoint) and not matches("deepinfra/turbo", endpoint)
    assert endpoint.quantization == "bf16", "what is known of the model there"


def test_models_of_the_command_line_are_served_even_if_the_file_says_none(tmp_path: Path):
    settings = load_settings(_write(tmp_path, "[server]\nembedded = false\n"), {"models": ("a/b",)})
    assert settings.models == ("a/b",)


@pytest.mark.parametrize(
    ("text", "place", "mend"),
    [
        ("[rooting]\n", "config.toml: ", "'routing'"),
        ("[server]\nprot = 1\n", "config.toml: server: ", "'port'"),
        ("[routing]\nfirst_byte_timout = 2\n", "routing: ", "'first_byte_timeout'"),
        (_PROVIDER.replace("api_key", "apikey"), "providers[0] (deepinfra): ", "'api_key'"),
        (_PROVIDER.replace("upstream_id", "upstream"), "providers[0] (deepinfra).models[0]: ", "'upstream_id'"),
        (_PROVIDER.replace("prompt =", "promt ="), "models[0].price: ", "'prompt'"),
        (_PROVIDER.replace('prompt = "0.04", ', ""), "models[0].price.prompt: ", 'prompt = "0"'),
        (_PROVIDER.replace('"0.04"', "0.04"), "models[0].price.prompt: ", "quotes"),
        (_PROVIDER.replace('"0.04"', '"4 cents"'), "models[0].price.prompt: ", "no amount"),
        (
            _PROVIDER.replace('type = "deepinfra"', 'type = "deepinfa"'),
            "providers[0] (deepinfra).type: ",
            "'deepinfra'",
        ),
        (_PROVIDER.replace('type = "deepinfra"', 'type = "vllm"'), "(deepinfra).base_url: ", "no public address"),
        (_PROVIDER.replace('name = "deepinfra"', ""), "providers[0]: ", "`name`"),
        (_PROVIDER.replace('name = "deepinfra"', 'name = "nemoserve"'), "(nemoserve).name: ", "another name"),
        (_PROVIDER + _PROVIDER, "providers[1] (deepinfra).name: ", "another provider"),
        (
            _PROVIDER + _PROVIDER.replace('name = "d', 'name = "D'),
            "providers[1] (Deepinfra).name: ",
            "another provider",
        ),
        (_PROVIDER.replace('name = "deepinfra"', 'name = "Nemoserve"'), "(Nemoserve).name: ", "another name"),
        (_PROVIDER.replace('name = "deepinfra"', 'name = "my rack"'), "(my rack).name: ", "dashes"),
        (_PROVIDER.replace("[[providers]]", "[providers]"), "providers: ", "[[providers]]"),
        (_PROVIDER + 'parameters = ["temprature"]\n', "models[0].parameters[0]: ", "'temperature'"),
        (
            _PROVIDER.replace("[[providers.", 'base_url = "http://a/v1/chat/completions"\n[[providers.'),
            ".base_url: ",
            "/v1",
        ),
        (_PROVIDER.replace("[[providers.", 'base_url = "http://a/v1 "\n[[providers.'), ".base_url: ", "no blanks"),
        (_PROVIDER.replace("[[providers.", 'headers = { "X-A" = "a\\nb" }\n[[providers.'), ".headers: ", "line break"),
        (_PROVIDER.replace("[[providers.", 'headers = { "X A" = "a" }\n[[providers.'), ".headers: ", "no name"),
        (_PROVIDER.replace("[[providers.", 'headers = { Host = "a" }\n[[providers.'), ".headers: ", "leave it out"),
        ("port = 8000\n", "config.toml: 'port'", "[server]"),
        ("[routing]\nspill_max_price = { prompt = 0.2 }\n", "routing.spill_max_price.prompt: ", "quotes"),
        ("[server]\nport = 70000\n", "server.port: ", "65535"),
        ("[server]\ndtype = 'float23'\n", "server.dtype: ", "'float32'"),
        ("[server]\ndevice = 'tpu'\n", "server.device: ", "cuda:N"),
        ("[server]\nlog_level = 'loud'\n", "server.log_level: ", "unknown"),
        ("[server]\nport = '8000'\n", "server.port: ", "`int`"),
        (_PROVIDER.replace('id = "nvidia/nemotron-nano-9b-v2"', 'id = " :free"'), "models[0].id: ", "name"),
        ("[server\n", "config.toml: ", "line 1"),
        ('[aliases]\na = "b"\nA = "c"\n', "config.toml: aliases: 'A'", "twice"),
        ("[aliases]\na = 1\n", "config.toml: aliases: ", "in quotes"),
        ("[[aliases]]\n", "config.toml: aliases: ", "in quotes"),
    ],
)
def test_a_complaint_names_the_place_and_the_mend(tmp_path: Path, text: str, place: str, mend: str):
    said = _complaint(tmp_path, text)
    assert place in said
    assert mend in said


@pytest.mark.parametrize(
    ("given", "said"), [('["text", "vision"]', "'image'"), ('["image"]', '"text" is always'), ('"image"', "modalities")]
)
def test_a_model_is_taken_for_one_that_sees_by_a_slip(tmp_path: Path, given: str, said: str):
    assert said in _complaint(tmp_path, f"{_PROVIDER}modalities = {given}\n")


@pytest.mark.parametrize("table", ['api_key = "sk-literal-42"', 'api_keys = ["env:A", "sk-literal-42"]'])
def test_a_key_in_the_file_itself_is_refused_without_being_repeated(tmp_path: Path, table: str):
    said = _complaint(tmp_path, _PROVIDER.replace('api_key = "env:DEEPINFRA_KEY"', table))
    assert "env:NAME" in said
    assert "literal" not in said


def test_a_file_of_keys_is_looked_for_beside_the_configuration(tmp_path: Path):
    text = _PROVIDER.replace('"env:DEEPINFRA_KEY"', '"file:keys/deepinfra"')
    (provider,) = load_settings(_write(tmp_path, text), {}).providers
    assert provider.references == (f"file:{tmp_path}/keys/deepinfra",)


def test_a_second_gpu_cannot_be_named() -> None:
    assert load_settings(None, {"device": "cuda:1"}).device == "cuda:1"
    with pytest.raises(ConfigError, match="--device: 'cuda:x'"):
        load_settings(None, {"device": "cuda:x"})


def test_the_documented_example_is_valid_and_complete():
    example = Path(__file__).parents[3] / "docs" / "config.example.toml"
    settings = load_settings(example, {})
    assert [provider.name for provider in settings.providers] == ["deepinfra", "nvidia", "rack"]
    assert settings.aliases == {"gpt-4o-mini": "nemoserve/mini"}
    text = example.read_text()
    for table in (ServerTable, RoutingSettings, ProviderSettings, ProviderModel, PriceTable, EngineSettings):
        assert [name for name in table.__struct_fields__ if not re.search(rf"\b{name}\b", text)] == []


def test_engines_are_read_with_names_of_their_own_and_paths_from_the_files_folder(tmp_path: Path) -> None:
    (tmp_path / "nano").mkdir()
    file = tmp_path / "config.toml"
    file.write_text(
        '[[engines]]\ntype = "vllm"\nmodel = "nano"\nargs = ["--max-num-seqs", "8"]\nenv = { A = "1" }\n'
        '[[engines]]\ntype = "vllm"\nmodel = "x=a/b"\nprogram = "venv/bin/vllm"\n'
    )
    first, second = load_settings(file, {}).engines
    assert (first.name, first.model, first.args, first.env) == (
        "vllm",
        str(tmp_path / "nano"),
        ("--max-num-seqs", "8"),
        {"A": "1"},
    )
    assert (second.name, second.model, second.program) == ("vllm/2", "x=a/b", str(tmp_path / "venv/bin/vllm"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            '[[engines]]\ntype = "vlm"\nmodel = "a/b"',
            r"engines\[0\].type: 'vlm' is unknown; the nearest known name is 'vllm'",
        ),
        (
            '[[engines]]\ntype = "vllm"\nmodell = "a/b"',
            r"engines\[0\]: 'modell' is unknown; the nearest known name is 'model'",
        ),
        (
            '[[engines]]\ntype = "vllm"\nmodel = "a/b"\n[[providers]]\nname = "vllm"\ntype = "openrouter"',
            "'vllm' is the name of a provider",
        ),
    ],
)
def test_what_is_wrong_with_an_engine_is_told_with_its_place(text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    with pytest.raises(ConfigError, match=said):
        load_settings(file, {})
