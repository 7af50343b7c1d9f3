"""`nemoserve route` and `nemoserve config check` as an operator types them, on real files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from nemoserve.cli.main import app

CONFIG = """
[[providers]]
name = "cheap"
type = "deepinfra"
api_key = "env:CHEAP_KEY"
collects_data = true
[[providers.models]]
id = "nvidia/nemotron-nano-9b-v2"
upstream_id = "nvidia/Nano-9B"
price = { prompt = "0.04", completion = "0.16" }

[[providers]]
name = "dear"
base_url = "http://127.0.0.1:9/v1"
collects_data = false
[[providers.models]]
id = "nvidia/nemotron-nano-9b-v2"
price = { prompt = "0.40", completion = "1.60" }
"""
ASKED = {"model": "nvidia/nemotron-nano-9b-v2", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 1000}


def run(*words: str, stdin: str = "", key: str | None = "sk-x") -> Result:
    return CliRunner(env={"COLUMNS": "200", "CHEAP_KEY": key}).invoke(app, list(words), input=stdin)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.toml"
    file.write_text(CONFIG)
    return file


def test_a_script_is_told_another_order_than_the_server_would_take(config: Path, tmp_path: Path) -> None:
    request = tmp_path / "request.json"
    request.write_text(json.dumps({**ASKED, "provider": {"sort": "price"}}))
    done = run("route", "--explain", str(request), "--config", str(config), "--json")
    assert done.exit_code == 0, done.output
    shown = json.loads(done.stdout)
    assert [one["provider"] for one in shown["endpoints"]] == ["cheap", "dear"]
    assert shown["endpoints"][0]["expected_cost"] == pytest.approx(160.24e-6, rel=0.01)


def test_what_is_free_is_left_out_or_what_costs_is_taken_where_auto_was_asked_for_free(config: Path) -> None:
    gift = '[[providers.models]]\nid = "nvidia/nemotron-3-nano-30b-a3b:free"\n'
    config.write_text(f"[server]\nembedded = false\n{CONFIG}{gift}")
    asked = json.dumps({**ASKED, "model": "openrouter/auto:free"})
    done = run("route", "--explain", "-", "--config", str(config), "--json", stdin=asked)
    assert done.exit_code == 0, done.output
    assert [one["model"] for one in json.loads(done.stdout)["endpoints"]] == ["nvidia/nemotron-3-nano-30b-a3b"]
    config.write_text(f"[server]\nembedded = false\n{CONFIG}")
    done = run("route", "--explain", "-", "--config", str(config), "--json", stdin=asked)
    assert json.loads(done.stdout)["error"]["availability"]["code"] == "free_variant_ended"


def test_a_text_is_explained_as_a_conversation_would_be(config: Path) -> None:
    config.write_text(CONFIG.replace('type = "deepinfra"', 'type = "aiml"'))
    text = json.dumps({"model": "nvidia/nemotron-nano-9b-v2", "prompt": "Once upon a time"})
    done = run("route", "--explain", "-", "--config", str(config), "--json", stdin=text)
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert [line["provider"] for line in told["endpoints"]] == ["dear"]
    assert told["max_tokens"] == 16, "what a text gets that asks for no number"
    (left_out,) = told["excluded"]
    assert (left_out["provider"], left_out["excluded_by"]) == ("cheap", "text_completion")
    assert run("route", "--explain", "-", "--config", str(config), stdin='{"prompt": []}').exit_code == 1


def test_a_person_is_not_told_why(config: Path) -> None:
    asked = {**ASKED, "provider": {"data_collection": "deny"}}
    done = run("route", "--explain", "-", "--config", str(config), stdin=json.dumps(asked))
    assert done.exit_code == 0, done.output
    lines = [" ".join(line.split()) for line in done.stdout.splitlines()]
    assert any(line.startswith("1 dear") for line in lines)
    assert "$0.001602400" in done.stdout and "$0.000160240" in done.stdout, "prices that can be compared"
    assert any(line.startswith("- cheap") and "data_collection: for all that is known" in line for line in lines)


def test_a_refused_request_looks_like_a_routed_one(config: Path) -> None:
    asked = {**ASKED, "provider": {"max_price": {"prompt": 0.01}}}
    done = run("route", "--explain", "-", "--config", str(config), stdin=json.dumps(asked))
    assert done.exit_code == 1
    assert "Refused with 404: provider.max_price" in done.stdout
    body = run("route", "--explain", "-", "--config", str(config), "--json", stdin=json.dumps(asked))
    assert json.loads(body.stdout)["error"]["availability"]["excluded_by"] == {"max_price": 2}


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("{", "JSON"),
        ('{"model": "x"}', "messages"),
        (json.dumps({**ASKED, "provider": {"sort": "x"}}), "provider.sort"),
    ],
)
def test_a_broken_request_gives_a_traceback(config: Path, text: str, named: str) -> None:
    done = run("route", "--explain", "-", "--config", str(config), stdin=text)
    assert done.exit_code == 1
    assert named in done.stderr
    assert "Traceback" not in done.output


@pytest.mark.parametrize(
    "words", ["route --explain {} --config {config}", "route --explain - --config {}", "config check {}"]
)
def test_a_file_that_cannot_be_read_is_told_with_a_number(config: Path, tmp_path: Path, words: str) -> None:
    done = run(*words.format(tmp_path, config=config).split(), stdin="{}")
    assert done.exit_code == 1 and done.stderr == f"nemoserve: {tmp_path}: Is a directory\n"


def test_prices_that_are_not_there_are_told_with_a_number(config: Path, tmp_path: Path) -> None:
    missing = tmp_path / "prices.toml"
    config.write_text(f'[server]\nprices = "{missing}"\n')
    assert run("config", "check", str(config)).stderr == f"nemoserve: {missing}: No such file or directory\n"


def test_a_sound_file_is_complained_about(config: Path) -> None:
    done = run("config", "check", str(config))
    assert done.exit_code == 0, done.output
    assert "nemoserve/mini" in done.stdout
    line = next(line for line in done.stdout.splitlines() if "deepinfra.com" in line)
    assert {"cheap", "0.04", "0.16"} <= set(line.split())
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (("", ""), "CHEAP_KEY is not set"),
        (('price = { prompt = "0.40", completion = "1.60" }', ""), "providers[1] (dear).models[0]"),
        (('name = "dear"', 'name = "cheap"'), "another provider has it already"),
        (('type = "deepinfra"', 'type = "deepinfar"'), "'deepinfra'"),
        (("[[providers]]", "[routing]\nspil_queue = 3\n[[providers]]"), "spill_queue"),
        (("[[providers]]", "[routing]\nretry_budget = 3.0\n[[providers]]"), "retry_budget"),
        (("[[providers]]", '[routing.spill_max_price]\nprompt = "x"\n[[providers]]'), "spill_max_price"),
        (("[[providers]]", '[routing]\nfamilies = [["no/such"]]\n[[providers]]'), "no/such"),
        (("[[providers]]", "[routing]\nhedge_after = 500\n[[providers]]"), "hedge_after"),
        (("[[providers]]", '[server]\nmodels = ["/no/where"]\n[[providers]]'), "/no/where"),
        (("[[providers]]", '[aliases]\ngpt = "nvidia/nemotron-nano-9b-v3"\n[[providers]]'), f"'{ASKED['model']}'"),
        (
            ("[[providers]]", '[aliases]\n"nemoserve/MINI" = "nvidia/nano-9b"\n[[providers]]'),
            "'nemoserve/MINI' is the id",
        ),
        (("[[providers]]", "[[providers"), "config.toml"),
    ],
)
def test_a_fault_in_the_file_shows_only_when_the_server_runs(config: Path, change: tuple[str, str], named: str) -> None:
    config.write_text(CONFIG.replace(*change, 1) if change[0] else CONFIG)
    done = run("config", "check", str(config), key=None if not change[0] else "sk-x")
    assert done.exit_code == 1, done.output
    assert named in done.stderr
    assert "Traceback" not in done.output


def test_an_alias_is_not_found(config: Path) -> None:
    config.write_text(f'{CONFIG}[aliases]\n"GPT-4o-mini" = "nvidia/Nano-9B"\n')
    assert run("config", "check", str(config)).exit_code == 0
    asked = json.dumps({**ASKED, "model": "gpt-4o-MINI:floor", "provider": {"only": ["dear"]}})
    done = run("route", "--explain", "-", "--config", str(config), "--json", stdin=asked)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["strategy"] == "alias"


def test_keys_are_needed_where_there_are_none(config: Path) -> None:
    assert run("config", "check", str(config), "--no-secrets", key=None).exit_code == 0


def test_a_key_is_printed(config: Path) -> None:
    assert "sk-x" not in run("config", "check", str(config)).output


def test_an_engine_that_is_not_installed_is_found_out_before_the_server_starts(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text(
        '[[engines]]\ntype = "transformers"\nmodel = "nemoserve/mini"\n'
        '[[engines]]\ntype = "vllm"\nmodel = "a/b"\nprogram = "/no/such/vllm"\n'
    )
    done = run("config", "check", str(file))
    assert done.exit_code == 1
    assert "engines[1]: /no/such/vllm is no program that can be run" in done.stderr
    assert ["nemoserve/mini", "transformers"] in [line.split()[:2] for line in done.stdout.splitlines()]
