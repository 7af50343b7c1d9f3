"""The text side of a checkpoint: rendered as transformers renders it, read from what publishers ship, refused in a sentence."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from nemoserve.backends.catalogue import Catalogue, other_names
from nemoserve.backends.local.checkpoint import CheckpointError, TextSide, load_text_side
from nemoserve.backends.local.prompts import render_text
from nemoserve.backends.local.resolve import resolve
from nemoserve.backends.local.template import Template
from nemoserve.types.chat import Message, ToolCall
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.errors import ApiError
from nemoserve.types.prompt import ChatTurn

TOOLS = ({"type": "function", "function": {"name": "f", "description": "ü <b>", "parameters": {"type": "object"}}},)


@pytest.fixture(scope="module")
def text_side(tiny_folder: Path) -> TextSide:
    return load_text_side(tiny_folder)


@pytest.fixture
def folder(tiny_folder: Path, tmp_path: Path) -> Path:
    """The text side alone, to be damaged."""
    copy = tmp_path / "copy"
    shutil.copytree(tiny_folder, copy, ignore=shutil.ignore_patterns("*.safetensors"))
    return copy


CONVERSATIONS: list[list[dict[str, Any]]] = [
    [{"role": "user", "content": "Hello"}],
    [{"role": "system", "content": " Be brief. /no_think "}, {"role": "user", "content": "é <b> {{ x }} {% if %}"}],
    [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": "<think>x</think>\nb"},
        {"role": "user", "content": "c /think"},
    ],
    [
        {"role": "user", "content": "a"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [{"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"a": "ü"}'}}],
        },
        {"role": "tool", "content": "1", "tool_call_id": "1"},
        {"role": "tool", "content": "2", "tool_call_id": "1"},
    ],
]


@pytest.mark.parametrize("tools", [(), TOOLS])
@pytest.mark.parametrize("messages", CONVERSATIONS)
def test_the_template_renders_as_transformers_does(
    tiny_folder: Path, text_side: TextSide, messages: list[dict[str, Any]], tools: tuple[dict[str, Any], ...]
) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_folder)
    theirs = tokenizer.apply_chat_template(
        messages, tools=list(tools) or None, add_generation_prompt=True, tokenize=False
    )
    assert text_side.template is not None
    ours = text_side.template.render(messages, tools=tools, add_generation_prompt=True, variables={})
    assert ours == theirs
    assert text_side.vocabulary.encode(ours, add_special_tokens=False) == tokenizer.encode(
        theirs, add_special_tokens=False
    )


def test_templates_cannot_leave_the_sandbox() -> None:
    for source in ("{{ messages.__class__.__mro__ }}", "{{ ''.__class__ }}", "{{ messages.append(1) }}",
                   "{{ raise_exception.__globals__ }}"):  # fmt: skip
        template = Template(source, {})
        try:
            rendered = template.render([], tools=(), add_generation_prompt=True, variables={})
        except ApiError as error:
            assert error.status == 400
        else:
            assert rendered == ""


def test_a_templates_refusal_is_the_clients_to_read() -> None:
    template = Template("{{ raise_exception('roles must alternate') }}", {})
    with pytest.raises(ApiError, match="roles must alternate"):
        template.render([], tools=(), add_generation_prompt=True, variables={})


def test_published_features_of_templates_work() -> None:
    source = (
        "{% for m in messages %}{% if loop.first %}{% continue %}{% endif %}"
        "{% generation %}{{ m.content }}{% endgeneration %}{% endfor %}"
        "{{ bos_token }}{{ {'a': 'é<'} | tojson }}{{ strftime_now('%Y') | length }}{{ deep }}"
    )
    template = Template(source, {"bos_token": "<s>"})
    messages = [{"role": "user", "content": "one"}, {"role": "user", "content": "two"}]
    assert (
        template.render(messages, tools=(), add_generation_prompt=True, variables={"deep": 1}) == 'two<s>{"a": "é<"}41'
    )


@pytest.mark.parametrize(
    ("ending", "prefill", "text", "start"),
    [
        ("<think>\n", None, "<think>\n", "thinking"),
        ("<think>\n", "So", "<think>\nSo", "thinking"),
        ("<think>\n", "<think>\nSo", "<think>\nSo", "thinking"),
        ("<think>\n", "<think>So</think>\nA", "<think>\nSo</think>\nA", "answer"),
        ("<think>\n", "So</think>\n", "<think>\nSo</think>\n", "undecided"),
        ("<think></think>", None, "<think></think>", "undecided"),
        ("<think></think>", "A", "<think></think>A", "answer"),
        ("<think></think>", "<think>So</think>\nA", "<think></think>A", "answer"),
        ("assistant:", None, "assistant:", "undecided"),
        ("assistant:", "<think>So", "assistant:<think>So", "thinking"),
        ("assistant:", "A", "assistant:A", "answer"),
        ("assistant:", "<think>\n</think>\n\n", "assistant:<think>\n</think>\n\n", "undecided"),
        ("assistant:", "<think>So</think>\nA", "assistant:<think>So</think>\nA", "answer"),
        ("assistant:", "A </think> B", "assistant:A </think> B", "answer"),
    ],
)
def test_the_reply_begins_where_the_prompt_ends(ending: str, prefill: str | None, text: str, start: str) -> None:
    template = Template("{{ messages[0].content }}{{ ending }}", {})
    turn = ChatTurn((Message("user", "x"),), prefill, template_kwargs={"ending": ending})
    assert render_text(turn, template) == ("x" + text, start)


def test_past_calls_are_text_for_one_family_and_objects_for_the_other() -> None:
    messages = (Message("assistant", "", tool_calls=(ToolCall("1", "f", '{"a":1}'),)), Message("user", "x"))
    shown = "{{ messages[0].tool_calls[0].function.arguments }}"
    slash, variable = Template(shown + "{# /no_think #}", {}), Template(shown + "{{ enable_thinking }}", {})
    assert render_text(ChatTurn(messages), slash)[0] == '{"a":1}'
    assert render_text(ChatTurn(messages), variable)[0] == "{'a': 1}"
    broken = (Message("assistant", "", tool_calls=(ToolCall("1", "f", "{"),)), Message("user", "x"))
    with pytest.raises(ApiError, match="JSON object"):
        render_text(ChatTurn(broken), variable)


def test_what_publishers_ship_is_read(folder: Path) -> None:
    side = load_text_side(folder)
    assert side.context_length == 65536 and set(side.end_tokens) == {2, 11, 12}
    # Infinity is no JSON, but stands in published configurations; the template may be in the tokenizer's.
    config = (folder / "config.json").read_text()
    (folder / "config.json").write_text(config.replace('"model_type"', '"limit": [0.0, Infinity], "model_type"'))
    tokenizer = json.loads((folder / "tokenizer_config.json").read_text())
    tokenizer["chat_template"] = [{"name": "rag", "template": "r"}, {"name": "default", "template": "{{ eos_token }}"}]
    tokenizer["eos_token"] = {"content": "<SPECIAL_12>", "special": True}
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer))
    (folder / "chat_template.jinja").unlink()
    (folder / "generation_config.json").write_text(
        '{"do_sample": true, "temperature": 0.5, "top_k": 20, "eos_token_id": 2}'
    )
    side = load_text_side(folder)
    assert side.template is not None
    assert side.template.render([], tools=(), add_generation_prompt=True, variables={}) == "<SPECIAL_12>"
    assert (side.defaults.temperature, side.defaults.top_k, side.defaults.top_p) == (0.5, 20, None)
    assert set(side.end_tokens) == {2, 12}
    (folder / "generation_config.json").write_text('{"do_sample": false, "temperature": 0.5}')
    assert load_text_side(folder).defaults.temperature == 0.0


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("config.json", None, "config.json"),
        ("config.json", "{", "config.json cannot be read"),
        ("config.json", "[]", "JSON object"),
        ("tokenizer.json", None, "tokenizer.json"),
        ("tokenizer.json", "{}", "tokenizer.json"),
        ("chat_template.jinja", "{% if %}", r"/.*: the chat template does not compile"),
        ("generation_config.json", "x", "generation_config.json"),
        ("generation_config.json", '{"temperature": -1}', "temperature -1, not a number of 0 or more"),
        ("generation_config.json", '{"temperature": "warm"}', "temperature 'warm', not a number"),
        ("generation_config.json", '{"temperature": NaN}', "temperature nan"),
        ("generation_config.json", '{"top_p": 0}', "top_p 0, not a share"),
        ("generation_config.json", '{"temperature": 1%s}' % ("0" * 400), "temperature 1000"),
        ("generation_config.json", '{"top_k": Infinity}', "top_k inf, not a number of tokens"),
        ("generation_config.json", '{"repetition_penalty": 0, "do_sample": false}', "repetition_penalty 0"),
    ],
)
def test_what_is_broken_is_named(folder: Path, file: str, content: str | None, said: str) -> None:
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_text(content)
    with pytest.raises(CheckpointError, match=said):
        load_text_side(folder)


def test_a_base_model_without_a_template_is_told_from_a_chat_model(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()
    side = load_text_side(folder)
    with pytest.raises(ApiError, match="/v1/completions"):
        render_text(ChatTurn((Message("user", "x"),)), side.template)


def test_models_are_named_by_folder_by_hand_or_by_hub_id(tiny_folder: Path, tmp_path: Path, monkeypatch: Any) -> None:
    assert resolve(str(tiny_folder), tmp_path) == ("tiny", tiny_folder)
    assert resolve(f"acme/one={tiny_folder}", tmp_path) == ("acme/one", tiny_folder)
    with pytest.raises(CheckpointError, match="neither a folder, nor a GGUF file, nor a hub id"):
        resolve("/no/such/folder", tmp_path)
    file = tmp_path / "model.safetensors"
    file.touch()
    with pytest.raises(CheckpointError, match="give the checkpoint's folder"):
        resolve(str(file), tmp_path)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(CheckpointError, match="acme/nothing"):
        resolve("acme/nothing", tmp_path)


def test_the_catalogue_knows_ids_aliases_and_variants() -> None:
    class Named:
        def __init__(self, name: str, *aliases: str) -> None:
            self.card = type("Card", (), {"id": name, "aliases": aliases})()

    one, two = Named("acme/one", "/models/one"), Named("two")
    catalogue = Catalogue([one, two])  # pyright: ignore
    assert catalogue.find([]) is one and catalogue.find(["TWO"]) is two and catalogue.find(["/models/one"]) is one
    assert catalogue.find(["nothing", "two"]) is two and catalogue.find(["acme/one:free"]) is one
    for name in ("nothing", "acme/one:fre"):
        with pytest.raises(ApiError, match="acme/one, two"):
            catalogue.find([name])


def test_a_providers_own_name_hides_the_variant_of_a_model() -> None:
    free = Endpoint(model="a/b", provider="up", upstream_id="up/B:free", variant="free", context_length=8192)
    assert other_names(["a/b"], [], [free], []) == {"up/b": "a/b"}
