"""Complete random checkpoint folders of the dense nemotron_h family, small enough for a test. Knows nothing of the engine.

The folder holds what a published checkpoint holds: config.json, generation_config.json, model.safetensors, tokenizer.json,
tokenizer_config.json and chat_template.jinja. The tokenizer is byte-level with the special tokens of Nano v2; every byte is
one token, so any text round-trips and the token count of a text is easy to foretell.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, processors

UNK, BOS, EOS = 0, 1, 2
SYSTEM_TURN, TURN, END_OF_TURN = 10, 11, 12
THINK, END_THINK = 13, 14
MARKERS = (
    "<think>",
    "</think>",
    "<TOOLCALL>",
    "</TOOLCALL>",
    "<AVAILABLE_TOOLS>",
    "</AVAILABLE_TOOLS>",
    "<TOOL_RESPONSE>",
    "</TOOL_RESPONSE>",
)
"""Ids 13 to 20, in this order. Not "special" in the tokenizer's sense: they are kept when a text is decoded."""
FIRST_BYTE = 32
"""Byte b of a text has id `FIRST_BYTE + b`."""
VOCAB_SIZE = FIRST_BYTE + 256

CHAT_TEMPLATE = r"""{%- set ns = namespace(thinking=true, system='') -%}
{%- macro flat(content) -%}
{%- if content is string -%}{{ content }}
{%- elif content -%}{%- for part in content -%}{%- if part.type == 'text' -%}{{ part.text }}{%- endif -%}{%- endfor -%}
{%- endif -%}
{%- endmacro -%}
{%- for message in messages -%}
{%- if message.role in ['system', 'developer', 'user'] -%}
{%- set text = flat(message.content) -%}
{%- if '/think' in text -%}{%- set ns.thinking = true -%}
{%- elif '/no_think' in text -%}{%- set ns.thinking = false -%}
{%- endif -%}
{%- endif -%}
{%- endfor -%}
{%- set loop_messages = messages -%}
{%- if messages and messages[0].role in ['system', 'developer'] -%}
{%- set ns.system = flat(messages[0].content).replace('/think', '').replace('/no_think', '').strip() -%}
{%- set loop_messages = messages[1:] -%}
{%- endif -%}
{{- '<SPECIAL_10>System\n' + ns.system -}}
{%- if tools -%}
{%- if ns.system -%}{{- '\n\n' -}}{%- endif -%}
{{- 'You can use the following tools to assist the user if required:\n<AVAILABLE_TOOLS>[' -}}
{%- for tool in tools -%}
{{- (tool.function if tool.function is defined else tool) | tojson -}}
{%- if not loop.last -%}{{- ', ' -}}{%- endif -%}
{%- endfor -%}
{{- ']</AVAILABLE_TOOLS>\n\n' -}}
{{- 'If you decide to call any tool(s), use the following format:\n' -}}
{{- '<TOOLCALL>[{{"name": "tool_name1", "arguments": "tool_args1"}}, ' -}}
{{- '{{"name": "tool_name2", "arguments": "tool_args2"}}]</TOOLCALL>\n\n' -}}
{{- 'The user will execute tool-calls and return responses from tool(s) in this format:\n' -}}
{{- '<TOOL_RESPONSE>[{{"tool_response1"}}, {{"tool_response2"}}]</TOOL_RESPONSE>\n\n' -}}
{{- 'Based on the tool responses, you can call additional tools if needed, correct tool calls if any errors are found, ' -}}
{{- 'or just respond to the user.' -}}
{%- endif -%}
{{- '\n' -}}
{%- set prefill = namespace(text='', given=false) -%}
{%- if loop_messages and loop_messages[-1].role == 'assistant' and not loop_messages[-1].tool_calls -%}
{%- set prefill.text = flat(loop_messages[-1].content) -%}
{%- set prefill.given = true -%}
{%- set loop_messages = loop_messages[:-1] -%}
{%- endif -%}
{%- for message in loop_messages -%}
{%- if message.role == 'user' -%}
{{- '<SPECIAL_11>User\n' + flat(message.content).replace('/think', '').replace('/no_think', '').strip() + '\n' -}}
{%- elif message.role == 'tool' -%}
{%- if loop.first or loop_messages[loop.index0 - 1].role != 'tool' -%}
{{- '<SPECIAL_11>User\n<TOOL_RESPONSE>[' -}}
{%- endif -%}
{{- flat(message.content) -}}
{%- if not loop.last and loop_messages[loop.index0 + 1].role == 'tool' -%}{{- ', ' -}}
{%- else -%}{{- ']</TOOL_RESPONSE>\n' -}}
{%- endif -%}
{%- elif message.role == 'assistant' -%}
{%- set text = flat(message.content) -%}
{%- if '</think>' in text -%}{%- set text = text.split('</think>')[1] -%}{%- endif -%}
{%- set text = text.strip() -%}
{{- '<SPECIAL_11>Assistant\n' + text -}}
{%- if message.tool_calls -%}
{%- if text -%}{{- '\n' -}}{%- endif -%}
{{- '<TOOLCALL>[' -}}
{%- for call in message.tool_calls -%}
{%- set function = call.function if call.function is defined else call -%}
{{- '{"name": "' + function.name + '", "arguments": ' -}}
{{- function.arguments if function.arguments is string else function.arguments | tojson -}}
{{- '}' -}}
{%- if not loop.last -%}{{- ', ' -}}{%- endif -%}
{%- endfor -%}
{{- ']</TOOLCALL>' -}}
{%- endif -%}
{{- '\n<SPECIAL_12>\n' -}}
{%- endif -%}
{%- endfor -%}
{%- if prefill.given or add_generation_prompt -%}
{{- '<SPECIAL_11>Assistant\n' -}}
{{- '<think>\n' if ns.thinking else '<think></think>' -}}
{{- prefill.text -}}
{%- if prefill.given and not continue_final_message and not add_generation_prompt -%}{{- '\n<SPECIAL_12>\n' -}}{%- endif -%}
{%- endif -%}
"""
"""The Nano v2 rendering in its single-newline form: `/think` and `/no_think`, history without thoughts, tools, prefill."""


def tiny_config(**overrides: Any) -> dict[str, Any]:
    """config.json of a five-layer model with every dense layer kind, as the older published checkpoints write it."""
    config: dict[str, Any] = {
        "architectures": ["NemotronHForCausalLM"],
        "model_type": "nemotron_h",
        "vocab_size": VOCAB_SIZE,
        "hidden_size": 64,
        "hybrid_override_pattern": "M-M*-",
        "intermediate_size": 96,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
        "head_dim": 16,
        "mamba_num_heads": 8,
        "mamba_head_dim": 16,
        "ssm_state_size": 16,
        "n_groups": 2,
        "conv_kernel": 4,
        "chunk_size": 16,
        "expand": 2,
        "layer_norm_epsilon": 1e-5,
        "mlp_hidden_act": "relu2",
        "mamba_hidden_act": "silu",
        "use_bias": False,
        "mlp_bias": False,
        "attention_bias": False,
        "mamba_proj_bias": False,
        "use_conv_bias": True,
        "residual_in_fp32": False,
        "tie_word_embeddings": False,
        "time_step_min": 0.001,
        "time_step_max": 0.1,
        "time_step_floor": 1e-4,
        "time_step_limit": [0.0, {"__float__": "Infinity"}],
        "max_position_embeddings": 2048,
        "bos_token_id": BOS,
        "eos_token_id": EOS,
        "pad_token_id": UNK,
        "torch_dtype": "float32",
    }
    config.update(overrides)
    pattern = config.get("hybrid_override_pattern")
    if isinstance(pattern, str):
        config.setdefault("num_hidden_layers", len(pattern))
    return config


def random_weights(config: dict[str, Any], seed: int = 0, prefix: str = "backbone.") -> dict[str, torch.Tensor]:
    """Random tensors for a `tiny_config`, under the names of the published checkpoints, in the config's dtype.

    Linear weights have a standard deviation of 1/sqrt(fan in), so activations neither vanish nor grow; step sizes and decays
    are spread over the range that training starts from, so the states remember both short and long spans.
    """
    generator = torch.Generator().manual_seed(seed)
    hidden = int(config["hidden_size"])
    vocab = int(config["vocab_size"])
    heads, head_dim = int(config["mamba_num_heads"]), int(config["mamba_head_dim"])
    inner = heads * head_dim
    conv_dim = inner + 2 * int(config["n_groups"]) * int(config["ssm_state_size"])
    kernel = int(config["conv_kernel"])
    queries = int(config["num_attention_heads"]) * int(config["head_dim"])
    keys = int(config["num_key_value_heads"]) * int(config["head_dim"])

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator) / math.sqrt(shape[-1])

    def uniform(count: int, low: float, high: float) -> torch.Tensor:
        return torch.rand(count, generator=generator) * (high - low) + low

    def linear(name: str, rows: int, columns: int, bias: bool = False) -> dict[str, torch.Tensor]:
        tensors = {f"{name}.weight": normal(rows, columns)}
        if bias:
            tensors[f"{name}.bias"] = normal(rows)
        return tensors

    tensors = {f"{prefix}embeddings.weight": torch.randn((vocab, hidden), generator=generator)}
    mlp_count = 0
    for index, kind in enumerate(str(config["hybrid_override_pattern"])):
        layer = f"{prefix}layers.{index}"
        mixer = f"{layer}.mixer"
        tensors[f"{layer}.norm.weight"] = uniform(hidden, 0.5, 1.5)
        if kind == "M":
            bias = bool(config.get("use_bias"))
            tensors |= linear(f"{mixer}.in_proj", inner + conv_dim + heads, hidden, bias)
            tensors[f"{mixer}.conv1d.weight"] = normal(conv_dim, 1, kernel) * 1.5
            if config.get("use_conv_bias", True):
                tensors[f"{mixer}.conv1d.bias"] = uniform(conv_dim, -0.2, 0.2)
            tensors[f"{mixer}.A_log"] = torch.log(uniform(heads, 1.0, 16.0))
            tensors[f"{mixer}.D"] = uniform(heads, 0.5, 1.5)
            step = torch.exp(uniform(heads, math.log(1e-3), math.log(0.1)))
            tensors[f"{mixer}.dt_bias"] = step + torch.log(-torch.expm1(-step))
            tensors[f"{mixer}.norm.weight"] = uniform(inner, 0.5, 1.5)
            tensors |= linear(f"{mixer}.out_proj", hidden, inner, bias)
        elif kind == "*":
            bias = bool(config.get("attention_bias"))
            tensors |= linear(f"{mixer}.q_proj", queries, hidden, bias)
            tensors |= linear(f"{mixer}.k_proj", keys, hidden, bias)
            tensors |= linear(f"{mixer}.v_proj", keys, hidden, bias)
            tensors |= linear(f"{mixer}.o_proj", hidden, queries, bias)
        elif kind == "-":
            bias = bool(config.get("mlp_bias"))
            sizes = config["intermediate_size"]
            size = int(sizes if isinstance(sizes, int) else sizes[min(mlp_count, len(sizes) - 1)])
            mlp_count += 1
            tensors |= linear(f"{mixer}.up_proj", size, hidden, bias)
            tensors |= linear(f"{mixer}.down_proj", hidden, size, bias)
    tensors[f"{prefix}norm_f.weight"] = uniform(hidden, 0.5, 1.5)
    if not config.get("tie_word_embeddings"):
        tensors["lm_head.weight"] = normal(vocab, hidden)
    dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}[str(config["torch_dtype"])]
    return {name: tensor.to(dtype).contiguous() for name, tensor in tensors.items()}


def byte_tokenizer() -> Tokenizer:
    """The tokenizer described at the top of this module."""
    names = {UNK: "<unk>", BOS: "<s>", EOS: "</s>"} | {THINK + i: marker for i, marker in enumerate(MARKERS)}
    specials = [names.get(i, f"<SPECIAL_{i}>") for i in range(FIRST_BYTE)]
    vocabulary = {name: i for i, name in enumerate(specials)}
    vocabulary |= {letter: FIRST_BYTE + byte for byte, letter in _byte_letters().items()}
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)  # pyright: ignore
    tokenizer.decoder = decoders.ByteLevel()  # pyright: ignore
    tokenizer.post_processor = processors.TemplateProcessing(  # pyright: ignore
        single="<s> $A", pair="<s> $A $B", special_tokens=[("<s>", BOS)]
    )
    tokenizer.add_special_tokens([AddedToken(s, normalized=False, special=True) for s in specials if s not in MARKERS])
    tokenizer.add_tokens([AddedToken(marker, normalized=False, special=False) for marker in MARKERS])
    return tokenizer


def _byte_letters() -> dict[int, str]:
    """The printable stand-in for each byte that byte-level BPE vocabularies use (GPT-2's table)."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    others = [byte for byte in range(256) if byte not in printable]
    return {byte: chr(byte) for byte in printable} | {byte: chr(256 + i) for i, byte in enumerate(others)}


def tiny_checkpoint(folder: Path, seed: int = 0, **config_overrides: Any) -> Path:
    """Write a complete random checkpoint into `folder` (made if missing) and return it.

    `config_overrides` replace keys of `tiny_config`, e.g. `hybrid_override_pattern="M*-"` or `torch_dtype="bfloat16"`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    config = tiny_config(**config_overrides)
    tokenizer_config: dict[str, Any] = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<s>",
        "eos_token": "<SPECIAL_12>",
        "unk_token": "<unk>",
        "clean_up_tokenization_spaces": False,
        "model_max_length": config["max_position_embeddings"],
    }
    generation_config = {"bos_token_id": BOS, "eos_token_id": [EOS, TURN, END_OF_TURN], "pad_token_id": UNK}
    (folder / "config.json").write_text(json.dumps(config, indent=2))
    (folder / "generation_config.json").write_text(json.dumps(generation_config, indent=2))
    (folder / "tokenizer_config.json").write_text(json.dumps(tokenizer_config, indent=2))
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE)
    byte_tokenizer().save(str(folder / "tokenizer.json"))
    save_file(random_weights(config, seed), folder / "model.safetensors", metadata={"format": "pt"})
    return folder
