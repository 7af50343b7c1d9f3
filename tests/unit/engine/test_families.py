"""Logits of the families beside nemotron_h's dense members: transformers for Llama and for experts, a float64 sum by hand for NAS."""

from __future__ import annotations

import functools
import json
import math
import random
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from nemoserve.engine.checkpoint.config import CheckpointError
from nemoserve.engine.layers.rope import Rope
from tests.checkpoints import tiny_config
from tests.unit.engine.test_nemotron_h import assert_close, cut, load, tokens, whole

LENGTHS = (1, 2, 5, 31, 64, 65, 127, 150)
LLAMA3 = {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}


def scattered(model: Any, seed: int) -> Any:
    """The model in float32 with weights of a spread that keeps logits near 1."""
    generator = torch.Generator().manual_seed(seed)
    model = model.float().eval()
    with torch.no_grad():
        for name, value in [*model.named_parameters(), *model.named_buffers()]:
            if name.endswith(("A_log", "dt_bias", "inv_freq", "original_inv_freq")):
                continue
            if name.endswith("e_score_correction_bias"):
                value.copy_(0.05 * torch.rand(value.shape, generator=generator))
            elif "norm" in name or name.endswith(".D"):
                value.copy_(torch.rand(value.shape, generator=generator) + 0.5)
            elif value.dim() > 1:
                value.copy_(torch.randn(value.shape, generator=generator) / math.sqrt(value.shape[-1]))
            else:
                value.copy_(0.1 * torch.randn(value.shape, generator=generator))
    return model


def assert_same(model: Any, folder: Path, count: int, seed: int) -> None:
    """Our logits of the folder are transformers', whole and cut into steps."""
    model.save_pretrained(folder)
    ids = tokens(count, seed)
    with torch.no_grad():
        expected = model(torch.tensor([ids]), use_cache=False).logits[0]
    assert expected.std() > 0.1
    ours = load(folder)
    assert ours.parameters >= sum(p.numel() for p in model.parameters())  # and the routers' buffers
    assert_close(whole(ours, ids), expected)
    first = min(4, len(ids))
    assert_close(cut(ours, ids, [1] * first + [len(ids) - first] * (len(ids) > first)), expected)


@pytest.mark.parametrize("seed", range(20))
def test_llama_logits_equal_those_of_transformers(seed: int, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    draw = random.Random(seed)
    kv_heads = draw.choice((1, 2, 3))
    scaled = {**LLAMA3, "factor": draw.choice((4.0, 8.0, 16.0)), "original_max_position_embeddings": 32}
    config = transformers.LlamaConfig(
        vocab_size=64,
        hidden_size=draw.choice((48, 96)),
        intermediate_size=draw.choice((40, 96)),
        num_hidden_layers=draw.choice((1, 3)),
        num_key_value_heads=kv_heads,
        num_attention_heads=kv_heads * draw.choice((1, 2, 4)),
        head_dim=draw.choice((8, 16, 24)),  # unlike hidden_size / heads, as in the 4B
        rope_parameters={
            **(scaled if draw.random() < 0.7 else {"rope_type": "default"}),
            "rope_theta": draw.choice((10000.0, 500000.0, 3565775107.2609234)),
        },
        attention_bias=draw.random() < 0.2,
        mlp_bias=draw.random() < 0.2,
        tie_word_embeddings=draw.random() < 0.3,
        rms_norm_eps=1e-5,
        max_position_embeddings=512,
    )
    assert_same(scattered(transformers.LlamaForCausalLM(config), seed), tmp_path, LENGTHS[seed % len(LENGTHS)], seed)


@pytest.mark.parametrize("family", ["llama", "nemotron_h"])
def test_a_head_of_its_own_counts_though_the_configuration_ties_it(family: str, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    if family == "llama":
        config = transformers.LlamaConfig(
            vocab_size=64, hidden_size=48, intermediate_size=40, num_hidden_layers=1, num_attention_heads=2
        )
        model = transformers.LlamaForCausalLM(config)
    else:
        known = tiny_config(vocab_size=64)
        for name in ("architectures", "torch_dtype", "time_step_limit"):
            del known[name]
        model = transformers.NemotronHForCausalLM(transformers.NemotronHConfig(**known))
    scattered(model, 1).save_pretrained(tmp_path)
    path = tmp_path / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"tie_word_embeddings": True}))
    theirs = type(model).from_pretrained(tmp_path).eval()
    for layer in theirs.model.layers if family == "nemotron_h" else ():
        if hasattr(layer.mixer, "time_step_limit"):
            layer.mixer.time_step_limit = (0.0, math.inf)
    ids = tokens(9)
    with torch.no_grad():
        expected = theirs(torch.tensor([ids]), use_cache=False).logits[0]
    assert_close(whole(load(tmp_path), ids), expected)


@pytest.mark.parametrize("seed", range(20))
def test_experts_give_the_logits_of_transformers(seed: int, tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    draw = random.Random(seed)
    groups = draw.choice((1, 1, 2))
    known = tiny_config(
        hybrid_override_pattern=("ME*E", "E", "MEM*-E", "*E")[seed % 4],
        hidden_size=draw.choice((32, 48)),
        n_routed_experts=draw.choice((4, 8)),
        num_experts_per_tok=draw.choice((1, 2, 3)) if groups == 1 else 2,
        n_group=groups,
        topk_group=1,
        moe_intermediate_size=draw.choice((24, 40)),
        moe_shared_expert_intermediate_size=draw.choice((24, 56)),
        moe_latent_size=draw.choice((None, None, 16)),
        norm_topk_prob=draw.random() < 0.7,
        routed_scaling_factor=draw.choice((1.0, 2.5, 5.0)),
        vocab_size=64,
        # The reference has none in attention and experts, but in all that is beside them.
        attention_bias=draw.random() < 0.3,
        mlp_bias=draw.random() < 0.3,
    )
    for name in ("architectures", "torch_dtype", "time_step_limit"):
        del known[name]
    model = scattered(transformers.NemotronHForCausalLM(transformers.NemotronHConfig(**known)), seed)
    for layer in model.model.layers:
        if hasattr(layer.mixer, "time_step_limit"):
            layer.mixer.time_step_limit = (0.0, math.inf)
    assert_same(model, tmp_path, LENGTHS[seed % len(LENGTHS)], seed)


def test_experts_in_one_tensor_come_apart(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    known = tiny_config(
        hybrid_override_pattern="ME*E", vocab_size=64, n_routed_experts=5, num_experts_per_tok=2, n_group=1, topk_group=1,
        moe_intermediate_size=24, moe_shared_expert_intermediate_size=40,
    )  # fmt: skip
    for name in ("architectures", "torch_dtype", "time_step_limit"):
        del known[name]
    model = scattered(transformers.NemotronHForCausalLM(transformers.NemotronHConfig(**known)), 5)
    model.save_pretrained(tmp_path / "apart")
    model.save_pretrained(tmp_path / "stacked", save_original_format=False)
    assert not any(".experts.4." in name for name in load_file(tmp_path / "stacked" / "model.safetensors"))
    ids = tokens(40, 1)
    assert torch.equal(whole(load(tmp_path / "stacked"), ids), whole(load(tmp_path / "apart"), ids))


def test_an_expert_is_chosen_otherwise_in_company(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    known = tiny_config(
        hybrid_override_pattern="ME*E", vocab_size=64, n_routed_experts=8, num_experts_per_tok=3, n_group=1, topk_group=1,
        moe_intermediate_size=24, moe_shared_expert_intermediate_size=40, moe_latent_size=16,
    )  # fmt: skip
    for name in ("architectures", "torch_dtype", "time_step_limit"):
        del known[name]
    scattered(transformers.NemotronHForCausalLM(transformers.NemotronHConfig(**known)), 5).save_pretrained(tmp_path)
    model, ids = load(tmp_path), tokens(100, 1)
    assert torch.equal(cut(model, ids, [2] * 50), whole(model, ids))


class ByHand:
    """nemotron-nas in float64 from its published rules, one token after the other, with nothing shared with the engine."""

    def __init__(self, config: dict[str, Any], weights: dict[str, torch.Tensor]) -> None:
        self.config = config
        self.weights = {name: tensor.double() for name, tensor in weights.items()}

    def norm(self, x: torch.Tensor, name: str) -> torch.Tensor:
        return x / (x.pow(2).mean(-1, keepdim=True) + self.config["rms_norm_eps"]).sqrt() * self.weights[name]

    def turned(self, x: torch.Tensor, position: int) -> torch.Tensor:
        """[heads, head_dim] by its position: the pairs are (i, i + head_dim / 2)."""
        rope, half = self.config["rope_scaling"], x.shape[-1] // 2
        out = x.clone()
        for i in range(half):
            f = self.config["rope_theta"] ** (-2 * i / x.shape[-1])
            wave = 2 * math.pi / f
            low = rope["original_max_position_embeddings"] / rope["low_freq_factor"]
            high = rope["original_max_position_embeddings"] / rope["high_freq_factor"]
            if wave > low:
                f /= rope["factor"]
            elif wave >= high:
                s = (rope["original_max_position_embeddings"] / wave - rope["low_freq_factor"]) / (
                    rope["high_freq_factor"] - rope["low_freq_factor"]
                )
                f = (1 - s) * f / rope["factor"] + s * f
            c, s = math.cos(position * f), math.sin(position * f)
            out[:, i] = x[:, i] * c - x[:, i + half] * s
            out[:, i + half] = x[:, i + half] * c + x[:, i] * s
        return out

    def attention(self, h: torch.Tensor, stem: str, kv_heads: int) -> torch.Tensor:
        heads, width = self.config["num_attention_heads"], self.config["head_dim"]
        q, k, v = (
            (h @ self.weights[f"{stem}.{name}_proj.weight"].t()).view(len(h), count, width)
            for name, count in (("q", heads), ("k", kv_heads), ("v", kv_heads))
        )
        q = torch.stack([self.turned(row, at) for at, row in enumerate(q)])
        k = torch.stack([self.turned(row, at) for at, row in enumerate(k)])
        out = torch.empty_like(q)
        for at in range(len(h)):
            for head in range(heads):
                own = head // (heads // kv_heads)
                scores = (k[: at + 1, own] @ q[at, head]) / math.sqrt(width)
                out[at, head] = scores.softmax(0) @ v[: at + 1, own]
        return out.flatten(1) @ self.weights[f"{stem}.o_proj.weight"].t()

    def mlp(self, h: torch.Tensor, stem: str) -> torch.Tensor:
        gate, up = (h @ self.weights[f"{stem}.{name}_proj.weight"].t() for name in ("gate", "up"))
        return (gate / (1 + (-gate).exp()) * up) @ self.weights[f"{stem}.down_proj.weight"].t()

    def logits(self, ids: list[int]) -> torch.Tensor:
        x = self.weights["model.embed_tokens.weight"][ids]
        for index, block in enumerate(self.config["block_configs"]):
            stem = f"model.layers.{index}"
            if not block["attention"]["no_op"]:
                h = self.norm(x, f"{stem}.input_layernorm.weight")
                if block["attention"]["replace_with_linear"]:
                    x = x + h @ self.weights[f"{stem}.self_attn.linear.weight"].t()
                else:
                    kv_heads = self.config["num_attention_heads"] // block["attention"]["n_heads_in_group"]
                    x = x + self.attention(h, f"{stem}.self_attn", kv_heads)
            if not block["ffn"]["no_op"]:
                h = self.norm(x, f"{stem}.post_attention_layernorm.weight")
                if block["ffn"]["replace_with_linear"]:
                    x = x + h @ self.weights[f"{stem}.mlp.linear.weight"].t()
                else:
                    x = x + self.mlp(h, f"{stem}.mlp")
        return self.norm(x, "model.norm.weight") @ self.weights["lm_head.weight"].t()


def nas_checkpoint(folder: Path, seed: int, **changes: Any) -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    """A random nemotron-nas folder: no-op and linear places, widths and key heads that differ by layer."""
    draw, generator = random.Random(seed), torch.Generator().manual_seed(seed)
    heads, width, hidden = 4, draw.choice((8, 12)), draw.choice((24, 40))
    blocks: list[dict[str, Any]] = []
    for _ in range(draw.choice((2, 4, 5))):
        kind = draw.choice(("attention", "attention", "linear", "none"))
        attention = {"no_op": kind == "none", "replace_with_linear": kind == "linear", "n_heads_in_group": None}
        if kind == "attention":
            attention["n_heads_in_group"] = draw.choice((1, 2, 4))
        kind = draw.choice(("mlp", "mlp", "wide", "linear", "none"))
        ffn: dict[str, Any] = {"no_op": kind == "none", "replace_with_linear": kind == "linear", "ffn_mult": None}
        if kind == "mlp":
            ffn["ffn_mult"] = draw.choice((0.5, 1.3, 5.25))
        if kind == "wide":
            ffn |= {"intermediate_size": 72, "hidden_act": "silu"}
        blocks.append({"attention": attention, "ffn": ffn})
    config: dict[str, Any] = {
        "model_type": "nemotron-nas", "architectures": ["DeciLMForCausalLM"], "vocab_size": 64, "hidden_size": hidden,
        "num_hidden_layers": len(blocks), "num_attention_heads": heads, "head_dim": width, "num_key_value_heads": None,
        "intermediate_size": None, "hidden_act": "silu", "rms_norm_eps": 1e-5, "rope_theta": 500000.0,
        "rope_scaling": {**LLAMA3, "original_max_position_embeddings": 64}, "max_position_embeddings": 512,
        "tie_word_embeddings": False, "torch_dtype": "float32", "bos_token_id": 1, "eos_token_id": [2, 3],
        "block_configs": blocks, **changes,
    }  # fmt: skip

    def normal(rows: int, columns: int) -> torch.Tensor:
        return torch.randn((rows, columns), generator=generator) / math.sqrt(columns)

    def scale() -> torch.Tensor:
        return torch.rand(hidden, generator=generator) + 0.5

    weights = {"model.embed_tokens.weight": torch.randn((64, hidden), generator=generator)}
    for index, block in enumerate(blocks):
        stem = f"model.layers.{index}"
        attention, ffn = block["attention"], block["ffn"]
        if not attention["no_op"]:
            weights[f"{stem}.input_layernorm.weight"] = scale()
            if attention["replace_with_linear"]:
                weights[f"{stem}.self_attn.linear.weight"] = normal(hidden, hidden)
            else:
                keys = heads // attention["n_heads_in_group"] * width
                for name, rows in (("q", heads * width), ("k", keys), ("v", keys)):
                    weights[f"{stem}.self_attn.{name}_proj.weight"] = normal(rows, hidden)
                weights[f"{stem}.self_attn.o_proj.weight"] = normal(hidden, heads * width)
        if not ffn["no_op"]:
            weights[f"{stem}.post_attention_layernorm.weight"] = scale()
            if ffn["replace_with_linear"]:
                weights[f"{stem}.mlp.linear.weight"] = normal(hidden, hidden)
            else:
                size = ffn.get("intermediate_size") or math.ceil(int(2 * ffn["ffn_mult"] * hidden / 3) / 256) * 256
                for name in ("gate", "up"):
                    weights[f"{stem}.mlp.{name}_proj.weight"] = normal(size, hidden)
                weights[f"{stem}.mlp.down_proj.weight"] = normal(hidden, size)
    weights |= {"model.norm.weight": scale(), "lm_head.weight": normal(64, hidden)}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    stored = weights
    if seed % 2:  # as the publisher's own code names what others call `linear`
        own = {".self_attn.linear.": ".self_attn.linear_attn.", ".mlp.linear.": ".mlp.linear_mlp."}
        stored = {
            functools.reduce(lambda name, pair: name.replace(*pair), own.items(), n): w for n, w in weights.items()
        }
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    return config, weights


@pytest.mark.parametrize("seed", range(20))
def test_nas_logits_equal_the_published_rules(seed: int, tmp_path: Path) -> None:
    config, weights = nas_checkpoint(tmp_path, seed)
    ids = tokens((1, 2, 5, 31, 64)[seed % 5], seed)
    expected = ByHand(config, weights).logits(ids).float()
    ours = load(tmp_path)
    assert ours.parameters == sum(tensor.numel() for tensor in weights.values())
    assert_close(whole(ours, ids), expected)
    first = min(4, len(ids))
    assert_close(cut(ours, ids, [1] * first + [len(ids) - first] * (len(ids) > first)), expected)


def test_the_published_width_of_the_49b_comes_out() -> None:
    from nemoserve.engine.checkpoint.config import Keys
    from nemoserve.engine.models.nemotron_nas import _width

    assert _width(Keys(Path("config.json"), {"ffn_mult": 5.25}, {}), 8192) == 28672


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"block_configs": []}, "block_configs does not list"),
        ({"rope_scaling": {"rope_type": "yarn"}}, "rope_scaling has the type 'yarn'"),
        ({"hidden_act": "gelu"}, "hidden_act is 'gelu'"),
        ({"head_dim": 7}, "rotary positions need an even one"),
    ],
)
def test_a_nas_config_that_cannot_be_served_names_its_key(tmp_path: Path, changes: dict[str, Any], words: str) -> None:
    nas_checkpoint(tmp_path, 0, **changes)
    with pytest.raises(CheckpointError) as caught:
        load(tmp_path)
    assert words in str(caught.value)


def test_a_window_is_not_taken_for_full_attention(tmp_path: Path) -> None:
    config, _ = nas_checkpoint(tmp_path, 1)
    part = next(b["attention"] for b in config["block_configs"] if b["attention"]["n_heads_in_group"])
    part["window_length"] = 128
    (tmp_path / "config.json").write_text(json.dumps(config))
    with pytest.raises(CheckpointError, match="window_length is 128"):
        load(tmp_path)


def test_a_missing_expert_is_named(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    known = tiny_config(hybrid_override_pattern="ME", n_routed_experts=4, num_experts_per_tok=2, vocab_size=64)
    known |= {"moe_intermediate_size": 24, "moe_shared_expert_intermediate_size": 24}
    for name in ("architectures", "torch_dtype", "time_step_limit"):
        del known[name]
    scattered(transformers.NemotronHForCausalLM(transformers.NemotronHConfig(**known)), 1).save_pretrained(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    gone = next(name for name in weights if "experts.3.up_proj" in name)
    save_file(
        {n: t for n, t in weights.items() if n != gone}, tmp_path / "model.safetensors", metadata={"format": "pt"}
    )
    with pytest.raises(CheckpointError, match=r"experts\.3\.up_proj\.weight is missing"):
        load(tmp_path)


def test_positions_beyond_the_first_table_are_turned_as_those_within() -> None:
    from nemoserve.engine.layers.rope import Rotary

    rope = Rope(8, 500000.0, 8.0, 1.0, 4.0, 64)
    x = torch.randn((2, 1, 8), generator=torch.Generator().manual_seed(1))
    far = torch.tensor([5000, 70000])
    grown = Rotary(rope, torch.device("cpu"))(x, far, 70000)
    angles = far.double().unsqueeze(1) * rope.frequencies().double()
    a, b = x[:, 0].double().chunk(2, -1)
    exact = torch.cat((a * angles.cos() - b * angles.sin(), b * angles.cos() + a * angles.sin()), -1)
    assert (grown[:, 0] - exact).abs().max() < 0.02  # float32 angles, as the checkpoints were trained with
